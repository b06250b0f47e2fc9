using Bellwether.Diagnostics;
using Microsoft.Extensions.Logging;
using Polly.CircuitBreaker;

namespace Bellwether.Sentiment.HotStore;

/// <summary>How a shared hot store stands.</summary>
/// <param name="Breaker">Closed: in use. Open: left alone for a while. HalfOpen: being tried.</param>
/// <param name="Problem">What went wrong last, and what to do; null while all is well.</param>
/// <param name="IsBehind">Writes were missed that are still to be caught up.</param>
public sealed record HotStoreState(CircuitState Breaker, string? Problem, bool IsBehind)
{
    public bool IsDegraded => Breaker != CircuitState.Closed || Problem is not null;
}

/// <summary>
/// A Redis store that never fails its callers: while the server is away, reads find nothing, so that readers go to the database, and
/// writes are let go and remembered as a debt. A breaker keeps callers from waiting for a server that does not answer: two failures
/// within a few seconds, if they are half of the calls, open it. <see cref="HotStoreCatchUp"/> pays the debt.
/// </summary>
public sealed partial class GuardedHotStore : IHotStore, IAsyncDisposable
{
    // Asked for by health and metrics without a token, while each answer looks at every key.
    static readonly TimeSpan StatsFresh = TimeSpan.FromSeconds(15);

    static readonly TimeSpan ShortestWindow = TimeSpan.FromSeconds(2);

    readonly RedisHotStore _inner;
    readonly SinkBreaker _breaker;
    readonly TimeProvider _time;
    readonly ILogger _logger;
    HotStoreException? _problem;
    Looked? _looked;
    // What is owed and what was paid, as counts: a failure during a payment is a new debt.
    long _owed = 1;
    long _paid;

    public GuardedHotStore(RedisHotStore inner, RedisOptions options, TimeProvider time, ILogger<GuardedHotStore> logger)
    {
        (_inner, _time, _logger) = (inner, time, logger);
        inner.Restored += Owe;
        var window = options.Timeout * 4;
        // Short: what went well before the server fell silent soon counts no more.
        _breaker = new("hot_store", window > ShortestWindow ? window : ShortestWindow, options.BreakDuration, error => error is HotStoreException, time,
            pause => Opened(logger, inner.Address, _problem?.Message, pause.TotalSeconds), () => Closed(logger, inner.Address));
    }

    sealed record Looked(long At, HotStoreStats Stats);

    /// <summary>The store behind, which throws; for those that want to know.</summary>
    public RedisHotStore Inner => _inner;

    public HotStoreState State
    {
        get
        {
            var foreign = _inner.ForeignKeys;
            var problem = Volatile.Read(ref _problem) is { } failed ? $"{failed.Message} {failed.Mend}"
                : foreign.Count > 0 ? RedisConnection.Foreign(foreign[0], "data").Message : null;
            return new(_breaker.State, problem, IsBehind);
        }
    }

    /// <summary>Writes were missed, or may have been, that are still to be caught up. True at the start: nobody knows what came before.</summary>
    public bool IsBehind => Debt != Interlocked.Read(ref _paid);

    /// <summary>This process knows of writes that did not get through and are still owed.</summary>
    public bool HasMissedWrites => Debt > 1 && IsBehind;

    internal long Debt => Interlocked.Read(ref _owed);

    /// <summary>Everything owed up to <paramref name="debt"/> is in the store.</summary>
    internal void Paid(long debt) => Interlocked.Exchange(ref _paid, debt);

    /// <summary>Records the state as metrics; now and then too, since a gauge tells nothing until it was first set.</summary>
    internal void Publish()
    {
        _breaker.Publish();
        Instruments.HotStoreBehind.Record(IsBehind ? 1 : 0);
    }

    /// <summary>How it stands right now, after a sign of life was asked for; waits no longer than any other call.</summary>
    public async Task<HotStoreState> ProbeAsync(CancellationToken cancellationToken)
    {
        await AnswersAsync(cancellationToken);
        return State;
    }

    /// <summary>Asks the server for a sign of life, through the breaker; false while it is away.</summary>
    internal async Task<bool> AnswersAsync(CancellationToken cancellationToken) =>
        await TryAsync("ping", async (store, token) =>
        {
            await store.PingAsync(token);
            return true;
        }, false, cancellationToken);

    public async ValueTask<TickerSnapshot?> GetAsync(string ticker, CancellationToken cancellationToken) =>
        (await GetManyAsync([ticker], cancellationToken))[0];

    public async ValueTask<IReadOnlyList<TickerSnapshot?>> GetManyAsync(IReadOnlyList<string> tickers, CancellationToken cancellationToken)
    {
        if (await TryAsync("read", async (store, token) => await store.GetManyAsync(tickers, token), null, cancellationToken) is { } found) return found;
        _inner.Missed(tickers.Count);
        return new TickerSnapshot?[tickers.Count];
    }

    public async ValueTask<IReadOnlyList<string>> TickersAsync(CancellationToken cancellationToken) =>
        await TryAsync("read", async (store, token) => await store.TickersAsync(token), null, cancellationToken) ?? [];

    public async ValueTask<IReadOnlyList<bool>> SetManyAsync(IReadOnlyList<TickerSnapshot> snapshots, CancellationToken cancellationToken)
    {
        if (snapshots.Count == 0) return [];
        IReadOnlyList<bool>? won = null;
        try
        {
            won = await TryAsync("write", async (store, token) => await store.SetManyAsync(snapshots, token), null, cancellationToken);
        }
        finally
        {
            // A write that was cut off is missing like one that failed.
            if (won is null) Owe();
        }
        return won ?? new bool[snapshots.Count];
    }

    public async ValueTask<bool> RemoveAsync(string ticker, CancellationToken cancellationToken) =>
        await TryAsync("write", async (store, token) => await store.RemoveAsync(ticker, token), false, cancellationToken);

    public async ValueTask<HotStoreStats> StatsAsync(CancellationToken cancellationToken)
    {
        var own = _inner.StatsWithoutServer;
        if (Volatile.Read(ref _looked) is { } last && _time.GetElapsedTime(last.At) < StatsFresh) return last.Stats with { Hits = own.Hits, Misses = own.Misses };
        var stats = own;
        try
        {
            // Past the breaker: it takes long where there is much, and that is no reason to leave the server alone.
            if (_breaker.State == CircuitState.Closed) stats = await _inner.StatsAsync(cancellationToken);
        }
        catch (HotStoreException)
        {
            // Whoever reads or writes finds out, too.
        }
        Volatile.Write(ref _looked, new(_time.GetTimestamp(), stats));
        return stats;
    }

    /// <summary>Runs one call through the breaker; <paramref name="instead"/> where the server failed or is being left alone.</summary>
    async ValueTask<T> TryAsync<T>(
        string operation, Func<RedisHotStore, CancellationToken, Task<T>> call, T instead, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await _breaker.AskAsync(token => call(_inner, token), cancellationToken);
            Volatile.Write(ref _problem, null);
            return answer;
        }
        catch (HotStoreException error)
        {
            Volatile.Write(ref _problem, error);
            Instruments.HotStoreFailures.Add(1, new KeyValuePair<string, object?>("operation", operation));
        }
        catch (BrokenCircuitException)
        {
            Instruments.HotStoreFailures.Add(1, new KeyValuePair<string, object?>("operation", operation));
        }
        return instead;
    }

    void Owe() => Interlocked.Increment(ref _owed);

    public ValueTask DisposeAsync() => _inner.DisposeAsync();

    [LoggerMessage(EventId = 2111, Level = LogLevel.Warning,
        Message = "the hot store at {Address} is left alone for {Seconds:F1} s; readers are served from the database. {Problem}")]
    static partial void Opened(ILogger logger, string address, string? problem, double seconds);

    [LoggerMessage(EventId = 2112, Level = LogLevel.Information, Message = "the hot store at {Address} answers again")]
    static partial void Closed(ILogger logger, string address);
}
