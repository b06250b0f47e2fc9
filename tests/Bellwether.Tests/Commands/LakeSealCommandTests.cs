using Bellwether.App.Commands;
using Bellwether.Lake;
using Bellwether.Tests.Engines.DuckDb;
using Bellwether.Tests.Support;
using Npgsql;
using LakeDdl = Bellwether.Lake.LakeDdl;

namespace Bellwether.Tests.Commands;

public sealed class LakeSealCommandTests(TestServer server)
{
    static CancellationToken Token => TestContext.Current.CancellationToken;

    static async Task<CliDesk> FilledAsync(TestServer server, bool external)
    {
        var desk = await CliDesk.OpenAsync(server, "lakeseal");
        if (external) File.WriteAllText(Path.Combine(desk.Folder, "bellwether.json"), """{"LakeSealExternal": true}""");
        var lines = string.Concat(Enumerable.Range(0, 30).Select(i => $"{i},Shares of Apple jump after strong results {i},AAPL,2024-02-{1 + i % 10:00}T10:{i:00}:00Z\n"));
        (await desk.RunAsync("ingest", desk.Write("news.csv", "id,title,ticker,published\n" + lines), "--wait", "--json")).Succeeds();
        return desk;
    }

    [Fact]
    public async Task Days_are_planned_sealed_counted_asked_and_brought_back()
    {
        await using var desk = await FilledAsync(server, external: true);
        var plan = (await desk.RunAsync("lake", "seal", "--before", "2024-02-06", "--dry-run", "--json")).Succeeds().Json;
        Assert.Equal((5, 15L, true), (plan.GetProperty("days").GetInt32(), plan.GetProperty("rows").GetInt64(), plan.GetProperty("dry_run").GetBoolean()));
        Assert.Equal(0, (await desk.RunAsync("lake", "status", "--json")).Succeeds().Json.GetProperty("sealed_days").GetInt32());
        var done = (await desk.RunAsync("lake", "seal", "--before", "2024-02-06", "--json")).Succeeds().Json;
        Assert.Equal((5, 15L, 0), (done.GetProperty("days").GetInt32(), done.GetProperty("rows").GetInt64(), done.GetProperty("blocked").GetArrayLength()));
        var status = (await desk.RunAsync("lake", "status", "--json")).Succeeds().Json;
        Assert.Equal((10, 30L, 5, 0, 15L, 15L), (status.GetProperty("files").GetInt32(), status.GetProperty("rows").GetInt64(), status.GetProperty("sealed_days").GetInt32(),
            status.GetProperty("dirty_days").GetInt32(), status.GetProperty("hot_rows").GetInt64(), status.GetProperty("cold_rows").GetInt64()));
        Assert.Contains("5 days with 15 rows, which are in the lake only", (await desk.RunAsync("lake", "status")).Succeeds().Out);
        Assert.Contains("30", (await desk.RunAsync("sql", "select count(*) from all_sentiment", "--format", "csv")).Succeeds().Out);
        var asOf = (await desk.RunAsync("sentiment", "AAPL", "--as-of", "now", "--json")).Succeeds().Json;
        Assert.Equal(30, asOf.GetProperty("count").GetInt32());
        Assert.Contains("are sealed", (await desk.RunAsync("migrate", "down", "--to", "5")).Fails(ExitCode.Unavailable).Error);
        Assert.Contains("sealed 5 days with 15 rows", (await desk.RunAsync("lake", "seal", "--older-than", "30d")).Succeeds().Out);
        var back = (await desk.RunAsync("lake", "unseal", "--from", "2024-02-03", "--json")).Succeeds().Json;
        Assert.Equal((8, 24L), (back.GetProperty("days").GetInt32(), back.GetProperty("rows").GetInt64()));
        Assert.Equal(24L, await desk.Database.ScalarAsync<long>("SELECT count(*) FROM sentiment.sentiment_data"));
    }

    [Fact]
    public async Task Wrong_use_is_told_and_other_servers_are_not_sealed_unawares()
    {
        await using var desk = await FilledAsync(server, external: false);
        Assert.Contains("LakeSealExternal", (await desk.RunAsync("lake", "seal", "--before", "2024-02-06")).Fails(ExitCode.Failure).Error);
        Assert.Contains("--before or --older-than", (await desk.RunAsync("lake", "seal")).Fails(ExitCode.Usage).Error);
        Assert.Contains("--before or --older-than", (await desk.RunAsync("lake", "seal", "--before", "2024-02-06", "--older-than", "3d")).Fails(ExitCode.Usage).Error);
        Assert.Contains("less than a day", (await desk.RunAsync("lake", "seal", "--older-than", "3h")).Fails(ExitCode.Usage).Error);
        Assert.Contains("is not before", (await desk.RunAsync("lake", "unseal", "--from", "2024-02-06", "--to", "2024-02-06")).Fails(ExitCode.Usage).Error);
        (await desk.RunAsync("lake", "ddl", "--for", "oracle")).Fails(ExitCode.Usage);
    }

    [Fact]
    public async Task Statements_for_other_engines_read_the_lake_as_it_is()
    {
        await using var desk = await FilledAsync(server, external: true);
        (await desk.RunAsync("lake", "seal", "--before", "2024-02-04")).Succeeds();
        using (var engine = DuckDbTestLibrary.Open())
        using (var connection = engine.Connect())
        {
            connection.Execute((await desk.RunAsync("lake", "ddl", "--for", "duckdb")).Succeeds().Out, Token);
            Assert.Equal(30L, connection.Scalar("SELECT count(*) FROM sentiment.all_sentiment", []));
            Assert.Equal(3L, connection.Scalar("SELECT count(*) FROM sentiment.all_sentiment WHERE year = 2024 AND month = 2 AND day = 7", []));
        }

        // Everything but the extension itself: a table stands for each foreign one.
        var fdw = (await desk.RunAsync("lake", "ddl", "--for", "parquet_fdw")).Succeeds().Out;
        Assert.Equal(3, fdw.Split("SERVER parquet_srv OPTIONS (filename '").Length - 1);
        Assert.Contains($"{desk.Folder}/lake/year=2024/month=02/day=02/sentiment.parquet', sorted 'timestamp'", fdw);
        var plain = System.Text.RegularExpressions.Regex.Replace(fdw, @" SERVER parquet_srv OPTIONS \([^)]*\)", "").Replace("CREATE FOREIGN TABLE", "CREATE TABLE")
            .Replace("CREATE EXTENSION IF NOT EXISTS parquet_fdw;", "").Replace("CREATE SERVER IF NOT EXISTS parquet_srv FOREIGN DATA WRAPPER parquet_fdw;", "");
        await using (var command = desk.Database.DataSource.CreateCommand(plain)) await command.ExecuteNonQueryAsync(Token);
        Assert.Equal(21L, await desk.Database.ScalarAsync<long>("SELECT count(*) FROM sentiment.all_sentiment"));

        Assert.Contains("r['timestamp']::timestamptz AS \"timestamp\"", (await desk.RunAsync("lake", "ddl", "--for", "pg_duckdb")).Succeeds().Out);
        Assert.Contains("partitioned_by = ARRAY['year', 'month', 'day']", (await desk.RunAsync("lake", "ddl", "--for", "trino")).Succeeds().Out);
        var spark = (await desk.RunAsync("lake", "ddl", "--for", "spark", "--json")).Succeeds().Json;
        Assert.Equal(("spark", 3), (spark.GetProperty("engine").GetString(), spark.GetProperty("sealed_days").GetInt32()));
        Assert.Contains("USING parquet PARTITIONED BY (`year`, `month`, `day`)", spark.GetProperty("sql").GetString());
        Assert.Contains("LOCATION 's3a://bucket/prefix'", new LakeDdl("s3://bucket/prefix").For(LakeDdlTarget.Spark, []));
        Assert.Throws<LakeException>(() => new LakeDdl("s3://bucket/prefix").For(LakeDdlTarget.ParquetFdw, []));
    }

    [Fact]
    public async Task Copy_with_indexes_holds_what_its_days_say_and_is_refreshed()
    {
        await using var desk = await FilledAsync(server, external: true);
        await Assert.ThrowsAsync<PostgresException>(() => desk.Database.ScalarAsync<long>("SELECT count(*) FROM sentiment.all_sentiment_mv"));
        await new SentimentCopy(desk.Database.DataSource, null, TimeProvider.System).RefreshAsync(Token);
        Assert.Equal(30L, await desk.Database.ScalarAsync<long>("SELECT count(*) FROM sentiment.all_sentiment_mv"));
        await desk.Database.ScalarAsync<object>("DELETE FROM sentiment.sentiment_data WHERE timestamp < '2024-02-03'; SELECT 1");
        await new SentimentCopy(desk.Database.DataSource, null, TimeProvider.System).RefreshAsync(Token);
        Assert.Equal(24L, await desk.Database.ScalarAsync<long>("SELECT count(*) FROM sentiment.all_sentiment_mv"));
        var days = (int)(TimeProvider.System.GetUtcNow() - new DateTimeOffset(2024, 2, 8, 0, 0, 0, TimeSpan.Zero)).TotalDays;
        await new SentimentCopy(desk.Database.DataSource, days, TimeProvider.System).RefreshAsync(Token);
        Assert.InRange(await desk.Database.ScalarAsync<long>("SELECT count(*) FROM sentiment.all_sentiment_mv"), 6, 9);
        await new SentimentCopy(desk.Database.DataSource, null, TimeProvider.System).RefreshAsync(Token);
        Assert.Equal(24L, await desk.Database.ScalarAsync<long>("SELECT count(*) FROM sentiment.all_sentiment_mv"));
        Assert.Equal(["all_sentiment_mv_key", "idx_all_sentiment_sentiment", "idx_all_sentiment_ticker", "idx_all_sentiment_timestamp"],
            await desk.Database.ScalarAsync<string[]>("SELECT array_agg(indexname::text ORDER BY indexname) FROM pg_indexes WHERE tablename = 'all_sentiment_mv'"));
    }
}
