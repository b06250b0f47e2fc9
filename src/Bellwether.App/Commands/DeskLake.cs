using System.Runtime.CompilerServices;
using Bellwether.Engines.DuckDb;
using Bellwether.Feeds;
using Bellwether.Lake;

namespace Bellwether.App.Commands;

/// <summary>The lake of a desk: DuckDB is found, and fetched where it is missing, when a command first needs it.</summary>
static class DeskLake
{
    public static async Task<LakeOptions> LakeOptionsAsync(this Desk desk, IProgress<string>? progress, CancellationToken cancellationToken) => new()
    {
        Directory = desk.Options.LakeDirectory,
        DuckDbLibrary = await desk.Engines.FindDuckDbLibraryAsync(desk.Options.DuckDb, progress, cancellationToken),
        MemoryLimitMb = desk.Options.LakeMemoryMegabytes,
        Threads = desk.Options.LakeThreads,
    };

    /// <summary>Rows of a Parquet file as input of a feed.</summary>
    public static ParquetRows ParquetRows(this Desk desk, IProgress<string>? progress)
    {
        return ReadAsync;

        async IAsyncEnumerable<IReadOnlyDictionary<string, object?>> ReadAsync(string path, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            var options = await desk.LakeOptionsAsync(progress, cancellationToken);
            using var database = DuckDbDatabase.Open(options.DuckDbLibrary, new() { MemoryLimitMb = options.MemoryLimitMb, Threads = options.Threads });
            using var connection = database.Connect();
            connection.Execute("SET TimeZone = 'UTC'", cancellationToken);
            using var rows = Guard(path, () => connection.Query("SELECT * FROM read_parquet($1)", [Path.GetFullPath(path)], cancellationToken));
            while (Guard(path, rows.Read))
            {
                var row = new Dictionary<string, object?>(rows.Columns.Count);
                for (var i = 0; i < rows.Columns.Count; i++) row[rows.Columns[i].Name] = rows.GetValue(i);
                yield return row;
            }
        }
    }

    static T Guard<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (DuckDbException error)
        {
            throw new FeedException(path, "cannot be read as Parquet", error.Message, inner: error);
        }
    }
}
