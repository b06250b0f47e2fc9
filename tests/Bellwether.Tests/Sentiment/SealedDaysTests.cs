using Bellwether.Feeds;
using Bellwether.Lake;
using Bellwether.Sentiment;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Sentiment;

/// <summary>Answers about tickers do not change when days leave PostgreSQL for the lake.</summary>
public sealed class SealedDaysTests(TestServer server)
{
    static readonly FeedOptions Options = new() { Type = EventType.News };
    static readonly DateTimeOffset Start = new(2024, 3, 1, 0, 0, 0, TimeSpan.Zero);

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    static string Csv(TestDesk desk, string name, int from, int count)
    {
        var path = Path.Combine(desk.Folder, name);
        string[] moods = ["soars on record profit", "falls after a weak quarter", "is sued", "opens an office", "beats all estimates"];
        File.WriteAllLines(path, ["title,date,stock", .. Enumerable.Range(from, count).Select(i =>
            $"\"Story {i}: company {moods[i % moods.Length]} é🚀\",{Start.AddMinutes(i * 131):yyyy-MM-ddTHH:mm:ssZ},{(i % 3 == 0 ? "BETA" : "ACME")}")]);
        return path;
    }

    static async Task<string> AnswersAsync(TestDesk desk, DateTimeOffset first, DateTimeOffset asOf)
    {
        var reader = desk.Desk.Reader;
        var all = new List<object?>();
        foreach (var ticker in new[] { "ACME", "BETA", "NONE" })
        {
            foreach (var moment in new[] { first, asOf }) all.Add(await reader.AsOfAsync(ticker, moment, Cancel));
            foreach (var interval in new[] { TimeSpan.FromHours(1), TimeSpan.FromDays(1), TimeSpan.FromDays(7) })
                all.Add(await reader.HistoryAsync(ticker, Start.AddHours(3), Start.AddDays(90), interval, interval.Days == 1 ? first : asOf, Cancel));
            var pages = new List<Article>();
            ArticleCursor? after = null;
            while (await reader.ArticlesAsync(ticker, after, 17, fullText: true, asOf, Cancel) is { Count: > 0 } page)
            {
                pages.AddRange(page);
                after = new(page[^1].Timestamp, page[^1].ArticleId);
            }
            Assert.Equal(pages.Count, pages.DistinctBy(article => article.ArticleId).Count());
            all.Add(pages);
            all.Add(await reader.ArticlesAsync(ticker, null, 5, fullText: false, first, Cancel));
        }
        return System.Text.Json.JsonSerializer.Serialize(all, new System.Text.Json.JsonSerializerOptions { WriteIndented = true });
    }

    [Fact]
    public async Task As_of_history_articles_and_rebuild_are_the_same_to_the_bit()
    {
        await using var desk = await TestDesk.OpenAsync(server, nameof(SealedDaysTests), options => options with { LakeSealExternal = true });
        await desk.IngestAsync(Options, Csv(desk, "a.csv", 0, 400));
        var first = desk.Desk.Time.GetUtcNow();
        await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, Cancel);
        await desk.IngestAsync(Options, Csv(desk, "b.csv", 400, 100));
        var asOf = desk.Desk.Time.GetUtcNow();
        var hot = await AnswersAsync(desk, first, asOf);
        Assert.Contains("Story 499", hot);

        var writer = await desk.Desk.LakeWriterAsync(null, Cancel);
        await writer.WriteDirtyDaysAsync(null, Cancel);
        // Half of them, in the midst of a week; then all, and what comes late.
        var sealer = await desk.Desk.LakeSealerAsync(null, Cancel);
        var half = await sealer.SealAsync(new(2024, 3, 20), null, Cancel);
        Assert.Equal((19, 0), (half.Days, half.Blocked.Count));
        Assert.Equal(hot, await AnswersAsync(desk, first, asOf));
        await sealer.SealAsync(new(2025, 1, 1), null, Cancel);
        Assert.Equal(0L, await desk.Database.ScalarAsync<long>("SELECT count(*) FROM sentiment.sentiment_data"));
        Assert.Equal(hot, await AnswersAsync(desk, first, asOf));

        var live = await LatestAsync();
        Assert.Equal((2, 500L), await new TickerRebuild(desk.Database.DataSource, desk.Desk.Options.Scoring, desk.Desk.ColdRows).RunAsync(Cancel));
        Assert.Equal(live, await LatestAsync());
        await Assert.ThrowsAsync<LakeException>(() => new TickerRebuild(desk.Database.DataSource, desk.Desk.Options.Scoring).RunAsync(Cancel));

        // Older than all, so that they fall on sealed days; the partition of a day is made anew where it was dropped.
        File.WriteAllText(Path.Combine(desk.Folder, "late.csv"), "title,date,stock\nLate story one,2024-03-05T10:00:00Z,ACME\nLate story two,2024-04-01T10:00:00Z,ACME\n");
        await desk.IngestAsync(Options, Path.Combine(desk.Folder, "late.csv"));
        Assert.Equal(hot, await AnswersAsync(desk, first, asOf));
        var later = desk.Desk.Time.GetUtcNow();
        var late = await AnswersAsync(desk, first, later);
        Assert.Contains("Late story two", late);
        Assert.Equal(2, (await writer.WriteDirtyDaysAsync(null, Cancel)).DaysWritten);
        Assert.Equal(0L, await desk.Database.ScalarAsync<long>("SELECT count(*) FROM sentiment.sentiment_data"));
        Assert.Equal(late, await AnswersAsync(desk, first, later));
        Assert.Equal(hot, await AnswersAsync(desk, first, asOf));

        async Task<string> LatestAsync() => System.Text.Json.JsonSerializer.Serialize(await desk.Desk.Reader.StatesAsync(["ACME", "BETA"], Cancel));
    }

    [Fact]
    public async Task Late_result_of_a_day_whose_partition_was_dropped_is_stored()
    {
        var now = TimeProvider.System.GetUtcNow();
        await using var desk = await TestDesk.OpenAsync(server, nameof(SealedDaysTests), options => options with { LakeSealExternal = true });
        var day = now.AddDays(-3).UtcDateTime.Date;
        File.WriteAllText(Path.Combine(desk.Folder, "a.csv"), $"title,date,stock\nOne rises,{day:yyyy-MM-dd}T10:00:00Z,ACME\n");
        File.WriteAllText(Path.Combine(desk.Folder, "b.csv"), $"title,date,stock\nTwo falls,{day:yyyy-MM-dd}T11:00:00Z,ACME\n");
        await using var work = desk.Work();
        async Task IngestAsync(string file)
        {
            var run = await desk.Desk.Ingestor.RunAsync([FeedSource.Parse(Path.Combine(desk.Folder, file))], Options, null, Cancel);
            await desk.Desk.Ingestor.WaitAsync(run, null, Cancel);
        }
        await IngestAsync("a.csv");
        await (await desk.Desk.LakeWriterAsync(null, Cancel)).WriteDirtyDaysAsync(null, Cancel);
        await (await desk.Desk.LakeSealerAsync(null, Cancel)).SealAsync(DateOnly.FromDateTime(day).AddDays(1), null, Cancel);
        Assert.False(await desk.Database.ScalarAsync<bool>($"SELECT to_regclass('sentiment.sentiment_data_{day:yyyyMMdd}') IS NOT NULL"));
        // The same workers, which remember that the partition was there.
        await IngestAsync("b.csv");
        Assert.Equal(1L, await desk.Database.ScalarAsync<long>("SELECT count(*) FROM sentiment.sentiment_data"));
        Assert.Equal(2, (await desk.Desk.Reader.AsOfAsync("ACME", desk.Desk.Time.GetUtcNow(), Cancel))!.Count);
    }
}
