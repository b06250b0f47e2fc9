using System.Text.Json;
using Bellwether.Events;
using Bellwether.Storage;
using Npgsql;

namespace Bellwether.Feeds;

/// <summary>The steps of a replay, each committed by itself.</summary>
public sealed partial class DeadLetterReplay
{
    sealed record Released(
        long Id, string Origin, string? Topic, string Key, ReadOnlyMemory<byte> Record, IReadOnlyDictionary<string, string> Headers)
    {
        public string? Refusal { get; set; }
    }

    /// <summary>The next letters, marked as on their way; what cannot be edited as asked stays as it was.</summary>
    async Task<List<Released>> ReleaseAsync(
        DeadLetterFilter filter, RecordEdit edit, long after, List<ReplayRefusal> refused, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await SilenceLimit.BeginAsync(connection, cancellationToken);
        var letters = new List<Released>();
        await using (var read = new NpgsqlCommand($"""
            SELECT id, origin, topic, key, value, headers::text, fingerprint FROM ops.dead_letters
            WHERE {DeadLetterFilter.Sql} AND id > $9
              AND (status = 'open' OR (status = 'replaying' AND last_attempt_at < now() - interval '1 minute')) ORDER BY id LIMIT $10 FOR UPDATE SKIP LOCKED
            """, connection))
        {
            filter.AddTo(read);
            read.Parameters.Add(new() { Value = after });
            read.Parameters.Add(new() { Value = LettersAtOnce });
            await using var row = await read.ExecuteReaderAsync(cancellationToken);
            // Those beyond the bound are found again by the next round.
            for (var bytes = 0L; bytes < BytesAtOnce && await row.ReadAsync(cancellationToken); bytes += letters[^1].Record.Length) letters.Add(Prepare(row, edit));
        }
        foreach (var letter in letters.Where(l => l.Refusal is not null)) refused.Add(new(letter.Id, letter.Refusal!));
        await using (var release = new NpgsqlCommand("""
            WITH held AS (SELECT id, inbox_keys FROM ops.dead_letters WHERE id = ANY($1)),
                 given AS (DELETE FROM ops.inbox USING held WHERE event_key = ANY(held.inbox_keys)),
                 marked AS (
                     UPDATE ops.dead_letters AS d SET status = 'replaying', inbox_keys = '{}', last_attempt_at = now(), value = n.value, key = nullif(n.key, '')
                     FROM unnest($1, $2, $3) AS n(id, value, key) WHERE d.id = n.id RETURNING d.id, d.attempt)
            INSERT INTO ops.dead_letter_attempts (letter_id, attempt, outcome) SELECT id, attempt, 'replayed' FROM marked
            """, connection))
        {
            // As edited: a replay that is cut off goes on with what was meant.
            var ready = letters.Where(l => l.Refusal is null).ToArray();
            release.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. ready.Select(l => l.Id)] });
            release.Parameters.Add(new NpgsqlParameter<byte[][]> { TypedValue = [.. ready.Select(l => l.Record.ToArray())] });
            release.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. ready.Select(l => l.Key)] });
            await release.ExecuteNonQueryAsync(cancellationToken);
        }
        await transaction.CommitAsync(cancellationToken);
        return letters;
    }

    static Released Prepare(NpgsqlDataReader row, RecordEdit edit)
    {
        var (id, topic) = (row.GetInt64(0), row.IsDBNull(2) ? null : row.GetString(2));
        var original = row.GetFieldValue<byte[]>(4);
        var record = edit.Apply(original, out var problem) ?? original;
        var key = row.IsDBNull(3) ? "" : row.GetString(3);
        // What was edited must be an event, and goes where its ticker belongs.
        if (problem is null && topic is not null && !edit.IsNone)
        {
            if (EnvelopeJson.TryDeserialize(record.Span, out var envelope, out problem)) key = Ingestor.KeyOf(envelope);
            else problem = $"edited so, it is no event: {problem}";
        }
        var headers = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [DeadLetter.ReplayHeader] = DeadLetter.ReplayOfText(id, row.GetGuid(6)),
        };
        foreach (var (name, value) in JsonSerializer.Deserialize<Dictionary<string, string>>(row.GetString(5))!)
            // The account of the ingest that it came with has been closed.
            if (!name.StartsWith(DeadLetter.HeaderPrefix, StringComparison.Ordinal) && name != IngestRun.Header) headers[name] = value;
        return new(id, row.GetString(1), topic, key, record, headers) { Refusal = problem };
    }

    async Task ReplayedAsync(long[] ids, CancellationToken cancellationToken)
    {
        // A worker may have refused it again already: then it is open.
        await using var mark = dataSource.CreateCommand("UPDATE ops.dead_letters SET status = 'replayed' WHERE id = ANY($1) AND status = 'replaying'");
        mark.Parameters.Add(new() { Value = ids });
        await mark.ExecuteNonQueryAsync(cancellationToken);
    }

    async Task RefuseAsync(long id, string problem, CancellationToken cancellationToken)
    {
        await using var refuse = dataSource.CreateCommand("""
            WITH refused AS (
                UPDATE ops.dead_letters SET status = 'open', attempt = attempt + 1, last_attempt_at = now(), message = $2,
                    headers = headers || jsonb_build_object('__bellwether.errors.attempt', (attempt + 1)::text, '__bellwether.errors.message', $2)
                WHERE id = $1 RETURNING id, attempt, stage, error_class, message)
            INSERT INTO ops.dead_letter_attempts (letter_id, attempt, outcome, stage, error_class, message)
            SELECT id, attempt, 'refused', stage, error_class, message FROM refused
            """);
        refuse.Parameters.Add(new() { Value = id });
        refuse.Parameters.Add(new() { Value = problem.Replace("\0", "\\0", StringComparison.Ordinal) });
        await refuse.ExecuteNonQueryAsync(cancellationToken);
    }
}
