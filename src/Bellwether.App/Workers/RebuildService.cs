using System.Threading.Channels;
using Bellwether.Sentiment;
using Bellwether.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Bellwether.App.Workers;

/// <summary>Reads all ticker states into this process's hot store when some process has computed them anew.</summary>
sealed partial class RebuildService(Desk desk, ILogger<RebuildService> logger) : BackgroundService
{
    // One is enough, however many rebuilds there were: what is read is the newest.
    readonly Channel<bool> _asked = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var connected = false;
        await using var listener = new NotificationListener(desk.DataSource, TickerRebuild.Channel, _ => _asked.Writer.TryWrite(true), () =>
        {
            // A rebuild may have been missed while nobody listened.
            if (connected) _asked.Writer.TryWrite(true);
            connected = true;
        }, desk.Time);
        try
        {
            await foreach (var _ in _asked.Reader.ReadAllAsync(stoppingToken)) await ReadAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // asked to stop
        }
    }

    async Task ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            var stored = (await desk.Reader.StoredAsync(null, cancellationToken)).Select(state => state.Ticker).ToHashSet(StringComparer.Ordinal);
            // One whose results were all erased has no state any more. One that came since is merely read from the database again.
            foreach (var ticker in await desk.Hot.TickersAsync(cancellationToken))
                if (!stored.Contains(ticker)) await desk.Hot.RemoveAsync(ticker, cancellationToken);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            // With a lost database the listener is lost too, and asks again when it is back.
            Failed(logger, error);
        }
    }

    [LoggerMessage(EventId = 3501, Level = LogLevel.Warning, Message = "the rebuilt ticker states could not be read and are read again later")]
    static partial void Failed(ILogger logger, Exception error);
}
