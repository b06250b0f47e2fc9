using System.Globalization;
using Bellwether.Storage;
using Npgsql;

namespace Bellwether.Lake;

/// <summary>
/// The short transaction in which days change their tier. It has the table of hot rows to itself, so that every other statement runs wholly before
/// it or wholly after it; whoever reads or writes waits for at most as long as it takes.
/// </summary>
static class TierSwitch
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60), FirstPause = TimeSpan.FromMilliseconds(50), LongestPause = TimeSpan.FromSeconds(1);

    // Whoever waits for the lock makes all others wait behind it. A vacuum gives way only to those who wait for longer than a second.
    const int FirstWait = 200, LongestWait = 1_500;

    // Milliseconds where partitions are dropped. Rows that have a partition with others, which is a month of theirs at most, go one by one.
    const string LongestStatement = "10min";

    /// <summary>Shared by all who read hot rows and files of one moment in several statements: to be taken before the first of them.</summary>
    public const string Hold = $"LOCK TABLE ONLY {HotRows.Table} IN ACCESS SHARE MODE";

    /// <summary>Runs it, again and again where others are in the way.</summary>
    /// <param name="work">Everything inside of the transaction; tells whether rows were taken away that an older snapshot would still see.</param>
    /// <returns>The result, and how long the table was taken.</returns>
    /// <exception cref="LakeBusyException">Others were in the way for a minute.</exception>
    public static async Task<(T Result, TimeSpan Held)> RunAsync<T>(
        NpgsqlConnection owner, TimeProvider time, Func<NpgsqlTransaction, Task<(T Result, bool HidesRows)>> work, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var pause = FirstPause;
        for (var wait = FirstWait; ; wait = Math.Min(wait * 2, LongestWait))
        {
            var reason = "a query or a transaction on sentiment.sentiment_data does not end";
            await using (var transaction = await SilenceLimit.BeginAsync(owner, cancellationToken).ConfigureAwait(false))
            {
                try
                {
                    await LockAsync(owner, wait, cancellationToken).ConfigureAwait(false);
                    var held = time.GetTimestamp();
                    var (result, hidesRows) = await work(transaction).ConfigureAwait(false);
                    if (!hidesRows || !await HasOlderSnapshotsAsync(owner, cancellationToken).ConfigureAwait(false))
                    {
                        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
                        return (result, time.GetElapsedTime(held));
                    }
                    reason = "a transaction that reads as of an older moment does not end";
                }
                catch (PostgresException error) when (error.SqlState is PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DeadlockDetected)
                {
                    // Somebody reads or writes; what was begun is undone.
                }
            }
            if (time.GetElapsedTime(started) > Patience) throw new LakeBusyException($"the days could not change their tier: {reason}. They are tried again by the next run");
            await Task.Delay(pause, time, cancellationToken).ConfigureAwait(false);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    static async Task LockAsync(NpgsqlConnection owner, int wait, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(string.Create(CultureInfo.InvariantCulture,
            $"SET LOCAL lock_timeout = {wait}; SET LOCAL statement_timeout = '{LongestStatement}'; LOCK TABLE ONLY {HotRows.Table} IN ACCESS EXCLUSIVE MODE"), owner);
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Deleted rows stay visible to whoever reads as of a moment before, while the partitions that have them now are everybody's at once. A single
    /// statement takes its snapshot behind our lock; a transaction that keeps one from before does not. Writers that wait for us read nothing.
    /// </summary>
    static async Task<bool> HasOlderSnapshotsAsync(NpgsqlConnection owner, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("""
            SELECT EXISTS (SELECT FROM pg_stat_activity a
                WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND backend_xmin IS NOT NULL
                  AND (state LIKE 'idle in transaction%' OR xact_start < query_start)
                  AND NOT EXISTS (SELECT FROM pg_locks l WHERE l.pid = a.pid AND NOT l.granted AND l.mode = 'RowExclusiveLock'))
            """, owner);
        return (bool)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
    }
}
