using Bellwether.Events;
using Bellwether.Feeds;
using Bellwether.Sentiment;
using Bellwether.Sentiment.Aggregation;
using Bellwether.Sentiment.HotStore;
using Bellwether.Tests.Support;
using Dapper;

namespace Bellwether.Tests.Sentiment.Novelty;

/// <summary>Commits scored events in any order and batches, and reads what became of them.</summary>
public sealed class NoveltyLab : IAsyncDisposable
{
    readonly PostgresEventLog _log;

    NoveltyLab(TestDatabase database) => (Database, _log) = (database, new(database.DataSource, new() { Partitions = 3 }, TimeProvider.System));

    public static DateTimeOffset Start { get; } = new(2025, 4, 25, 14, 0, 0, TimeSpan.Zero);

    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public TestDatabase Database { get; }

    public ScoringOptions Options { get; init; } = new();

    public AggregateReader Aggregates(AggregationOptions? options = null) => new(Database.DataSource, Reader, options ?? new());

    public SentimentReader Reader => new(Database.DataSource, new MemoryHotStore(new(), TimeProvider.System), Options, TimeProvider.System);

    public static async Task<NoveltyLab> OpenAsync(TestServer server, ScoringOptions? options = null) =>
        new(await server.MigratedAsync(nameof(NoveltyLab))) { Options = options ?? new() };

    /// <summary>A process of its own, which remembers nothing.</summary>
    public ResultStore Store() => new(Database.DataSource, _log.Appender, Options, TimeProvider.System);

    public Task<CommittedBatch> CommitAsync(ResultStore store, params EventEnvelope[] events) => store.CommitAsync(
        new("none", Options.Group, "scripted", "1", [.. events.Select(e => new ScoredEvent(new("none", 0, 0, e.Tickers[0], default, new Dictionary<string, string>(), e.FetchedAt), e, new(0.6, 0.1)))], [], []), Cancel);

    public static EventEnvelope Event(int id, string text, double minutes, params string[] tickers) => new()
    {
        EventId = $"e{id}",
        ArticleId = $"a{id:0000}",
        Timestamp = Start.AddMinutes(minutes),
        Source = $"wire{id % 3}",
        Tickers = tickers.Length > 0 ? tickers : ["ACME"],
        Text = text,
        FetchedAt = Start,
    };

    /// <summary>So many ways to tell one story.</summary>
    public static string[] Rewrites(string story, int count) =>
        [.. Enumerable.Range(0, count).Select(i => (i % 5) switch
        {
            0 => story,
            1 => $"UPDATE {i}-{story}",
            2 => $"{story} - Reuters",
            3 => $"RT @account{i}: {story} https://example.org/{i}",
            _ => $"{story}, filing shows",
        })];

    public static string[] Stories { get; } =
    [
        "Acme second-quarter profit rises 12% to $1.2 billion on strong cloud demand in Europe", "Acme to build battery plant in Poland with 1,200 workers from spring onwards",
        "Regulator fines Acme 40 million euros over late safety filings for brakes", "Acme names Maria Keller as finance chief after sudden exit of predecessor",
        "Short seller accuses Acme of hiding warehouse leases from auditors for years", "Acme workers in Ohio vote against joining the national union after long campaign",
        "Acme second-quarter profit falls 12% to $1.2 billion on strong cloud demand in Europe", "Acme recalls 30,000 kettles because handles may break when filled with hot water",
    ];

    /// <summary>Chains as sets of articles, and the weight of each, whatever they are called.</summary>
    public async Task<string[]> PartitionAsync()
    {
        await using var connection = await Database.DataSource.OpenConnectionAsync(Cancel);
        return [.. await connection.QueryAsync<string>("""
            SELECT ticker || ' ' || string_agg(article_id, ',' ORDER BY article_id) || ' ' || sum(novelty_weight) || ' ' || count(*) FILTER (WHERE novelty_weight = 1)
            FROM sentiment.all_sentiment GROUP BY ticker, chain_id ORDER BY 1
            """)];
    }

    public Task<string> RowsAsync() => Database.ScalarAsync<string>(
        "SELECT coalesce(string_agg(article_id || ticker || chain_id || novelty_weight, '|' ORDER BY article_id, ticker), '') FROM sentiment.all_sentiment");

    public async ValueTask DisposeAsync()
    {
        await _log.DisposeAsync();
        await Database.DisposeAsync();
    }
}
