using System.Diagnostics;
using Bellwether.Feeds;

namespace Bellwether.Tests.Feeds;

public sealed class RealFilesTests(ITestOutputHelper output)
{
    [Fact]
    public async Task AnalystRatings_with_broken_rows_every_record_is_accepted_or_rejected_once()
    {
        var path = SharedData.File("news", "analyst_ratings.csv");
        var (accepted, rejected) = await ReadAsync(path, FeedTestKit.Options);

        Assert.Equal(9989, accepted.Count);
        Assert.Equal(4, rejected.Count);
        Assert.Equal(["row has 2 of 4 columns", "row has 2 of 4 columns", "row has 3 of 4 columns", "row has 3 of 4 columns"],
            rejected.Select(r => r.Reason).Order(StringComparer.Ordinal));
        var lines = await File.ReadAllLinesAsync(path, TestContext.Current.CancellationToken);
        Assert.All(rejected, r => Assert.Equal(lines[r.Position - 1], System.Text.Encoding.UTF8.GetString(r.Value.Span).TrimEnd('\r')));
        Assert.Equal(new DateTimeOffset(2020, 6, 5, 14, 30, 0, TimeSpan.Zero), accepted[0].Timestamp);
        Assert.Equal("Stocks That Hit 52-Week Highs On Friday", accepted[0].Text);
        Assert.Equal(["A"], accepted[0].Tickers);
        Assert.Equal("""{"column1":"0","date":"2020-06-05 10:30:00-04:00","stock":"A"}""", accepted[0].RawPayload);
    }

    [Fact]
    public async Task AnalystRatings_read_again_has_the_same_identities()
    {
        var path = SharedData.File("news", "analyst_ratings.csv");
        var (first, _) = await ReadAsync(path, FeedTestKit.Options);
        var (second, _) = await ReadAsync(path,
            FeedTestKit.Options with { Clock = new FeedTestKit.FixedClock(FeedTestKit.Now.AddDays(1)) });
        Assert.Equal(first.Select(e => e.ArticleId), second.Select(e => e.ArticleId));
    }

    [Fact]
    public async Task StockTweets_packed_are_read_whole_and_their_text_names_the_ticker_of_the_row()
    {
        var path = SharedData.File("news", "stock_tweets_2014_2015H1.csv.gz");
        var progress = new FeedProgress();
        var watch = Stopwatch.StartNew();
        var (accepted, rejected) = await ReadAsync(path, FeedTestKit.Options with { Progress = progress });
        output.WriteLine($"{accepted.Count / watch.Elapsed.TotalSeconds:N0} rows/s");

        Assert.Equal(76_589, accepted.Count);
        Assert.Empty(rejected);
        Assert.Equal(new FileInfo(path).Length, progress.BytesRead);
        Assert.Equal(progress.TotalBytes, progress.BytesRead);
        Assert.All(accepted, e => Assert.Equal(EventType.Tweet, e.Type));

        // One post stands in several rows, one for each ticker, under one identity.
        Assert.Equal(accepted.Select(e => e.RawPayload![e.RawPayload!.IndexOf("tweet_id", StringComparison.Ordinal)..][11..29]).Distinct()
            .Count(),
            accepted.Select(e => e.ArticleId).Distinct().Count());

        watch.Restart();
        var found = accepted.Select(e => TickerExtractor.Default.Extract(e.Text)).ToList();
        var seconds = watch.Elapsed.TotalSeconds;
        var hits = accepted.Zip(found).Count(p => p.Second.Contains(p.First.Tickers[0]));
        var recall = (double)hits / accepted.Count;
        var cashtagged = accepted.Zip(found).Where(p => HasCashtag(p.First.Text, p.First.Tickers[0])).ToList();
        var cashtagRecall = cashtagged.Count(p => p.Second.Contains(p.First.Tickers[0])) / (double)cashtagged.Count;
        output.WriteLine($"recall {recall:P2}; rows with the cashtag {cashtagged.Count}: {cashtagRecall:P2}; extraction {accepted.Count / seconds:N0} texts/s");
        foreach (var miss in accepted.Zip(found).Where(p => !p.Second.Contains(p.First.Tickers[0])).Where((_, i) => i % 400 == 0).Take(30))
            output.WriteLine($"  missed {miss.First.Tickers[0]}: {miss.First.Text}  -> {string.Join(',', miss.Second)}");
        Assert.True(cashtagRecall >= 0.99, $"{cashtagRecall:P2} of the tickers that stand in the text as a cashtag were found");
    }

    static bool HasCashtag(string text, string ticker) =>
        text.IndexOf("$" + ticker, StringComparison.OrdinalIgnoreCase) is var at && at >= 0
        && (at == 0 || !char.IsLetterOrDigit(text[at - 1]))
        && (at + ticker.Length + 1 >= text.Length || !char.IsLetterOrDigit(text[at + ticker.Length + 1]));

    static async Task<(List<EventEnvelope> Accepted, List<FeedRejection> Rejected)> ReadAsync(string path, FeedOptions options)
    {
        var (accepted, rejected) = (new List<EventEnvelope>(), new List<FeedRejection>());
        await foreach (var record in FeedReader.ReadAsync(FeedSource.Parse(path), options, TestContext.Current.CancellationToken))
        {
            if (record.Envelope is { } envelope) accepted.Add(envelope);
            else rejected.Add(record.Rejection!);
        }
        return (accepted, rejected);
    }
}
