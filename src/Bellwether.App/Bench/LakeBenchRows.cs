using System.Text;
using Bellwether.Engines.DuckDb;
using Bellwether.Storage;
using Npgsql;
using NpgsqlTypes;

namespace Bellwether.App.Bench;

/// <summary>Results of days that lie behind, put where scoring puts them.</summary>
/// <param name="byDay">Each day has a partition of its own, as days that came in live; else all share one, as bulk history.</param>
sealed class LakeBenchRows(Desk desk, DateOnly first, int days, int characters, bool byDay = false)
{
    const string Table = "sentiment.sentiment_data";
    const int Tickers = 500;

    int _made;

    DateOnly End => first.AddDays(days);

    /// <summary>Adds rows, as many to each day, and marks the days; returns how many.</summary>
    public async Task<long> FillAsync(int rows, CancellationToken cancellationToken)
    {
        var partitions = new RangePartitions(desk.DataSource, Table);
        if (byDay)
            for (var day = first; day < End; day = day.AddDays(1)) await partitions.EnsureDayAsync(day, cancellationToken);
        else await partitions.EnsureBeforeAsync(DateOnly.FromDateTime(desk.Time.GetUtcNow().UtcDateTime), cancellationToken);
        var each = Math.Max(1, rows / days);
        await using var connection = await desk.DataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using (var copy = await connection.BeginBinaryImportAsync($"""
            COPY {Table} (timestamp, ticker, article_title, sentiment, confidence, source, source_url, model, article_id, text, fetch_timestamp_utc, processing_timestamp_utc,
                event_id, event_type, priority, weight, model_version, positive, negative, schema_version) FROM STDIN (FORMAT binary)
            """, cancellationToken))
        {
            for (var day = first; day < End; day = day.AddDays(1))
                for (var i = 0; i < each; i++) await WriteAsync(copy, day.ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc).AddSeconds(86_399.0 * i / each), _made++, cancellationToken);
            await copy.CompleteAsync(cancellationToken);
        }
        await using var mark = new NpgsqlCommand("""
            INSERT INTO ops.lake_days AS d (day, hot_rows, revision) SELECT day::date, $3, 1 FROM generate_series($1::timestamp, $2::timestamp - interval '1 day', interval '1 day') AS day
            ON CONFLICT (day) DO UPDATE SET hot_rows = d.hot_rows + excluded.hot_rows, revision = d.revision + 1
            """, connection, transaction);
        mark.Parameters.Add(new() { Value = first });
        mark.Parameters.Add(new() { Value = End });
        mark.Parameters.Add(new() { Value = (long)each });
        await mark.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return (long)each * days;
    }

    async Task WriteAsync(NpgsqlBinaryImporter copy, DateTime time, int number, CancellationToken cancellationToken)
    {
        var text = new StringBuilder(characters + 100);
        for (var sentence = number; text.Length < characters; sentence++) text.Append(BenchDesk.Headline(sentence * 7)).Append(". ");
        var (positive, negative) = (number % 97 / 100.0, number % 3 / 100.0);
        await copy.StartRowAsync(cancellationToken);
        await copy.WriteAsync(time, NpgsqlDbType.TimestampTz, cancellationToken);
        foreach (var value in new[] { $"T{number % Tickers}", BenchDesk.Headline(number) }) await copy.WriteAsync(value, NpgsqlDbType.Text, cancellationToken);
        foreach (var value in new[] { positive - negative, 0.5 + number % 50 / 100.0 }) await copy.WriteAsync(value, NpgsqlDbType.Double, cancellationToken);
        foreach (var value in new[] { "bench", $"https://news.example/{number}", "lexicon", Guid.CreateVersion7(time).ToString("N"), text.ToString() })
            await copy.WriteAsync(value, NpgsqlDbType.Text, cancellationToken);
        foreach (var value in new[] { time, time.AddSeconds(2) }) await copy.WriteAsync(value, NpgsqlDbType.TimestampTz, cancellationToken);
        foreach (var value in new[] { $"e{number}", "news", "standard" }) await copy.WriteAsync(value, NpgsqlDbType.Text, cancellationToken);
        await copy.WriteAsync(1.0, NpgsqlDbType.Double, cancellationToken);
        await copy.WriteAsync("1", NpgsqlDbType.Text, cancellationToken);
        foreach (var value in new[] { positive, negative }) await copy.WriteAsync(value, NpgsqlDbType.Double, cancellationToken);
        await copy.WriteAsync((short)1, NpgsqlDbType.Smallint, cancellationToken);
    }

    /// <summary>The rows of these days as one would carry them over by hand: PostgreSQL's COPY to CSV, and from there DuckDB's to Parquet.</summary>
    public async Task ByHandAsync(DuckDbConnection lake, string folder, CancellationToken cancellationToken)
    {
        var csv = Path.Combine(folder, "rows.csv");
        await using (var connection = await desk.DataSource.OpenConnectionAsync(cancellationToken))
        await using (var file = new StreamWriter(csv, append: false, new UTF8Encoding(false), 1 << 16))
        using (var rows = await connection.BeginTextExportAsync(
            $"COPY (SELECT * FROM {Table} WHERE timestamp >= '{first:O}' AND timestamp < '{End:O}') TO STDOUT (FORMAT csv, HEADER)", cancellationToken))
        {
            var buffer = new char[1 << 16];
            for (int read; (read = await rows.ReadBlockAsync(buffer, cancellationToken)) > 0;) await file.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
        }
        await Task.Run(() => WriteParquet(lake, $"read_csv('{csv}')", Path.Combine(folder, "by-hand"), cancellationToken), cancellationToken);
    }

    /// <summary>DuckDB's own way into a lake of days: the same columns, order, compression and partitions.</summary>
    public static void WriteParquet(DuckDbConnection lake, string rows, string folder, CancellationToken cancellationToken) => lake.Execute($"""
        COPY (SELECT *, year(timestamp) AS year, month(timestamp) AS month, day(timestamp) AS day FROM {rows} ORDER BY timestamp, ticker, article_id)
        TO '{folder}' (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (year, month, day))
        """, cancellationToken);
}
