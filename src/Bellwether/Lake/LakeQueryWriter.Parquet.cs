using Bellwether.Engines.DuckDb;

namespace Bellwether.Lake;

public static partial class LakeQueryWriter
{
    /// <summary>
    /// Writes the answer to a Parquet file, which appears whole or not at all; an existing file is replaced. Returns the number of rows.
    /// The file is written by a DuckDB of its own: the one that answers the query may not write.
    /// </summary>
    /// <exception cref="LakeSqlException">A column has a type that Parquet cannot hold.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static async Task<long> WriteParquetAsync(LakeQuery query, string path, LakeOptions options, CancellationToken cancellationToken)
    {
        var full = Path.GetFullPath(path);
        var folder = Path.GetDirectoryName(full)!;
        if (!Directory.Exists(folder)) throw new DirectoryNotFoundException($"there is no folder {folder} to write {Path.GetFileName(full)} to");
        var beside = Path.Combine(folder, $".{Path.GetFileName(full)}.{Guid.NewGuid():N}.part");
        var spill = LakeScratch.Make(options.ScratchDirectory);
        try
        {
            using var engine = DuckDbDatabase.Open(options.DuckDbLibrary, new DuckDbOptions
            {
                MemoryLimitMb = options.MemoryLimitMb,
                Threads = options.Threads,
                TempDirectory = spill,
            });
            using var connection = engine.Connect();
            connection.Execute(LakeScratch.Limit(options), cancellationToken);
            var names = UniqueNames(query.Columns);
            var columns = query.Columns.Select((column, i) => $"{LakeColumn.Quote(names[i])} {column.Type.ToSql()}");
            connection.Execute($"CREATE TABLE answer ({string.Join(", ", columns)})", cancellationToken);
            long rows;
            using (var appender = connection.CreateAppender("answer"))
            {
                while (await query.ReadChunkAsync(cancellationToken).ConfigureAwait(false)) appender.AppendChunk(query.Reader);
                appender.Complete();
                rows = appender.Rows;
            }
            var target = beside.Replace("'", "''");
            await Task.Run(() => connection.Execute($"COPY answer TO '{target}' (FORMAT parquet, COMPRESSION zstd)", cancellationToken), cancellationToken)
                .ConfigureAwait(false);
            Storage.Objects.PosixFiles.SyncFile(beside);
            File.Move(beside, full, overwrite: true);
            return rows;
        }
        catch (DuckDbException error) when (error.ErrorClass == "IO")
        {
            throw new IOException(error.Message, error);
        }
        catch (Exception error) when (error is DuckDbException or NotSupportedException)
        {
            throw new LakeSqlException(error.Message, error);
        }
        finally
        {
            File.Delete(beside);
            Directory.Delete(spill, recursive: true);
        }
    }
}
