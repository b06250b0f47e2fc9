using System.Threading.Channels;
using Bellwether.Lake.Legacy;
using Bellwether.Sentiment;
using Bellwether.Sentiment.HotStore;
using Bellwether.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Bellwether.App.Workers;

/// <summary>
/// Reads all ticker states into this process's hot store when some process has computed them anew. Where they went back, the older ones are right
/// and replace what is there.
/// </summary>
sealed partial class RebuildService(Desk desk, ILogger<RebuildService> logger) : BackgroundService
{
    // One is enough, however many rebuilds there were: what is read is the newest.
    readonly Channel<bool> _asked = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    // A reader that had the newer state in hand puts it in meanwhile; after so long none has.
    static readonly TimeSpan Late = TimeSpan.FromSeconds(5);

    volatile bool _wentBack;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var connected = false;
        await using var listener = new NotificationListener(desk.DataSource, TickerRebuild.Channel, payload => Ask(payload == LegacyTickers.WentBack), () =>
        {
            // Either may have been missed while nobody listened.
            if (connected) Ask(wentBack: true);
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

    void Ask(bool wentBack)
    {
        if (wentBack) _wentBack = true;
        _asked.Writer.TryWrite(true);
    }

    async Task ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            var stored = (await desk.Reader.StoredAsync(null, cancellationToken)).Select(state => state.Ticker).ToHashSet(StringComparer.Ordinal);
            // One whose results were all erased has no state any more. One that came since is merely read from the database again.
            foreach (var ticker in await desk.Hot.TickersAsync(cancellationToken))
                if (!stored.Contains(ticker)) await desk.Hot.RemoveAsync(ticker, cancellationToken);
            // A shared store is brought level by whoever takes the states back.
            if (!_wentBack || desk.Hot is not MemoryHotStore) return;
            _wentBack = false;
            await new HotStoreRebuild(desk.Reader, desk.Hot).RunAsync(null, cancellationToken);
            await Task.Delay(Late, desk.Time, cancellationToken);
            await new HotStoreRebuild(desk.Reader, desk.Hot).RunAsync(null, cancellationToken);
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
