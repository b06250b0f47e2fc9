using Bellwether.Tests.Engines.DuckDb;

namespace Bellwether.Tests.Lake.Legacy;

/// <summary>
/// Old files as the old system wrote them over the years, one a ticker, made by DuckDB from one table of truth: what the lake must hold when they are
/// migrated. The files differ in the names and types of columns, in the spelling of times and in what stands for nothing.
/// </summary>
static class LegacyFiles
{
    public const string Truth = "truth.parquet";

    /// <summary>Times without an offset are those of UTC. Processing times are missing in some files; they count then as known when the file was changed.</summary>
    public static readonly DateTimeOffset Changed = new(2025, 6, 1, 12, 30, 15, TimeSpan.Zero);

    static readonly (string Name, string Columns)[] Shapes =
    [
        // The schema of the founding plan, before and after its enhancement.
        ("{0}_sentiment.parquet", "strftime(ts, '%Y-%m-%dT%H:%M:%S.%fZ') AS timestamp, ticker, sentiment, confidence, source, model, article_id, title AS article_title, url AS source_url, text, fetched AS fetch_timestamp_utc, processed AS processing_timestamp_utc"),
        // Text as content, address as url; nothing as the old scripts spelled it; offsets other than UTC.
        ("{0}_sentiment_2.parquet", "strftime(ts + INTERVAL 5 HOUR + INTERVAL 30 MINUTE, '%Y-%m-%d %H:%M:%S.%f+05:30') AS timestamp, ticker, title AS headline, coalesce(text, '[HISTORICAL DATA - TEXT NOT AVAILABLE]') AS content, coalesce(url, '') AS url, sentiment AS sentiment_score, confidence, source, model, article_id, epoch_us(processed) AS processed_at, strftime(fetched, '%Y-%m-%dT%H:%M:%S.%f') AS fetched_at"),
        // No ticker column: the folder tells it. Times as naive timestamps, scores as text, article_text cut in text.
        ("ticker={0}/part-0.parquet", "ts AS timestamp, title, text AS article_text, left(text, 10) AS text, url AS link, CAST(sentiment AS VARCHAR) AS sentiment, CAST(confidence AS VARCHAR) AS confidence, source, model, article_id, processed AS processing_timestamp_utc, fetched AS fetch_timestamp_utc"),
        // The name tells the ticker; pandas' index; no processing and no fetch times; further columns of no known meaning.
        ("{0}.parquet", "strftime(ts, '%Y-%m-%d %H:%M:%S.%f') AS date, coalesce(title, 'nan') AS title, coalesce(text, 'None') AS body, coalesce(url, 'NaN') AS url, sentiment AS score, confidence AS probability, source AS publisher, model AS model_name, article_id AS id, row_number() OVER () AS __index_level_0__, extra AS relevance"),
    ];

    public static int ShapeCount => Shapes.Length;

    /// <summary>
    /// Makes the files. The table of truth beside them, <see cref="Truth"/> in <paramref name="folder"/>'s parent, has the columns of the lake that
    /// matter, and <c>shape</c>.
    /// </summary>
    /// <param name="rows">Good rows in all. Beside them come bad ones, two a file: one without a score and one without a time.</param>
    public static void Make(string folder, int rows, int tickers, int days = 40, int textLength = 200)
    {
        Directory.CreateDirectory(folder);
        using var engine = DuckDbTestLibrary.Open(memoryLimitMb: 768, tempDirectory: Path.Combine(Path.GetDirectoryName(folder)!, "spill"));
        using var connection = engine.Connect();
        connection.Execute($"""
            SET TimeZone = 'UTC'; SET preserve_insertion_order = true;
            CREATE TABLE truth AS SELECT i, i % {tickers} AS t, (i % {tickers}) % {Shapes.Length} AS shape, 'T' || chr(65 + ((i % {tickers}) // 26 % 26)::INT) || chr(65 + ((i % {tickers}) % 26)::INT) AS ticker,
                TIMESTAMP '2024-01-01' + to_microseconds((hash(i) % ({days} * 86400000000::UBIGINT))::BIGINT) AS ts,
                CASE WHEN i % 11 = 0 THEN NULL ELSE 'Title ' || i || ' é東🚀 "quoted", it''s' END AS title,
                CASE WHEN i % 7 = 0 THEN NULL ELSE 'Text of ' || i || E'\n\t\\ ' || repeat('words and more, ', (hash(i) % {Math.Max(1, textLength / 8)})::INT) END AS text,
                CASE WHEN i % 5 = 0 THEN NULL ELSE 'https://example.org/' || i || '?a=b&c=' || (i % 3) END AS url,
                CASE WHEN i % 13 = 0 THEN 0.0 ELSE sin(i) END AS sentiment, 0.5 + abs(cos(i)) / 2 AS confidence,
                CASE i % 3 WHEN 0 THEN 'reuters' WHEN 1 THEN 'news' ELSE 'a blog' END AS source, CASE i % 2 WHEN 0 THEN 'finbert' ELSE 'fingpt' END AS model,
                'article-' || i AS article_id, CASE WHEN i % 4 = 0 THEN NULL ELSE i END AS extra
            FROM range({rows}) AS r(i);
            ALTER TABLE truth ADD COLUMN fetched TIMESTAMP; ALTER TABLE truth ADD COLUMN processed TIMESTAMP;
            UPDATE truth SET fetched = ts + INTERVAL 2 SECOND, processed = ts + INTERVAL 3 SECOND;
            COPY (SELECT * REPLACE (CASE WHEN shape = 3 THEN ts ELSE fetched END AS fetched, CASE WHEN shape = 3 THEN greatest(ts, TIMESTAMP '{Changed:yyyy-MM-dd HH:mm:ss}') ELSE processed END AS processed) FROM truth)
                TO '{Path.Combine(Path.GetDirectoryName(folder)!, Truth)}' (FORMAT parquet)
            """);
        for (var t = 0; t < tickers; t++)
        {
            var (name, columns) = Shapes[t % Shapes.Length];
            var ticker = $"T{(char)('A' + t / 26 % 26)}{(char)('A' + t % 26)}";
            var path = Path.Combine(folder, string.Format(null, name, t % Shapes.Length == 2 ? ticker : ticker.ToLowerInvariant()));
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            // The bad rows: no score in any spelling, and a time that is none.
            connection.Execute($"""
                COPY (SELECT {columns} FROM (
                    SELECT * FROM (SELECT * FROM truth WHERE t = {t} ORDER BY i)
                    UNION ALL SELECT * REPLACE ('bad-a-{t}' AS article_id, CASE WHEN {t} % 2 = 0 THEN NULL ELSE 0.0 END AS sentiment, 0.0 AS confidence) FROM truth WHERE i = {t}
                    UNION ALL SELECT * REPLACE ('bad-b-{t}' AS article_id, NULL AS ts) FROM truth WHERE i = {t}))
                TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE 2048)
                """);
            File.SetLastWriteTimeUtc(path, Changed.UtcDateTime);
        }
    }
}
