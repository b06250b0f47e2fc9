using System.Text.Json;
using Bellwether.Analytics.Options;
using Bellwether.Tests.Support;
using Dapper;
using static Bellwether.Tests.Api.ServedDesk;

namespace Bellwether.Tests.Api;

public sealed class OptionsApiTests(TestServer server)
{
    [Fact]
    public async Task Greeks_are_those_of_the_kernel_and_bad_rows_keep_their_place()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(OptionsApiTests));
        async Task<JsonElement> Ask(string options, string more = "") => await JsonAsync(await desk.Http.PostAsync("/api/v1/options/greeks", Json($$"""{"options":[{{options}}]{{more}}}"""), Token));
        const string vol = """{"spot":100,"strike":105,"rate":0.05,"yield":0.02,"years":0.5,"type":"call","vol":0.25}""";
        var answer = await Ask($$"""{{vol}},{"spot":100,"strike":90,"years":0.5,"type":"p","price":1.15},{"spot":100,"strike":90,"years":0.5,"type":"put","price":200},{"spot":100,"type":"swap"},null,{"spot":100,"strike":90,"years":1,"type":"put"},{"spot":-1,"strike":90,"years":1,"type":"put","vol":0.2}""");
        var expected = BlackScholes.Greeks(new OptionContract(OptionType.Call, 100, 105, 0.05, 0.02, 0.5), 0.25);
        var items = answer.GetProperty("items").EnumerateArray().ToArray();
        Assert.Equal((expected.Price, expected.Delta, expected.Gamma, expected.Vega, expected.Theta, expected.Rho, 0.25), (Of(0, "price"), Of(0, "delta"), Of(0, "gamma"), Of(0, "vega"), Of(0, "theta"), Of(0, "rho"), Of(0, "implied_volatility")));
        Assert.Equal(ImpliedVolatility.Solve(new OptionContract(OptionType.Put, 100, 90, 0, 0, 0.5), 1.15, out _), Of(1, "implied_volatility"));
        foreach (var (option, reason) in new[] { ("""{"spot":100,"strike":90,"years":0,"type":"put","vol":0.2}""", "expired"), ("""{"spot":100,"strike":90,"years":0,"type":"put","price":2}""", "expired"),
            ("""{"spot":100,"strike":90,"years":1,"type":"put","vol":0}""", "vol 0 is not above 0"), ("""{"spot":100,"strike":90,"years":1,"type":"put","price":-2}""", "price -2 is below 0") })
            Assert.Equal(reason, (await Ask(option)).GetProperty("items")[0].GetProperty("reason").GetString());
        // A volatility counts before a price, and the price becomes what follows from it.
        var both = (await Ask("""{"spot":100,"strike":100,"years":1,"type":"call","vol":0.2,"price":15}""")).GetProperty("items")[0];
        Assert.Equal(7.965567455405804, both.GetProperty("price").GetDouble(), 1e-12);
        Assert.Equal(0.2, both.GetProperty("implied_volatility").GetDouble());
        string[] reasons = ["the most the option can be worth", "neither call nor put", "neither call nor put", "vol or price is missing", "not above 0"];
        foreach (var (item, reason) in items[2..].Zip(reasons)) Assert.Contains(reason, item.GetProperty("reason").GetString());
        Assert.All(items[2..], item => Assert.Single(item.EnumerateObject()));
        Assert.Equal("black-scholes-merton-v1", answer.GetProperty("formula").GetString());
        var early = await Ask("""{"spot":90,"strike":105,"rate":0.08,"years":1,"type":"put","vol":0.25}""", ""","american":true""");
        Assert.Equal(AmericanOption.Greeks(new OptionContract(OptionType.Put, 90, 105, 0.08, 0, 1), 0.25).Price, early.GetProperty("items")[0].GetProperty("price").GetDouble());

        double Of(int item, string name) => items[item].GetProperty(name).GetDouble();
    }

    [Theory]
    [InlineData("""{"options":[]}""", "is missing")]
    [InlineData("""{}""", "is missing")]
    [InlineData("""{"options":[{"spot":"much"}]}""", "options[0].spot")]
    [InlineData("""{"options":[],"America":true}""", "America")]
    [InlineData("""{"options":[{"spot":100,"yeild":0.2}]}""", "options[0].yeild")]
    public async Task A_body_that_cannot_be_read_is_told(string body, string says)
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(OptionsApiTests));
        using var refused = await desk.Http.PostAsync("/api/v1/options/greeks", Json(body), Token);
        Assert.Contains(says, (await ProblemAsync(refused, 400)).GetProperty("detail").GetString());
        using var many = await desk.Http.PostAsync("/api/v1/options/greeks", Json($$"""{"american":true,"options":[{{string.Join(',', Enumerable.Repeat("null", 501))}}]}"""), Token);
        Assert.Contains("at most 500 American ones", (await ProblemAsync(many, 400)).GetProperty("detail").GetString());
    }

    [Fact]
    public async Task A_chain_is_that_of_the_moment()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(OptionsApiTests));
        await AddQuoteAsync(desk, "X", "2024-03-01 21:00+00", "2024-03-01 21:05+00", "call", 100, 500);
        await AddQuoteAsync(desk, "X", "2024-03-01 21:00+00", "2024-03-01 21:05+00", "put", 100, 250);
        await AddQuoteAsync(desk, "X", "2024-03-04 21:00+00", "2024-03-04 21:05+00", "call", 100, 100);
        await AddQuoteAsync(desk, "X", "2024-03-04 21:00+00", "2024-03-04 21:05+00", "put", 100, 300);
        Assert.Equal(3, (await desk.JsonAsync("/api/v1/options/chain/x")).GetProperty("put_call_volume").GetDouble());
        var then = await desk.JsonAsync("/api/v1/options/chain/X?asOf=2024-03-04T21:04:00Z");
        Assert.Equal((0.5, "2024-03-01T21:00:00Z", 2), (then.GetProperty("put_call_volume").GetDouble(), then.GetProperty("quoted").GetString(), then.GetProperty("rows").GetInt32()));
        using var none = await desk.GetAsync("/api/v1/options/chain/X?asOf=2024-03-01T21:04:00Z");
        Assert.Contains("No options of X were known at 2024-03-01T21:04:00Z", (await ProblemAsync(none, 404)).GetProperty("detail").GetString());
    }

    internal static async Task AddQuoteAsync(ServedDesk desk, string ticker, string quoted, string known, string type, double strike, long volume)
    {
        await using var connection = await desk.Desk.Desk.DataSource.OpenConnectionAsync(Token);
        await connection.ExecuteAsync("""
            INSERT INTO market.options_data (ticker, option_type, strike_price, expiration_date, fetch_timestamp, known_at, underlying_price, rate, yield, last_price, bid, ask, volume, open_interest, implied_volatility,
                delta, greeks_formula, data_source)
            VALUES (@ticker, @type, @strike, @quoted::timestamptz + interval '30 days', @quoted::timestamptz, @known::timestamptz, 100, 0, 0, 3.1, 3, 3.2, @volume, 1000, 0.27, 0.5, 'black-scholes-merton-v1', 'test')
            """, new { ticker, type, strike, quoted, known, volume });
    }
}
