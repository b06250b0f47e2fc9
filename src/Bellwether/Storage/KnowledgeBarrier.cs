using Npgsql;

namespace Bellwether.Storage;

/// <summary>
/// Makes reads as of a moment repeatable: results carry the time just before their commit, so a moment is settled only when no
/// transaction that may carry an earlier time is still open. Writers mark themselves by a shared advisory lock, which costs them nothing;
/// readers wait for those that began before the moment, and block nobody.
/// </summary>
static class KnowledgeBarrier
{
    const int Class = 0x42454c4c, Commits = 1;

    static readonly TimeSpan FirstLook = TimeSpan.FromMilliseconds(2), SlowestLook = TimeSpan.FromMilliseconds(50), Longest = TimeSpan.FromSeconds(10);

    /// <summary>To be run in a writer's transaction before it stamps its results; released at its end.</summary>
    public static NpgsqlBatchCommand Enter() => new("SELECT pg_advisory_xact_lock_shared($1, $2)")
    {
        Parameters = { new NpgsqlParameter<int> { TypedValue = Class }, new NpgsqlParameter<int> { TypedValue = Commits } },
    };

    /// <summary>Returns when nothing that was known by a moment can still appear.</summary>
    /// <exception cref="TimeoutException">A writer keeps its transaction open.</exception>
    public static async Task WaitAsync(NpgsqlDataSource dataSource, DateTimeOffset asOf, TimeProvider time, CancellationToken cancellationToken)
    {
        var open = await OpenAsync(dataSource, asOf, cancellationToken);
        var started = time.GetTimestamp();
        for (var pause = FirstLook; open.Count > 0; pause = pause * 2 < SlowestLook ? pause * 2 : SlowestLook)
        {
            if (time.GetElapsedTime(started) > Longest)
                throw new TimeoutException($"Results known by {asOf.UtcDateTime:O} are still being committed by a process that does not go on; try again.");
            await Task.Delay(pause, time, cancellationToken);
            open.IntersectWith(await OpenAsync(dataSource, asOf, cancellationToken));
        }
    }

    // A transaction that began after the moment stamps later ones. The second allows for a reader whose clock differs from the database's.
    static async Task<HashSet<string>> OpenAsync(NpgsqlDataSource dataSource, DateTimeOffset asOf, CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand("""
            SELECT l.virtualtransaction FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid)
            WHERE l.locktype = 'advisory' AND l.classid = $1::bigint::oid AND l.objid = $2::bigint::oid AND l.objsubid = 2 AND l.granted
              AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
              AND (a.xact_start IS NULL OR a.xact_start <= $3 + interval '1 second')
            """);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = Class });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = Commits });
        command.Parameters.Add(new() { Value = asOf.ToUniversalTime() });
        var open = new HashSet<string>(StringComparer.Ordinal);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken)) open.Add(row.GetString(0));
        return open;
    }
}
