using Bellwether.Storage;
using Npgsql;

namespace Bellwether.Lake.Legacy;

/// <summary>What a rollback did.</summary>
/// <param name="Rows">Results that were taken away.</param>
/// <param name="Tickers">Tickers whose state is exactly what it was before the migration.</param>
/// <param name="TickersRecomputed">Tickers that have newer results too: their state is what these and the older ones add up to.</param>
/// <param name="Days">Days that had migrated rows.</param>
/// <param name="DaysRestored">Days whose file is byte for byte the one before, or gone where there was none.</param>
/// <param name="DaysRewritten">Days that have newer rows too: their file holds these and the older ones.</param>
public sealed record LegacyRollbackReport(
    long Migration, string Source, long Rows, long Tickers, long TickersRecomputed, int Days, int DaysRestored, int DaysRewritten, double Seconds);

/// <summary>
/// Takes a migration back. Rows, their keys in the inbox and the tickers' states go back in one transaction, which leaves the days dirty; then the
/// lake is written, and each file compared with the one before. A rollback that was cut off goes on where it stopped.
/// </summary>
public sealed partial class LegacyRollback(NpgsqlDataSource database, LakeOptions lake, LakeWriter writer, LegacyTickers tickers, TimeProvider time)
{
    /// <param name="id">Null for the newest migration that stands.</param>
    /// <exception cref="LegacyException">There is no such migration, or it is rolled back already.</exception>
    public async Task<LegacyRollbackReport> RunAsync(long? id, IProgress<LegacyGauge>? progress, CancellationToken cancellationToken)
    {
        var owner = await LegacyRecords.LockAsync(database, cancellationToken).ConfigureAwait(false);
        try
        {
            var started = time.GetTimestamp();
            var all = await LegacyMigrationInfo.ListAsync(database, cancellationToken).ConfigureAwait(false);
            var migration = id is null ? all.FirstOrDefault(m => m.Status == "rolling_back") ?? all.FirstOrDefault(m => m.Status != "rolled_back") : all.FirstOrDefault(m => m.Id == id);
            if (migration is null) throw new LegacyException(id is null ? "there is no migration to roll back" : $"there is no migration {id}; `bellwether lake migrations` lists them");
            if (migration.Status == "rolled_back") throw new LegacyException($"migration {migration.Id} of {migration.Source} is rolled back already");

            // Its rows were there already when that one came, and are gone for it, too.
            if (migration.Status != "rolling_back" && all.Where(m => m.Id > migration.Id && m.Status is not "rolled_back").MinBy(m => m.Id) is { } newer
                && await CountedAsPresentAsync(newer.Id, cancellationToken).ConfigureAwait(false) is > 0 and var present)
                throw new LegacyException(
                    $"migration {newer.Id} of {newer.Source} came later and left out {present} rows that were there already, some of which may be of migration {migration.Id}: "
                    + $"roll it back first, `bellwether lake rollback --migration {newer.Id}`, and migrate again afterwards");

            progress?.Report(new("rows", 0, 0));
            if (migration.Status != "rolling_back") await TakeBackAsync(migration.Id, cancellationToken).ConfigureAwait(false);
            await writer.WriteDirtyDaysAsync(progress is null ? null : new Days(progress), cancellationToken).ConfigureAwait(false);
            if (await RestoreBytesAsync(migration.Id, cancellationToken).ConfigureAwait(false) > 0) await writer.WriteDirtyDaysAsync(null, cancellationToken).ConfigureAwait(false);
            await RefoldAsync(migration.Id, cancellationToken).ConfigureAwait(false);
            return await FinishAsync(migration, started, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await LegacyRecords.UnlockAsync(owner).ConfigureAwait(false);
        }
    }

    async Task<long> CountedAsPresentAsync(long migration, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("SELECT coalesce(sum(duplicates), 0)::bigint FROM ops.lake_migration_files WHERE migration_id = $1");
        command.Parameters.Add(new() { Value = migration });
        return (long)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
    }

    async Task TakeBackAsync(long migration, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        // As long as nobody writes or seals, a row is where it is found.
        await LakeLock.TakeAsync(connection, cancellationToken).ConfigureAwait(false);
        try
        {
            await GatherSealedRowsAsync(connection, migration, cancellationToken).ConfigureAwait(false);
            await TakeBackAsync(connection, migration, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await LakeLock.ReleaseAsync(connection).ConfigureAwait(false);
        }
    }

    async Task TakeBackAsync(NpgsqlConnection connection, long migration, CancellationToken cancellationToken)
    {
        await using var transaction = await SilenceLimit.BeginAsync(connection, cancellationToken).ConfigureAwait(false);
        // One statement takes as many rows away as the migration brought.
        await ExecuteAsync("SET LOCAL statement_timeout = 0").ConfigureAwait(false);
        await ExecuteAsync("SELECT d.day FROM ops.lake_days AS d JOIN ops.lake_migration_days AS m USING (day) WHERE m.migration_id = $1 ORDER BY d.day FOR UPDATE OF d", migration)
            .ConfigureAwait(false);
        // Whether somebody wrote a day since is known only before its revision moves again.
        await ExecuteAsync("""
            UPDATE ops.lake_migration_days AS m SET mixed = m.mixed OR d.revision <> m.revision FROM ops.lake_days AS d WHERE d.day = m.day AND m.migration_id = $1
            """, migration).ConfigureAwait(false);
        await TakeRowsAsync(connection, migration, cancellationToken).ConfigureAwait(false);
        // No reader sees these rows any more; the writer takes them out of the files.
        await ExecuteAsync($"INSERT INTO ops.lake_removals (day, article_id, ticker) SELECT day, article_id, ticker FROM {SealedRows} ON CONFLICT DO NOTHING").ConfigureAwait(false);
        await TakeTickersAsync(connection, migration, cancellationToken).ConfigureAwait(false);
        await ExecuteAsync("DELETE FROM ops.inbox WHERE migration_id = $1", migration).ConfigureAwait(false);
        await ExecuteAsync("UPDATE ops.lake_migrations SET status = 'rolling_back' WHERE id = $1", migration).ConfigureAwait(false);
        await ExecuteAsync("SELECT pg_notify($1, $2)", tickers.Channel, LegacyTickers.WentBack).ConfigureAwait(false);
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);

        async Task ExecuteAsync(string sql, params object[] values)
        {
            await using var command = new NpgsqlCommand(sql, connection, transaction) { CommandTimeout = 0 };
            foreach (var value in values) command.Parameters.Add(new() { Value = value });
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The key of a result as <see cref="Feeds.EventKey"/> makes it.</summary>
    const string KeyOfRow = @"encode(substr(sha256(convert_to(s.article_id, 'UTF8') || '\x00'::bytea || convert_to(s.ticker, 'UTF8')), 1, 16), 'hex')::uuid";

    static async Task TakeRowsAsync(NpgsqlConnection connection, long migration, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand($"""
            WITH days AS MATERIALIZED (SELECT day FROM ops.lake_migration_days WHERE migration_id = $1),
            gone AS (
                DELETE FROM {HotRows.Table} AS s USING ops.inbox AS i
                WHERE s.timestamp >= (SELECT min(day)::timestamp AT TIME ZONE 'UTC' FROM days)
                  AND s.timestamp < (SELECT (max(day) + 1)::timestamp AT TIME ZONE 'UTC' FROM days)
                  AND i.migration_id = $1 AND i.event_key = {KeyOfRow}
                RETURNING (s.timestamp AT TIME ZONE 'UTC')::date AS day),
            counted AS (SELECT day, count(*) AS rows FROM gone GROUP BY day)
            UPDATE ops.lake_days AS d SET hot_rows = d.hot_rows - coalesce(c.rows, 0), revision = d.revision + 1,
                dirty_since = CASE WHEN d.revision > d.written_revision THEN d.dirty_since ELSE now() END
            FROM days LEFT JOIN counted AS c USING (day) WHERE d.day = days.day
            """, connection) { CommandTimeout = 0 };
        command.Parameters.Add(new() { Value = migration });
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    static async Task TakeTickersAsync(NpgsqlConnection connection, long migration, CancellationToken cancellationToken)
    {
        // Workers wait before they add to a ticker, and find then what is stored here.
        await using var restore = new NpgsqlBatch(connection)
        {
            Timeout = 0,
            BatchCommands =
            {
                new("LOCK TABLE sentiment.ticker_sentiment IN EXCLUSIVE MODE"),
                new("""
                    UPDATE ops.lake_migration_tickers AS m SET mixed = m.mixed OR m.revision IS DISTINCT FROM (SELECT t.revision FROM sentiment.ticker_sentiment AS t WHERE t.ticker = m.ticker)
                    WHERE m.migration_id = $1
                    """) { Parameters = { new() { Value = migration } } },
                new("""
                    DELETE FROM sentiment.ticker_sentiment WHERE ticker IN (SELECT ticker FROM ops.lake_migration_tickers WHERE migration_id = $1 AND NOT mixed)
                    """) { Parameters = { new() { Value = migration } } },
                new("""
                    INSERT INTO sentiment.ticker_sentiment SELECT s.* FROM ops.lake_migration_tickers AS m,
                        jsonb_populate_record(NULL::sentiment.ticker_sentiment, m.state_before) AS s
                    WHERE m.migration_id = $1 AND NOT m.mixed AND m.state_before IS NOT NULL
                    """) { Parameters = { new() { Value = migration } } },
            },
        };
        await restore.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    async Task<LegacyRollbackReport> FinishAsync(LegacyMigrationInfo migration, long started, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("""
            WITH days AS (
                SELECT NOT m.mixed AND m.file_before->>'file_sha256' IS NOT DISTINCT FROM f.file_sha256 AS restored
                FROM ops.lake_migration_days AS m LEFT JOIN ops.lake_files AS f USING (day) WHERE m.migration_id = $1),
            done AS (UPDATE ops.lake_migrations SET status = 'rolled_back', finished_at = now() WHERE id = $1)
            SELECT (SELECT coalesce(sum(rows), 0)::bigint FROM ops.lake_migration_days WHERE migration_id = $1),
                (SELECT count(*) FROM ops.lake_migration_tickers WHERE migration_id = $1 AND NOT mixed),
                (SELECT count(*) FROM ops.lake_migration_tickers WHERE migration_id = $1 AND mixed),
                count(*), count(*) FILTER (WHERE restored) FROM days
            """);
        command.Parameters.Add(new() { Value = migration.Id });
        await using var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await row.ReadAsync(cancellationToken).ConfigureAwait(false);
        var (days, restored) = ((int)row.GetInt64(3), (int)row.GetInt64(4));
        return new(migration.Id, migration.Source, row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), days, restored, days - restored,
            Math.Round(time.GetElapsedTime(started).TotalSeconds, 3));
    }

    sealed class Days(IProgress<LegacyGauge> progress) : IProgress<LakeWriteProgress>
    {
        public void Report(LakeWriteProgress value) => progress.Report(new("lake", value.DaysDone, value.DaysTotal));
    }
}
