using System.Text;
using Bellwether.Engines.DuckDb;
using Npgsql;

namespace Bellwether.Lake;

public sealed record LakeUnsealResult(int Days, long Rows, TimeSpan Elapsed);

/// <summary>
/// Brings the rows of sealed days back: they are loaded into a table beside, compared with the manifest, value for value, and then become hot in the
/// same short transaction that takes the foreign partition away. The files stay what they are.
/// </summary>
public sealed class LakeUnsealer(NpgsqlDataSource database, LakeOptions options, TimeProvider time)
{
    const string Beside = "sentiment.unsealing_";

    readonly LakeFiles _files = new(options, time);

    /// <param name="from">Inclusive.</param>
    /// <param name="to">Exclusive.</param>
    /// <exception cref="LakeException">A file is missing or not what the manifest says, or a day has changes that are not written.</exception>
    public async Task<LakeUnsealResult> UnsealAsync(DateOnly from, DateOnly to, IProgress<LakeSealProgress>? progress, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        await using var owner = await database.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await LakeLock.TakeAsync(owner, cancellationToken).ConfigureAwait(false);
        try
        {
            await SweepAsync(owner, cancellationToken).ConfigureAwait(false);
            var days = await ReadAsync(owner, from, to, cancellationToken).ConfigureAwait(false);
            var scratch = LakeScratch.Make(options.ScratchDirectory);
            var rows = 0L;
            try
            {
                using var engine = LakeWriter.OpenEngine(options, scratch);
                using var lake = LakeWriter.Connect(engine);
                for (var i = 0; i < days.Count; i++)
                {
                    await UnsealAsync(owner, lake, days[i].Entry, days[i].Revision, cancellationToken).ConfigureAwait(false);
                    rows += days[i].Entry.File.Rows;
                    progress?.Report(new(i + 1, days.Count, rows));
                }
            }
            finally
            {
                Directory.Delete(scratch, recursive: true);
            }
            return new(days.Count, rows, time.GetElapsedTime(started));
        }
        finally
        {
            await LakeLock.ReleaseAsync(owner).ConfigureAwait(false);
        }
    }

    /// <summary>Tables that days are loaded into: by whoever has <see cref="LakeLock"/>, or by a process that was killed.</summary>
    internal static async Task<List<string>> BesideAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("""
            SELECT 'sentiment.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = 'sentiment' AND c.relkind = 'r' AND NOT c.relispartition AND c.relname ~ '^unsealing_[0-9]{8}$' ORDER BY 1
            """, connection);
        var tables = new List<string>();
        await using var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false)) tables.Add(row.GetString(0));
        return tables;
    }

    /// <summary>Drops what killed processes have left. Only for the holder of <see cref="LakeLock"/>: nobody else is at it then.</summary>
    internal static async Task SweepAsync(NpgsqlConnection owner, CancellationToken cancellationToken)
    {
        foreach (var table in await BesideAsync(owner, cancellationToken).ConfigureAwait(false))
            await ExecuteAsync(owner, $"DROP TABLE IF EXISTS {table}", cancellationToken).ConfigureAwait(false);
    }

    static async Task<List<(LakeEntry Entry, long Revision)>> ReadAsync(NpgsqlConnection owner, DateOnly from, DateOnly to, CancellationToken cancellationToken)
    {
        var revisions = new Dictionary<DateOnly, long>();
        await using (var command = new NpgsqlCommand(
            "SELECT day, revision, revision > written_revision FROM ops.lake_days WHERE sealed_at IS NOT NULL AND day >= $1 AND day < $2 ORDER BY day", owner))
        {
            command.Parameters.Add(new() { Value = from });
            command.Parameters.Add(new() { Value = to });
            await using var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                if (row.GetBoolean(2)) throw new LakeException($"{row.GetFieldValue<DateOnly>(0):O} has changes that are not written yet; `bellwether lake write` does it");
                revisions.Add(row.GetFieldValue<DateOnly>(0), row.GetInt64(1));
            }
        }
        var entries = await LakeManifest.ReadAsync(owner, [.. revisions.Keys], cancellationToken).ConfigureAwait(false);
        return entries.ConvertAll(entry => (entry, revisions[entry.File.Day]));
    }

    async Task UnsealAsync(NpgsqlConnection owner, DuckDbConnection lake, LakeEntry entry, long revision, CancellationToken cancellationToken)
    {
        var day = entry.File.Day;
        var name = $"{HotRows.Table}_{day:yyyyMMdd}";
        var beside = $"{Beside}{day:yyyyMMdd}";
        var (start, end) = ($"'{day:yyyy-MM-dd} 00:00:00+00'", $"'{day.AddDays(1):yyyy-MM-dd} 00:00:00+00'");
        await ExecuteAsync(owner, $"""
            DROP TABLE IF EXISTS {beside};
            CREATE TABLE {beside} (LIKE {HotRows.Table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES,
                CONSTRAINT one_day CHECK (timestamp >= {start} AND timestamp < {end}))
            """, cancellationToken).ConfigureAwait(false);
        await LoadAsync(owner, lake, entry, beside, cancellationToken).ConfigureAwait(false);
        await TierSwitch.RunAsync(owner, time, async _ =>
        {
            await RequireAsync(owner, day, revision, cancellationToken).ConfigureAwait(false);
            var partitions = await HotPartitions.ReadAsync(owner, cancellationToken).ConfigureAwait(false);
            var into = partitions.Exists(partition => partition.Holds(day))
                ? $"INSERT INTO {HotRows.Table} SELECT * FROM {beside}; DROP TABLE {beside}"
                : $"""
                    ALTER TABLE {beside} RENAME TO {name["sentiment.".Length..]}; ALTER TABLE {HotRows.Table} ATTACH PARTITION {name} FOR VALUES FROM ({start}) TO ({end});
                    ALTER TABLE {name} DROP CONSTRAINT one_day
                    """;
            await ExecuteAsync(owner, $"""
                {ColdPartitions.Drop(day)} {into};
                UPDATE ops.lake_days SET sealed_at = NULL, hot_rows = {entry.File.Rows} WHERE day = '{day:yyyy-MM-dd}'
                """, cancellationToken).ConfigureAwait(false);
            // Rows that came in a moment ago are not there for who reads as of a moment before that, and the partition is gone for everybody.
            return (true, true);
        }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Fills a table with the rows of a file and compares what it then has with the manifest.</summary>
    async Task LoadAsync(NpgsqlConnection owner, DuckDbConnection lake, LakeEntry entry, string table, CancellationToken cancellationToken)
    {
        var (file, reason) = (await _files.OpenAsync([entry.File], cancellationToken).ConfigureAwait(false))[0];
        if (file is null) throw new LakeException($"the lake file {entry.File.Path} of a sealed day {reason}; restore it from a backup");
        using (file)
        using (var reader = lake.Query($"SELECT {LakeSchema.Names(LakeSchema.Columns)} FROM {LakeSchema.From([LakeVerifier.PathOf(file)])}", cancellationToken: cancellationToken))
        await using (var copy = await owner.BeginTextImportAsync($"COPY {table} ({LakeSchema.Names(LakeSchema.Columns)}) FROM STDIN", cancellationToken).ConfigureAwait(false))
        {
            var text = new CopyText();
            while (await Task.Run(reader.ReadChunk, cancellationToken).ConfigureAwait(false))
            {
                for (var row = 0; row < reader.RowCount; row++) text.Append(reader, row);
                await copy.WriteAsync(Encoding.UTF8.GetString(text.Written).AsMemory(), cancellationToken).ConfigureAwait(false);
                text.Clear();
            }
        }
        var digest = new LakeDigest();
        await using var stream = await owner.BeginRawBinaryCopyAsync(
            PostgresToDuckDb.Copy($"SELECT {LakeSchema.Names(LakeSchema.Columns)} FROM {table}"), cancellationToken).ConfigureAwait(false);
        using var rows = new PostgresCopyReader(stream, LakeSchema.Columns.Length);
        var encoder = new LakeRowEncoder();
        while (await rows.FillAsync(cancellationToken).ConfigureAwait(false))
            while (rows.Next())
            {
                encoder.Encode(rows);
                digest.Add(PostgresToDuckDb.Timestamp(rows.Field(LakeSchema.Timestamp)), encoder.Row);
            }
        if (digest.ToString() != entry.Digest)
            throw new LakeException($"the lake file {entry.File.Path} gave {digest}; the manifest says {entry.Digest}. The day stays sealed");
    }

    static async Task RequireAsync(NpgsqlConnection owner, DateOnly day, long revision, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT revision FROM ops.lake_days WHERE day = $1 FOR UPDATE", owner);
        command.Parameters.Add(new() { Value = day });
        if (await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is not long now || now != revision)
            throw new LakeException($"rows of {day:O} came meanwhile; `bellwether lake write`, and then try again");
    }

    static async Task ExecuteAsync(NpgsqlConnection owner, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, owner) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }
}
