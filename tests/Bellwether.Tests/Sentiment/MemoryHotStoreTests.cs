using Bellwether.Sentiment.HotStore;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Sentiment;

public sealed class MemoryHotStoreTests : HotStoreContract
{
    readonly ManualTime _time = new();
    readonly MemoryHotStore _store;

    public MemoryHotStoreTests() => _store = new(Options, _time);

    static CancellationToken None => TestContext.Current.CancellationToken;

    protected override IHotStore Store => _store;

    protected override ValueTask PassAsync(TimeSpan time)
    {
        _time.Advance(time);
        return default;
    }

    [Fact]
    public async Task Store_beyond_its_bound_drops_the_oldest_writes()
    {
        var store = new MemoryHotStore(Options with { MaxEntries = 100, TimeToLiveJitter = 0 }, _time);
        for (var i = 0; i < 1000; i++)
        {
            await store.SetManyAsync([Snapshot($"T{i:D4}", 1)], None);
            Assert.InRange((await store.StatsAsync(None)).Entries, 1, 100);
            _time.Advance(TimeSpan.FromMilliseconds(1));
        }

        var tickers = await store.TickersAsync(None);
        Assert.Equal("T0999", tickers[^1]);
        Assert.Equal(tickers.Count - 1, 999 - int.Parse(tickers[0].AsSpan(1)));
        Assert.InRange(tickers.Count, 94, 100);
    }

    [Fact]
    public async Task Bound_holds_within_one_batch()
    {
        var store = new MemoryHotStore(Options with { MaxEntries = 100 }, _time);

        var won = await store.SetManyAsync([.. Enumerable.Range(0, 5000).Select(i => Snapshot($"T{i}", 1))], None);

        Assert.DoesNotContain(false, won);
        Assert.InRange((await store.TickersAsync(None)).Count, 94, 100);
    }

    [Fact]
    public async Task Sweep_drops_only_what_has_expired()
    {
        await _store.SetManyAsync([Snapshot("A", 1), Snapshot("B", 1)], None);
        _time.Advance(Options.TimeToLive * 2);
        await _store.SetManyAsync([Snapshot("C", 1)], None);

        Assert.Equal(2, _store.Sweep());
        Assert.Equal(0, _store.Sweep());
        Assert.Equal(["C"], await _store.TickersAsync(None));
    }

    [Fact]
    public void Lifetimes_spread_over_the_jitter_and_repeat()
    {
        var seconds = Enumerable.Range(0, 2000).Select(i => Options.LifetimeOf($"T{i}", 1).TotalSeconds).ToArray();

        Assert.All(seconds, s => Assert.InRange(s, 3.6, 4.4));
        Assert.InRange(seconds.Average(), 3.98, 4.02);
        Assert.True(seconds.Min() < 3.65 && seconds.Max() > 4.35);
        Assert.Equal(Options.LifetimeOf("AAPL", 5), Options.LifetimeOf("AAPL", 5));
        Assert.NotEqual(Options.LifetimeOf("AAPL", 5), Options.LifetimeOf("AAPL", 6));
    }
}
