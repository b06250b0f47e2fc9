using Bellwether.Feeds;
using Bellwether.Tests.Support;
using Dapper;

namespace Bellwether.Tests.Pipeline;

/// <summary>Files through the whole path into the database.</summary>
public sealed class IngestTests(TestServer server)
{
    static readonly FeedOptions Headlines = new() { Map = ColumnMap.Parse("title=title,timestamp=date,tickers=stock"), Type = EventType.News };

    [Fact]
    public async Task Analyst_ratings_are_accounted_for_exactly_and_a_second_run_adds_nothing()
    {
        var file = SharedData.File("news", "analyst_ratings.csv");
        await using var desk = await TestDesk.OpenAsync(server, nameof(IngestTests));

        var first = await desk.IngestAsync(Headlines, file);
        Assert.Equal(9_993, first.Read);
        Assert.Equal(first.Read, first.Accepted + first.Duplicates + first.Rejected);
        Assert.Equal(4, first.Rejected);
        Assert.Equal(first.Accepted, first.Scored + first.DeadLettered);
        Assert.Equal(first.Results, await desk.Database.ScalarAsync<long>("SELECT count(*) FROM sentiment.all_sentiment"));
        Assert.Equal(4, await desk.Database.ScalarAsync<long>("SELECT count(*) FROM ops.dead_letters WHERE stage = 'normalise'"));
        var state = await StateAsync(desk);

        var second = await desk.IngestAsync(Headlines, file);
        Assert.Equal((9_993, 0, 9_989, 4), (second.Read, second.Accepted, second.Duplicates, second.Rejected));
        Assert.Equal(first.Results, await desk.Database.ScalarAsync<long>("SELECT count(*) FROM sentiment.all_sentiment"));
        Assert.Equal(4, await desk.Database.ScalarAsync<long>("SELECT count(*) FROM ops.dead_letters"));
        Assert.Equal(state, await StateAsync(desk));
    }

    [Fact]
    public async Task Several_scoring_loops_of_a_process_share_the_partitions_and_change_no_result()
    {
        var file = SharedData.File("news", "analyst_ratings.csv");
        await using var one = await TestDesk.OpenAsync(server, nameof(IngestTests));
        await using var three = await TestDesk.OpenAsync(server, nameof(IngestTests), o => o with { Scoring = o.Scoring with { Workers = 3, BatchSize = 100 } });
        var expected = await one.IngestAsync(Headlines, file);
        await using (new Bellwether.App.Commands.ScoringTasks(three.Desk, TestContext.Current.CancellationToken))
        {
            while (await three.Database.ScalarAsync<long>("SELECT count(DISTINCT member_id) FROM ops.consumer_leases WHERE topic = 'stdpri-events'") < 3)
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, TestContext.Current.CancellationToken);
            var run = await three.Desk.Ingestor.RunAsync([FeedSource.Parse(file)], Headlines, null, TestContext.Current.CancellationToken);
            Assert.Equal(expected, await three.Desk.Ingestor.WaitAsync(run, null, TestContext.Current.CancellationToken));
        }
        Assert.Equal(await StateAsync(one), await StateAsync(three));
    }

    [Fact]
    public async Task Ticker_state_is_the_same_whatever_order_and_batches_the_results_came_in()
    {
        var lines = File.ReadLines(SharedData.File("news", "analyst_ratings.csv")).Skip(1).Take(1_500).Where(l => l.Count(c => c == ',') >= 3).ToArray();
        await using var one = await TestDesk.OpenAsync(server, nameof(IngestTests));
        await using var two = await TestDesk.OpenAsync(server, nameof(IngestTests), o => o with { Scoring = o.Scoring with { BatchSize = 7 } });
        await one.IngestAsync(Headlines, Write(one, "a.csv", lines));
        new Random(1).Shuffle(lines);
        await two.IngestAsync(Headlines with { Source = null }, Write(two, "b.csv", lines[..400]), Write(two, "c.csv", lines[300..]));
        Assert.Equal(await StateAsync(one), await StateAsync(two));
    }

    [Fact]
    public async Task As_of_now_equals_the_live_state_bit_for_bit()
    {
        await using var desk = await TestDesk.OpenAsync(server, nameof(IngestTests));
        await desk.IngestAsync(Headlines, SharedData.File("news", "analyst_ratings.csv"));
        foreach (var live in (await desk.Desk.Reader.StoredAsync(null, TestContext.Current.CancellationToken)).Take(50))
        {
            var asOf = await desk.Desk.Reader.AsOfAsync(live.Ticker, desk.Desk.Time.GetUtcNow(), TestContext.Current.CancellationToken);
            Assert.NotNull(asOf);
            Assert.Equal(BitConverter.DoubleToInt64Bits(live.Score), BitConverter.DoubleToInt64Bits(asOf.Score));
            Assert.Equal(BitConverter.DoubleToInt64Bits(live.Weight), BitConverter.DoubleToInt64Bits(asOf.Weight));
            Assert.Equal((live.Count, live.ArticleTitle, live.TextPreview, live.LatestTimestamp), (asOf.Count, asOf.ArticleTitle, asOf.TextPreview, asOf.LatestTimestamp));
        }
    }

    [Fact]
    public async Task An_event_without_a_ticker_is_put_aside_once_with_its_reason()
    {
        await using var desk = await TestDesk.OpenAsync(server, nameof(IngestTests));
        var file = Write(desk, "x.csv", ["1,the weather is fine today,2020-01-01T00:00:00Z,", "2,$AAPL rises,2020-01-01T00:00:00Z,"]);
        var first = await desk.IngestAsync(Headlines, file);
        Assert.Equal((2, 2, 1, 1), (first.Read, first.Accepted, first.Scored, first.DeadLettered));
        var second = await desk.IngestAsync(Headlines, file);
        Assert.Equal((2, 0, 2), (second.Read, second.Accepted, second.Duplicates));
        Assert.Equal("NoTicker", await desk.Database.ScalarAsync<string>("SELECT error_class FROM ops.dead_letters"));
    }

    [Fact]
    public async Task Tweets_have_their_post_once_and_a_score_for_each_ticker()
    {
        await using var desk = await TestDesk.OpenAsync(server, nameof(IngestTests));
        var options = new FeedOptions { Map = ColumnMap.Parse("text=text,timestamp=created_at_utc,tickers=ticker,id=tweet_id,followers=followers"), Type = EventType.Tweet };
        var outcome = await desk.IngestAsync(options, SharedData.File("news", "stock_tweets_2014_2015H1.csv.gz"));
        Assert.Equal((76_589, 76_589, 0, 0), (outcome.Read, outcome.Scored, outcome.Rejected, outcome.Duplicates));
        Assert.Equal(76_589, await desk.Database.ScalarAsync<long>("SELECT count(*) FROM sentiment.tweet_sentiments WHERE tweet_ref IS NOT NULL"));
        Assert.Equal(62_410, await desk.Database.ScalarAsync<long>("SELECT count(*) FROM sentiment.tweets"));
        Assert.Equal(86, await desk.Database.ScalarAsync<long>("SELECT count(*) FROM sentiment.ticker_sentiment"));
    }

    static string Write(TestDesk desk, string name, IEnumerable<string> lines)
    {
        var path = Path.Combine(desk.Folder, name);
        File.WriteAllLines(path, [",title,date,stock", .. lines]);
        return path;
    }

    static async Task<IReadOnlyList<string>> StateAsync(TestDesk desk)
    {
        await using var connection = await desk.Database.DataSource.OpenConnectionAsync();
        return [.. await connection.QueryAsync<string>("SELECT (to_jsonb(t) - 'last_updated')::text FROM sentiment.ticker_sentiment t ORDER BY ticker")];
    }
}
