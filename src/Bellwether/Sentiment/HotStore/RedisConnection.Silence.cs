using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Bellwether.Sentiment.HotStore;

/// <summary>
/// A connection that the network has forgotten takes everything and answers nothing, and the client library keeps it: it waits for the
/// operating system, which gives up after many minutes. So one that has been silent for a while is replaced.
/// </summary>
sealed partial class RedisConnection
{
    static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(3);

    /// <summary>Timestamp of the first of the calls in a row that got no answer; 0 after an answer.</summary>
    long _silentSince;

    void Answered() => Interlocked.Exchange(ref _silentSince, 0);

    /// <summary>To be called when an established connection gave no answer in time.</summary>
    void Silent(Task<ConnectionMultiplexer> connection)
    {
        var now = time.GetTimestamp();
        if (Interlocked.CompareExchange(ref _silentSince, now, 0) is var since && (since == 0 || time.GetElapsedTime(since, now) < LongestSilence)) return;
        lock (_lock)
        {
            if (_disposed || _connecting != connection) return;
            _connecting = null;
            _replaces = true;
        }
        Answered();
        Replaced(logger, Address, LongestSilence.TotalSeconds);
        // Off this thread: it says goodbye to a server that does not hear.
        _ = Task.Run(connection.Result.Dispose);
    }

    [LoggerMessage(EventId = 2104, Level = LogLevel.Warning,
        Message = "the connection to Redis at {Address} has given no answer for {Seconds:F0} s and is replaced by a new one")]
    static partial void Replaced(ILogger logger, string address, double seconds);
}
