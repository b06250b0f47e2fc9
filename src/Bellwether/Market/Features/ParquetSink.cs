using Bellwether.Engines.DuckDb;
using Bellwether.Lake;
using Bellwether.Storage.Objects;

namespace Bellwether.Market.Features;

/// <summary>Streams rows that are computed here into one Parquet file, which appears whole or not at all.</summary>
static class ParquetSink
{
    // Numbers that are computed hardly repeat: looking for those that do costs more than it saves.
    const string Form = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, DICTIONARY_SIZE_LIMIT 1024";

    static int _sources;

    /// <param name="produce">Appends the rows, each with <see cref="DuckDbSource.EndRowAsync"/>.</param>
    /// <returns>How many rows the file has.</returns>
    /// <exception cref="DuckDbException">The file could not be written.</exception>
    public static async Task<long> WriteAsync(
        DuckDbDatabase database, string path, IReadOnlyList<(string Name, DuckDbType Type)> columns,
        Func<DuckDbSource, CancellationToken, Task> produce, CancellationToken cancellationToken)
    {
        var full = Path.GetFullPath(path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        var beside = $"{full}.{Guid.NewGuid():N}.part";
        using var connection = database.Connect();
        connection.Execute("SET TimeZone = 'UTC'", cancellationToken);
        // A name for each: DuckDB knows a function by it as long as it is open.
        var name = $"rows_{Interlocked.Increment(ref _sources)}";
        using var source = new DuckDbSource(connection, name, columns.Select(c => (c.Name, c.Type, (string?)null)));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var copy = CopyAsync(connection, name, columns, beside, stop);
        try
        {
            await produce(source, stop.Token).ConfigureAwait(false);
            await source.EndSectionAsync(stop.Token).ConfigureAwait(false);
            await copy.ConfigureAwait(false);
            PosixFiles.SyncFile(beside);
            File.Move(beside, full, overwrite: true);
            return source.Rows;
        }
        catch (Exception) when (!copy.IsCompletedSuccessfully)
        {
            // A failed COPY stops the producer, and is the reason then; otherwise it must not wait for more rows.
            if (stop.IsCancellationRequested && !cancellationToken.IsCancellationRequested) await copy.ConfigureAwait(false);
            source.Stop();
            await copy.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }
        finally
        {
            File.Delete(beside);
        }
    }

    static async Task CopyAsync(DuckDbConnection connection, string source, IReadOnlyList<(string Name, DuckDbType Type)> columns,
        string file, CancellationTokenSource stop)
    {
        try
        {
            var select = string.Join(", ", columns.Select(c => LakeColumn.Quote(c.Name)));
            var place = file.Replace("'", "''", StringComparison.Ordinal);
            var copy = $"COPY (SELECT {select} FROM {source}()) TO '{place}' ({Form})";
            await Task.Run(() => connection.Execute(copy, stop.Token), stop.Token).ConfigureAwait(false);
        }
        catch
        {
            // The producer may be waiting for room that will not come.
            await stop.CancelAsync().ConfigureAwait(false);
            throw;
        }
    }
}
