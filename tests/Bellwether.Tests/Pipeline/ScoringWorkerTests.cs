using Bellwether.Events;
using Bellwether.Feeds;
using Bellwether.Sentiment;
using Bellwether.Sentiment.HotStore;
using Bellwether.Tests.Support;
using Dapper;
using Microsoft.Extensions.Logging;

namespace Bellwether.Tests.Pipeline;

/// <summary>The worker against input and models that misbehave.</summary>
public sealed class ScoringWorkerTests(TestServer server)
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Poison_is_put_aside_with_its_reason_and_blocks_nothing()
    {
        await using var desk = await Bench.OpenAsync(server);
        await desk.Log.AppendAsync(Topics.StandardPriority,
        [
            Entry(Event("a1", "AAPL", "good news")),
            new("AAPL", "{\"schema_version\":1,"u8.ToArray(), new Dictionary<string, string> { ["trace"] = "kept" }),
            new("AAPL", "{\"schema_version\":99}"u8.ToArray()),
            Entry(Event("a2", "AAPL", "more good news")),
        ], Cancel);
        await desk.RunUntilAsync(new Model(_ => new(0.6, 0.1)), "SELECT count(*) FROM ops.dead_letters", 2);
        await desk.RunUntilAsync(new Model(_ => new(0.6, 0.1)), "SELECT count(*) FROM sentiment.all_sentiment", 2);

        var letters = (await desk.QueryAsync("SELECT stage || '|' || message || '|' || (headers ->> 'trace') || '|' || (headers ->> '__bellwether.errors.topic') || '|' || convert_from(value, 'utf8') FROM ops.dead_letters ORDER BY headers ->> 'trace', id")).ToArray();
        Assert.Contains(letters, l => l is not null && l.StartsWith("decode|", StringComparison.Ordinal) && l.EndsWith("|kept|stdpri-events|{\"schema_version\":1,", StringComparison.Ordinal));
        Assert.Equal(1, await desk.Database.ScalarAsync<long>("SELECT count(*) FROM ops.dead_letters WHERE message LIKE '%schema_version 99%'"));
    }

    [Theory]
    [InlineData(double.NaN, 0.1)]
    [InlineData(0.1, double.PositiveInfinity)]
    [InlineData(-0.1, 0.2)]
    [InlineData(0.9, 0.9)]
    public async Task A_score_that_is_no_probability_is_put_aside(double positive, double negative)
    {
        await using var desk = await Bench.OpenAsync(server);
        await desk.Log.AppendAsync(Topics.StandardPriority, [Entry(Event("a1", "AAPL", "odd")), Entry(Event("a2", "AAPL", "fine"))], Cancel);
        await desk.RunUntilAsync(new Model(t => t == "odd" ? new(positive, negative) : new(0.5, 0.2)), "SELECT count(*) FROM sentiment.all_sentiment", 1);
        Assert.Equal("InvalidScore", await desk.Database.ScalarAsync<string>("SELECT error_class FROM ops.dead_letters"));
    }

    [Fact]
    public async Task A_model_that_fails_is_tried_again_and_nothing_is_lost_or_doubled()
    {
        await using var desk = await Bench.OpenAsync(server);
        await desk.Log.AppendAsync(Topics.StandardPriority, [.. Enumerable.Range(0, 20).Select(i => Entry(Event($"a{i}", "AAPL", $"news {i}")))], Cancel);
        var failures = 3;
        await desk.RunUntilAsync(
            new Model(_ => failures-- > 0 ? throw new InvalidOperationException("model is down") : new(0.5, 0.2)), "SELECT count(*) FROM sentiment.all_sentiment", 20);
        Assert.Equal(20, await desk.Database.ScalarAsync<long>("SELECT count FROM sentiment.ticker_sentiment"));
        Assert.Equal(0, await desk.Database.ScalarAsync<long>("SELECT count(*) FROM ops.dead_letters"));
    }

    [Fact]
    public async Task A_text_that_the_model_cannot_take_is_found_and_the_rest_is_scored()
    {
        await using var desk = await Bench.OpenAsync(server);
        await desk.Log.AppendAsync(Topics.StandardPriority, [.. Enumerable.Range(0, 40).Select(i => Entry(Event($"a{i}", "AAPL", i is 7 or 23 ? "poison" : $"news {i}")))], Cancel);
        var model = new Model(t => t == "poison" ? throw new FormatException("a token that is none") : new(0.5, 0.2));
        await desk.RunUntilAsync(model, "SELECT count(*) FROM sentiment.all_sentiment", 38);
        Assert.Equal(["score FormatException true", "score FormatException true"], await desk.QueryAsync("SELECT stage || ' ' || error_class || ' ' || retryable FROM ops.dead_letters"));
        Assert.Equal(38, await desk.Database.ScalarAsync<long>("SELECT count FROM sentiment.ticker_sentiment"));
    }

    [Fact]
    public async Task A_model_that_is_down_for_long_throws_nothing_away()
    {
        await using var desk = await Bench.OpenAsync(server);
        await desk.Log.AppendAsync(Topics.StandardPriority, [.. Enumerable.Range(0, 5).Select(i => Entry(Event($"a{i}", "AAPL", $"news {i}")))], Cancel);
        var calls = 0;
        await desk.RunUntilAsync(new Model(_ => ++calls < 12 ? throw new HttpRequestException("refused") : new(0.5, 0.2)), "SELECT count(*) FROM sentiment.all_sentiment", 5);
        Assert.Equal(0, await desk.Database.ScalarAsync<long>("SELECT count(*) FROM ops.dead_letters"));
    }

    [Fact]
    public async Task One_event_that_the_database_refuses_is_found_and_the_rest_is_stored()
    {
        await using var desk = await Bench.OpenAsync(server);
        var events = Enumerable.Range(0, 50).Select(i => Event($"a{i}", "AAPL", $"news {i}")).ToArray();
        events[31] = events[31] with { ArticleTitle = "NUL \0 that no normaliser would let through" };
        await desk.Log.AppendAsync(Topics.StandardPriority, [.. events.Select(Entry)], Cancel);
        await desk.RunUntilAsync(new Model(_ => new(0.5, 0.2)), "SELECT count(*) FROM ops.dead_letters", 1);
        await desk.RunUntilAsync(new Model(_ => new(0.5, 0.2)), "SELECT count(*) FROM sentiment.all_sentiment", 49);
        Assert.Equal("store", await desk.Database.ScalarAsync<string>("SELECT stage FROM ops.dead_letters"));
        Assert.Equal(49, await desk.Database.ScalarAsync<long>("SELECT count FROM sentiment.ticker_sentiment"));
    }

    [Fact]
    public async Task A_refused_event_that_comes_again_is_known_and_a_future_one_ages_nothing()
    {
        await using var desk = await Bench.OpenAsync(server);
        var refused = Event("a1", "AAPL", "news") with { ArticleTitle = "NUL \0 that no normaliser would let through" };
        var future = Event("a2", "AAPL", "later") with { Timestamp = TimeProvider.System.GetUtcNow().AddHours(1) };
        for (var round = 0; round < 2; round++)
        {
            await desk.Log.AppendAsync(Topics.StandardPriority, [Entry(refused), Entry(future), Entry(Event($"a{3 + round}", "AAPL", "fine"))], Cancel);
            await desk.RunUntilAsync(new Model(_ => new(0.5, 0.2)), "SELECT count(*) FROM sentiment.all_sentiment", round + 1);
            await desk.RunUntilAsync(new Model(_ => new(0.5, 0.2)), "SELECT next_offset FROM ops.consumer_offsets ORDER BY 1 DESC LIMIT 1", 3 * (round + 1));
        }
        Assert.Equal(["FutureTimestamp 1", "PostgresException 1"], await desk.QueryAsync("SELECT error_class || ' ' || attempt FROM ops.dead_letters ORDER BY 1"));
        Assert.Equal(2, await desk.Database.ScalarAsync<long>("SELECT count FROM sentiment.ticker_sentiment"));
    }

    [Fact]
    public async Task Workers_that_meet_at_new_tickers_never_deadlock()
    {
        await using var desk = await Bench.OpenAsync(server);
        var options = new ScoringOptions();
        var random = new Random(11);
        // Sixteen writers at once, each with a random part of the same tickers in random order; nothing is retried here.
        await Task.WhenAll(Enumerable.Range(0, 16).Select(async writer =>
        {
            var store = new ResultStore(desk.Database.DataSource, desk.Appender, options, TimeProvider.System);
            for (var round = 0; round < 6; round++)
            {
                int[] tickers;
                lock (random) tickers = [.. Enumerable.Range(round * 20, 60).OrderBy(_ => random.Next()).Take(25)];
                var events = tickers.Select((t, i) => Event($"a{(writer * 100 + round) * 100 + i}", $"T{t}", "news")).ToArray();
                await store.CommitAsync(
                    new("none", options.Group, "scripted", "1", [.. events.Select(e => new ScoredEvent(Read(e), e, new(0.5, 0.2)))], [], []), Cancel);
            }
        }));
        Assert.Equal(16 * 6 * 25, await desk.Database.ScalarAsync<long>("SELECT sum(count)::bigint FROM sentiment.ticker_sentiment"));
    }

    [Fact]
    public async Task Standard_work_goes_on_within_its_bound_while_high_priority_never_rests()
    {
        await using var desk = await Bench.OpenAsync(server);
        var gate = new PriorityGate(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        gate.EnterHigh(this);
        Assert.InRange((await gate.StandBackAsync(TimeSpan.Zero, Cancel)).TotalMilliseconds, 90, 10_000);
        await desk.Log.AppendAsync(Topics.StandardPriority, [.. Enumerable.Range(0, 10).Select(i => Entry(Event($"a{i}", "AAPL", $"news {i}")))], Cancel);
        await desk.RunUntilAsync(new Model(_ => new(0.5, 0.2)), "SELECT count(*) FROM sentiment.all_sentiment", 10, gate);
        gate.LeaveHigh(this);
        Assert.Equal(TimeSpan.Zero, await gate.StandBackAsync(TimeSpan.Zero, Cancel));
    }

    [Fact]
    public async Task Standard_batches_are_small_while_high_priority_is_about_and_large_again_after_it()
    {
        await using var desk = await Bench.OpenAsync(server);
        var sizes = new List<int>();
        async Task RunAsync(int round, PriorityGate gate)
        {
            await desk.Log.AppendAsync(Topics.StandardPriority, [.. Enumerable.Range(0, 300).Select(i => Entry(Event($"a{round * 300 + i}", "AAPL", $"news {i}")))], Cancel);
            await desk.RunUntilAsync(new Model(_ => new(0.5, 0.2)) { Sizes = sizes }, "SELECT count(*) FROM sentiment.all_sentiment", 300 * (round + 1), gate);
        }
        var busy = new PriorityGate(TimeSpan.Zero, TimeProvider.System);
        // High priority comes again and again while standard has its backlog.
        await using (new Timer(_ => busy.EnterHigh(this), null, TimeSpan.Zero, TimeSpan.FromMilliseconds(100))) await RunAsync(0, busy);
        Assert.All(sizes, s => Assert.InRange(s, 1, new ScoringOptions().BatchSizeBesideHigh));
        sizes.Clear();
        await RunAsync(1, new(TimeSpan.Zero, TimeProvider.System));
        Assert.Equal([300], sizes);
    }

    [Fact]
    public async Task The_hot_store_and_the_analysed_topic_follow_the_commit()
    {
        await using var desk = await Bench.OpenAsync(server);
        await desk.Log.AppendAsync(Topics.StandardPriority, [Entry(Event("a1", "AAPL", "first")), Entry(Event("a2", "MSFT", "second"))], Cancel);
        await desk.RunUntilAsync(
            new Model(_ => new(0.5, 0.2)), "SELECT count(*) FROM ops.event_log WHERE topic = 'analyzed-sentiment'", 2, until: async () => await desk.Hot.GetAsync("AAPL", Cancel) is not null);
        Assert.Equal(0.3, (await desk.Hot.GetAsync("AAPL", Cancel))!.Score, 9); // sums are kept in units of 1e-9
        var analysed = AnalyzedSentiment.FromJson(await desk.Database.ScalarAsync<byte[]>("SELECT value FROM ops.event_log WHERE topic = 'analyzed-sentiment' AND key = 'MSFT'"));
        Assert.Equal(("MSFT", 0.3, "bullish", 1L), (analysed.Ticker, Math.Round(analysed.Sentiment, 12), analysed.Level, analysed.Revision));
    }

    [Fact]
    public async Task Two_workers_on_the_same_tickers_agree_with_one()
    {
        var events = Enumerable.Range(0, 400).Select(i => Event($"a{i}", $"T{i % 7}", $"news {i}") with { Priority = i % 3 == 0 ? Priority.High : Priority.Standard }).ToArray();
        async Task<string> StateAsync(int batch, params string[] topics)
        {
            await using var desk = await Bench.OpenAsync(server);
            foreach (var part in events.Chunk(37))
                foreach (var topic in topics)
                    await desk.Log.AppendAsync(topic, [.. part.Where(e => topics.Length == 1 || (e.Priority == Priority.High) == (topic == Topics.HighPriority)).Select(Entry)], Cancel);
            await Task.WhenAll(topics.Select(topic => desk.RunUntilAsync(new Model(t => new(t.Length % 5 / 10.0, 0.1)), "SELECT count(*) FROM sentiment.all_sentiment", 400, null, topic, batch)));
            return await desk.Database.ScalarAsync<string>("SELECT string_agg((to_jsonb(t) - 'last_updated')::text, '|' ORDER BY ticker) FROM sentiment.ticker_sentiment t");
        }
        Assert.Equal(await StateAsync(4_000, Topics.StandardPriority), await StateAsync(5, Topics.HighPriority, Topics.StandardPriority));
    }

    static EventEnvelope Event(string id, string ticker, string text) => new()
    {
        EventId = id,
        ArticleId = ArticleId.FromNativeId("test", id),
        Timestamp = new DateTimeOffset(2025, 4, 25, 14, 0, 0, TimeSpan.Zero).AddSeconds(int.Parse(id.AsSpan(1))),
        Source = "test",
        Tickers = [ticker],
        Text = text,
        FetchedAt = new(2025, 4, 25, 14, 0, 1, TimeSpan.Zero),
    };

    static LogEntry Read(EventEnvelope envelope) =>
        new("none", 0, 0, envelope.Tickers[0], default, new Dictionary<string, string>(), envelope.FetchedAt);

    static LogRecord Entry(EventEnvelope envelope) => new(envelope.Tickers[0], EnvelopeJson.Serialize(envelope));

    sealed class Model(Func<string, SentimentScore> score) : ISentimentModel
    {
        public List<int>? Sizes { get; init; }
        public string Name => "scripted";
        public string Version => "1";

        public ValueTask<IReadOnlyList<SentimentScore>> ScoreAsync(IReadOnlyList<string> texts, CancellationToken cancellationToken) =>
            ScoreAsync(texts);

        ValueTask<IReadOnlyList<SentimentScore>> ScoreAsync(IReadOnlyList<string> texts)
        {
            Sizes?.Add(texts.Count);
            return ValueTask.FromResult<IReadOnlyList<SentimentScore>>([.. texts.Select(score)]);
        }
    }

    /// <summary>A database, a log and a hot store, without a desk, so that the model can be scripted.</summary>
    sealed class Bench(TestDatabase database, PostgresEventLog log) : IAsyncDisposable
    {
        public TestDatabase Database => database;
        public IEventLog Log => log;
        public PostgresLogAppender Appender => log.Appender;
        public IHotStore Hot { get; } = new MemoryHotStore(new(), TimeProvider.System);

        public static async Task<Bench> OpenAsync(TestServer server)
        {
            var database = await server.MigratedAsync(nameof(ScoringWorkerTests));
            return new(database, new(database.DataSource, new() { Partitions = 3 }, TimeProvider.System));
        }

        public async Task RunUntilAsync(
            ISentimentModel model, string countSql, long expected, PriorityGate? gate = null, string topic = Topics.StandardPriority, int batch = 4_000,
            Func<Task<bool>>? until = null)
        {
            var options = new ScoringOptions { BatchSize = batch };
            var store = new ResultStore(database.DataSource, log.Appender, options, TimeProvider.System);
            var worker = new ScoringWorker(log, new(model), store, Hot, gate ?? new(TimeSpan.Zero, TimeProvider.System), options, TimeProvider.System, new TestLog().CreateLogger<ScoringWorker>());
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
            var running = worker.RunAsync(topic, stop.Token);
            while (await database.ScalarAsync<long>(countSql) < expected || (until is not null && !await until())) await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, Cancel);
            await stop.CancelAsync();
            await running;
            Assert.Equal(expected, await database.ScalarAsync<long>(countSql));
        }

        public async Task<IEnumerable<string?>> QueryAsync(string sql)
        {
            await using var connection = await database.DataSource.OpenConnectionAsync(Cancel);
            return await connection.QueryAsync<string?>(sql);
        }

        public async ValueTask DisposeAsync()
        {
            await log.DisposeAsync();
            await database.DisposeAsync();
        }
    }
}
