using Bellwether.Feeds;
using Npgsql;
using NpgsqlTypes;

namespace Bellwether.Lake.Legacy;

public sealed partial class LegacyRollback
{
    const int KeysAtOnce = 10_000;

    readonly LakeReader _reader = new(new LakeSql(database, lake), database, time);

    // Of the session, so that it is gone with it.
    const string SealedRows = "pg_temp.lake_rollback_rows";

    /// <summary>Notes the rows of the migration that lie in the files of sealed days.</summary>
    async Task GatherSealedRowsAsync(NpgsqlConnection owner, long migration, CancellationToken cancellationToken)
    {
        await using (var make = new NpgsqlCommand($"DROP TABLE IF EXISTS {SealedRows}; CREATE TEMP TABLE lake_rollback_rows (day date, article_id text, ticker text)", owner))
            await make.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        foreach (var day in await SealedDaysAsync(migration, cancellationToken).ConfigureAwait(false))
        {
            var from = new DateTimeOffset(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero);
            var rows = new List<(string Article, string Ticker)>();
            await foreach (var row in _reader.ReadAsync(new() { From = from, To = from.AddDays(1), Unordered = true }, cancellationToken).ConfigureAwait(false))
            {
                rows.Add((row.ArticleId, row.Ticker));
                if (rows.Count == KeysAtOnce) await NoteOursAsync(owner, migration, day, rows, cancellationToken).ConfigureAwait(false);
            }
            await NoteOursAsync(owner, migration, day, rows, cancellationToken).ConfigureAwait(false);
        }
    }

    static async Task NoteOursAsync(
        NpgsqlConnection owner, long migration, DateOnly day, List<(string Article, string Ticker)> rows, CancellationToken cancellationToken)
    {
        await using var note = new NpgsqlCommand($"""
            INSERT INTO {SealedRows} SELECT $2, r.article, r.ticker FROM unnest($3::text[], $4::text[], $5::uuid[]) AS r(article, ticker, key)
            WHERE EXISTS (SELECT FROM ops.inbox WHERE migration_id = $1 AND event_key = r.key)
            """, owner);
        note.Parameters.Add(new() { Value = migration });
        note.Parameters.Add(new() { Value = day });
        note.Parameters.Add(new() { Value = rows.ConvertAll(row => row.Article) });
        note.Parameters.Add(new() { Value = rows.ConvertAll(row => row.Ticker) });
        note.Parameters.Add(new() { Value = rows.ConvertAll(row => EventKey.Of(row.Article, row.Ticker)) });
        await note.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        rows.Clear();
    }

    async Task<List<DateOnly>> SealedDaysAsync(long migration, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("""
            SELECT d.day FROM ops.lake_days AS d JOIN ops.lake_migration_days AS m USING (day) WHERE m.migration_id = $1 AND d.sealed_at IS NOT NULL ORDER BY d.day
            """);
        command.Parameters.Add(new() { Value = migration });
        var days = new List<DateOnly>();
        await using var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false)) days.Add(row.GetFieldValue<DateOnly>(0));
        return days;
    }

    /// <summary>
    /// The writer makes the same bytes of the same rows as long as it is the same; a file that another version made is kept, and is named by the
    /// manifest again. The writer then puts it into its place. Returns how many there are.
    /// </summary>
    async Task<int> RestoreBytesAsync(long migration, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("""
            SELECT m.day, m.file_before->>'path', (m.file_before->>'rows')::bigint, (m.file_before->>'bytes')::bigint, m.file_before->>'file_sha256'
            FROM ops.lake_migration_days AS m JOIN ops.lake_files AS f USING (day) JOIN ops.lake_days AS d USING (day)
            WHERE m.migration_id = $1 AND NOT m.mixed AND d.sealed_at IS NULL AND f.content_hash = m.file_before->>'content_hash'
                AND f.file_sha256 <> m.file_before->>'file_sha256' ORDER BY m.day
            """);
        command.Parameters.Add(new() { Value = migration });
        List<LakeFile> others;
        await using (var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false))
            others = await LakeSnapshot.ReadFilesAsync(row, cancellationToken).ConfigureAwait(false);
        if (others.Count == 0) return 0;
        var kept = new List<DateOnly>();
        foreach (var (file, (open, _)) in others.Zip(await new LakeFiles(lake, time).OpenAsync(others, cancellationToken).ConfigureAwait(false)))
        {
            if (open is not null) kept.Add(file.Day);
            open?.Dispose();
        }
        await using var update = database.CreateCommand("""
            UPDATE ops.lake_files AS f SET file_sha256 = m.file_before->>'file_sha256', bytes = (m.file_before->>'bytes')::bigint, placed_at = NULL
            FROM ops.lake_migration_days AS m, ops.lake_days AS d
            WHERE m.migration_id = $1 AND f.day = ANY($2) AND m.day = f.day AND d.day = f.day AND d.sealed_at IS NULL AND f.content_hash = m.file_before->>'content_hash'
            """);
        update.Parameters.Add(new() { Value = migration });
        update.Parameters.Add(new() { Value = kept, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Date });
        return await update.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Tickers that have newer results: computed anew, hot rows and files together, while workers wait.</summary>
    async Task RefoldAsync(long migration, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        var mixed = new List<string>();
        await using (var command = new NpgsqlCommand("SELECT ticker FROM ops.lake_migration_tickers WHERE migration_id = $1 AND mixed ORDER BY ticker", connection))
        {
            command.Parameters.Add(new() { Value = migration });
            await using var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            while (await row.ReadAsync(cancellationToken).ConfigureAwait(false)) mixed.Add(row.GetString(0));
        }
        if (mixed.Count == 0) return;
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        await using (var wait = new NpgsqlCommand("LOCK TABLE sentiment.ticker_sentiment IN EXCLUSIVE MODE", connection) { CommandTimeout = 0 })
            await wait.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        await tickers.Refold(connection, mixed, _reader.ReadAsync(new() { Tickers = mixed, WithText = true, Unordered = true }, cancellationToken), cancellationToken).ConfigureAwait(false);
        await using (var notify = new NpgsqlCommand("SELECT pg_notify($1, $2)", connection) { Parameters = { new() { Value = tickers.Channel }, new() { Value = LegacyTickers.WentBack } } })
            await notify.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
    }
}
