using Bellwether.App.Commands;
using Bellwether.App.Demo;
using Bellwether.Feeds;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Commands;

public sealed class DemoTests(TestServer server)
{
    [Fact]
    public async Task Plays_a_day_accounts_for_it_and_answers_sql()
    {
        await using var desk = await CliDesk.OpenEmptyAsync(server, nameof(DemoTests));
        var json = (await desk.RunAsync("demo", "--events", "1500", "--seed", "3", "--json")).Succeeds().Json;
        long Int(string name) => json.GetProperty(name).GetInt64();
        Assert.Equal(1_500, Int("read"));
        Assert.Equal(1_500, Int("accepted") + Int("duplicates") + Int("rejected"));
        Assert.Equal(Int("accepted"), Int("scored") + Int("dead_lettered"));
        Assert.True(Int("duplicates") > 0 && Int("rejected") > 0 && Int("dead_lettered") > 0, json.GetRawText());
        Assert.Equal(Int("results"), json.GetProperty("sql_answer").EnumerateArray().Sum(r => r.GetProperty("results").GetInt64()));
        Assert.Equal(Int("results"), Int("lake_rows"));
        Assert.Equal(Int("tickers"), json.GetProperty("sentiment").GetArrayLength());
        // The database holds a desk now, and a demo mixes with nothing.
        (await desk.RunAsync("demo", "--events", "10")).Fails(ExitCode.Usage);
    }

    [Fact]
    public async Task Same_seed_gives_the_same_day_and_a_second_run_starts_afresh()
    {
        var folder = TestFolder.Create("demo");
        try
        {
            string[] line = ["--data", folder, "demo", "--events", "400", "--seed", "5"];
            var time = new ManualTime(new(2026, 3, 5, 12, 0, 0, TimeSpan.Zero));
            var first = (await Cli.RunAsync([.. line, "--json"], time, TestContext.Current.CancellationToken)).Succeeds().Json;
            var second = (await Cli.RunAsync([.. line, "--json"], time, TestContext.Current.CancellationToken)).Succeeds().Json;
            foreach (var name in new[] { "day", "read", "accepted", "duplicates", "rejected", "scored", "results", "dead_lettered", "tickers", "lake_rows", "sql_answer" })
                Assert.Equal(first.GetProperty(name).GetRawText(), second.GetProperty(name).GetRawText());
            Assert.Equal(Scores(first), Scores(second));
            Assert.Equal("2026-03-04", first.GetProperty("day").GetString());
            var text = (await Cli.RunAsync(line, time, TestContext.Current.CancellationToken)).Succeeds().Out;
            Assert.Contains("sql> select", text);
            Assert.Contains("read      400 = accepted", text);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        static IEnumerable<string> Scores(System.Text.Json.JsonElement json) =>
            json.GetProperty("sentiment").EnumerateArray().Select(t => $"{t.GetProperty("ticker")} {t.GetProperty("score").GetRawText()} {t.GetProperty("revision")}");
    }

    [Fact]
    public async Task Folder_with_other_data_is_left_alone()
    {
        var folder = TestFolder.Create("demo");
        try
        {
            File.WriteAllText(Path.Combine(folder, "mine.txt"), "precious");
            (await Cli.RunAsync("--data", folder, "demo")).Fails(ExitCode.Usage);
            Assert.Equal([Path.Combine(folder, "mine.txt")], Directory.GetFileSystemEntries(folder));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData("2026-03-05T12:00:00Z", "2026-03-04")]
    [InlineData("2026-03-06T01:00:00Z", "2026-03-05")]
    [InlineData("2026-03-06T00:59:59Z", "2026-03-04")]
    [InlineData("2026-03-08T12:00:00Z", "2026-03-06")]
    [InlineData("2026-07-02T00:00:00Z", "2026-07-01")]
    [InlineData("2026-07-05T12:00:00Z", "2026-07-02")]
    [InlineData("2024-03-31T12:00:00Z", "2024-03-28")]
    [InlineData("2025-04-20T12:00:00Z", "2025-04-17")]
    [InlineData("2025-11-27T23:00:00Z", "2025-11-26")]
    [InlineData("2022-01-01T12:00:00Z", "2021-12-31")]
    [InlineData("2023-01-03T12:00:00Z", "2022-12-30")]
    [InlineData("2022-06-21T12:00:00Z", "2022-06-17")]
    [InlineData("2025-01-21T12:00:00Z", "2025-01-17")]
    [InlineData("2025-02-18T12:00:00Z", "2025-02-14")]
    [InlineData("2025-05-27T12:00:00Z", "2025-05-23")]
    [InlineData("2025-09-02T12:00:00Z", "2025-08-29")]
    public void Last_finished_trading_day_knows_weekends_and_holidays(string now, string day) =>
        Assert.Equal(DateOnly.Parse(day), TradingDay.LastFinished(DateTimeOffset.Parse(now)).Date);

    [Theory]
    [InlineData("2026-03-06", -5)]
    [InlineData("2026-03-09", -4)]
    [InlineData("2026-10-30", -4)]
    [InlineData("2026-11-02", -5)]
    public void Local_time_follows_the_clock_changes(string day, int offset) =>
        Assert.Equal(TimeSpan.FromHours(offset), new TradingDay(DateOnly.Parse(day)).At(TradingDay.Open).Offset);

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(5_000)]
    public async Task Generated_day_has_the_asked_number_of_records_within_the_day(int events)
    {
        var day = new TradingDay(new(2026, 3, 4));
        var records = new List<FeedRecord>();
        foreach (var feed in new DemoDay(day, events, 11).Play().SelectMany(s => s.Feeds))
            await foreach (var record in FeedReader.ReadAsync(feed.Source, feed.Options, TestContext.Current.CancellationToken)) records.Add(record);
        Assert.Equal(events, records.Count);
        Assert.All(records, r => Assert.True(r.Envelope is null || (r.Envelope.Timestamp >= day.At(TradingDay.First) && r.Envelope.Timestamp < day.At(TradingDay.Last))));
        if (events < 100) return;
        Assert.Equal(4, records.Where(r => r.Envelope is not null).Select(r => r.Envelope!.Type).Distinct().Count());
        Assert.Equal(2, records.Where(r => r.Envelope is not null).Select(r => r.Envelope!.Priority).Distinct().Count());
        // The market is loudest around the opening.
        var opening = records.Count(r => r.Envelope is { } e && e.Timestamp >= day.At(TradingDay.Open) && e.Timestamp < day.At(new(10, 0, 0)));
        var noon = records.Count(r => r.Envelope is { } e && e.Timestamp >= day.At(new(12, 0, 0)) && e.Timestamp < day.At(new(12, 30, 0)));
        Assert.True(opening > 2 * noon, $"{opening} at the opening, {noon} at noon");
    }
}
