using Npgsql;

namespace Bellwether.Backup;

public sealed partial class BackupRestore
{
    // Below PostgreSQL's deadlock_timeout of a second: at first it is the restore that steps back and not who works on the desk.
    static readonly TimeSpan FirstWait = TimeSpan.FromMilliseconds(500);

    static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Takes every table for the transaction, all or none. A process that goes on under a forced restore takes tables in an order of its own; the
    /// restore would wait for one with another in its hand, and one of both would be told of a deadlock.
    /// </summary>
    async Task HoldTablesAsync(NpgsqlConnection connection, IProgress<BackupGauge>? progress, CancellationToken cancellationToken)
    {
        for (var wait = FirstWait; ; wait = wait * 2 < LongestWait ? wait * 2 : LongestWait)
        {
            var tables = (await BackupCatalog.TablesAsync(connection, cancellationToken).ConfigureAwait(false))
                .Select(table => $"{BackupCatalog.Quote(table.Schema)}.{BackupCatalog.Quote(table.Name)}")
                .Concat(await BackupCatalog.ByProductsAsync(connection, cancellationToken).ConfigureAwait(false))
                .Concat(await BackupCatalog.ColdMonthsAsync(connection, cancellationToken).ConfigureAwait(false) is [] ? [] : ["sentiment.sentiment_cold"]);
            await ExecuteAsync(connection, "SAVEPOINT hold", cancellationToken).ConfigureAwait(false);
            try
            {
                await ExecuteAsync(connection,
                    $"SET LOCAL lock_timeout = {wait.TotalMilliseconds:0}; LOCK TABLE {string.Join(", ", tables)} IN ACCESS EXCLUSIVE MODE; SET LOCAL lock_timeout TO DEFAULT; RELEASE SAVEPOINT hold",
                    cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (PostgresException error) when (error.SqlState is PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DeadlockDetected)
            {
                await ExecuteAsync(connection, "ROLLBACK TO SAVEPOINT hold; RELEASE SAVEPOINT hold", cancellationToken).ConfigureAwait(false);
                progress?.Report(new("waiting for who works on the tables", 0, 0));
                await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(100, 500)), time, cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
