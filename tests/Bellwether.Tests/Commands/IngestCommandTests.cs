using System.IO.Compression;
using System.Text;
using Bellwether.App.Commands;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Commands;

public sealed class IngestCommandTests(TestServer server)
{
    const string Headlines = """
        id,headline,date,stock
        1,Apple beats estimates and raises guidance,2026-03-02T14:30:00Z,AAPL
        2,Tesla misses estimates as shares plunge,2026-03-02T15:00:00Z,TSLA
        3,Apple and Tesla trade near their averages,2026-03-03T09:00:00Z,"AAPL,TSLA"

        """;

    [Fact]
    public async Task Wait_accounts_for_every_record_and_writes_the_lake()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(IngestCommandTests));
        var file = desk.Write("headlines.csv", Headlines + "4,only two columns\n5,Nobody knows who this is about,2026-03-02T16:00:00Z,\n");
        var result = (await desk.RunAsync("ingest", file, "--map", "title=headline", "--map", "timestamp=date,tickers=stock", "--source", "wire", "--wait", "--json")).Succeeds();
        var json = result.Json;
        Assert.Equal((5, 4, 0, 1), Counts(json));
        Assert.Equal((3, 4, 1, 0), (Int(json, "scored"), Int(json, "results"), Int(json, "dead_lettered"), Int(json, "pending")));
        Assert.Equal((2, 2), (Int(json, "tickers"), Int(json, "lake_files")));
        Assert.True(json.GetProperty("events_per_second").GetDouble() > 0);
        Assert.Contains($"{file}:5: row has 2 of 4 columns", result.Error);
        Assert.Equal(2, Directory.GetFiles(Path.Combine(desk.Folder, "lake"), "sentiment.parquet", SearchOption.AllDirectories).Length);
    }

    [Fact]
    public async Task Second_run_adds_nothing()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(IngestCommandTests));
        var file = desk.Write("headlines.csv", Headlines);
        (await desk.RunAsync("ingest", file, "--wait", "--json")).Succeeds();
        var before = (await desk.RunAsync("sentiment", "AAPL", "--json")).Succeeds().Json;
        var again = (await desk.RunAsync("ingest", file, "--wait", "--json")).Succeeds().Json;
        Assert.Equal((3, 0, 3, 0), Counts(again));
        Assert.Equal((0, 0), (Int(again, "results"), Int(again, "lake_files")));
        var after = (await desk.RunAsync("sentiment", "AAPL", "--json")).Succeeds().Json;
        Assert.Equal(before.GetProperty("revision").GetInt64(), after.GetProperty("revision").GetInt64());
        Assert.Equal(before.GetProperty("score").GetRawText(), after.GetProperty("score").GetRawText());
    }

    [Fact]
    public async Task Without_wait_events_stay_pending_until_someone_scores_them()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(IngestCommandTests));
        var first = (await desk.RunAsync("ingest", desk.Write("a.csv", Headlines), "--json")).Succeeds().Json;
        Assert.Equal((3, 0), (Int(first, "pending"), Int(first, "scored")));
        (await desk.RunAsync("sentiment", "AAPL")).Fails(ExitCode.BadInput);
        var second = (await desk.RunAsync("ingest", desk.Write("b.csv", Headlines), "--wait", "--json")).Succeeds().Json;
        Assert.Equal(0, Int(second, "pending"));
        Assert.Equal(2, (await desk.RunAsync("sentiment", "AAPL", "--json")).Succeeds().Json.GetProperty("count").GetInt64());
    }

    [Fact]
    public async Task Truncated_gzip_keeps_what_was_whole_and_names_file_and_line()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(IngestCommandTests));
        var rows = new StringBuilder("id,headline,date,stock\n");
        for (var i = 0; i < 5_000; i++) rows.Append($"{i},Shares of company {i * 7919} move by {i * 31 % 997} cents,2026-03-02T14:30:00Z,AAPL\n");
        var path = Path.Combine(desk.Folder, "cut.csv.gz");
        using (var packed = new MemoryStream())
        {
            await using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true)) gzip.Write(Encoding.UTF8.GetBytes(rows.ToString()));
            await File.WriteAllBytesAsync(path, packed.ToArray()[..(int)(packed.Length * 2 / 3)], TestContext.Current.CancellationToken);
        }
        var result = (await desk.RunAsync("ingest", path, desk.Write("whole.csv", Headlines), "--wait", "--json")).Fails(ExitCode.BadInput);
        var json = result.Json;
        var (read, accepted, duplicates, rejected) = Counts(json);
        Assert.InRange(read, 1_000, 5_002);
        Assert.Equal(read, accepted + duplicates + rejected);
        Assert.Equal(accepted, Int(json, "scored"));
        Assert.Matches("cut\\.csv\\.gz, line \\d+", result.ErrorJson.GetProperty("message").GetString());
        // The file after the damaged one was read all the same.
        (await desk.RunAsync("sentiment", "TSLA")).Succeeds();
    }

    [Fact]
    public async Task Missing_file_exits_3_and_still_prints_the_account()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(IngestCommandTests));
        var result = (await desk.RunAsync("ingest", Path.Combine(desk.Folder, "nothing.csv"), "--json")).Fails(ExitCode.BadInput);
        Assert.Equal((0, 0, 0, 0), Counts(result.Json));
        Assert.Contains("does not exist", result.ErrorJson.GetProperty("message").GetString());
    }

    [Fact]
    public async Task Missing_column_exits_3_and_names_those_there_are()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(IngestCommandTests));
        var result = (await desk.RunAsync("ingest", desk.Write("a.csv", Headlines), "--map", "title=caption")).Fails(ExitCode.BadInput);
        Assert.Contains("caption", result.Error);
        Assert.Contains("headline", result.Error);
    }

    [Fact]
    public async Task Unknown_time_zone_is_wrong_usage()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(IngestCommandTests));
        (await desk.RunAsync("ingest", desk.Write("a.csv", Headlines), "--timezone", "Mars/Olympus")).Fails(ExitCode.Usage);
    }

    [Fact]
    public async Task Only_the_first_rejections_are_shown_and_the_rest_counted()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(IngestCommandTests));
        var rows = string.Concat(Enumerable.Range(0, 25).Select(i => $"{i},broken\n"));
        var result = (await desk.RunAsync("ingest", desk.Write("bad.csv", "id,headline,date,stock\n" + rows), "--json")).Fails(ExitCode.BadInput);
        Assert.Equal(10, result.Error.Split('\n').Count(l => l.Contains("bad.csv:")));
        Assert.Contains("15 more", result.Error);
        Assert.Contains("Every record", result.ErrorJson.GetProperty("message").GetString());
        Assert.Contains("dlq list", result.Error);
        Assert.Equal((25, 0, 0, 25), Counts(result.Json));
        Assert.Equal(25, (await desk.RunAsync("dlq", "list", "--json")).Succeeds().Json.GetArrayLength());
    }

    [Fact]
    public async Task Parquet_written_by_sql_can_be_read_again()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(IngestCommandTests));
        await using var other = await CliDesk.OpenAsync(server, nameof(IngestCommandTests));
        (await desk.RunAsync("ingest", desk.Write("a.csv", Headlines), "--wait", "--json")).Succeeds();
        var parquet = Path.Combine(desk.Folder, "out.parquet");
        (await desk.RunAsync("sql", "select article_id as id, article_title as title, timestamp, ticker, text from all_sentiment", "--out", parquet)).Succeeds();
        var json = (await other.RunAsync("ingest", parquet, "--wait", "--json")).Succeeds().Json;
        Assert.Equal((4, 4, 0, 0), Counts(json));
    }

    [Fact]
    public async Task Damaged_parquet_is_bad_input()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(IngestCommandTests));
        var result = (await desk.RunAsync("ingest", desk.Write("a.parquet", "PAR1 and then nothing of use PAR1"), "--json")).Fails(ExitCode.BadInput);
        Assert.Contains("a.parquet", result.ErrorJson.GetProperty("message").GetString());
    }

    [Fact]
    public async Task Own_symbols_are_recognised_in_text()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(IngestCommandTests));
        var symbols = desk.Write("symbols.csv", "symbol,exchange,name,aliases\nQZZX,NYSE,Quizzical Xylophones,\n");
        var file = desk.Write("a.ndjson", """{"id":"1","timestamp":"2026-03-02T10:00:00Z","text":"Quizzical Xylophones beats estimates"}""" + "\n");
        (await desk.RunAsync("ingest", file, "--symbols", symbols, "--wait")).Succeeds();
        Assert.Equal(1, (await desk.RunAsync("sentiment", "QZZX", "--json")).Succeeds().Json.GetProperty("count").GetInt64());
    }

    [Fact]
    public async Task Real_headlines_are_accounted_for_exactly()
    {
        var file = SharedData.File("news", "analyst_ratings.csv");
        await using var desk = await CliDesk.OpenAsync(server, nameof(IngestCommandTests));
        string[] line = ["ingest", file, "--map", "title=title,timestamp=date,tickers=stock", "--source", "benchmark", "--wait", "--json"];
        var first = (await desk.RunAsync(line)).Succeeds().Json;
        var (read, accepted, duplicates, rejected) = Counts(first);
        Assert.Equal((9_993, 4), (read, rejected));
        Assert.Equal(read, accepted + duplicates + rejected);
        Assert.Equal((accepted, 0), (Int(first, "scored") + Int(first, "dead_lettered"), Int(first, "pending")));
        Assert.Equal((9_993, 0, 9_989, 4), Counts((await desk.RunAsync(line)).Succeeds().Json));
        Assert.Equal(Int(first, "results"), await desk.Database.ScalarAsync<long>("SELECT count(*) FROM sentiment.sentiment_data"));
        var lake = (await desk.RunAsync("lake", "status", "--json")).Succeeds().Json;
        Assert.Equal((Int(first, "results"), Int(first, "lake_files"), 0), (Int(lake, "rows"), Int(lake, "files"), Int(lake, "dirty_days")));
    }

    static (long, long, long, long) Counts(System.Text.Json.JsonElement json) => (Int(json, "read"), Int(json, "accepted"), Int(json, "duplicates"), Int(json, "rejected"));

    static long Int(System.Text.Json.JsonElement json, string name) => json.GetProperty(name).GetInt64();
}
