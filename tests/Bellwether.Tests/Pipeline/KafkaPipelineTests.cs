using Bellwether.App;
using Bellwether.Events;
using Bellwether.Feeds;
using Bellwether.Sentiment;
using Bellwether.Tests.Support;
using Confluent.Kafka;
using Dapper;

namespace Bellwether.Tests.Pipeline;

/// <summary>The whole path over Kafka: what comes out is what comes out of the embedded log.</summary>
public sealed class KafkaPipelineTests(TestServer server, TestKafka kafka)
{
    static readonly FeedOptions Headlines = new() { Map = ColumnMap.Parse("title=title,timestamp=date,tickers=stock"), Type = EventType.News };

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Headlines_over_Kafka_give_the_results_that_the_embedded_log_gives()
    {
        var file = SharedData.File("news", "analyst_ratings.csv");
        var log = await kafka.OptionsAsync("pipeline");
        await using var embedded = await TestDesk.OpenAsync(server, nameof(KafkaPipelineTests));
        await using var desk = await TestDesk.OpenAsync(server, nameof(KafkaPipelineTests), o => o with { EventLog = log });

        var expected = await embedded.IngestAsync(Headlines, file);
        var outcome = await desk.IngestAsync(Headlines, file);
        Assert.Equal(expected, outcome);
        Assert.Equal(await StateAsync(embedded), await StateAsync(desk));
        Assert.Equal(await ResultsAsync(embedded), await ResultsAsync(desk));
        Assert.Equal(outcome.Accepted, (await desk.Desk.Log.DescribeAsync(Topics.StandardPriority, Cancel)).Sum(p => p.NextOffset));
        Assert.Equal(0, await desk.Database.ScalarAsync<long>("SELECT coalesce(sum(next_offset), 0)::bigint FROM ops.log_partitions WHERE topic <> 'analyzed-sentiment'"));

        var again = await desk.IngestAsync(Headlines, file);
        Assert.Equal((0, outcome.Read - outcome.Rejected), (again.Accepted, again.Duplicates));
        Assert.Equal(await StateAsync(embedded), await StateAsync(desk));
    }

    [Fact]
    public async Task Announcements_of_results_reach_Kafka_whole_each_with_its_id()
    {
        var log = await kafka.OptionsAsync("announced");
        await using var desk = await TestDesk.OpenAsync(server, nameof(KafkaPipelineTests), o => o with { EventLog = log });
        var file = Write(desk, Enumerable.Range(0, 300).Select(i => $"{i},Shares of company {i % 7} rise after results {i},2024-01-0{1 + i % 7}T00:00:00Z,T{i % 7}"));
        var outcome = await desk.IngestAsync(Headlines, file);
        await using var work = desk.Work();

        var seen = new Dictionary<string, AnalyzedSentiment>();
        await foreach (var entries in desk.Desk.Log.TailAsync(Topics.AnalyzedSentiment, [], Cancel))
        {
            foreach (var entry in entries)
            {
                var result = AnalyzedSentiment.FromJson(entry.Value.Span);
                Assert.Equal(entry.Key, result.Ticker);
                Assert.Equal("1", entry.Headers[LogHeaders.SchemaVersion]);
                seen.TryAdd(entry.Headers[LogForwarder.IdHeader], result);
            }
            if (seen.Count == outcome.Results) break;
        }
        Assert.Equal(300, seen.Values.Select(r => (r.ArticleId, r.Ticker)).Distinct().Count());
        // Of one ticker they come in the order in which they were committed.
        foreach (var ticker in seen.Values.GroupBy(r => r.Ticker)) Assert.Equal(ticker.Select(r => r.Revision).Order(), ticker.Select(r => r.Revision));
    }

    [Fact]
    public async Task What_waited_in_the_embedded_log_when_the_desk_was_moved_is_scored_once()
    {
        var log = await kafka.OptionsAsync("moved");
        await using var desk = await TestDesk.OpenAsync(server, nameof(KafkaPipelineTests));
        var file = Write(desk, Enumerable.Range(0, 50).Select(i => $"{i},Shares of company {i % 7} fall after results {i},2024-01-0{1 + i % 7}T00:00:00Z,T{i % 7}"));
        var run = await desk.Desk.Ingestor.RunAsync([FeedSource.Parse(file)], Headlines, null, Cancel);

        var moved = await Desk.OpenAsync(desk.Desk.Options with { EventLog = log }, null, Cancel, new TestLog());
        await using (moved)
        await using (new Work(moved))
            Assert.Equal((50, 50), (await moved.Ingestor.WaitAsync(run, null, Cancel) is var o ? (o.Scored, o.Accepted) : default));
        Assert.Equal(50, await desk.Database.ScalarAsync<long>("SELECT count(*) FROM sentiment.all_sentiment"));

        // And back: the embedded log goes on where it was, so nothing is read again.
        var back = await desk.IngestAsync(Headlines, Write(desk, ["1,Something else is announced,2024-02-01T00:00:00Z,T1"]));
        Assert.Equal((1, 1), (back.Accepted, back.Scored));
        Assert.Equal(51, await desk.Database.ScalarAsync<long>("SELECT count(*) FROM sentiment.all_sentiment"));
    }

    [Fact]
    public async Task Workers_that_come_and_go_neither_lose_nor_double_anything()
    {
        var file = SharedData.File("news", "analyst_ratings.csv");
        var log = await kafka.OptionsAsync("coming");
        await using var clean = await TestDesk.OpenAsync(server, nameof(KafkaPipelineTests));
        var expected = await clean.IngestAsync(Headlines, file);

        await using var desk = await TestDesk.OpenAsync(server, nameof(KafkaPipelineTests), o => o with { EventLog = log, Scoring = o.Scoring with { BatchSize = 50 } });
        var run = await desk.Desk.Ingestor.RunAsync([FeedSource.Parse(file)], Headlines, null, Cancel);
        await using (var stays = desk.Work())
        {
            var done = desk.Desk.Ingestor.WaitAsync(run, null, Cancel);
            for (var i = 0; !done.IsCompleted; i++)
                await using (desk.Work())
                    await Task.WhenAny(done, Task.Delay(TimeSpan.FromMilliseconds(150 * (1 + i % 4)), TimeProvider.System, Cancel));
            Assert.Equal(expected, await done);
        }
        Assert.Equal(await StateAsync(clean), await StateAsync(desk));
        Assert.Equal(await ResultsAsync(clean), await ResultsAsync(desk));
    }

    [Fact]
    public async Task Records_of_another_program_are_put_aside_whatever_is_in_them_and_hold_nothing_up()
    {
        var log = await kafka.OptionsAsync("foreign");
        await using var desk = await TestDesk.OpenAsync(server, nameof(KafkaPipelineTests), o => o with { EventLog = log });
        await desk.Desk.Log.CreateAsync(Topics.StandardPriority, null, null, Cancel);
        using (var producer = new ProducerBuilder<string, byte[]>(new ProducerConfig { BootstrapServers = log.Kafka.BootstrapServers }).Build())
            for (var partition = 0; partition < 4; partition++)
                await producer.ProduceAsync(new TopicPartition(log.Kafka.TopicPrefix + Topics.StandardPriority, partition), new()
                {
                    Key = "A\0B",
                    Value = "no event"u8.ToArray(),
                    Headers = new() { { "n\u0001", "v\0"u8.ToArray() } },
                    Timestamp = new(1_772_366_400_000_000, TimestampType.CreateTime),
                }, Cancel);
        var outcome = await desk.IngestAsync(Headlines, Write(desk, ["1,Something is announced,2024-02-01T00:00:00Z,T1"]));
        Assert.Equal((1, 1), (outcome.Accepted, outcome.Scored));
        await using var work = desk.Work();
        while (await desk.Database.ScalarAsync<long>("SELECT count(*) FROM ops.dead_letters WHERE stage = 'decode' AND key = 'A' || chr(65533) || 'B'") < 4)
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, Cancel);
    }

    [Fact]
    public async Task Broker_that_goes_down_and_comes_back_costs_nothing()
    {
        using var broker = await TestKafka.OwnAsync();
        var log = TestKafka.Options("outage", broker.Bootstrap);
        await using var desk = await TestDesk.OpenAsync(server, nameof(KafkaPipelineTests), o => o with { EventLog = log, Scoring = o.Scoring with { BatchSize = 20 } });
        string Lines(int from) => Write(desk, Enumerable.Range(from, 200).Select(i => $"{i},Shares of company {i % 7} rise after results {i},2024-01-0{1 + i % 7}T00:00:00Z,T{i % 7}"));
        await using var work = desk.Work();
        var first = await desk.Desk.Ingestor.RunAsync([FeedSource.Parse(Lines(0))], Headlines, null, Cancel);

        broker.Down();
        // Sent while nobody answers: it waits, is sent again by itself, and is in the log once.
        var waiting = desk.Desk.Ingestor.RunAsync([FeedSource.Parse(Lines(200))], Headlines, null, Cancel);
        await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, Cancel);
        Assert.False(waiting.IsCompleted);
        broker.Up();

        Assert.Equal(0, (await desk.Desk.Ingestor.WaitAsync(first, null, Cancel)).Pending);
        var second = await desk.Desk.Ingestor.WaitAsync(await waiting, null, Cancel);
        Assert.Equal((200, 200), (second.Accepted, second.Scored));
        Assert.Equal(400, await desk.Database.ScalarAsync<long>("SELECT count(DISTINCT (article_id, ticker)) FROM sentiment.all_sentiment"));
        Assert.Equal(400, (await desk.Desk.Log.DescribeAsync(Topics.StandardPriority, Cancel)).Sum(p => p.NextOffset));
    }

    static string Write(TestDesk desk, IEnumerable<string> lines)
    {
        var path = Path.Combine(desk.Folder, $"{Guid.NewGuid():N}.csv");
        File.WriteAllLines(path, [",title,date,stock", .. lines]);
        return path;
    }

    static async Task<IReadOnlyList<string>> StateAsync(TestDesk desk)
    {
        await using var connection = await desk.Database.DataSource.OpenConnectionAsync();
        return [.. await connection.QueryAsync<string>("SELECT (to_jsonb(t) - 'last_updated')::text FROM sentiment.ticker_sentiment t ORDER BY ticker")];
    }

    static async Task<string> ResultsAsync(TestDesk desk) => await desk.Database.ScalarAsync<string>("""
        SELECT md5(string_agg(h, '' ORDER BY h)) FROM (
            SELECT md5((to_jsonb(s) - 'fetch_timestamp_utc' - 'processing_timestamp_utc')::text) AS h FROM sentiment.all_sentiment s) AS rows
        """);
}
