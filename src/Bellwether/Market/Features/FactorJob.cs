using Bellwether.Analytics.Indicators;
using Bellwether.Engines.DuckDb;
using Bellwether.Feeds;
using Bellwether.Lake;

namespace Bellwether.Market.Features;

/// <param name="Rows">Bars, and as many rows of factors.</param>
public sealed record FactorResult(long Rows, int Symbols);

/// <summary>
/// Computes <see cref="FactorSet"/> over a Parquet file of bars and writes a Parquet file of factors: one pass, a few chunks in memory.
/// Bars that are not in order of symbol and time are sorted first.
/// </summary>
public static class FactorJob
{
    /// <param name="input">A file, or a folder of them.</param>
    /// <exception cref="FeedException">The bars cannot be read, or a symbol has two of one time.</exception>
    public static async Task<FactorResult> RunAsync(string input, string output, LakeOptions options, CancellationToken cancellationToken)
    {
        if (!File.Exists(input) && !Directory.Exists(input))
            throw new FeedException(input, "there is no such file or folder", "Name a Parquet file of bars, or a folder of them.");
        using var database = Open(options);
        using var connection = database.Connect();
        connection.Execute("SET TimeZone = 'UTC'", cancellationToken);
        var select = Select(connection, input, cancellationToken);
        (string, DuckDbType)[] columns = [("ticker", DuckDbType.Varchar), ("date", DuckDbType.TimestampTz),
            .. FactorSet.Names.Select(name => (name, DuckDbType.Double))];
        try
        {
            return await WriteAsync(select);
        }
        catch (OutOfOrderException)
        {
            return await WriteAsync($"{select} ORDER BY 1, 2");
        }

        async Task<FactorResult> WriteAsync(string query)
        {
            var symbols = 0;
            var rows = await ParquetSink.WriteAsync(database, output, columns, async (sink, token) =>
                symbols = await ComputeAsync(connection, query, input, sink, token), cancellationToken);
            return new(rows, symbols);
        }
    }

    internal static DuckDbDatabase Open(LakeOptions options) => DuckDbDatabase.Open(options.DuckDbLibrary, new()
    {
        MemoryLimitMb = options.MemoryLimitMb,
        Threads = options.Threads,
        TempDirectory = options.ScratchDirectory,
    });

    static string Select(DuckDbConnection connection, string input, CancellationToken cancellationToken)
    {
        var files = (Directory.Exists(input) ? Path.Combine(input, "**", "*.parquet") : input).Replace("'", "''", StringComparison.Ordinal);
        try
        {
            using var shape = connection.Query($"SELECT * FROM read_parquet('{files}', hive_partitioning = true) LIMIT 0",
                cancellationToken: cancellationToken);
            string Column(params string[] names) =>
                shape.Columns.FirstOrDefault(c => names.Contains(c.Name.ToLowerInvariant()))?.Name is { } found ? LakeColumn.Quote(found)
                : throw new FeedException(input, $"has no column {string.Join(" or ", names)}",
                    $"It has {string.Join(", ", shape.Columns.Select(c => c.Name))}.");
            return $"SELECT CAST({Column("ticker", "symbol")} AS VARCHAR), CAST({Column("date", "timestamp", "datetime")} AS TIMESTAMPTZ), "
                + $"CAST({Column("close_price", "close")} AS DOUBLE), CAST({Column("volume")} AS DOUBLE) "
                + $"FROM read_parquet('{files}', hive_partitioning = true)";
        }
        catch (DuckDbException error)
        {
            throw new FeedException(input, $"cannot be read as Parquet: {error.Plain.TrimEnd('.')}",
                "Name a Parquet file of bars, or a folder of them.",
                inner: error);
        }
    }

    static async Task<int> ComputeAsync(DuckDbConnection connection, string query, string input, DuckDbSource sink,
        CancellationToken cancellationToken)
    {
        var (factors, symbols) = (new FactorSet(), new HashSet<string>(StringComparer.Ordinal));
        var (ticker, last, values) = (Array.Empty<byte>(), long.MinValue, new double[FactorSet.Names.Count]);
        using var rows = connection.Query(query, cancellationToken: cancellationToken);
        while (rows.ReadChunk())
            for (var row = 0; row < rows.RowCount; row++)
            {
                Take(row);
                await sink.EndRowAsync(cancellationToken);
            }
        return symbols.Count;

        void Take(int row)
        {
            if (rows.Vector(0).IsNull(row) || rows.Vector(1).IsNull(row))
                throw new FeedException(input, $"a bar behind that of {Name(ticker)} has no symbol or no time", "Every bar needs both.");
            var name = rows.Vector(0).Bytes(row);
            var time = rows.Vector(1).At<long>(row);
            if (!name.SequenceEqual(ticker) || symbols.Count == 0)
            {
                if (!symbols.Add(Name(name))) throw new OutOfOrderException();
                ticker = name.ToArray();
                factors.Reset();
            }
            else if (time <= last)
            {
                throw time < last ? new OutOfOrderException()
                    : new FeedException(input, $"{Name(ticker)} has two bars of {DuckDbTime.Instant(time):yyyy-MM-dd HH:mm:ss}",
                        "Keep one of them.");
            }
            last = time;
            var bar = new Bar(double.NaN, double.NaN, double.NaN, Number(2, row), Number(3, row));
            factors.Next(in bar, values);
            sink.AppendUtf8(ticker);
            sink.AppendTimestamp(time);
            foreach (var value in values)
                if (double.IsNaN(value)) sink.AppendNull();
                else sink.Append(value);
        }

        double Number(int column, int row) => rows.Vector(column).IsNull(row) ? double.NaN : rows.Vector(column).At<double>(row);

        static string Name(ReadOnlySpan<byte> bytes) => System.Text.Encoding.UTF8.GetString(bytes);
    }

    /// <summary>The bars are not in order; nothing has come of it.</summary>
    sealed class OutOfOrderException : Exception;
}
