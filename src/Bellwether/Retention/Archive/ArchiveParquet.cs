using Bellwether.Engines.DuckDb;
using Bellwether.Lake;
using Npgsql;

namespace Bellwether.Retention.Archive;

/// <summary>One Parquet file of rows, written and read with DuckDB; everything is hashed on its way.</summary>
sealed class ArchiveParquet(DuckDbConnection engine)
{
    static int _sources;

    /// <summary>Streams the rows of a query into a file; returns what PostgreSQL sent.</summary>
    /// <param name="query">Selects the columns in order, as <see cref="ArchiveColumn.Sent"/> has them.</param>
    /// <param name="time">Place of the time column.</param>
    /// <exception cref="DuckDbException">The file could not be written.</exception>
    public async Task<LakeDigest> WriteAsync(
        NpgsqlConnection connection, string query, IReadOnlyList<ArchiveColumn> columns, int time, string file, CancellationToken cancellationToken)
    {
        var kinds = columns.Select(column => column.Kind).ToArray();
        // A name for each: DuckDB knows a function by it as long as it is open.
        var name = $"archived_{Interlocked.Increment(ref _sources)}";
        using var source = new DuckDbSource(engine, name, columns.Select(column => column.Source));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var digest = new LakeDigest();
        var copy = CopyAsync(name, columns, file, stop);
        try
        {
            await using var stream = await connection.BeginRawBinaryCopyAsync(PostgresToDuckDb.Copy(query), stop.Token).ConfigureAwait(false);
            using var rows = new PostgresCopyReader(stream, kinds.Length);
            var encoder = new LakeRowEncoder(columns.Select(column => column.Kind));
            while (await rows.FillAsync(stop.Token).ConfigureAwait(false))
                while (rows.Next())
                {
                    encoder.Encode(rows);
                    digest.Add(rows.IsNull(time) ? 0 : PostgresToDuckDb.Timestamp(rows.Field(time)), encoder.Row);
                    PostgresToDuckDb.Append(source, kinds, rows);
                    await source.EndRowAsync(stop.Token).ConfigureAwait(false);
                }
            await source.EndSectionAsync(stop.Token).ConfigureAwait(false);
            await copy.ConfigureAwait(false);
            return digest;
        }
        catch (Exception) when (!copy.IsCompletedSuccessfully)
        {
            // A failed COPY stops the producer, and is the reason then; otherwise it must not wait for more rows.
            if (stop.IsCancellationRequested && !cancellationToken.IsCancellationRequested) await copy.ConfigureAwait(false);
            source.Stop();
            await copy.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }
    }

    /// <summary>What a file really holds.</summary>
    /// <exception cref="DuckDbException">It is no Parquet file with these columns.</exception>
    /// <param name="also">Gets the same rows, to add several files up.</param>
    public LakeDigest Read(string file, IReadOnlyList<ArchiveColumn> columns, int time, CancellationToken cancellationToken, LakeDigest? also = null)
    {
        var (digest, encoder) = (new LakeDigest(), new LakeRowEncoder(columns.Select(column => column.Kind)));
        using var reader = Open(file, columns, cancellationToken);
        while (reader.ReadChunk())
            for (var row = 0; row < reader.RowCount; row++)
            {
                Add(digest, encoder, reader, time, row);
                also?.Add(0, encoder.Row);
            }
        return digest;
    }

    /// <summary>Sends the rows of a file into a table of the staged types; returns what was sent.</summary>
    public async Task<LakeDigest> LoadAsync(
        string file, IReadOnlyList<ArchiveColumn> columns, int time, NpgsqlConnection connection, string table, CancellationToken cancellationToken)
    {
        var (digest, encoder) = (new LakeDigest(), new LakeRowEncoder(columns.Select(column => column.Kind)));
        using var reader = Open(file, columns, cancellationToken);
        await using var stream = await connection.BeginRawBinaryCopyAsync(
            $"COPY {table} ({string.Join(", ", columns.Select(column => column.Quoted))}) FROM STDIN (FORMAT binary)", cancellationToken).ConfigureAwait(false);
        var target = new PostgresCopyWriter(stream, columns);
        target.Begin();
        while (reader.ReadChunk())
        {
            for (var row = 0; row < reader.RowCount; row++)
            {
                Add(digest, encoder, reader, time, row);
                target.Write(reader, row);
            }
            await target.FlushAsync(all: false, cancellationToken).ConfigureAwait(false);
        }
        target.End();
        await target.FlushAsync(all: true, cancellationToken).ConfigureAwait(false);
        return digest;
    }

    /// <summary>Writes the rows of a file for which a condition holds to another file.</summary>
    public void Filter(string from, string to, string condition, CancellationToken cancellationToken) =>
        engine.Execute($"COPY (SELECT * FROM {Parquet(from)} WHERE {condition}) TO {Text(to)} ({Form})", cancellationToken);

    /// <summary>Number of rows for which a condition holds.</summary>
    public long Count(string file, string condition, CancellationToken cancellationToken) =>
        (long)engine.Scalar($"SELECT count(*) FROM {Parquet(file)} WHERE {condition}", null, cancellationToken)!;

    /// <summary>Values of some columns as text, where a condition holds.</summary>
    public IEnumerable<string?[]> Values(string file, IReadOnlyList<string> columns, string condition, CancellationToken cancellationToken)
    {
        using var reader = engine.Query(
            $"SELECT {string.Join(", ", columns.Select(column => $"CAST({LakeColumn.Quote(column)} AS VARCHAR)"))} FROM {Parquet(file)} WHERE {condition}",
            cancellationToken: cancellationToken);
        while (reader.Read())
        {
            var values = new string?[columns.Count];
            for (var i = 0; i < values.Length; i++) values[i] = reader.IsNull(i) ? null : reader.GetString(i);
            yield return values;
        }
    }

    DuckDbReader Open(string file, IReadOnlyList<ArchiveColumn> columns, CancellationToken cancellationToken) => engine.Query(
        $"SELECT {string.Join(", ", columns.Select(column => column.Decimal is null ? column.Quoted : $"CAST({column.Quoted} AS VARCHAR)"))} FROM {Parquet(file)}",
        cancellationToken: cancellationToken);

    static void Add(LakeDigest digest, LakeRowEncoder encoder, DuckDbReader reader, int time, int row)
    {
        encoder.Encode(reader, row);
        ref readonly var times = ref reader.Vector(time);
        digest.Add(times.IsNull(row) ? 0 : times.At<long>(row), encoder.Row);
    }

    async Task CopyAsync(string source, IReadOnlyList<ArchiveColumn> columns, string file, CancellationTokenSource stop)
    {
        var select = string.Join(", ", columns.Select(column => column.Decimal is { } type ? $"CAST({column.Quoted} AS {type}) AS {column.Quoted}" : column.Quoted));
        try
        {
            await Task.Run(() => engine.Execute($"COPY (SELECT {select} FROM {source}()) TO {Text(file)} ({Form})", stop.Token), stop.Token).ConfigureAwait(false);
        }
        catch
        {
            // The producer may be waiting for room that will not come.
            await stop.CancelAsync().ConfigureAwait(false);
            throw;
        }
    }

    const string Form = "FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE_BYTES '16MB'";

    static string Parquet(string file) => $"read_parquet({Text(file)}, hive_partitioning = false)";

    internal static string Text(string value) => $"'{value.Replace("'", "''", StringComparison.Ordinal)}'";
}
