using System.Runtime.CompilerServices;
using Bellwether.Engines.DuckDb;
using Bellwether.Feeds;

namespace Bellwether.App.Commands;

/// <summary>Reads Parquet files as input of a feed; DuckDB is found, and fetched where it is missing, when the first one comes.</summary>
static class ParquetInput
{
    public static ParquetRows Of(Desk desk, IProgress<string>? progress)
    {
        return ReadAsync;

        async IAsyncEnumerable<IReadOnlyDictionary<string, object?>> ReadAsync(string path, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            var lake = await desk.LakeOptionsAsync(progress, cancellationToken);
            using var database = DuckDbDatabase.Open(lake.DuckDbLibrary, new() { MemoryLimitMb = lake.MemoryLimitMb, Threads = lake.Threads });
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
            throw new FeedException(path, $"cannot be read as Parquet: {error.Plain.TrimEnd('.')}", "Check that the file is whole.", inner: error);
        }
    }
}
