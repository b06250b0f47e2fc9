using Bellwether.Feeds;
using Bellwether.Sentiment;
using Npgsql;

namespace Bellwether.App.Api.Push;

/// <summary>Waits for the results of pushed events, for clients that want to read what they wrote.</summary>
sealed class ScoredWait(NpgsqlDataSource dataSource, DatabaseWait wait, SentimentReader reader, TimeProvider time)
{
    static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);
    static readonly TimeSpan FirstLook = TimeSpan.FromMilliseconds(5), SlowestLook = TimeSpan.FromMilliseconds(100);

    /// <param name="Complete">Every event has its results or was put aside; the hot store then shows them. False when that took too long.</param>
    /// <param name="Letters">Why events were put aside, by their keys.</param>
    public sealed record Finding(bool Complete, IReadOnlyDictionary<Guid, string> Letters);

    public async Task<Finding> WaitAsync(IReadOnlyList<EventEnvelope> events, CancellationToken cancellationToken)
    {
        var keys = events.SelectMany(EventKey.Of).Distinct().ToArray();
        try
        {
            var complete = await SeenAsync(events, keys, cancellationToken);
            return new(complete, await wait.ForAsync(token => LettersAsync(keys, token), cancellationToken));
        }
        catch (Exception error) when (error is TimeoutException or NpgsqlException { IsTransient: true })
        {
            // The log has them, and that is what the answer is about.
            return new(false, new Dictionary<Guid, string>());
        }
    }

    async Task<bool> SeenAsync(IReadOnlyList<EventEnvelope> events, IEnumerable<Guid> keys, CancellationToken cancellationToken)
    {
        var open = keys.ToHashSet();
        var started = time.GetTimestamp();
        for (var pause = FirstLook; ; pause = pause * 2 < SlowestLook ? pause * 2 : SlowestLook)
        {
            open.ExceptWith(await wait.ForAsync(token => SeenAsync([.. open], token), cancellationToken));
            if (open.Count == 0) break;
            if (time.GetElapsedTime(started) > Longest) return false;
            await Task.Delay(pause, time, cancellationToken);
        }
        // The worker writes the hot store just after it commits; reading the states through makes sure it has.
        if (events.Count > 0) await wait.ForAsync(token => reader.StoredAsync([.. events.SelectMany(e => e.Tickers).Distinct()], token), cancellationToken);
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

    async Task<Dictionary<Guid, string>> LettersAsync(Guid[] keys, CancellationToken cancellationToken)
    {
        // The newest letters only: these events came seconds ago, and the index is by time.
        await using var command = dataSource.CreateCommand("""
            SELECT k.event_key, d.message FROM ops.dead_letters AS d, unnest(d.inbox_keys) AS k (event_key)
            WHERE d.status = 'open' AND d.created_at > now() - interval '5 minutes' AND k.event_key = ANY($1)
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = keys });
        var letters = new Dictionary<Guid, string>();
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken)) letters[row.GetGuid(0)] = row.GetString(1);
        return letters;
    }
}
