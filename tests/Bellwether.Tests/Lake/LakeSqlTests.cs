using System.Text;
using Bellwether.Lake;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Lake;

public sealed class LakeSqlTests(TestServer server) : IAsyncLifetime
{
    static readonly DateOnly Day = new(2024, 2, 28);
    LakeTestDatabase _database = null!;

    static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _database = await LakeTestDatabase.CreateAsync(server);

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    Task<LakeWriteResult> WriteAsync() => _database.Writer.WriteDirtyDaysAsync(null, Token);

    Task<string> CsvAsync(string sql) => _database.CsvAsync(sql);

    [Fact]
    public async Task All_sentiment_has_hot_and_written_rows_once_each()
    {
        await _database.AddDayAsync(Day, 5);
        await _database.FillAsync(Day, 3, 1000);
        Assert.Equal("3000,3000", await CsvAsync("SELECT count(*), count(DISTINCT article_id) FROM all_sentiment"));
        await WriteAsync();
        Assert.Equal("3000,3000", await CsvAsync("SELECT count(*), count(DISTINCT article_id) FROM all_sentiment"));
        // A clean day, a day that became dirty again, a new day.
        await _database.FillAsync(Day.AddDays(2), 2, 500, tag: "late");
        Assert.Equal("4000,4000", await CsvAsync("SELECT count(*), count(DISTINCT article_id) FROM sentiment.all_sentiment"));
        Assert.Equal("2024-02-28,1000;2024-02-29,1000;2024-03-01,1500;2024-03-02,500",
            await CsvAsync("SELECT timestamp::DATE AS d, count(*) FROM all_sentiment GROUP BY d ORDER BY d"));
    }

    [Fact]
    public async Task Clean_days_are_read_from_their_files()
    {
        await _database.AddDayAsync(Day, 2);
        await _database.FillAsync(Day, 2, 100);
        await WriteAsync();
        // Hot rows gone behind the manifest's back, as after a partition was dropped.
        await _database.ExecuteAsync("TRUNCATE sentiment.sentiment_data");
        Assert.Equal("200", await CsvAsync("SELECT count(*) FROM all_sentiment"));
    }

    [Fact]
    public async Task Values_are_the_same_from_hot_rows_and_from_files()
    {
        await _database.AddDayAsync(Day, 2);
        await _database.FillAsync(Day, 2, 400);
        const string sql = "SELECT * FROM all_sentiment ORDER BY timestamp, ticker, article_id";
        var hot = await CsvAsync(sql);
        await WriteAsync();
        Assert.Equal(hot, await CsvAsync(sql));
        Assert.Equal("800", await CsvAsync("SELECT count(*) FROM all_sentiment"));
    }

    [Theory]
    [InlineData("SELECT count(*) FROM all_sentiment", "60")]
    [InlineData("SELECT count(*) FROM all_sentiment a WHERE a.ticker = 'GME'", "12")]
    [InlineData("SELECT x.n FROM (SELECT count(TICKER) AS n FROM Sentiment.All_Sentiment) x", "60")]
    [InlineData("WITH t AS (FROM all_sentiment) SELECT min(schema_version) FROM t", "1")]
    [InlineData("WITH tweets AS (SELECT 7 AS x) SELECT x FROM tweets", "7")]
    [InlineData("SELECT struct_keys(a)[21] FROM all_sentiment a LIMIT 1", "schema_version")]
    [InlineData("SELECT len(struct_keys(all_sentiment)) FROM all_sentiment LIMIT 1", "23")]
    [InlineData("SELECT count(*) FROM all_sentiment a NATURAL JOIN (SELECT DISTINCT priority FROM all_sentiment)", "60")]
    [InlineData("SELECT count(*) FROM all_sentiment JOIN lake_days ON day = timestamp::DATE", "60")]
    [InlineData("SELECT length(COLUMNS('source|mod.l$')) FROM all_sentiment WHERE event_id = 'event-2' LIMIT 1", "4,21,7,31")]
    [InlineData("SELECT raw_source_payload_json->>'n' FROM all_sentiment WHERE event_id = 'event-2' ORDER BY 1 LIMIT 1", "2")]
    [InlineData("PIVOT all_sentiment ON priority IN ('high', 'standard') USING count(*) GROUP BY event_type", "news,30,30")]
    [InlineData("SELECT count(*) FROM tweets", "0")]
    [InlineData("SELECT sum(hot_rows) FROM ops.lake_days", "60")]
    [InlineData("SELECT (SELECT count(*) FROM all_sentiment) + i FROM range(2) t(i)", "60;61")]
    [InlineData("select 1 -- comment", "1")]
    [InlineData("SELECT ';';", "\";\"")]
    public async Task Statement_is_answered(string sql, string expected)
    {
        await _database.AddDayAsync(Day, 2);
        await _database.FillAsync(Day, 1, 30);
        await WriteAsync();
        await _database.FillAsync(Day.AddDays(1), 1, 30);
        Assert.Equal(expected.Replace("\";\"", ";"), (await CsvAsync(sql)).Replace("\";\"", ";"));
    }

    [Fact]
    public async Task Product_tables_are_read_in_their_types()
    {
        await _database.ExecuteAsync("""
            INSERT INTO sentiment.ticker_sentiment VALUES
            ('A', 3, 'Infinity', '{1,-2}', '{}', '{9223372036854775807}', 0.5, 1, 2, '{"lexicon": 2}', '2024-01-01 00:00+00', 'id', NULL, NULL, NULL, '2024-01-02 03:04:05.678+00');
            INSERT INTO ops.dead_letters (fingerprint, origin, value, stage, error_class, message, inbox_keys)
            VALUES ('6f1c1f4e-0d2b-4a4f-9a55-0123456789ab', 'file', '\x00ff', 'parse', 'X', 'bad',
                    '{6f1c1f4e-0d2b-4a4f-9a55-0123456789ab,00000000-0000-0000-0000-00000000000a}');
            INSERT INTO ops.ingest_runs (run_id, source, started_at, read) VALUES ('00000000-0000-0000-0000-00000000000a', 's', '-infinity', 9);
            """);
        Assert.Equal("\"[1,-2]\",[],[9223372036854775807],-1,2,2024-01-02T03:04:05.678Z", await CsvAsync(
            "SELECT buckets, weighted_sums, weight_sums, list_sum(buckets), model_counts->'lexicon', last_updated FROM ticker_sentiment"));
        Assert.Equal("6f1c1f4e-0d2b-4a4f-9a55-0123456789ab,00ff,1,open,2,true", await CsvAsync(
            "SELECT fingerprint, value, attempt, status, len(inbox_keys), inbox_keys[1] = fingerprint FROM ops.dead_letters"));
        Assert.Equal("00000000-0000-0000-0000-00000000000a,-infinity,9", await CsvAsync("SELECT run_id, started_at, read FROM ingest_runs"));
    }

    [Theory]
    [InlineData("tweets")]
    [InlineData("tweet_sentiments")]
    [InlineData("reddit_posts")]
    [InlineData("reddit_sentiments")]
    [InlineData("influencers")]
    [InlineData("symbol_sentiments")]
    [InlineData("aggregated_sentiments")]
    [InlineData("confluence_scores")]
    [InlineData("ticker_sentiment")]
    [InlineData("price_history")]
    [InlineData("corporate_actions")]
    [InlineData("market_conditions")]
    [InlineData("options_data")]
    [InlineData("dead_letters")]
    [InlineData("lake_files")]
    [InlineData("lake_days")]
    [InlineData("ingest_runs")]
    public async Task Every_offered_table_loads_with_all_columns(string table) => Assert.Equal("", await CsvAsync($"SELECT * FROM {table}"));

    [Fact]
    public async Task Catalogue_shows_every_table_without_reading_one()
    {
        Assert.Equal(
            "aggregated_sentiments;all_sentiment;confluence_scores;corporate_actions;dead_letters;influencers;ingest_runs;lake_days;lake_files;market_conditions;options_data;price_history;reddit_posts;reddit_sentiments;symbol_sentiments;ticker_sentiment;tweet_sentiments;tweets",
            await CsvAsync("SHOW TABLES"));
        var described = await CsvAsync("DESCRIBE all_sentiment");
        Assert.StartsWith("timestamp,TIMESTAMP WITH TIME ZONE,", described);
        Assert.Equal(23, described.Split(';').Length);
        Assert.Contains("buckets,BIGINT[],", await CsvAsync("DESCRIBE ticker_sentiment"));
        Assert.Equal("18", await CsvAsync("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'main'"));
    }

    [Fact]
    public async Task Summarize_and_explain_are_answered()
    {
        await _database.AddDayAsync(Day);
        await _database.FillAsync(Day, 1, 30);
        Assert.Contains("sentiment,DOUBLE,", await CsvAsync("SUMMARIZE all_sentiment"));
        Assert.Contains("UNGROUPED_AGGREGATE", await CsvAsync("EXPLAIN SELECT count(*) FROM all_sentiment"));
        Assert.Contains("Total Time", await CsvAsync("/* why */ explain analyze SELECT max(sentiment) FROM all_sentiment"));
    }

    [Fact]
    public async Task Unknown_table_lists_the_known()
    {
        var error = await Assert.ThrowsAsync<LakeSqlException>(() => CsvAsync("SELECT * FROM sentiments"));
        Assert.Contains("there is no table sentiments here; known are all_sentiment, tweets,", error.Message);
        Assert.Contains("ops.tweets", (await Assert.ThrowsAsync<LakeSqlException>(() => CsvAsync("SELECT * FROM ops.tweets"))).Message);
    }

    [Theory]
    [InlineData("SELEC 1", "syntax error")]
    [InlineData("SELECT nothing FROM all_sentiment", "nothing")]
    [InlineData("SELECT 'x'::INTEGER", "Could not convert")]
    [InlineData("", "no statement")]
    [InlineData("SELECT $1", "parameters")]
    [InlineData("SELECT 1\0", "NUL character")]
    public async Task Mistake_is_told_in_duckdbs_words(string sql, string part) =>
        Assert.Contains(part, (await Assert.ThrowsAsync<LakeSqlException>(() => CsvAsync(sql))).Message);

    [Fact]
    public async Task Missing_file_falls_back_to_hot_rows_and_fails_without_them()
    {
        await _database.AddDayAsync(Day);
        await _database.FillAsync(Day, 1, 30);
        await WriteAsync();
        File.Delete(_database.FileOf(Day));
        Assert.Equal("30", await CsvAsync("SELECT count(*) FROM all_sentiment"));
        await _database.ExecuteAsync("TRUNCATE sentiment.sentiment_data");
        var error = await Assert.ThrowsAsync<LakeException>(() => CsvAsync("SELECT count(*) FROM all_sentiment"));
        Assert.Contains("year=2024/month=02/day=28/sentiment.parquet is missing, and of its 30 rows PostgreSQL has 0", error.Message);
    }

    [Fact]
    public async Task File_that_was_replaced_and_not_yet_recorded_is_read_as_it_was()
    {
        await _database.AddDayAsync(Day);
        await _database.FillAsync(Day, 1, 30);
        await WriteAsync();
        var manifest = await _database.ScalarAsync<string>("SELECT to_json(f)::text FROM ops.lake_files f");
        await _database.ExecuteAsync("UPDATE sentiment.sentiment_data SET ticker = 'LATE'; UPDATE ops.lake_days SET revision = revision + 1");
        await WriteAsync();
        Assert.Equal("LATE", await CsvAsync("SELECT DISTINCT ticker FROM all_sentiment"));
        // As for a query whose snapshot is a moment older; the rows are in the lake only.
        await _database.ExecuteAsync($"""
            DELETE FROM ops.lake_files;
            INSERT INTO ops.lake_files SELECT * FROM json_populate_record(NULL::ops.lake_files, '{manifest}');
            TRUNCATE sentiment.sentiment_data
            """);
        Assert.Equal("30,5", await CsvAsync("SELECT count(*), count(DISTINCT ticker) FROM all_sentiment"));
    }

    [Fact]
    public async Task File_replaced_by_a_link_is_not_followed()
    {
        await _database.AddDayAsync(Day);
        await _database.FillAsync(Day, 1, 30);
        await WriteAsync();
        var elsewhere = Path.Combine(_database.Folder, "elsewhere.parquet");
        File.Move(_database.FileOf(Day), elsewhere);
        File.CreateSymbolicLink(_database.FileOf(Day), elsewhere);
        await _database.ExecuteAsync("TRUNCATE sentiment.sentiment_data");
        Assert.Contains("reached through a link", (await Assert.ThrowsAsync<LakeException>(() => CsvAsync("FROM all_sentiment"))).Message);
    }

    [Fact]
    public async Task Query_keeps_its_files_while_the_writer_replaces_and_removes_them()
    {
        await _database.AddDayAsync(Day, 2);
        await _database.FillAsync(Day, 2, 5000);
        await WriteAsync();
        await using var query = await new LakeSql(_database.Source, _database.Options).QueryAsync("SELECT article_id FROM all_sentiment", Token);
        Assert.True(await query.ReadChunkAsync(Token));
        var rows = (long)query.RowCount;
        await _database.FillAsync(Day, 1, 700, tag: "late");
        await _database.ExecuteAsync($"""
            DELETE FROM sentiment.sentiment_data WHERE timestamp >= '{Day.AddDays(1):yyyy-MM-dd} 00:00+00';
            UPDATE ops.lake_days SET revision = revision + 1
            """);
        Assert.Equal(1, (await WriteAsync()).DaysRemoved);
        while (await query.ReadChunkAsync(Token)) rows += query.RowCount;
        Assert.Equal(10_000, rows);
        Assert.Equal("5700", await CsvAsync("SELECT count(*) FROM all_sentiment"));
    }

    [Fact]
    public async Task Cancellation_ends_a_query_in_flight()
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Token);
        await using var query = await new LakeSql(_database.Source, _database.Options).QueryAsync("SELECT * FROM range(100000000000)", cancel.Token);
        Assert.True(await query.ReadChunkAsync(Token));
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await query.ReadChunkAsync(Token));
    }

    [Fact]
    public async Task Status_counts_files_and_what_waits()
    {
        Assert.Equal(new LakeStatus(0, 0, 0, null, null, 0, 0, 0, 0, null), await LakeStatus.ReadAsync(_database.Source, Token));
        await _database.AddDayAsync(Day, 3);
        await _database.FillAsync(Day, 2, 30);
        await WriteAsync();
        await _database.FillAsync(Day.AddDays(2), 1, 5);
        var status = await LakeStatus.ReadAsync(_database.Source, Token);
        var bytes = new FileInfo(_database.FileOf(Day)).Length + new FileInfo(_database.FileOf(Day.AddDays(1))).Length;
        Assert.Equal((2L, 60L, bytes, Day, Day.AddDays(1), 1L, 65L),
            (status.Files, status.Rows, status.Bytes, status.FirstDay, status.LastDay, status.DirtyDays, status.HotRows));
        Assert.NotNull(status.DirtySince);
    }
}
