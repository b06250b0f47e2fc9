using Bellwether.Events;
using Npgsql;

namespace Bellwether.Feeds;

/// <param name="Replayed">Records that are on their way again.</param>
/// <param name="Duplicates">Records that were not needed any more: all their results are stored.</param>
/// <param name="Refused">Letters that stay open, with the reason.</param>
public sealed record ReplayOutcome(long Replayed, long Duplicates, IReadOnlyList<ReplayRefusal> Refused);

public sealed record ReplayRefusal(long Id, string Reason);

/// <summary>
/// Puts dead letters back on their way, as they are or edited. A letter first gives back what it holds in the inbox, then its record is
/// appended, then it counts as replayed: cut off in between it is tried again, and what comes twice is recognised.
/// </summary>
public sealed partial class DeadLetterReplay(NpgsqlDataSource dataSource, IEventLog log, TimeProvider time)
{
    const int LettersAtOnce = 500;
    const long BytesAtOnce = 16 << 20;

    readonly Ingestor _ingestor = new(dataSource, log, time);

    /// <param name="filter">Of the letters it names, those that are open.</param>
    /// <param name="feed">How records are read that were refused before they became events.</param>
    public async Task<ReplayOutcome> RunAsync(
        DeadLetterFilter filter, RecordEdit edit, FeedOptions feed, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        var (replayed, duplicates, refused, last) = (0L, 0L, new List<ReplayRefusal>(), 0L);
        while (true)
        {
            var letters = await ReleaseAsync(filter, edit, last, refused, cancellationToken);
            if (letters.Count == 0) return new(replayed, duplicates, refused);
            last = letters[^1].Id;
            // What was released goes its way: whoever asked may have left meanwhile.
            var ready = letters.Where(l => l.Refusal is null).ToArray();
            foreach (var topic in ready.Where(l => l.Topic is not null).GroupBy(l => l.Topic!)) await AppendAsync(topic.Key, [.. topic], refused);
            replayed += ready.Count(l => l.Topic is not null && l.Refusal is null);
            foreach (var letter in ready.Where(l => l.Topic is null))
                switch (await ReadAnewAsync(letter, feed, refused, CancellationToken.None))
                {
                    case RecordOutcome.Accepted: replayed++; break;
                    case RecordOutcome.Duplicate: duplicates++; break;
                }
            await ReplayedAsync([.. ready.Where(l => l.Refusal is null).Select(l => l.Id)], CancellationToken.None);
            progress?.Report(replayed + duplicates + refused.Count);
        }
    }

    /// <summary>A letter that the log cannot take stays open. When the log is away, all stay on their way, and are tried again by themselves.</summary>
    async Task AppendAsync(string topic, Released[] letters, List<ReplayRefusal> refused)
    {
        foreach (var one in await log.AppendFittingAsync(topic, [.. letters.Select(l => new LogRecord(l.Key, l.Record, l.Headers))], CancellationToken.None))
        {
            var letter = letters[one.Index];
            letter.Refusal = one.Reason;
            refused.Add(new(letter.Id, one.Reason));
            await RefuseAsync(letter.Id, one.Reason, CancellationToken.None);
        }
    }

    /// <summary>Puts back what is due by the options, and what was cut off on its way; returns how many.</summary>
    public async Task<long> RetryDueAsync(DeadLetterOptions options, CancellationToken cancellationToken)
    {
        // Records that never became events were read as somebody asked, with a time zone or a map that are not known here: they wait to be asked for anew.
        await using (var reopen = dataSource.CreateCommand("""
            UPDATE ops.dead_letters SET status = 'open' WHERE topic IS NULL AND status = 'replaying' AND last_attempt_at < now() - interval '1 minute'
            """))
            await reopen.ExecuteNonQueryAsync(cancellationToken);
        await using var due = dataSource.CreateCommand("""
            SELECT id FROM ops.dead_letters
            WHERE (retryable AND status = 'open' AND attempt < $1
                   AND last_attempt_at + least($2 * power(2, least(attempt - 1, 20)), $3) * (0.75 + 0.5 * ((hashint8(id) & 1023) / 1023.0)) <= now())
               OR (status = 'replaying' AND last_attempt_at < now() - interval '1 minute')
            ORDER BY last_attempt_at LIMIT 5000
            """);
        due.Parameters.Add(new() { Value = options.MaxAttempts });
        due.Parameters.Add(new() { Value = options.FirstRetry });
        due.Parameters.Add(new() { Value = options.LongestRetry });
        var ids = new List<long>();
        await using (var row = await due.ExecuteReaderAsync(cancellationToken))
            while (await row.ReadAsync(cancellationToken)) ids.Add(row.GetInt64(0));
        if (ids.Count == 0) return 0;
        return (await RunAsync(new(Ids: ids), RecordEdit.None, new() { Clock = time }, null, cancellationToken)).Replayed;
    }

    /// <summary>Reads a record that never became an event as an input of its own.</summary>
    async Task<RecordOutcome> ReadAnewAsync(Released letter, FeedOptions feed, List<ReplayRefusal> refused, CancellationToken cancellationToken)
    {
        var problem = "it holds no record";
        try
        {
            var source = FeedSource.Of(letter.Origin, () => new MemoryStream(letter.Record.ToArray(), writable: false));
            await foreach (var record in FeedReader.ReadAsync(source, feed with { Format = FeedFormat.JsonLines }, cancellationToken))
            {
                if (record.Envelope is not null) return (await _ingestor.AppendEachAsync([record], _ => null, cancellationToken))[0];
                problem = record.Rejection!.Reason;
                break;
            }
        }
        catch (FeedException failure) when (!failure.IsUsage)
        {
            problem = failure.Problem;
        }
        letter.Refusal = problem;
        refused.Add(new(letter.Id, problem));
        await RefuseAsync(letter.Id, problem, cancellationToken);
        return RecordOutcome.Rejected;
    }
}
