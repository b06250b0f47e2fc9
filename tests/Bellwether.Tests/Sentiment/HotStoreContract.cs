using System.Text;
using System.Text.Json;
using Bellwether.Sentiment.HotStore;

namespace Bellwether.Tests.Sentiment;

/// <summary>What every hot store must do. A subclass makes an empty store and moves its clock.</summary>
public abstract class HotStoreContract
{
    protected static readonly HotStoreOptions Options =
        new() { TimeToLive = TimeSpan.FromSeconds(4), TimeToLiveJitter = 0.1, MaxEntries = 5000 };

    static CancellationToken None => TestContext.Current.CancellationToken;

    /// <summary>An empty store with <see cref="Options"/>.</summary>
    protected abstract IHotStore Store { get; }

    /// <summary>Lets this much of the store's time go by.</summary>
    protected abstract ValueTask PassAsync(TimeSpan time);

    protected static TickerSnapshot Snapshot(string ticker, long revision, double score = 0.25) => new()
    {
        Ticker = ticker,
        Score = score,
        Weight = 2.5,
        Count = 3,
        ArticleTitle = "Chipmaker beats estimates – shares jump 🚀",
        SourceUrl = "https://example.com/a?b=1&c=\"2\"",
        TextPreview = null,
        LastUpdated = new(2024, 5, 6, 13, 30, 0, 123, TimeSpan.Zero),
        ModelCounts = new Dictionary<string, long> { ["lexicon"] = 2, ["finbert"] = 1 },
        Revision = revision,
        LatestTimestamp = new(2024, 5, 6, 13, 29, 59, TimeSpan.Zero),
    };

    [Fact]
    public async Task Get_returns_every_field_as_it_was_set()
    {
        var snapshot = Snapshot("AAPL", 7, 1.0 / 3);

        Assert.Equal([true], await Store.SetManyAsync([snapshot], None));

        var read = await Store.GetAsync("AAPL", None);
        Assert.NotNull(read);
        Assert.Equal(Json(snapshot), Json(read));
        Assert.Equal(snapshot.Score, read.Score);
    }

    [Fact]
    public async Task Get_of_an_unknown_ticker_returns_null()
    {
        await Store.SetManyAsync([Snapshot("AAPL", 1)], None);

        Assert.Null(await Store.GetAsync("MSFT", None));
        Assert.Null(await Store.GetAsync("aapl", None));
    }

    [Fact]
    public async Task GetMany_keeps_places_with_gaps_and_repeats()
    {
        await Store.SetManyAsync([Snapshot("A", 1), Snapshot("B", 2)], None);

        var read = await Store.GetManyAsync(["B", "X", "A", "B"], None);

        Assert.Equal(["B", null, "A", "B"], read.Select(s => s?.Ticker));
        Assert.Empty(await Store.GetManyAsync([], None));
    }

    [Theory]
    [InlineData(5, 6, true)]
    [InlineData(5, 5, false)]
    [InlineData(5, 4, false)]
    [InlineData(-2, -1, true)]
    [InlineData(0, long.MaxValue, true)]
    public async Task Set_wins_only_with_a_higher_revision(long stored, long written, bool wins)
    {
        await Store.SetManyAsync([Snapshot("AAPL", stored, -0.5)], None);

        Assert.Equal([wins], await Store.SetManyAsync([Snapshot("AAPL", written, 0.5)], None));
        Assert.Equal(wins ? 0.5 : -0.5, (await Store.GetAsync("AAPL", None))!.Score);
    }

    [Fact]
    public async Task SetMany_applies_one_ticker_in_the_order_given()
    {
        var won = await Store.SetManyAsync([Snapshot("A", 2), Snapshot("B", 1), Snapshot("A", 1), Snapshot("A", 3, -1)], None);

        Assert.Equal([true, true, false, true], won);
        Assert.Equal(-1, (await Store.GetAsync("A", None))!.Score);
    }

    [Fact]
    public async Task SetMany_with_one_bad_snapshot_stores_none()
    {
        foreach (var bad in new[]
        {
            Snapshot("", 1), Snapshot("B", 1, double.NaN), Snapshot("B", 1, 1.01),
            Snapshot("B", 1) with { Weight = double.PositiveInfinity }, Snapshot("B", 1) with { Weight = -1 },
        })
        {
            await Assert.ThrowsAnyAsync<ArgumentException>(async () => await Store.SetManyAsync([Snapshot("A", 1), bad], None));
        }
        Assert.Empty(await Store.TickersAsync(None));
    }

    [Fact]
    public async Task Writers_in_parallel_leave_the_highest_revision()
    {
        var writers = Enumerable.Range(0, 8).Select(w => Task.Run(async () =>
        {
            for (var revision = w; revision < 400; revision += 8)
                await Store.SetManyAsync([Snapshot("A", revision, revision / 400.0), Snapshot("B", 400 - revision)], None);
        }, None));
        await Task.WhenAll(writers);

        var read = await Store.GetManyAsync(["A", "B"], None);
        Assert.Equal(399, read[0]!.Revision);
        Assert.Equal(399 / 400.0, read[0]!.Score);
        Assert.Equal(400, read[1]!.Revision);
    }

    [Fact]
    public async Task Snapshot_expires_after_its_lifetime_and_any_revision_may_follow()
    {
        await Store.SetManyAsync([Snapshot("A", 9), Snapshot("B", 9)], None);

        await PassAsync(Options.TimeToLive * 0.8);
        Assert.NotNull(await Store.GetAsync("A", None));
        Assert.Equal([false], await Store.SetManyAsync([Snapshot("A", 9)], None));
        Assert.Equal([true], await Store.SetManyAsync([Snapshot("B", 10)], None));

        await PassAsync(Options.TimeToLive * 0.4);
        Assert.Null(await Store.GetAsync("A", None));
        Assert.NotNull(await Store.GetAsync("B", None));
        Assert.Equal(["B"], await Store.TickersAsync(None));
        Assert.Equal(1, (await Store.StatsAsync(None)).Entries);
        Assert.Equal([true], await Store.SetManyAsync([Snapshot("A", 1)], None));
    }

    [Fact]
    public async Task Tickers_are_listed_once_in_ordinal_order()
    {
        foreach (var ticker in new[] { "b", "B", "AAPL", "BRK.B" })
            await Store.SetManyAsync([Snapshot(ticker, 1), Snapshot(ticker, 2)], None);

        Assert.Equal(["AAPL", "B", "BRK.B", "b"], await Store.TickersAsync(None));
    }

    [Fact]
    public async Task Remove_forgets_ticker_and_revision()
    {
        await Store.SetManyAsync([Snapshot("A", 9)], None);

        Assert.True(await Store.RemoveAsync("A", None));
        Assert.False(await Store.RemoveAsync("A", None));
        Assert.Empty(await Store.TickersAsync(None));
        Assert.Equal([true], await Store.SetManyAsync([Snapshot("A", 1)], None));
    }

    [Fact]
    public async Task Stats_count_entries_bytes_hits_and_misses()
    {
        var snapshot = Snapshot("AAPL", 1);
        await Store.SetManyAsync([snapshot], None);
        await Store.GetAsync("AAPL", None);
        await Store.GetManyAsync(["AAPL", "X", "Y", "Z"], None);

        var stats = await Store.StatsAsync(None);

        Assert.Equal((1L, 2L, 3L), (stats.Entries, stats.Hits, stats.Misses));
        Assert.Equal("sentiment:AAPL".Length + Encoding.UTF8.GetByteCount(Json(snapshot)), stats.BytesByFamily["sentiment"]);
        Assert.Equal("tickers".Length + "AAPL".Length, stats.BytesByFamily["tickers"]);
    }

    [Fact]
    public async Task Cancelled_call_throws_and_stores_nothing()
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await Store.SetManyAsync([Snapshot("A", 1)], cancelled.Token));
        Assert.Null(await Store.GetAsync("A", None));
    }

    static string Json(TickerSnapshot snapshot) => JsonSerializer.Serialize(snapshot, TickerSnapshotJson.Default.TickerSnapshot);
}
