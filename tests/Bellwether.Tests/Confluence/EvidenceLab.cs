using Bellwether.App;
using Bellwether.Confluence;
using Bellwether.Market;
using Bellwether.Market.Prices;
using Bellwether.Sentiment;
using Bellwether.Sentiment.Aggregation;
using Bellwether.Sentiment.HotStore;
using Bellwether.Storage;
using Bellwether.Tests.Support;
using Dapper;

namespace Bellwether.Tests.Confluence;

/// <summary>Writes what confluence is made of, known since any moment, and reads it back as of any.</summary>
public sealed class EvidenceLab : IAsyncDisposable
{
    readonly TestDatabase _database;
    readonly RangePartitions _days;
    int _articles;

    EvidenceLab(TestDatabase database, ManualTime time)
    {
        (_database, Time, _days) = (database, time, new(database.DataSource, "sentiment.sentiment_data"));
        var results = new SentimentReader(database.DataSource, new MemoryHotStore(new(), time), new(), time);
        Aggregates = new(database.DataSource, results, new());
        Confluence = new(database.DataSource, Aggregates, new(), time);
        Prices = new(database.DataSource, time);
        Actions = new(database.DataSource, time);
        Hours = new(database.DataSource, time);
    }

    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ManualTime Time { get; }

    public TestDatabase Database => _database;

    public AggregateReader Aggregates { get; }

    public ConfluenceReader Confluence { get; }

    public PriceStore Prices { get; }

    public ActionStore Actions { get; }

    public TradingHoursStore Hours { get; }

    public DateTimeOffset Now => Time.GetUtcNow();

    public static async Task<EvidenceLab> OpenAsync(TestServer server, string name) =>
        new(await server.MigratedAsync(name), new(new(2024, 6, 3, 12, 0, 0, TimeSpan.Zero)));

    /// <param name="type">news, tweet, reddit or filing.</param>
    /// <param name="author">Of a tweet.</param>
    public async Task MentionAsync(string symbol, string type, DateTimeOffset at, double score, DateTimeOffset? known = null,
        string? author = null, string publisher = "wire")
    {
        await _days.EnsureDayAsync(DateOnly.FromDateTime(at.UtcDateTime), Cancel);
        var (id, since) = ($"a{++_articles:00000}", known ?? Now);
        await ExecuteAsync("""
            INSERT INTO sentiment.sentiment_data (timestamp, ticker, sentiment, confidence, source, model, article_id, fetch_timestamp_utc, processing_timestamp_utc, event_id,
                event_type, priority, weight, model_version, positive, negative, schema_version)
            VALUES (@at, @symbol, @score, 0.8, @publisher, 'test', @id, @since, @since, @id, @type, 'standard', 1, '1', 0.5, 0.5, 1)
            """, new { at = at.UtcDateTime, symbol, score, publisher, id, since = since.UtcDateTime, type });
        if (author is not null)
            await ExecuteAsync("""
                INSERT INTO sentiment.influencers (platform, account_id, first_seen, last_seen) VALUES ('twitter', @author, @at, @at) ON CONFLICT DO NOTHING;
                INSERT INTO sentiment.tweets (tweet_id, article_id, created_at, author_id, text, fetched_at) VALUES (@id, @id, @at, @author, '', @since);
                INSERT INTO sentiment.tweet_sentiments (tweet_ref, tweet_id, symbol, created_at, sentiment, confidence, level, model, model_version, processed_at)
                SELECT id, @id, @symbol, @at, @score, 0.8, 'x', 'test', '1', @since FROM sentiment.tweets WHERE tweet_id = @id
                """, new { author, at = at.UtcDateTime, id, since = since.UtcDateTime, symbol, score });
    }

    public Task OptionAsync(string symbol, DateTimeOffset at, string type, double strike, double last, long volume, DateTimeOffset? known = null) => ExecuteAsync("""
        INSERT INTO market.options_data (ticker, option_type, strike_price, expiration_date, fetch_timestamp, known_at, last_price, bid, ask, volume, open_interest, delta, rate, yield, greeks_formula, data_source)
        VALUES (@symbol, @type, @strike, @expiry, @at, @known, @last, 4.9, 5.1, @volume, 100, @delta, 0, 0, 'test', 'test') ON CONFLICT DO NOTHING
        """, new { symbol, type, strike, expiry = at.UtcDateTime.Date.AddDays(30), at = at.UtcDateTime, known = (known ?? Now).UtcDateTime, last, volume, delta = type == "call" ? 0.5 : -0.5 });

    public async Task BarAsync(string symbol, DateOnly day, double close, DateTimeOffset? known = null, long volume = 1_000)
    {
        var bar = new PriceBar(day.ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc), close * 0.99, close * 1.01, close * 0.98, close,
            volume, null);
        await Prices.WriteAsync(symbol, BarInterval.Day, "test", new[] { bar }, known is { } since ? _ => since.UtcDateTime : null, Cancel);
    }

    /// <summary>A bar as a vendor tells it who has adjusted it for what happened up to a day.</summary>
    public async Task VendorBarAsync(string symbol, DateOnly day, double close, double? adjusted, DateOnly loaded, bool splits)
    {
        var bar = new PriceBar(day.ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc), close * 0.99, close * 1.01, close * 0.98, close, 1_000,
            adjusted);
        await Prices.WriteAsync(symbol, BarInterval.Day, new("vendor") { LoadedOn = loaded, SplitsInPrices = splits }, new[] { bar }, null,
            Cancel);
    }

    public async Task ExecuteAsync(string sql, object? parameters = null)
    {
        await using var connection = await _database.DataSource.OpenConnectionAsync(Cancel);
        await connection.ExecuteAsync(sql, parameters);
    }

    public ValueTask DisposeAsync() => _database.DisposeAsync();
}
