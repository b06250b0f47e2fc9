using Bellwether.Market.Providers;
using Bellwether.Tests.Support;
using Npgsql;

namespace Bellwether.Tests.Market;

public sealed class MarketCacheTests(TestServer server) : IAsyncLifetime
{
    static readonly TimeSpan Fresh = TimeSpan.FromHours(1), Stale = TimeSpan.FromHours(2);

    readonly ManualTime _time = new(new(2026, 3, 2, 12, 0, 0, TimeSpan.Zero));
    readonly CountingProvider _provider = new();
    TestDatabase _database = null!;
    NpgsqlDataSource _source = null!;

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _database = await server.MigratedAsync(nameof(MarketCacheTests));
        _source = NpgsqlDataSource.Create(_database.ConnectionString);
    }

    public async ValueTask DisposeAsync()
    {
        await _source.DisposeAsync();
        await _database.DisposeAsync();
    }

    Task<CachedAnswer> GetAsync(MarketCache cache, bool renew = false, params (string, string?)[] parameters) =>
        cache.GetAsync(_provider, new("daily_prices", "X", parameters.ToDictionary(p => p.Item1, p => p.Item2)), Fresh, Stale, renew, Cancel);

    [Fact]
    public async Task Fresh_answers_are_given_stale_ones_too_while_a_new_one_is_fetched_and_expired_ones_never()
    {
        await using (var cache = new MarketCache(_source, _time))
        {
            var first = await GetAsync(cache);
            Assert.Equal(("{\"n\": 1}", true, false), (first.Json.Replace("\"n\":", "\"n\": ").Replace("  ", " "), first.Fetched, first.IsStale));
            var again = await GetAsync(cache);
            Assert.Equal((1, false, false), (_provider.Calls, again.Fetched, again.IsStale));
            _time.Advance(Fresh);
            var stale = await GetAsync(cache);
            Assert.Equal(("{\"n\": 1}", true), (stale.Json, stale.IsStale));
        }
        Assert.Equal(2, _provider.Calls);
        await using (var other = new MarketCache(_source, _time))
        {
            Assert.Equal(("{\"n\": 2}", false), ((await GetAsync(other)).Json, (await GetAsync(other)).IsStale));
            _time.Advance(Fresh + Stale);
            _provider.Fails = true;
            await Assert.ThrowsAsync<MarketProviderException>(() => GetAsync(other));
            _provider.Fails = false;
            Assert.True((await GetAsync(other)).Fetched);
            Assert.True((await GetAsync(other, renew: true)).Fetched);
        }
        Assert.Equal(5, _provider.Calls);
    }

    [Fact]
    public async Task A_stale_answer_survives_a_provider_that_fails()
    {
        await using var cache = new MarketCache(_source, _time);
        await GetAsync(cache);
        _time.Advance(Fresh);
        _provider.Fails = true;
        for (var i = 0; i < 3; i++) Assert.Equal("{\"n\": 1}", (await GetAsync(cache)).Json);
    }

    [Fact]
    public async Task Whoever_asks_at_once_waits_for_one_fetch_also_over_processes()
    {
        _provider.Hold = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var one = new MarketCache(_source, _time);
        await using var two = new MarketCache(_source, _time);
        var asked = Enumerable.Range(0, 40).Select(i => GetAsync(i % 2 == 0 ? one : two)).ToArray();
        await _provider.Asked.Task.WaitAsync(Cancel);
        Assert.All(asked, task => Assert.False(task.IsCompleted));
        _provider.Hold.SetResult();
        Assert.All(await Task.WhenAll(asked), a => Assert.Equal("{\"n\":1}", a.Json.Replace(" ", "")));
        Assert.Equal(1, _provider.Calls);
    }

    [Fact]
    public async Task One_who_gives_up_does_not_stop_the_others()
    {
        _provider.Hold = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var cache = new MarketCache(_source, _time);
        using var stop = new CancellationTokenSource();
        var (impatient, patient) = (cache.GetAsync(_provider, new("daily_prices", "X", new Dictionary<string, string?>()), Fresh, Stale, false, stop.Token), GetAsync(cache));
        await _provider.Asked.Task.WaitAsync(Cancel);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => impatient);
        _provider.Hold.SetResult();
        Assert.True((await patient).Fetched);
    }

    [Fact]
    public async Task The_same_question_has_one_entry_however_it_is_written()
    {
        await using var cache = new MarketCache(_source, _time);
        await GetAsync(cache, false, ("Size", " full "), ("market", "us"), ("none", null));
        await GetAsync(cache, false, ("market", "us"), ("size", "full"), ("empty", " "));
        await GetAsync(cache, false, ("market", "us"), ("size", "compact"));
        await GetAsync(cache);
        Assert.Equal(3, _provider.Calls);
        Assert.Equal(["{\"market\": \"us\", \"provider\": \"counting\", \"size\": \"compact\"}", "{\"market\": \"us\", \"provider\": \"counting\", \"size\": \"full\"}", "{\"provider\": \"counting\"}"],
            (await cache.ListAsync(Cancel)).Select(e => string.Join(", ", e.Parameters!.Trim('{', '}').Split(", ").Order())).Select(p => $"{{{p}}}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Cleaning_removes_what_has_expired_and_nothing_else()
    {
        await using var cache = new MarketCache(_source, _time);
        await GetAsync(cache, false, ("a", "1"));
        _time.Advance(Fresh + Stale - TimeSpan.FromMinutes(1));
        await GetAsync(cache, false, ("a", "2"));
        Assert.Equal(0, await cache.CleanAsync(Cancel));
        _time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(1, await cache.CleanAsync(Cancel));
        Assert.Single(await cache.ListAsync(Cancel));
        Assert.Equal(1, await cache.RemoveAsync("X", null, Cancel));
    }

    sealed class CountingProvider : IMarketProvider
    {
        int _calls;

        public string Name => "counting";

        public IReadOnlyList<string> DataTypes { get; } = ["daily_prices"];

        public int Calls => _calls;

        public bool Fails { get; set; }

        public TaskCompletionSource? Hold { get; set; }

        public TaskCompletionSource Asked { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public async Task<ProviderAnswer> FetchAsync(ProviderRequest request, CancellationToken cancellationToken)
        {
            var call = Interlocked.Increment(ref _calls);
            Asked.TrySetResult();
            if (Hold is { } hold) await hold.Task;
            return Fails ? throw new MarketProviderException(Name, ProviderProblem.Unavailable, "fails") : new($"{{\"n\":{call}}}", 0.5);
        }
    }
}
