using Bellwether.Events;
using Bellwether.Feeds;
using Npgsql;

namespace Bellwether.Sentiment;

/// <summary>The accounts of ingests, kept in the transaction that stores their results, so that they are exact wherever an event is scored.</summary>
public sealed partial class ResultStore
{
    static async Task CountRunsAsync(NpgsqlConnection connection, ScoredBatch batch, List<Result> results, List<DeadLetter> letters, CancellationToken cancellationToken)
    {
        var runs = new SortedDictionary<Guid, (long Scored, long Results, long Redelivered, long Dead)>();
        var stored = results.Select(r => r.Event).ToHashSet(ReferenceEqualityComparer.Instance);
        foreach (var e in batch.Events)
            if (RunOf(e.Entry.Headers) is { } run)
            {
                var counts = runs.GetValueOrDefault(run);
                runs[run] = stored.Contains(e) ? counts with { Scored = counts.Scored + 1 } : counts with { Redelivered = counts.Redelivered + 1 };
            }
        foreach (var r in results)
            if (RunOf(r.Event.Entry.Headers) is { } run) runs[run] = runs[run] with { Results = runs[run].Results + 1 };
        // Those that were not kept were put aside before.
        foreach (var letter in batch.DeadLetters)
            if (RunOf(letter.Headers) is { } run) runs[run] = runs.GetValueOrDefault(run) with { Redelivered = runs.GetValueOrDefault(run).Redelivered + 1 };
        foreach (var letter in letters)
            if (RunOf(letter.Headers) is { } run) runs[run] = runs[run] with { Dead = runs[run].Dead + 1, Redelivered = runs[run].Redelivered - 1 };
        if (runs.Count == 0) return;
        var tickers = results.Select(r => (Run: RunOf(r.Event.Entry.Headers), r.Ticker)).Where(t => t.Run is not null).Distinct().ToArray();
        await using var account = new NpgsqlBatch(connection);
        var update = new NpgsqlBatchCommand("""
            UPDATE ops.ingest_runs AS r SET scored = r.scored + c.scored, results = r.results + c.results,
                redelivered = r.redelivered + c.redelivered, dead_lettered = r.dead_lettered + c.dead
            FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[]) AS c(run_id, scored, results, redelivered, dead)
            WHERE r.run_id = c.run_id
            """);
        update.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = [.. runs.Keys] });
        update.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. runs.Values.Select(c => c.Scored)] });
        update.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. runs.Values.Select(c => c.Results)] });
        update.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. runs.Values.Select(c => c.Redelivered)] });
        update.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. runs.Values.Select(c => c.Dead)] });
        var touched = new NpgsqlBatchCommand("""
            INSERT INTO ops.ingest_run_tickers (run_id, ticker)
            SELECT t.run_id, t.ticker FROM unnest($1::uuid[], $2::text[]) AS t(run_id, ticker) JOIN ops.ingest_runs USING (run_id)
            ORDER BY 1, 2 ON CONFLICT DO NOTHING
            """);
        touched.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = [.. tickers.Select(t => t.Run!.Value)] });
        touched.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. tickers.Select(t => t.Ticker)] });
        account.BatchCommands.Add(update);
        account.BatchCommands.Add(touched);
        await account.ExecuteNonQueryAsync(cancellationToken);
    }

    static Guid? RunOf(IReadOnlyDictionary<string, string> headers) =>
        headers.TryGetValue(IngestRun.Header, out var text) && Guid.TryParse(text, out var run) ? run : null;
}
