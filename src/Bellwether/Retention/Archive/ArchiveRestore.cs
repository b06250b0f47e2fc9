using Bellwether.Engines.DuckDb;
using Bellwether.Lake;
using Npgsql;

namespace Bellwether.Retention.Archive;

/// <param name="Rows">Rows of the range that came from the archive, whether they were there already or not.</param>
/// <param name="Table">Where they are now.</param>
public sealed record ArchiveRestoreResult(long Rows, int Files, string Table);

/// <summary>
/// Brings archived rows back, into their table or beside it. What PostgreSQL has in the end is read back and must have the hash that the
/// rows had when they were archived; otherwise nothing is changed. It may be run again.
/// </summary>
public sealed partial class ArchiveRestore(NpgsqlDataSource database, RetentionPolicies policies, ArchiveOptions options, TimeProvider time)
{
    /// <summary>What is put beside has this ending.</summary>
    public const string Ending = "_restored";

    /// <summary>Comment of such a table.</summary>
    internal const string Mark = "made by archive restore";

    /// <param name="from">First moment, inclusive; null for the oldest.</param>
    /// <param name="to">Last moment, exclusive; null for the newest.</param>
    /// <param name="beside">Into a table of its own, <c>TABLE_restored</c>, which is made anew.</param>
    /// <exception cref="RetentionException">It cannot be brought back; the message tells why and what to do.</exception>
    public async Task<ArchiveRestoreResult> RunAsync(
        string table, DateTimeOffset? from, DateTimeOffset? to, bool beside, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        if (from >= to) throw new RetentionException($"the time from {from:u} is not before the time to {to:u}");
        var policy = policies.Find(table) ?? throw new RetentionException($"there is no table {table} that is archived");
        if (policy.Method == RetentionMethod.Seal) throw new RetentionException($"rows of {table} are never away: what is old lies in the lake, and all_sentiment shows it");
        if (policy.Method == RetentionMethod.Downsample && !beside)
            throw new RetentionException($"{table} is summed up in {policy.Summary!.Target}, where its rows would be counted twice when they leave it again: restore them beside, with --beside");
        await using var mine = await RetentionLock.TakeAsync(database, cancellationToken).ConfigureAwait(false);
        await ArchiveCatalog.SweepAsync(mine.Connection, options.Objects, cancellationToken, dueOnly: true).ConfigureAwait(false);
        var files = await ArchiveCatalog.ListAsync(mine.Connection, table, from, to, cancellationToken).ConfigureAwait(false);
        var live = await LiveTable.FindAsync(mine.Connection, table, cancellationToken).ConfigureAwait(false);
        if (live is null && files.Count > 0) throw new RetentionException($"there is no table {table} in the database");
        var target = beside ? $"{live?.Schema ?? ""}.{table}{Ending}" : $"{live?.Schema ?? ""}.{table}";
        if (files.Count == 0) return new(0, 0, target.TrimStart('.'));
        using var workshop = new ArchiveWorkshop(options, time);
        try
        {
            var run = new Run(mine.Connection, workshop, live!, policy, from ?? DateTimeOffset.MinValue, to ?? DateTimeOffset.MaxValue, progress);
            var (rows, used) = beside ? await BesideAsync(run, files, cancellationToken).ConfigureAwait(false) : await InPlaceAsync(run, files, cancellationToken).ConfigureAwait(false);
            await ArchiveCatalog.SweepAsync(mine.Connection, options.Objects, cancellationToken, dueOnly: true).ConfigureAwait(false);
            return new(rows, used, target);
        }
        catch (PostgresException error) when (error.SqlState is PostgresErrorCodes.NotNullViolation or PostgresErrorCodes.CheckViolation or PostgresErrorCodes.ForeignKeyViolation or
            PostgresErrorCodes.UndefinedColumn or PostgresErrorCodes.CannotCoerce or PostgresErrorCodes.InvalidTextRepresentation)
        {
            throw new RetentionException($"{table} does not take its archived rows any more: {error.MessageText}. Nothing was changed; restore them beside, with --beside", error);
        }
        catch (DuckDbException error)
        {
            throw new RetentionException($"an archive file of {table} cannot be read: {error.Message}. Nothing was changed", error);
        }
    }

    async Task<(long Rows, int Files)> BesideAsync(Run run, List<ArchiveFile> files, CancellationToken cancellationToken)
    {
        var target = $"{LakeColumn.Quote(run.Live.Schema)}.{LakeColumn.Quote(run.Live.Name + Ending)}";
        await using var transaction = await run.Connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        await using (var whose = new NpgsqlCommand("SELECT to_regclass($1) IS NOT NULL AND obj_description(to_regclass($1)) IS DISTINCT FROM $2", run.Connection))
        {
            whose.Parameters.Add(new() { Value = target });
            whose.Parameters.Add(new() { Value = Mark });
            if ((bool)(await whose.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!)
                throw new RetentionException($"there is a table {run.Live.Schema}.{run.Live.Name}{Ending} that no restore has made; rename it first");
        }
        // Every column that any of the files has, in the type of the newest that has it.
        var columns = files.SelectMany(file => file.Columns).Reverse().DistinctBy(column => column.Name).Reverse().ToArray();
        await ExecuteAsync(run.Connection,
            $"DROP TABLE IF EXISTS {target}; CREATE TABLE {target} ({string.Join(", ", columns.Select(column => $"{column.Quoted} {column.Type}"))}); COMMENT ON TABLE {target} IS '{Mark}'",
            cancellationToken).ConfigureAwait(false);
        var (rows, used) = (0L, 0);
        foreach (var file in files)
        {
            var path = await run.Workshop.FetchAsync(file, cancellationToken).ConfigureAwait(false);
            Require(file, path, run.Workshop, cancellationToken);
            path = Cut(run, file, path, cancellationToken);
            var transfer = new ArchiveTransfer(run.Connection, run.Workshop, file.Columns, file.Time);
            var loaded = await transfer.LoadAsync(path, cancellationToken).ConfigureAwait(false);
            ArchiveWorkshop.Remove(path);
            if (loaded.Rows == 0) continue;
            Require(file, loaded.ToString(), (await transfer.InsertAsync(target, cancellationToken).ConfigureAwait(false)).ToString());
            (rows, used) = (rows + loaded.Rows, used + 1);
            run.Progress?.Report(rows);
        }
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        return (rows, used);
    }

    /// <summary>Only the rows of the range that was asked for.</summary>
    static string Cut(Run run, ArchiveFile file, string path, CancellationToken cancellationToken)
    {
        if (run.From <= file.From && run.To >= file.To) return path;
        var part = run.Workshop.NewPath();
        run.Workshop.Parquet.Filter(path, part, Within(file.Time, run.From, run.To), cancellationToken);
        ArchiveWorkshop.Remove(path);
        return part;
    }

    static string Within(string time, DateTimeOffset from, DateTimeOffset to) => string.Create(System.Globalization.CultureInfo.InvariantCulture,
        $"{LakeColumn.Quote(time)} >= TIMESTAMPTZ '{from.UtcDateTime:yyyy-MM-dd HH:mm:ss.ffffff}+00' AND {LakeColumn.Quote(time)} < TIMESTAMPTZ '{to.UtcDateTime:yyyy-MM-dd HH:mm:ss.ffffff}+00'");

    static void Require(ArchiveFile file, string path, ArchiveWorkshop workshop, CancellationToken cancellationToken)
    {
        var found = workshop.Parquet.Read(path, file.Columns, file.TimePlace, cancellationToken);
        if (!file.Is(found)) Require(file, $"{file.Rows} rows, {file.ContentHash}", $"{found.Rows} rows, {found.ContentHash}");
    }

    static void Require(ArchiveFile file, string wanted, string found)
    {
        if (wanted != found) throw new RetentionException($"rows of {file.Key} are not in the database as they were archived: {found} instead of {wanted}. Nothing was changed");
    }

    static async Task<long> ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        return await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    sealed record Run(
        NpgsqlConnection Connection, ArchiveWorkshop Workshop, LiveTable Live, RetentionPolicy Policy, DateTimeOffset From, DateTimeOffset To, IProgress<long>? Progress);
}
