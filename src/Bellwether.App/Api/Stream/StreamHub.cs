using System.Threading.Channels;
using Bellwether.Diagnostics;
using Bellwether.Events;
using Bellwether.Sentiment;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Bellwether.App.Api.Stream;

/// <summary>
/// One tail of <c>analyzed-sentiment</c> for all live clients. It also keeps the hot store of this process current: where another process
/// has done the work, the newer state is read from the database as its announcement passes by.
/// </summary>
sealed partial class StreamHub(Desk desk, TimeProvider time, ILogger<StreamHub> logger) : BackgroundService
{
    /// <summary>Events that may wait for one client; a client that is further behind is let go, and catches up by itself.</summary>
    public const int ClientBuffer = 1_024;

    static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);

    readonly Lock _sync = new();
    readonly HashSet<Channel<LogEntry>> _clients = [];
    readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    StreamPosition? _position;
    bool _begun;

    /// <summary>Completes when the tail has begun.</summary>
    public Task Ready => _ready.Task;

    /// <summary>Where the tail is.</summary>
    public StreamPosition Position
    {
        get { lock (_sync) return _position!.Copy(); }
    }

    public int Clients
    {
        get { lock (_sync) return _clients.Count; }
    }

    /// <summary>Everything after the returned position. The channel is completed when the client falls behind, or at the end.</summary>
    public (StreamPosition From, ChannelReader<LogEntry> Events, IDisposable Leave) Join()
    {
        var channel = Channel.CreateBounded<LogEntry>(new BoundedChannelOptions(ClientBuffer) { SingleWriter = true, SingleReader = true });
        lock (_sync)
        {
            _clients.Add(channel);
            Instruments.StreamClients.Add(1);
            return (_position!.Copy(), channel.Reader, new Leaving(this, channel));
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await TailAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
            catch (LogGapException gap)
            {
                // Older than the retention: nothing live is waiting for it.
                Broken(logger, gap.Message);
                DropAll();
                _begun = false;
            }
            catch (Exception error)
            {
                Broken(logger, error.Message);
                await RecoverAsync(error, stoppingToken);
            }
        }
        DropAll();
    }

    /// <summary>Brings a private database that has died back up, where no worker of this process does it.</summary>
    async Task RecoverAsync(Exception error, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(Retry, time, cancellationToken);
            if (error is NpgsqlException or IOException) await desk.RecoverAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // asked to stop
        }
        catch (Exception another)
        {
            Broken(logger, another.Message);
        }
    }

    async Task BeginAsync(CancellationToken cancellationToken)
    {
        // An empty append makes the topic where it does not exist yet.
        await desk.Announcements.AppendAsync(Topics.AnalyzedSentiment, [], cancellationToken);
        var begin = StreamPosition.Of(await desk.Announcements.DescribeAsync(Topics.AnalyzedSentiment, cancellationToken));
        lock (_sync) _position = begin;
        _begun = true;
        _ready.TrySetResult();
    }

    async Task TailAsync(CancellationToken cancellationToken)
    {
        if (!_begun) await BeginAsync(cancellationToken);
        // After a failure the tail goes on where it was, so that clients that stay see no gap.
        await foreach (var entries in desk.Announcements.TailAsync(Topics.AnalyzedSentiment, Position.Offsets, cancellationToken))
        {
            await RefreshAsync(entries, cancellationToken);
            lock (_sync)
                foreach (var entry in entries)
                {
                    if (!_position!.Pass(entry.Partition, entry.Offset)) continue;
                    _clients.RemoveWhere(client =>
                    {
                        if (client.Writer.TryWrite(entry)) return false;
                        client.Writer.TryComplete();
                        Instruments.StreamClients.Add(-1);
                        return true;
                    });
                }
        }
    }

    /// <summary>Reads the states of tickers whose announced revision is newer than the cached one.</summary>
    async Task RefreshAsync(IReadOnlyList<LogEntry> entries, CancellationToken cancellationToken)
    {
        var newest = new Dictionary<string, LogEntry>(StringComparer.Ordinal);
        foreach (var entry in entries) newest[entry.Key] = entry;
        var tickers = newest.Keys.ToArray();
        var cached = await desk.Hot.GetManyAsync(tickers, cancellationToken);
        var stale = tickers.Where((t, i) => (cached[i]?.Revision ?? 0) < AnalyzedSentiment.FromJson(newest[t].Value.Span).Revision)
            .ToArray();
        if (stale.Length > 0) await desk.Reader.StoredAsync(stale, cancellationToken);
    }

    void DropAll()
    {
        lock (_sync)
        {
            foreach (var client in _clients) client.Writer.TryComplete();
            Instruments.StreamClients.Add(-_clients.Count);
            _clients.Clear();
        }
    }

    sealed class Leaving(StreamHub hub, Channel<LogEntry> client) : IDisposable
    {
        public void Dispose()
        {
            lock (hub._sync)
                if (hub._clients.Remove(client)) Instruments.StreamClients.Add(-1);
        }
    }

    [LoggerMessage(EventId = 3201, Level = LogLevel.Warning, Message = "the live stream lost its source and goes on: {Reason}")]
    static partial void Broken(ILogger logger, string reason);
}
