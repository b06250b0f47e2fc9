using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Bellwether.Sentiment.HotStore;

/// <summary>
/// The connection to a Redis server: made when first used, kept and remade by the client library. Every wait is bounded, and every
/// failure is a <see cref="HotStoreException"/> that says what to do.
/// </summary>
sealed partial class RedisConnection(RedisOptions options, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    readonly Lock _lock = new();
    Task<ConnectionMultiplexer>? _connecting;
    bool _disposed;
    bool _replaces;

    /// <summary>Called when a connection was lost and is back: the server may have lost everything meanwhile.</summary>
    public event Action? Restored;

    /// <summary>Host and port, without any secret.</summary>
    public string Address => RedisSettings.AddressOf(options);

    /// <summary>Runs one command, waiting no longer than <see cref="RedisOptions.Timeout"/>.</summary>
    public async Task<T> RunAsync<T>(Func<IDatabase, Task<T>> command, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Task<ConnectionMultiplexer>? asked = null;
        try
        {
            // Until the first connection stands, its time is the bound; a try that goes on in the background serves later calls.
            var connecting = Connect();
            var multiplexer = connecting.IsCompletedSuccessfully
                ? connecting.Result
                : await connecting.WaitAsync(options.ConnectTimeout + options.Timeout, time, cancellationToken);
            asked = connecting;
            var running = command(multiplexer.GetDatabase(options.Database));
            // Left alone after the bound, it may still fail.
            _ = running.ContinueWith(static t => t.Exception, CancellationToken.None,
                TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            var answer = await running.WaitAsync(options.Timeout, time, cancellationToken);
            Answered();
            return answer;
        }
        catch (Exception error) when (error is RedisException or RedisCommandException or TimeoutException or IOException or SocketException
            or ObjectDisposedException)
        {
            if (error is TimeoutException && asked is not null) Silent(asked);
            var failure = Failure(error);
            throw failure.Problem == HotStoreProblem.Unreachable && await IsTurnedDownAsync(cancellationToken) ? Authentication(error) : failure;
        }
    }

    /// <summary>Evaluates a script by its hash; a server that does not know it yet gets its text.</summary>
    public async Task<RedisResult> EvaluateAsync(RedisScript script, RedisKey[] keys, RedisValue[] values, CancellationToken cancellationToken)
    {
        try
        {
            return await RunAsync(db => db.ScriptEvaluateAsync(script.Hash, keys, values), cancellationToken);
        }
        catch (HotStoreException error) when (error.InnerException is RedisServerException server && server.Message.StartsWith("NOSCRIPT", StringComparison.Ordinal))
        {
            // EVAL as a plain command: the client's own cache of loaded scripts outlives a restart of the server.
            object[] arguments = [script.Text, keys.Length, .. keys.Select(k => (object)k), .. values.Select(v => (object)v)];
            return await RunAsync(db => db.ExecuteAsync("EVAL", arguments), cancellationToken);
        }
    }

    Task<ConnectionMultiplexer> Connect()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_connecting is null || _connecting.IsFaulted || _connecting.IsCanceled) _connecting = ConnectAsync();
            return _connecting;
        }
    }

    async Task<ConnectionMultiplexer> ConnectAsync()
    {
        var settings = RedisSettings.Of(options);
        // Off the caller's thread: the library resolves names and opens sockets before it first yields.
        var multiplexer = await Task.Run(() => ConnectionMultiplexer.ConnectAsync(settings));
        bool replaces;
        lock (_lock) (replaces, _replaces) = (_replaces, false);
        multiplexer.PreserveAsyncOrder = false;
        multiplexer.IncludeDetailInExceptions = false;
        multiplexer.ConnectionFailed += (_, lost) =>
        {
            if (lost.ConnectionType == ConnectionType.Interactive) Lost(logger, Address, lost.FailureType);
        };
        multiplexer.ConnectionRestored += (_, back) =>
        {
            if (back.ConnectionType != ConnectionType.Interactive) return;
            Back(logger, Address);
            Restored?.Invoke();
        };
        if (replaces) Restored?.Invoke();
        return multiplexer;
    }

    public async ValueTask DisposeAsync()
    {
        Task<ConnectionMultiplexer>? connecting;
        lock (_lock)
        {
            _disposed = true;
            connecting = _connecting;
        }
        if (connecting is null) return;
        try
        {
            using var multiplexer = await connecting.WaitAsync(options.ConnectTimeout, time);
            await multiplexer.CloseAsync(allowCommandsToComplete: false).WaitAsync(options.Timeout, time);
        }
        catch (Exception error) when (error is RedisException or TimeoutException or HotStoreException or IOException)
        {
            // A server that cannot be reached needs no goodbye.
        }
    }

    [LoggerMessage(EventId = 2101, Level = LogLevel.Warning, Message = "lost the connection to Redis at {Address} ({Failure})")]
    static partial void Lost(ILogger logger, string address, ConnectionFailureType failure);

    [LoggerMessage(EventId = 2102, Level = LogLevel.Information, Message = "connected to Redis at {Address} again")]
    static partial void Back(ILogger logger, string address);
}
