using Bellwether.Feeds;
using Bellwether.Sentiment;
using Npgsql;

namespace Bellwether.App.Api.Push;

/// <summary>Waits for the results of pushed events, for clients that want to read what they wrote.</summary>
sealed class ScoredWait(NpgsqlDataSource dataSource, SentimentReader reader, TimeProvider time)
{
    static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);
    static readonly TimeSpan FirstLook = TimeSpan.FromMilliseconds(5), SlowestLook = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// True when every event has its results or was put aside; the hot store then shows them. False when that took too long.
    /// </summary>
    public async Task<bool> WaitAsync(IReadOnlyList<EventEnvelope> events, CancellationToken cancellationToken)
    {
        var open = events.SelectMany(EventKey.Of).ToHashSet();
        var started = time.GetTimestamp();
        for (var pause = FirstLook; ; pause = pause * 2 < SlowestLook ? pause * 2 : SlowestLook)
        {
            open.ExceptWith(await SeenAsync([.. open], cancellationToken));
            if (open.Count == 0) break;
            if (time.GetElapsedTime(started) > Longest) return false;
            await Task.Delay(pause, time, cancellationToken);
        }
        // The worker writes the hot store just after it commits; reading the states through makes sure it has.
        if (events.Count > 0) await reader.StoredAsync([.. events.SelectMany(e => e.Tickers).Distinct()], cancellationToken);
        return true;
    }

    async Task<HashSet<Guid>> SeenAsync(Guid[] keys, CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand("SELECT event_key FROM ops.inbox WHERE event_key = ANY($1)");
        command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = keys });
        var seen = new HashSet<Guid>();
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken)) seen.Add(row.GetGuid(0));
        return seen;
    }
}
