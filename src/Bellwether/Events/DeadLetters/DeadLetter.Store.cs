using Npgsql;
using NpgsqlTypes;

namespace Bellwether.Events;

public sealed partial record DeadLetter
{
    const string Insert = """
        WITH inserted AS (
            INSERT INTO ops.dead_letters (fingerprint, topic, partition, log_offset, origin, key, value, headers, stage, error_class, message, inbox_keys, retryable)
            SELECT fingerprint, topic, partition, log_offset, origin, key, value, headers, stage, error_class, message, inbox_keys::uuid[], retryable
            FROM unnest($1::uuid[], $2::text[], $3::int[], $4::bigint[], $5::text[], $6::text[], $7::bytea[], $8::jsonb[], $9::text[], $10::text[], $11::text[],
                $12::text[], $13::bool[], $14::bigint[]) AS n(fingerprint, topic, partition, log_offset, origin, key, value, headers, stage, error_class, message,
                inbox_keys, retryable, replay_of)
            ON CONFLICT (fingerprint) DO UPDATE SET attempt = ops.dead_letters.attempt + 1, last_attempt_at = now(),
                headers = ops.dead_letters.headers || jsonb_build_object('__bellwether.errors.attempt', (ops.dead_letters.attempt + 1)::text)
            RETURNING id, attempt, stage, error_class, message, xmax = 0 AS fresh),
        history AS (
            INSERT INTO ops.dead_letter_attempts (letter_id, attempt, outcome, stage, error_class, message)
            SELECT id, attempt, 'refused', stage, error_class, message FROM inserted)
        SELECT id, fresh FROM inserted
        """;

    // A redelivery of what was just counted, after a crash, is not counted again.
    const string Reopen = """
        WITH reopened AS (
            UPDATE ops.dead_letters AS d SET attempt = d.attempt + 1, last_attempt_at = now(), status = 'open', topic = n.topic, partition = n.partition,
                log_offset = n.log_offset, key = n.key, value = n.value, stage = n.stage, error_class = n.error_class, message = n.message,
                headers = n.headers || jsonb_build_object('__bellwether.errors.attempt', (d.attempt + 1)::text), inbox_keys = n.inbox_keys::uuid[],
                retryable = n.retryable
            FROM unnest($1::uuid[], $2::text[], $3::int[], $4::bigint[], $5::text[], $6::text[], $7::bytea[], $8::jsonb[], $9::text[], $10::text[], $11::text[],
                $12::text[], $13::bool[], $14::bigint[]) AS n(fingerprint, topic, partition, log_offset, origin, key, value, headers, stage, error_class, message,
                inbox_keys, retryable, replay_of)
            WHERE d.id = n.replay_of AND (d.topic, d.partition, d.log_offset) IS DISTINCT FROM (n.topic, n.partition, n.log_offset)
            RETURNING d.id, d.attempt, d.stage, d.error_class, d.message),
        history AS (
            INSERT INTO ops.dead_letter_attempts (letter_id, attempt, outcome, stage, error_class, message)
            SELECT id, attempt, 'refused', stage, error_class, message FROM reopened)
        SELECT id, true FROM reopened
        """;

    /// <summary>
    /// Stores letters in the connection's current transaction; returns how many were new. A replayed record that is refused again is the letter
    /// that it was before, with one attempt more.
    /// </summary>
    public static async Task<int> StoreAsync(NpgsqlConnection connection, IReadOnlyList<DeadLetter> letters, CancellationToken cancellationToken)
    {
        if (letters.Count == 0) return 0;
        var distinct = letters.DistinctBy(l => l.Fingerprint).OrderBy(l => l.Fingerprint).ToList();
        var replays = distinct.Where(l => l.ReplayOf is not null).ToArray();
        var stored = 0;
        if (replays.Length > 0)
        {
            // One that was purged meanwhile is a letter like any other.
            var known = await KnownAsync(connection, [.. replays.Select(l => l.ReplayOf!.Value.Id)], cancellationToken);
            var again = replays.Where(l => known.Contains(l.ReplayOf!.Value)).DistinctBy(l => l.ReplayOf).ToArray();
            stored += await RunAsync(connection, Reopen, again, cancellationToken);
            distinct.RemoveAll(l => l.ReplayOf is { } letter && known.Contains(letter));
        }
        return stored + await RunAsync(connection, Insert, distinct, cancellationToken);
    }

    static async Task<HashSet<(long, Guid)>> KnownAsync(NpgsqlConnection connection, long[] ids, CancellationToken cancellationToken)
    {
        await using var read = new NpgsqlCommand(
            "SELECT id, fingerprint FROM ops.dead_letters WHERE id = ANY($1) AND status <> 'discarded' ORDER BY id FOR UPDATE", connection);
        read.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = ids });
        var known = new HashSet<(long, Guid)>();
        await using var row = await read.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken)) known.Add((row.GetInt64(0), row.GetGuid(1)));
        return known;
    }

    static async Task<int> RunAsync(NpgsqlConnection connection, string sql, IReadOnlyList<DeadLetter> letters, CancellationToken cancellationToken)
    {
        if (letters.Count == 0) return 0;
        await using var command = new NpgsqlCommand(sql, connection);
        void Add<T>(Func<DeadLetter, T> value) => command.Parameters.Add(new NpgsqlParameter<T[]> { TypedValue = [.. letters.Select(value)] });
        Add(l => l.Fingerprint);
        Add(l => l.Topic);
        Add(l => l.Partition);
        Add(l => l.Offset);
        Add(l => l.Origin);
        Add(l => l.Key is null ? null : Storable(l.Key));
        Add(l => l.Value.ToArray());
        command.Parameters.Add(new() { Value = letters.Select(l => l.HeadersWithError()).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Jsonb });
        Add(l => l.Stage);
        Add(l => l.ErrorClass);
        Add(l => Storable(l.Message));
        Add(l => $"{{{string.Join(',', l.InboxKeys)}}}");
        Add(l => l.Retryable);
        Add(l => l.ReplayOf?.Id);
        var fresh = 0;
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
            if (row.GetBoolean(1)) fresh++;
        return fresh;
    }
}
