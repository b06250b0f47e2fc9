using System.Diagnostics;
using Bellwether.Market.Providers;
using Bellwether.Tests.Support;
using Npgsql;

namespace Bellwether.Tests.Market;

/// <summary>Providers against a server that answers in their forms.</summary>
public sealed class ProviderTests(TestServer server) : IAsyncLifetime
{
    const string Stooq = "Date,Open,High,Low,Close,Volume\r\n2024-01-02,187.15,188.44,183.885,185.64,82488674\r\n2024-01-03,184.22,185.88,183.43,184.25,58414460\r\n2024-01-04,182.15,181,180.88,181.91,71983570\r\n";

    const string AlphaVantage = "timestamp,open,high,low,close,adjusted_close,volume,dividend_amount,split_coefficient\r\n2024-06-10,120.37,123.1,117.01,121.79,121.7,314162700,0.01,10.0\r\n2024-06-07,1197.7,1216.92,1180.22,1208.88,120.8,41238580,0.0,1.0\r\n";

    const string Tickers = """{"0":{"cik_str":320193,"ticker":"AAPL","title":"Apple Inc."},"1":{"cik_str":1067983,"ticker":"BRK-B","title":"BERKSHIRE HATHAWAY INC"}}""";

    const string Facts = """
        {"cik":320193,"entityName":"Apple Inc.","facts":{"dei":{"EntityCommonStockSharesOutstanding":{"label":"Shares","description":"","units":{"shares":[
            {"end":"2009-06-27","val":895816758,"accn":"0001193125-09-153165","fy":2009,"fp":"Q3","form":"10-Q","filed":"2009-07-22","frame":"CY2009Q2I"}]}}},
          "us-gaap":{"Revenues":{"label":"Revenues","description":null,"units":{"USD":[
            {"start":"2015-09-27","end":"2016-09-24","val":215639000000,"accn":"0001628280-16-020309","fy":2016,"fp":"FY","form":"10-K","filed":"2016-10-26"},
            {"start":"2015-09-27","end":"2016-09-24","val":215639000001,"accn":"0000320193-17-000070","fy":2017,"fp":"FY","form":"10-K/A","filed":"2017-11-03"},
            {"start":"2015-09-27","end":"2016-09-24","accn":"x","fy":null,"fp":null,"form":"10-K","filed":"2016-10-26"}]}}}}}
        """;

    readonly ProviderStub _stub = new();
    TestDatabase _database = null!;
    NpgsqlDataSource _source = null!;

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    static Dictionary<string, string?> None => [];

    public async ValueTask InitializeAsync()
    {
        _database = await server.MigratedAsync(nameof(ProviderTests));
        _source = NpgsqlDataSource.Create(_database.ConnectionString);
    }

    public async ValueTask DisposeAsync()
    {
        await _stub.DisposeAsync();
        await _source.DisposeAsync();
        await _database.DisposeAsync();
    }

    ProviderOptions Options => new()
    {
        StooqUrl = _stub.Url,
        AlphaVantageUrl = _stub.Url,
        EdgarUrl = _stub.Url,
        EdgarTickersUrl = _stub.Url,
        AlphaVantageKey = "secret key",
        EdgarContact = "Ann Example ann@example.com",
        FirstRetry = TimeSpan.FromMilliseconds(1),
        StooqPerMinute = 10_000,
        AlphaVantagePerMinute = 10_000,
        EdgarPerMinute = 600,
    };

    async Task<ProviderAnswer> FetchAsync(string provider, ProviderRequest request, ProviderOptions? options = null)
    {
        using var providers = new MarketProviders(_source, options ?? Options, TimeProvider.System);
        return await providers.Find(provider, request.DataType).FetchAsync(request, Cancel);
    }

    [Fact]
    public async Task Stooq_rows_become_bars_and_what_is_none_is_counted()
    {
        _stub.Answer = path => path == "/q/d/l/?s=aapl.us&i=d" ? (200, Stooq, null) : (200, "No data", null);
        var answer = await FetchAsync("stooq", new(MarketDataType.DailyPrices, "AAPL", None));
        var bars = BarAnswer.Parse(answer.Json);
        Assert.Equal((2, 185.64, 82488674L), (bars.Bars.Count, bars.Bars[0].Close, bars.Bars[0].Volume));
        Assert.Contains("line 4: high 181 is below open 182.15", Assert.Single(bars.Rejected));
        Assert.Equal(2.0 / 3, answer.Quality, 12);
        Assert.Equal(ProviderProblem.Unknown, (await Assert.ThrowsAsync<MarketProviderException>(() => FetchAsync("stooq", new(MarketDataType.DailyPrices, "NONE", None)))).Problem);
        _stub.Answer = _ => (200, "Exceeded the daily hits limit", null);
        Assert.Equal(ProviderProblem.Quota, (await Assert.ThrowsAsync<MarketProviderException>(() => FetchAsync("stooq", new(MarketDataType.DailyPrices, "AAPL", None)))).Problem);
    }

    [Fact]
    public async Task Alpha_Vantage_tells_splits_and_what_is_wrong_with_status_200()
    {
        _stub.Answer = _ => (200, AlphaVantage, null);
        var bars = BarAnswer.Parse((await FetchAsync("alpha_vantage", new(MarketDataType.DailyPrices, "NVDA", new Dictionary<string, string?> { ["adjusted"] = "true" }))).Json);
        Assert.Equal((2, new DateOnly(2024, 6, 7), 120.8), (bars.Bars.Count, bars.Bars[0].Date, bars.Bars[0].AdjustedClose));
        Assert.Equal(["dividend 0.01", "split 10"], bars.Actions.Select(a => FormattableString.Invariant($"{a.Kind} {a.Value}")).Order());
        Assert.Equal("/query?function=TIME_SERIES_DAILY_ADJUSTED&symbol=NVDA&outputsize=full&datatype=csv&apikey=secret%20key", _stub.Requests.Single().Path);
        foreach (var (body, problem) in new[]
        {
            ("""{"Error Message":"Invalid API call."}""", ProviderProblem.Unknown), ("""{"Information":"We have detected your API key as X and our standard API rate limit is 25 requests per day."}""", ProviderProblem.Quota),
            ("""{"Information":"Thank you for using Alpha Vantage! This is a premium endpoint."}""", ProviderProblem.NotConfigured), ("{}", ProviderProblem.Unavailable), ("<html>", ProviderProblem.Unavailable),
        })
        {
            _stub.Answer = _ => (200, body, null);
            var error = await Assert.ThrowsAsync<MarketProviderException>(() => FetchAsync("alpha_vantage", new(MarketDataType.DailyPrices, "NVDA", None)));
            Assert.Equal(problem, error.Problem);
            Assert.DoesNotContain("secret", error.ToString());
        }
        Assert.Equal(ProviderProblem.NotConfigured, (await Assert.ThrowsAsync<MarketProviderException>(() => FetchAsync("alpha_vantage", new(MarketDataType.DailyPrices, "NVDA", None), Options with { AlphaVantageKey = null }))).Problem);
    }

    [Theory]
    [InlineData(null, null, "the full history", "--size compact")]
    [InlineData("compact", null, "the compact history", "Use another key")]
    [InlineData(null, "true", "adjusted bars", "without --adjusted")]
    public async Task What_a_key_does_not_allow_is_told_with_what_it_may(string? size, string? adjusted, string what, string instead)
    {
        _stub.Answer = _ => (200, """{"Information":"Thank you for using Alpha Vantage! The outputsize=full parameter value is a premium feature."}""", null);
        var request = new ProviderRequest(MarketDataType.DailyPrices, "IBM", new Dictionary<string, string?> { ["size"] = size, ["adjusted"] = adjusted });
        var error = await Assert.ThrowsAsync<MarketProviderException>(() => FetchAsync("alpha_vantage", request));
        Assert.Contains(what, error.Message);
        Assert.Contains(instead, $"{error.Message} {error.Mend}");
        Assert.Contains($"outputsize={size ?? "full"}", _stub.Requests.Single().Path);
    }

    [Fact]
    public async Task One_fact_with_a_date_that_is_no_text_costs_that_fact_alone()
    {
        var odd = Facts.Replace("\"filed\":\"2009-07-22\"", "\"filed\":20090722", StringComparison.Ordinal);
        Assert.NotEqual(Facts, odd);
        _stub.Answer = path => path == "/files/company_tickers.json" ? (200, Tickers, null) : (200, odd, null);
        var answer = await FetchAsync("edgar", new(MarketDataType.CompanyFacts, "AAPL", None));
        Assert.Equal([new(2016, 10, 26), new DateOnly(2017, 11, 3)], CompanyFacts.Parse(answer.Json).Facts.Select(f => f.Filed));
    }

    [Fact]
    public async Task Company_facts_carry_the_day_of_their_filing()
    {
        _stub.Answer = path => path switch { "/files/company_tickers.json" => (200, Tickers, null), "/api/xbrl/companyfacts/CIK0000320193.json" => (200, Facts, null), _ => (404, "", null) };
        var answer = await FetchAsync("edgar", new(MarketDataType.CompanyFacts, "AAPL", None));
        var facts = CompanyFacts.Parse(answer.Json);
        Assert.Equal((320193, "Apple Inc.", 3), (facts.Cik, facts.Company, facts.Facts.Count));
        Assert.Equal([new(2009, 7, 22), new(2016, 10, 26), new DateOnly(2017, 11, 3)], facts.Facts.Select(f => f.Filed));
        Assert.Equal(("us-gaap", "Revenues", "USD", 215639000001, "10-K/A", 2017, "FY"), (facts.Facts[2].Taxonomy, facts.Facts[2].Concept, facts.Facts[2].Unit, facts.Facts[2].Value, facts.Facts[2].Form, facts.Facts[2].FiscalYear, facts.Facts[2].FiscalPeriod));
        Assert.Equal(0.75, answer.Quality);
        Assert.All(_stub.Requests, r => Assert.Equal("bellwether Ann Example ann@example.com", r.Agent));
        foreach (var ticker in (string[])["BRK.B", "NONE"])
            Assert.Equal(ProviderProblem.Unknown, (await Assert.ThrowsAsync<MarketProviderException>(() => FetchAsync("edgar", new(MarketDataType.CompanyFacts, ticker, None)))).Problem);
        _stub.Answer = _ => (200, "{\"facts\":1}", null);
        Assert.Equal(ProviderProblem.Unavailable, (await Assert.ThrowsAsync<MarketProviderException>(() => FetchAsync("edgar", new(MarketDataType.CompanyFacts, "AAPL", None)))).Problem);
        Assert.Contains("mail address", (await Assert.ThrowsAsync<MarketProviderException>(() => FetchAsync("edgar", new(MarketDataType.CompanyFacts, "AAPL", None), Options with { EdgarContact = null }))).Message);
    }

    [Fact]
    public async Task Files_of_a_folder_that_need_a_setting_name_it_and_are_read_with_it()
    {
        var folder = Directory.CreateTempSubdirectory("bellwether-csv-").FullName;
        try
        {
            const string header = "Date,Open,High,Low,Close,Volume\n";
            File.WriteAllText(Path.Combine(folder, "DATES.csv"), $"{header}03/04/2024,10,12,9,11,1\n04/04/2024,10,12,9,11,1\n");
            File.WriteAllText(Path.Combine(folder, "WEEKS.csv"),
                header + string.Concat(Enumerable.Range(0, 8).Select(i => $"{new DateOnly(2024, 1, 5).AddDays(7 * i):yyyy-MM-dd},10,12,9,11,1\n")));
            var options = Options with { CsvFolder = folder };
            Task<ProviderAnswer> Ask(string ticker, ProviderOptions with) => FetchAsync("csv", new(MarketDataType.DailyPrices, ticker, None), with);
            Assert.Equal("Set Market:Providers:CsvDates to dmy or mdy.", (await Assert.ThrowsAsync<MarketProviderException>(() => Ask("DATES", options))).Mend);
            var weeks = await Assert.ThrowsAsync<MarketProviderException>(() => Ask("WEEKS", options));
            Assert.Contains("Market:Providers:CsvAnySpacing", weeks.Mend);
            Assert.Contains($"{Path.Combine(folder, "WEEKS.csv")} has bars of 1w, not of 1d", weeks.Message);
            Assert.Equal([new(2024, 4, 3), new DateOnly(2024, 4, 4)],
                BarAnswer.Parse((await Ask("DATES", options with { CsvDates = "dmy" })).Json).Bars.Select(b => b.Date));
            Assert.Equal(8, BarAnswer.Parse((await Ask("WEEKS", options with { CsvAnySpacing = true })).Json).Bars.Count);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData("BRK.B", null, "brk-b.us")]
    [InlineData("VOD", "uk", "vod.uk")]
    [InlineData("SPX", "", "spx")]
    [InlineData("VIX", "^", "^vix")]
    [InlineData("ES.F", null, "es.f")]
    public void Stooq_has_names_of_its_own_for_classes_indices_and_futures(string ticker, string? market, string symbol) =>
        Assert.Equal(symbol, StooqProvider.SymbolOf(ticker, market));

    [Fact]
    public async Task A_folder_is_a_provider_too()
    {
        var folder = Directory.CreateTempSubdirectory("bellwether-csv-").FullName;
        try
        {
            File.WriteAllText(Path.Combine(folder, "X.csv"), Stooq);
            Assert.Equal(2, BarAnswer.Parse((await FetchAsync("csv", new(MarketDataType.DailyPrices, "X", None), Options with { CsvFolder = folder })).Json).Bars.Count);
            Assert.Equal(ProviderProblem.Unknown, (await Assert.ThrowsAsync<MarketProviderException>(() => FetchAsync("csv", new(MarketDataType.DailyPrices, "Y", None), Options with { CsvFolder = folder }))).Problem);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
        Assert.Equal(ProviderProblem.NotConfigured, (await Assert.ThrowsAsync<MarketProviderException>(() => FetchAsync("csv", new(MarketDataType.DailyPrices, "X", None)))).Problem);
        Assert.Contains("stooq", (await Assert.ThrowsAsync<MarketProviderException>(() => FetchAsync("edgar", new(MarketDataType.DailyPrices, "X", None)))).Mend);
    }

    [Fact]
    public async Task Failures_that_pass_are_tried_again_and_others_are_not()
    {
        var tries = 0;
        _stub.Answer = _ => ++tries < 3 ? (tries == 1 ? 503 : 429, "", 0) : (200, Stooq, null);
        await FetchAsync("stooq", new(MarketDataType.DailyPrices, "AAPL", None));
        Assert.Equal(3, tries);
        _stub.Answer = _ => (403, "", null);
        Assert.Contains("403", (await Assert.ThrowsAsync<MarketProviderException>(() => FetchAsync("stooq", new(MarketDataType.DailyPrices, "AAPL", None)))).Message);
        Assert.Equal(4, _stub.Requests.Count);
        Assert.Contains("cannot be reached", (await Assert.ThrowsAsync<MarketProviderException>(() => FetchAsync("stooq", new(MarketDataType.DailyPrices, "AAPL", None), Options with { StooqUrl = new("http://127.0.0.1:1"), Retries = 1 }))).Message);
    }

    [Fact]
    public async Task After_many_failures_in_a_row_a_provider_is_left_alone_for_a_while()
    {
        _stub.Answer = _ => (500, "", null);
        using var providers = new MarketProviders(_source, Options with { Retries = 0, BreakAfter = 3, BreakFor = TimeSpan.FromMilliseconds(500) }, TimeProvider.System);
        var stooq = providers.Find("stooq", MarketDataType.DailyPrices);
        Task<MarketProviderException> Failed() => Assert.ThrowsAsync<MarketProviderException>(() => stooq.FetchAsync(new(MarketDataType.DailyPrices, "AAPL", None), Cancel));
        for (var i = 0; i < 3; i++) Assert.Contains("answered 500", (await Failed()).Message);
        Assert.Contains("left alone", (await Failed()).Message);
        Assert.Equal(3, _stub.Requests.Count);
        _stub.Answer = _ => (200, Stooq, null);
        for (var patience = Stopwatch.StartNew(); ; await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, Cancel))
        {
            try
            {
                await stooq.FetchAsync(new(MarketDataType.DailyPrices, "AAPL", None), Cancel);
                break;
            }
            catch (MarketProviderException) when (patience.Elapsed < TimeSpan.FromSeconds(30))
            {
                // still open
            }
        }
    }

    [Fact]
    public async Task A_day_has_so_many_requests_over_all_processes()
    {
        _stub.Answer = _ => (200, Stooq, null);
        var options = Options with { StooqPerDay = 3 };
        for (var i = 0; i < 3; i++) await FetchAsync("stooq", new(MarketDataType.DailyPrices, "AAPL", None), options);
        var error = await Assert.ThrowsAsync<MarketProviderException>(() => FetchAsync("stooq", new(MarketDataType.DailyPrices, "AAPL", None), options));
        Assert.Equal((ProviderProblem.Quota, 3), (error.Problem, _stub.Requests.Count));
    }
}
