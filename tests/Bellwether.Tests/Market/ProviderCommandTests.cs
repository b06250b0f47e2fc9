using Bellwether.App.Commands;
using Bellwether.Tests.Commands;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Market;

public sealed class ProviderCommandTests(TestServer server)
{
    const string Rows = "Date,Open,High,Low,Close,Volume\r\n2024-01-02,187.15,188.44,183.885,185.64,82488674\r\n2024-01-03,184.22,185.88,183.43,184.25,58414460\r\n";

    [Fact]
    public async Task Bars_are_fetched_once_stored_and_restated_when_they_change()
    {
        await using var stub = new ProviderStub { Answer = _ => (200, Rows, null) };
        await using var desk = await CliDesk.OpenAsync(server, nameof(ProviderCommandTests));
        Settings(desk, stub);
        var first = (await desk.RunAsync("market", "fetch", "AAPL", "--json")).Succeeds().Json[0];
        Assert.Equal(("AAPL", "stooq", "fetched", 2), (first.GetProperty("symbol").GetString(), first.GetProperty("provider").GetString(), first.GetProperty("cached").GetString(), first.GetProperty("accepted").GetInt32()));
        var again = (await desk.RunAsync("market", "fetch", "aapl", "--json")).Succeeds().Json[0];
        Assert.Equal(("fresh", 0, 2), (again.GetProperty("cached").GetString(), again.GetProperty("accepted").GetInt32(), again.GetProperty("unchanged").GetInt32()));
        stub.Answer = _ => (200, Rows.Replace("185.64", "185.65", StringComparison.Ordinal), null);
        Assert.Contains("1 new, 1 of them restated, 1 known", (await desk.RunAsync("market", "fetch", "AAPL", "--renew")).Succeeds().Out);
        Assert.Equal(2, stub.Requests.Count);
        Assert.Contains("185.65", (await desk.RunAsync("market", "bars", "AAPL", "--format", "csv")).Succeeds().Out);
        Assert.Contains("daily_prices", (await desk.RunAsync("market", "cache", "list")).Succeeds().Out);
        Assert.Contains("1 answers removed", (await desk.RunAsync("market", "cache", "clear", "AAPL")).Succeeds().Out);
    }

    [Fact]
    public async Task A_session_that_ran_when_the_provider_was_asked_is_left_until_it_is_asked_again()
    {
        await using var stub = new ProviderStub { Answer = _ => (200, Rows, null) };
        await using var desk = await CliDesk.OpenAsync(server, nameof(ProviderCommandTests));
        Settings(desk, stub);
        var time = new ManualTime(new(2024, 1, 3, 15, 0, 0, TimeSpan.Zero));
        async Task<System.Text.Json.JsonElement> FetchAsync() => (await Cli.RunAsync(desk.Line("market", "fetch", "AAPL", "--json"), time, TestContext.Current.CancellationToken)).Succeeds().Json[0];
        var part = await FetchAsync();
        Assert.Equal((1, 1), (part.GetProperty("accepted").GetInt32(), part.GetProperty("running").GetInt32()));
        // The answer was kept, and what was stored of it is lost: it is known since it is stored again.
        await desk.Database.ScalarAsync<object>("DELETE FROM market.price_history RETURNING ticker");
        time.Advance(TimeSpan.FromHours(3));
        Assert.Equal("fresh", (await FetchAsync()).GetProperty("cached").GetString());
        Assert.Equal(time.GetUtcNow().UtcDateTime, await desk.Database.ScalarAsync<DateTime>("SELECT known_at FROM market.price_history"));
        // Over by now, but the answer of before is given once more.
        time.Advance(TimeSpan.FromHours(4));
        var stale = await FetchAsync();
        Assert.Equal(("stale", 0, 1), (stale.GetProperty("cached").GetString(), stale.GetProperty("accepted").GetInt32(), stale.GetProperty("running").GetInt32()));
        var whole = await FetchAsync();
        Assert.Equal(("fresh", 1, 0), (whole.GetProperty("cached").GetString(), whole.GetProperty("accepted").GetInt32(), whole.GetProperty("running").GetInt32()));
    }

    [Fact]
    public async Task Facts_are_shown_as_they_were_filed_by_a_day()
    {
        await using var stub = new ProviderStub
        {
            Answer = path => path.Contains("tickers", StringComparison.Ordinal) ? (200, """{"0":{"cik_str":7,"ticker":"ACME","title":"Acme"}}""", null)
                : (200, """{"cik":7,"entityName":"Acme","facts":{"us-gaap":{"Revenues":{"units":{"USD":[{"end":"2020-12-31","val":5,"accn":"a","filed":"2021-02-01"},{"end":"2020-12-31","val":6,"accn":"b","filed":"2021-05-01"}]}}}}}""", null),
        };
        await using var desk = await CliDesk.OpenAsync(server, nameof(ProviderCommandTests));
        Settings(desk, stub);
        var all = (await desk.RunAsync("market", "facts", "ACME", "--concept", "revenues", "--json")).Succeeds().Json;
        Assert.Equal([5, 6], all.EnumerateArray().Select(f => f.GetProperty("value").GetInt32()));
        // A filing of a day is known when that day is over, in New York.
        foreach (var (asOf, known) in new[] { ("2021-05-01", 1), ("2021-05-02", 1), ("2021-05-02T03:59:59Z", 1), ("2021-05-02T04:00:00Z", 2) })
            Assert.Equal(known, (await desk.RunAsync("market", "facts", "ACME", "--as-of", asOf, "--json")).Succeeds().Json.GetArrayLength());
        Assert.Equal(0, (await desk.RunAsync("market", "facts", "ACME", "--concept", "Nothing", "--json")).Succeeds().Json.GetArrayLength());
    }

    [Fact]
    public async Task What_a_provider_cannot_is_told_with_its_exit_code()
    {
        await using var stub = new ProviderStub { Answer = _ => (200, "No data", null) };
        await using var desk = await CliDesk.OpenAsync(server, nameof(ProviderCommandTests));
        Settings(desk, stub);
        Assert.Contains("does not know none.us", (await desk.RunAsync("market", "fetch", "NONE")).Fails(ExitCode.BadInput).Error);
        Assert.Contains("there is no such provider", (await desk.RunAsync("market", "fetch", "AAPL", "--provider", "oracle")).Fails(ExitCode.Usage).Error);
        Assert.Contains("no key is set", (await desk.RunAsync("market", "fetch", "AAPL", "--provider", "alpha_vantage")).Fails(ExitCode.Usage).Error);
        stub.Answer = _ => (500, "", null);
        Assert.Contains("answered 500", (await desk.RunAsync("market", "fetch", "AAPL")).Fails(ExitCode.Unavailable).Error);
    }

    static void Settings(CliDesk desk, ProviderStub stub) => desk.Write("bellwether.json", $$"""
        { "Market": { "Providers": { "StooqUrl": "{{stub.Url}}", "AlphaVantageUrl": "{{stub.Url}}", "EdgarUrl": "{{stub.Url}}", "EdgarTickersUrl": "{{stub.Url}}", "EdgarContact": "Ann ann@example.com", "Retries": 0, "StooqPerMinute": 10000 } } }
        """);
}
