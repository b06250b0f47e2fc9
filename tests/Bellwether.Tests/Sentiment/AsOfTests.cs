using Bellwether.Feeds;
using Bellwether.Sentiment;
using Bellwether.Tests.Support;
using Bellwether.Storage;
using Npgsql;

namespace Bellwether.Tests.Sentiment;

/// <summary>What was known at a moment, and states that are computed anew.</summary>
public sealed class AsOfTests(TestServer server)
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    static readonly FeedOptions Options = new() { Type = EventType.News };

    [Fact]
    public async Task A_moment_waits_for_the_commits_that_were_under_way_and_an_earlier_one_does_not()
    {
        await using var desk = await TestDesk.OpenAsync(server, nameof(AsOfTests));
        await desk.IngestAsync(Options, Write(desk, "a.csv", ("1", "$ACME rises"), ("2", "$ACME falls")));
        var before = desk.Desk.Time.GetUtcNow();
        await Task.Delay(TimeSpan.FromSeconds(1.5), TimeProvider.System, Cancel);

        // A writer between its stamp and its commit: the state of 2 results stands, the row of a third is not visible yet.
        await using var connection = await desk.Database.DataSource.OpenConnectionAsync(Cancel);
        await using var transaction = await connection.BeginTransactionAsync(Cancel);
        await using (var enter = new NpgsqlBatch(connection) { BatchCommands = { KnowledgeBarrier.Enter() } }) await enter.ExecuteNonQueryAsync(Cancel);
        await using (var insert = new NpgsqlCommand("""
            INSERT INTO sentiment.sentiment_data SELECT (r).* FROM (
                SELECT jsonb_populate_record(d, jsonb_build_object('article_id', 'third', 'event_id', '3', 'processing_timestamp_utc', clock_timestamp())) AS r
                FROM sentiment.sentiment_data d LIMIT 1) x
            """, connection)) Assert.Equal(1, await insert.ExecuteNonQueryAsync(Cancel));
        var asOf = desk.Desk.Time.GetUtcNow();

        var past = await desk.Desk.Reader.AsOfAsync("ACME", before, Cancel);
        Assert.Equal(2, past!.Count);
        var now = desk.Desk.Reader.AsOfAsync("ACME", asOf, Cancel);
        var articles = desk.Desk.Reader.ArticlesAsync("ACME", null, 10, false, asOf, Cancel);
        var history = desk.Desk.Reader.HistoryAsync("ACME", DateTimeOffset.UnixEpoch, asOf, TimeSpan.FromDays(1), asOf, Cancel);
        await Task.Delay(TimeSpan.FromMilliseconds(300), TimeProvider.System, Cancel);
        Assert.False(now.IsCompleted || articles.IsCompleted || history.IsCompleted);
        await transaction.CommitAsync(Cancel);
        Assert.Equal((3, 3, 3L), ((await now)!.Count, (await articles).Count, (await history).Sum(i => i.Count)));
    }

    [Fact]
    public async Task A_changed_half_life_takes_effect_with_a_rebuild_and_not_before()
    {
        await using var desk = await TestDesk.OpenAsync(server, nameof(AsOfTests));
        await desk.IngestAsync(Options, Write(desk, "a.csv", ("1", "$ACME soars on record profit"), ("2", "$ACME falls"), ("3", "$BETA rises")));
        var (live, other) = (await LatestAsync("ACME"), await LatestAsync("BETA"));

        var changed = new ScoringOptions { HalfLifeSeconds = 60 };
        var reader = new SentimentReader(desk.Database.DataSource, desk.Desk.Hot, changed, desk.Desk.Time);
        Assert.Equal(live.Score, (await reader.AsOfAsync("ACME", desk.Desk.Time.GetUtcNow(), Cancel))!.Score);

        Assert.Equal((2, 3L), await new TickerRebuild(desk.Database.DataSource, desk.Desk.Options.Scoring).RunAsync(Cancel));
        Assert.Equal(live with { ModelCounts = (await LatestAsync("ACME")).ModelCounts }, await LatestAsync("ACME"));

        await new TickerRebuild(desk.Database.DataSource, changed).RunAsync(Cancel);
        var stored = (await reader.StoredAsync(null, Cancel)).ToDictionary(s => s.Ticker);
        Assert.NotEqual(live.Score, stored["ACME"].Score);
        Assert.Equal(live.Revision + 1, stored["ACME"].Revision);
        Assert.Equal(live.Count, stored["ACME"].Count);
        // The cache has taken the new state although no result was added, and as of now agrees with it.
        Assert.Equal(stored["ACME"].Score, (await desk.Desk.Hot.GetAsync("ACME", Cancel))!.Score);
        Assert.Equal(stored["ACME"].Score, (await reader.AsOfAsync("ACME", desk.Desk.Time.GetUtcNow(), Cancel))!.Score);
        Assert.True(stored["BETA"].Revision > other.Revision);

        await desk.IngestAsync(Options, Write(desk, "b.csv", ("4", "$ACME rises again")));
        var next = await LatestAsync("ACME");
        Assert.Equal((live.Revision + 2, live.Count + 1), (next.Revision, next.Count));

        async Task<Bellwether.Sentiment.HotStore.TickerSnapshot> LatestAsync(string ticker) => (await desk.Desk.Reader.LatestAsync([ticker], Cancel))[0]!;
    }

    [Fact]
    public async Task Tickers_of_a_run_are_its_own()
    {
        await using var desk = await TestDesk.OpenAsync(server, nameof(AsOfTests));
        await using var work = desk.Work();
        async Task<long> TickersAsync(string name, params string[] tickers)
        {
            var file = Write(desk, name, [.. tickers.Select(t => (name + t, $"${t} rises"))]);
            var run = await desk.Desk.Ingestor.RunAsync([FeedSource.Parse(file)], Options, null, Cancel);
            await desk.Desk.Ingestor.WaitAsync(run, null, Cancel);
            return await run.TickersAsync(Cancel);
        }
        var counts = await Task.WhenAll(TickersAsync("a.csv", "AA", "BB", "CC"), TickersAsync("b.csv", "AA", "DD"), TickersAsync("c.csv", "EE"));
        Assert.Equal([3L, 2L, 1L], counts);
        Assert.Equal(0, await TickersAsync("a.csv", "AA", "BB", "CC"));
    }

    static string Write(TestDesk desk, string name, params (string Id, string Text)[] rows)
    {
        var path = Path.Combine(desk.Folder, name);
        File.WriteAllLines(path, ["id,text,timestamp", .. rows.Select((r, i) => $"{r.Id},{r.Text},2024-05-0{i + 1}T10:00:00Z")]);
        return path;
    }
}
