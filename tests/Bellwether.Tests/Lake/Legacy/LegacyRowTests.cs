using Bellwether.Engines.DuckDb;
using Bellwether.Lake.Legacy;
using Bellwether.Tests.Engines.DuckDb;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Lake.Legacy;

/// <summary>What becomes of single old rows, from the file to the lake.</summary>
public sealed class LegacyRowTests(TestServer server) : IAsyncLifetime
{
    LegacyDesk _desk = null!;

    static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _desk = await LegacyDesk.OpenAsync(server, "legacyrow", rows: 0);

    public ValueTask DisposeAsync() => _desk.DisposeAsync();

    void Write(string name, string select)
    {
        var path = Path.Combine(_desk.Old, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var engine = DuckDbTestLibrary.Open();
        using var connection = engine.Connect();
        connection.Execute($"SET TimeZone = 'UTC'; COPY ({select}) TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE 2048)");
        File.SetLastWriteTimeUtc(path, LegacyFiles.Changed.UtcDateTime);
    }

    const string Row = "'2024-03-05T10:00:00Z' AS timestamp, 0.5 AS sentiment, 0.9 AS confidence";

    async Task<string> OneAsync(string sql) => Assert.Single(await _desk.LinesAsync($"SELECT ({sql})::text FROM sentiment.all_sentiment"));

    [Theory]
    [InlineData("AAPL.parquet", "AAPL")]
    [InlineData("brk.b_sentiment.parquet", "BRK.B")]
    [InlineData("msft_sentiment_2023.parquet", "MSFT")]
    [InlineData("tsla-2023.parquet", "TSLA")]
    [InlineData("x/ticker=ge/part-00000.parquet", "GE")]
    [InlineData("multi_ticker_sentiment.parquet", null)]
    [InlineData("all.parquet", null)]
    [InlineData("sentiment.parquet", null)]
    public void Ticker_is_told_by_folder_or_name(string path, string? ticker) => Assert.Equal(ticker, LegacyFile.TickerOf(path));

    [Fact]
    public async Task Missing_columns_become_null_or_what_cannot_be_taken_for_knowledge()
    {
        Write("aapl_sentiment.parquet", $"SELECT '2024-03-05 10:00:00' AS timestamp, -0.25 AS sentiment");
        var report = await _desk.MigrateAsync();
        Assert.Equal((1, 0.0), (report.Migrated, report.TextCoverage));
        Assert.Equal("AAPL||-0.25|0|legacy||legacy|||legacy|1|0|0.25|news|standard", await OneAsync("""
            concat_ws('|', ticker, coalesce(article_title, ''), sentiment, confidence, source, coalesce(source_url, ''), model, coalesce(text, ''),
                coalesce(raw_source_payload_json::text, ''), model_version, weight, positive, negative, event_type, priority)
            """));
        // Known when the file was changed: never earlier than the truth.
        Assert.Equal($"{LegacyFiles.Changed:yyyy-MM-dd HH:mm:ss}", await OneAsync("processing_timestamp_utc AT TIME ZONE 'UTC'"));
        await _desk.AssertTickersAsync();
    }

    [Fact]
    public async Task Rows_are_known_when_the_user_says_where_the_file_does_not()
    {
        Write("aapl.parquet", $"SELECT {Row}, 'a' AS id UNION ALL SELECT {Row}, 'b'");
        await (await _desk.Desk.LegacyMigrationAsync(null, Token)).RunAsync(
            new() { From = _desk.Old, KnownAfter = TimeSpan.FromMinutes(5) }, false, false, null, Token);
        Assert.Equal(["2024-03-05 10:05:00", "2024-03-05 10:05:00"], await _desk.LinesAsync("SELECT (processing_timestamp_utc AT TIME ZONE 'UTC')::text FROM sentiment.all_sentiment"));
    }

    [Fact]
    public async Task Rows_that_say_nothing_are_refused_with_the_reason()
    {
        Write("aapl.parquet", $"""
            SELECT '2024-03-05' AS timestamp, NULL::VARCHAR AS sentiment, '0.5' AS confidence UNION ALL SELECT '2024-03-05', 'positive', '0.5'
            UNION ALL SELECT '2024-03-05', '1.5', '0.5' UNION ALL SELECT '2024-03-05', 'nan', '0.5' UNION ALL SELECT '2024-03-05', '0', '0.0'
            UNION ALL SELECT '2024-03-05', '0.1', '7' UNION ALL SELECT 'yesterday', '0.1', '0.5' UNION ALL SELECT '2999-01-01', '0.1', '0.5'
            UNION ALL SELECT NULL, '0.1', '0.5' UNION ALL SELECT '2024-03-05', '0', '0.5'
            """);
        Write("multi_sentiment.parquet", $"SELECT {Row}");
        var report = await _desk.MigrateAsync();
        Assert.Equal((11L, 1L, 10L), (report.Read, report.Migrated, report.Rejected));
        Assert.Equal(new SortedDictionary<string, long>(StringComparer.Ordinal)
        {
            ["no sentiment"] = 2,
            ["the sentiment is not a number"] = 1,
            ["the sentiment is outside -1..1"] = 1,
            ["no sentiment: it and the confidence are both 0, which scripts wrote for a missing score"] = 1,
            ["the confidence is outside 0..1"] = 1,
            ["timestamp is not a time that can be read"] = 1,
            ["timestamp lies in the future"] = 1,
            ["no timestamp"] = 1,
            ["no ticker: neither a column nor the file's name tells one"] = 1,
        }, new(report.Reasons.ToDictionary(), StringComparer.Ordinal));
        Assert.Contains("aapl.parquet 6 timestamp 'yesterday' is not a time that can be read",
            await _desk.LinesAsync("SELECT path || ' ' || row || ' ' || reason FROM ops.lake_migration_rejects"));
    }

    [Fact]
    public async Task Columns_without_a_place_and_values_not_chosen_stay_in_the_payload()
    {
        Write("aapl.parquet", $$"""
            SELECT {{Row}}, 'the whole text' AS content, 'the whole' AS text, 'another' AS article_text, 'javascript:alert(1)' AS url, [1, 2] AS ids,
                {'a': NULL, 'b': 'x' || chr(0) || 'y'} AS nested, NULL AS nothing, 'NaN'::DOUBLE AS odd
            """);
        await _desk.MigrateAsync();
        Assert.Equal("the whole text", await OneAsync("text"));
        Assert.Equal("true", await OneAsync("source_url IS NULL"));
        Assert.Equal("another|javascript:alert(1)|[1, 2]|t", await OneAsync("""
            concat_ws('|', raw_source_payload_json->>'article_text', raw_source_payload_json->>'source_url', raw_source_payload_json->>'ids',
                (raw_source_payload_json ? 'nested' AND raw_source_payload_json ? 'odd' AND NOT raw_source_payload_json ? 'nothing' AND NOT raw_source_payload_json ? 'text'))
            """));
        var proof = (await _desk.DiffAsync());
        Assert.True(proof.Agree, string.Join('\n', proof.Examples.SelectMany(e => e.Fields)));
    }

    [Fact]
    public async Task Payload_of_the_file_stays_as_it_is_whatever_it_holds()
    {
        string[] payloads = ["""{"b": 1.50, "a": "\\u00e9\\ud83d\\ude80", "n": 1e5}""", "not json", """{"nul": "\\u0000"}""", """{"half": "\\ud800"}""", """[1, {"x": 1e400}]"""];
        Write("aapl.parquet", string.Join(" UNION ALL ", payloads.Select((p, i) => $"SELECT {Row}, 'id-{i}' AS article_id, '{p.Replace("\\\\", "\\")}' AS raw_source_payload_json")));
        var report = await _desk.MigrateAsync();
        Assert.Equal((5L, 1), (report.Migrated, report.Proof!.Proven));
        var stored = await _desk.LinesAsync("SELECT raw_source_payload_json::text FROM sentiment.all_sentiment ORDER BY article_id");
        Assert.Equal("""{"a": "é🚀", "b": 1.50, "n": 100000}""", stored[0]);
        Assert.Equal("\"not json\"", stored[1]);
        Assert.All(stored.Skip(2), text => Assert.StartsWith("\"", text));
        Assert.True((await _desk.DiffAsync()).Agree);
    }

    [Fact]
    public async Task Same_result_twice_is_a_duplicate_and_another_one_of_the_same_article_is_refused()
    {
        Write("a/aapl.parquet", $"SELECT {Row}, 'x' AS article_id UNION ALL SELECT {Row}, 'x' UNION ALL SELECT '2024-03-05T10:00:00Z', 0.75, 0.9, 'x'");
        Write("b/aapl.parquet", $"SELECT {Row}, 'x' AS article_id UNION ALL SELECT '2024-03-05T10:00:00Z', 0.25, 0.9, 'x'");
        var report = await _desk.MigrateAsync(batch: 1);
        Assert.Equal((5L, 1L, 2L, 2L), (report.Read, report.Migrated, report.Duplicates, report.Rejected));
        Assert.Equal(2, report.Reasons[LegacyStore.Conflict]);
        Assert.Equal("0.5", await OneAsync("sentiment"));
        await _desk.RollbackAsync();
        Assert.Equal((1L, 2L, 2L), (await _desk.MigrateAsync() is var all ? (all.Migrated, all.Duplicates, all.Rejected) : default));
        var diff = await _desk.DiffAsync();
        Assert.Equal((1L, 2L, 2L, 0L), (diff.Same, diff.Repeated, diff.Different, diff.Missing));
    }

    [Fact]
    public async Task Article_is_known_whichever_way_it_came_first()
    {
        var live = Path.Combine(_desk.Test.Folder, "live.csv");
        await File.WriteAllTextAsync(live, "text,timestamp,ticker,url,source\nAAPL rises,2024-03-05T10:00:00Z,AAPL,https://example.org/1?utm_source=x,wire\n", Token);
        await _desk.Test.IngestAsync(new(), live);
        Write("aapl.parquet", $"SELECT {Row}, 'https://www.example.org/2' AS url, 'wire' AS source, NULL AS article_id UNION ALL SELECT {Row}, 'https://example.org/1', 'wire', NULL UNION ALL SELECT {Row}, NULL, 'wire', 'n-7'");
        var report = await _desk.MigrateAsync();
        Assert.Equal((2L, 1L), (report.Migrated, report.Duplicates));
        Assert.Equal((1L, 2L), (await _desk.DiffAsync() is var diff ? (diff.Live, diff.Same) : default));

        await File.WriteAllTextAsync(live, "text,timestamp,ticker,url,source,article_id\nAAPL,2024-03-05T10:00:00Z,AAPL,https://www.example.org/2,wire,\nAAPL,2024-03-05T10:00:00Z,AAPL,,wire,n-7\n", Token);
        var again = await _desk.Test.IngestAsync(new(), live);
        Assert.Equal((2L, 0L), (again.Read, again.Results));
        await _desk.AssertTickersAsync();
    }

    [Fact]
    public async Task Files_that_cannot_be_read_are_named_and_the_others_are_taken()
    {
        Write("aapl.parquet", $"SELECT {Row}");
        Write("msft.parquet", "SELECT 1 AS sentiment");
        File.WriteAllText(Path.Combine(_desk.Old, "ge.parquet"), "no parquet");
        Write("tsla.parquet", $"SELECT {Row}, 'id-' || i AS article_id, repeat(md5(i::VARCHAR), 8) AS text FROM range(20000) r(i)");
        var bytes = await File.ReadAllBytesAsync(Path.Combine(_desk.Old, "tsla.parquet"), Token);
        Array.Fill(bytes, (byte)0x5a, bytes.Length / 2, bytes.Length / 4);
        await File.WriteAllBytesAsync(Path.Combine(_desk.Old, "tsla.parquet"), bytes, Token);

        var report = await _desk.MigrateAsync();
        Assert.Equal(["ge.parquet", "msft.parquet", "tsla.parquet"], report.BadFiles.Select(file => file.Path));
        Assert.Contains("timestamp=COLUMN", report.BadFiles[1].Reason);
        Assert.True(report.Migrated >= 1);
        Assert.True(report.Proof!.Holds);
        // Mended files are taken by the next run, from the beginning.
        Write("tsla.parquet", $"SELECT {Row}, 'id-' || i AS article_id, repeat(md5(i::VARCHAR), 8) AS text FROM range(20000) r(i)");
        var mended = await _desk.MigrateAsync();
        Assert.Equal(20_001, report.Migrated + mended.Migrated);
        await _desk.AssertTickersAsync();
    }

    [Fact]
    public async Task Differences_between_old_files_and_lake_are_found_and_listed()
    {
        LegacyFiles.Make(_desk.Old, 500, 8);
        await _desk.MigrateAsync();
        var agrees = await _desk.DiffAsync();
        Assert.True(agrees.Agree);
        Assert.Equal((500L, 500L, 0L, 0L), (agrees.Rows, agrees.Same, agrees.OnlyInLake, agrees.Different));
        await _desk.ExecuteAsync("""
            UPDATE sentiment.sentiment_data SET sentiment = 0.125, text = 'changed' WHERE article_id = 'article-10';
            DELETE FROM sentiment.sentiment_data WHERE article_id = 'article-11';
            UPDATE ops.lake_days SET revision = revision + 1
            """);
        var diff = await _desk.DiffAsync();
        Assert.Equal((498L, 1L, 1L), (diff.Same, diff.Different, diff.Missing));
        var changed = Assert.Single(diff.Examples, e => e.Kind == "different");
        Assert.Equal("article-10", changed.ArticleId);
        Assert.Equal(["sentiment", "text"], changed.Fields.Select(f => f.Field));
        Assert.Equal("0.125", changed.Fields[0].Lake);
        Assert.Equal("article-11", Assert.Single(diff.Examples, e => e.Kind == "missing").ArticleId);
    }

    [Fact]
    public async Task Unfinished_migration_is_neither_begun_again_nor_forgotten()
    {
        Write("aapl.parquet", $"SELECT {Row}, 'id-' || i AS article_id FROM range(50) r(i)");
        using var stop = new CancellationTokenSource();
        var migration = await _desk.Desk.LegacyMigrationAsync(null, Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => migration.RunAsync(
            new() { From = _desk.Old, BatchRows = 10 }, false, false, new Stopper(() => stop.Cancel()), stop.Token));
        var refused = await Assert.ThrowsAsync<LegacyException>(() => _desk.MigrateAsync(batch: 10));
        Assert.Contains("--resume", refused.Message);
        Assert.Contains("other settings", (await Assert.ThrowsAsync<LegacyException>(() => _desk.MigrateAsync(sample: 0.5, resume: true))).Message);
        var done = await _desk.MigrateAsync(resume: true, batch: 10);
        Assert.Equal((50L, 50L), (done.Read, done.Migrated));
        Assert.Contains("lake itself", (await Assert.ThrowsAsync<LegacyException>(() => _desk.MigrateAsync(from: _desk.Lake))).Message);
        Assert.Contains("no Parquet file", (await Assert.ThrowsAsync<LegacyException>(() => _desk.MigrateAsync(from: Directory.CreateDirectory(Path.Combine(_desk.Test.Folder, "empty")).FullName))).Message);
    }

    /// <summary>Acts when the first rows are stored.</summary>
    sealed class Stopper(Action act) : IProgress<LegacyGauge>
    {
        public void Report(LegacyGauge value)
        {
            if (value is { Stage: "rows", Done: >= 10 }) act();
        }
    }
}
