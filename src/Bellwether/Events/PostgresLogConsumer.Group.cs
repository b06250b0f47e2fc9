using Bellwether.Storage;
using Npgsql;

namespace Bellwether.Events;

/// <summary>
/// Sharing of partitions. Members are told apart by a random id and live as long as they renew; partition p belongs to the
/// (p mod n)-th of the n living members in id order. A member gives up what is no longer its share at a poll, when no batch of it is in
/// hand, and reads no more of it until then; whoever still writes with a lost lease is stopped by <see cref="ConsumerOffsets.AdvanceAsync"/>.
/// </summary>
sealed partial class PostgresLogConsumer
{
    readonly Guid _member = Guid.NewGuid();
    readonly CancellationTokenSource _stop = new();
    // By the steady clock: the other one may be set back by minutes, and nothing would be shared for as long.
    long? _balancedAt;
    Task _renewing = Task.CompletedTask;

    TimeSpan BalanceInterval => options.LeaseTime / 10;

    async Task BalanceAsync(CancellationToken cancellationToken)
    {
        var now = time.GetTimestamp();
        if (_balancedAt is { } last && time.GetElapsedTime(last, now) < BalanceInterval) return;
        var inHand = _inHand.Partitions;
        if (_renewing.IsCompleted && !_stop.IsCancellationRequested) _renewing = RenewAsync();
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await SilenceLimit.BeginAsync(connection, cancellationToken);
        await using var batch = new NpgsqlBatch(connection, transaction)
        {
            BatchCommands =
            {
                Command("SELECT pg_advisory_xact_lock(hashtextextended($1 || '/' || $2, 0)) WHERE $3 IS NOT NULL AND $4 IS NOT NULL"),
                Command("""
                    INSERT INTO ops.consumer_members VALUES ($1, $2, $3, clock_timestamp() + $4)
                    ON CONFLICT (consumer_group, topic, member_id) DO UPDATE SET expires_at = excluded.expires_at
                    """),
                Command("DELETE FROM ops.consumer_members WHERE consumer_group = $1 AND topic = $2 AND expires_at < clock_timestamp() AND $3 IS NOT NULL AND $4 IS NOT NULL"),
                // Leases of the dead, and mine that are not my share any more.
                Command($"""
                    WITH {Shares}
                    DELETE FROM ops.consumer_leases AS l
                    WHERE l.consumer_group = $1 AND l.topic = $2 AND $4 IS NOT NULL
                      AND (NOT EXISTS (SELECT FROM members m WHERE m.member_id = l.member_id)
                           OR (l.member_id = $3 AND l.partition <> ALL($5) AND NOT EXISTS (SELECT FROM shares s WHERE s.partition = l.partition AND s.member_id = $3)))
                    """, new NpgsqlParameter { Value = inHand }),
                Command($"""
                    WITH {Shares}
                    INSERT INTO ops.consumer_leases
                    SELECT $1, $2, partition, $3, clock_timestamp() + $4 FROM shares WHERE member_id = $3
                    ON CONFLICT (consumer_group, topic, partition) DO UPDATE SET expires_at = excluded.expires_at
                    WHERE consumer_leases.member_id = excluded.member_id
                    """),
                Command("""
                    INSERT INTO ops.consumer_offsets (consumer_group, topic, partition, next_offset)
                    SELECT $1, $2, p.partition, p.first_offset
                    FROM ops.consumer_leases l JOIN ops.log_partitions p USING (topic, partition)
                    WHERE l.consumer_group = $1 AND l.topic = $2 AND l.member_id = $3 AND $4 IS NOT NULL
                    ON CONFLICT DO NOTHING
                    """),
                Command($"""
                    WITH {Shares}
                    SELECT l.partition, o.next_offset, p.next_offset, EXISTS (SELECT FROM shares s WHERE s.partition = l.partition AND s.member_id = $3)
                    FROM ops.consumer_leases l
                    JOIN ops.consumer_offsets o USING (consumer_group, topic, partition)
                    JOIN ops.log_partitions p USING (topic, partition)
                    WHERE l.consumer_group = $1 AND l.topic = $2 AND l.member_id = $3 AND $4 IS NOT NULL
                    """),
            },
        };
        var stored = new Dictionary<int, (long Next, long End, bool Mine)>();
        await using (var reader = await batch.ExecuteReaderAsync(cancellationToken))
        {
            do
                while (reader.FieldCount == 4 && await reader.ReadAsync(cancellationToken))
                    stored[reader.GetInt32(0)] = (reader.GetInt64(1), reader.GetInt64(2), reader.GetBoolean(3));
            while (await reader.NextResultAsync(cancellationToken));
        }
        await transaction.CommitAsync(cancellationToken);
        foreach (var lost in _positions.Keys.Except(stored.Keys).ToArray()) _positions.Remove(lost);
        foreach (var (partition, (next, _, _)) in stored) _positions.TryAdd(partition, next);
        _leaving.Clear();
        _leaving.UnionWith(stored.Where(s => !s.Value.Mine).Select(s => s.Key));
        Lag = stored.Sum(s => s.Value.End - _positions[s.Key]);
        _balancedAt = now;
    }

    const string Shares = """
        members AS (
            SELECT member_id, row_number() OVER (ORDER BY member_id) - 1 AS place, count(*) OVER () AS living
            FROM ops.consumer_members WHERE consumer_group = $1 AND topic = $2),
        shares AS (
            SELECT p.partition, m.member_id
            FROM ops.log_partitions p JOIN members m ON p.partition % m.living = m.place
            WHERE p.topic = $2)
        """;

    NpgsqlBatchCommand Command(string sql, params ReadOnlySpan<NpgsqlParameter> more)
    {
        var command = new NpgsqlBatchCommand(sql);
        command.Parameters.AddRange(new NpgsqlParameter[] { new() { Value = group }, new() { Value = topic }, new() { Value = _member }, new() { Value = options.LeaseTime } });
        foreach (var parameter in more) command.Parameters.Add(parameter);
        return command;
    }

    /// <summary>Keeps the membership alive while a long batch is worked on between two polls.</summary>
    async Task RenewAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(options.LeaseTime / 3, time, _stop.Token);
                await using var connection = await dataSource.OpenConnectionAsync(_stop.Token);
                await using var renew = new NpgsqlBatch(connection)
                {
                    BatchCommands =
                    {
                        Command("UPDATE ops.consumer_members SET expires_at = clock_timestamp() + $4 WHERE consumer_group = $1 AND topic = $2 AND member_id = $3"),
                        Command("UPDATE ops.consumer_leases SET expires_at = clock_timestamp() + $4 WHERE consumer_group = $1 AND topic = $2 AND member_id = $3"),
                    },
                };
                await renew.ExecuteNonQueryAsync(_stop.Token);
            }
            catch (Exception error) when (error is NpgsqlException or OperationCanceledException or IOException or ObjectDisposedException)
            {
                // A renewal that fails is made up for by the next one, or by the balance of the next poll.
            }
        }
    }

    /// <summary>Falls silent as a killed process does: leases stay until they run out.</summary>
    internal void StopRenewing() => _stop.Cancel();

    public async ValueTask DisposeAsync()
    {
        LagMeter.Forget(this);
        await _stop.CancelAsync();
        await _renewing;
        _stop.Dispose();
        try
        {
            await using var connection = await dataSource.OpenConnectionAsync();
            await using var leave = new NpgsqlBatch(connection)
            {
                BatchCommands =
                {
                    Command("DELETE FROM ops.consumer_leases WHERE consumer_group = $1 AND topic = $2 AND member_id = $3 AND $4 IS NOT NULL"),
                    Command("DELETE FROM ops.consumer_members WHERE consumer_group = $1 AND topic = $2 AND member_id = $3 AND $4 IS NOT NULL"),
                },
            };
            await leave.ExecuteNonQueryAsync();
        }
        catch (Exception error) when (error is NpgsqlException or IOException or ObjectDisposedException)
        {
            // The server is gone: the membership runs out by itself.
        }
    }
}
