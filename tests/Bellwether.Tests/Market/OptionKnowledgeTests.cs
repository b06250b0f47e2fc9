using System.Text.Json;
using Bellwether.App.Commands;
using Bellwether.Tests.Commands;
using Bellwether.Tests.Support;
using Dapper;
using Npgsql;

namespace Bellwether.Tests.Market;

/// <summary>When quotes were made, what was known then, and what becomes of those that say something else later.</summary>
public sealed class OptionKnowledgeTests(TestServer server)
{
    const string Header =
        "date,ticker,underlying_price,expiry,strike,type,bid,ask,last,volume,open_interest,implied_volatility,delta,theta\n";

    const string Bars = "Date,Open,High,Low,Close\n2023-12-29,100,100,100,100\n2024-01-02,150,150,150,150\n";

    [Theory]
    [InlineData("2024-01-02T15:00:00Z", 100)]
    [InlineData("2024-01-02T20:59:59Z", 100)]
    [InlineData("2024-01-02T21:00:00Z", 150)]
    [InlineData("2024-01-02", 150)]
    [InlineData("2024-01-01T15:00:00Z", 100)]
    public async Task The_price_of_the_underlying_is_that_of_a_session_that_had_ended(string quoted, double spot)
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(OptionKnowledgeTests));
        (await desk.RunAsync("market", "import", desk.Write("b.csv", Bars), "--symbol", "X", "--known-at", "bar-end")).Succeeds();
        (await desk.RunAsync("options", "import", desk.Write("o.csv", $"{Header}{quoted},X,,2024-06-21,100,call,60,61,,5,5,,,\n"),
            "--known-at", "2024-01-02T21:00:00Z")).Succeeds();
        Assert.Equal(spot, await desk.OneAsync<double>("SELECT underlying_price FROM market.options_data"));
    }

    [Fact]
    public async Task What_rests_on_a_price_that_was_known_later_is_known_later_itself()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(OptionKnowledgeTests));
        string Row(double mid) => FormattableString.Invariant(
            $"{Header}2024-01-03T15:00:00Z,X,,2024-06-21,150,call,{mid - 0.1},{mid + 0.1},{mid},5,5,,,\n");
        (await desk.RunAsync("market", "import", desk.Write("b.csv", Bars), "--symbol", "X", "--known-at", "2024-02-01T00:00:00Z"))
            .Succeeds();
        (await desk.RunAsync("options", "import", desk.Write("o.csv", Row(10)), "--known-at", "2024-01-03T15:01:00Z")).Succeeds();
        Assert.Equal(new DateTime(2024, 2, 1, 0, 0, 0, DateTimeKind.Utc),
            await desk.OneAsync<DateTime>("SELECT known_at FROM market.options_data"));
        Assert.Contains("spot_known_later", await desk.OneAsync<string>("SELECT findings FROM market.options_data"));
        Assert.Contains("No options of X were known",
            (await desk.RunAsync("options", "chain", "X", "--as-of", "2024-01-31T00:00:00Z")).Fails(ExitCode.BadInput).Error);
        // It says nothing against the quotes.
        Assert.Equal(1, (await desk.RunAsync("options", "chain", "X", "--json")).Succeeds().Json.GetProperty("rows").GetInt32());
        // Of what was known in time no later version is taken.
        (await desk.RunAsync("market", "import", desk.Write("c.csv", "Date,Open,High,Low,Close\n2024-01-02,151,151,151,151\n"), "--symbol",
            "X", "--known-at", "2024-02-02T00:00:00Z")).Succeeds();
        (await desk.RunAsync("options", "import", desk.Write("p.csv", Row(11)), "--known-at", "2024-02-01T12:00:00Z")).Succeeds();
        Assert.Equal(150,
            await desk.OneAsync<double>("SELECT underlying_price FROM market.options_data WHERE known_at > '2024-02-01T06:00:00Z'"));
    }

    [Theory]
    [InlineData("2024-01-02 15:45:00", "2024-01-02T20:45:00Z")]
    [InlineData("2024-07-02T15:45", "2024-07-02T19:45:00Z")]
    [InlineData("7/22/2024 3:45 PM", "2024-07-22T19:45:00Z")]
    [InlineData("22.07.2024 15:45", "2024-07-22T19:45:00Z")]
    [InlineData("2024-01-02T15:45:00-06:00", "2024-01-02T21:45:00Z")]
    [InlineData("2024-01-02T15:45:00Z", "2024-01-02T15:45:00Z")]
    [InlineData("1704210300", "2024-01-02T15:45:00Z")]
    [InlineData("2024-07-03", "2024-07-03T17:00:00Z")]
    [InlineData("2024-01-02 00:00:00", "2024-01-02T21:00:00Z")]
    public async Task A_time_without_an_offset_is_New_Yorks_and_a_date_the_end_of_its_session(string text, string expected)
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(OptionKnowledgeTests));
        (await desk.RunAsync("options", "import", desk.Write("o.csv", $"{Header}{text},X,100,2024-12-20,100,call,5,5.2,,5,5,,,\n")))
            .Succeeds();
        Assert.Equal(DateTimeOffset.Parse(expected).UtcDateTime,
            await desk.OneAsync<DateTime>("SELECT fetch_timestamp FROM market.options_data"));
        if (text.EndsWith('Z')) return;
        // As an option it is read in the same way.
        (await desk.RunAsync("options", "import", desk.Write(
            "p.csv", $"{Header.Replace("date,", "")}Y,100,2024-12-20,100,call,5,5.2,,5,5,,,\n"), "--at", text)).Succeeds();
        Assert.Equal(DateTimeOffset.Parse(expected).UtcDateTime,
            await desk.OneAsync<DateTime>("SELECT fetch_timestamp FROM market.options_data WHERE ticker = 'Y'"));
    }

    [Fact]
    public async Task An_option_that_expires_on_the_date_of_its_quote_has_expired()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(OptionKnowledgeTests));
        var answer = (await desk.RunAsync("options", "import",
            desk.Write("o.csv", $"{Header.Replace("date,", "")}X,100,2024-01-19,100,call,5,5.2,,5,5,,,\n"), "--at", "2024-01-19", "--json"))
            .Fails(ExitCode.BadInput).Json;
        Assert.Equal(1, answer.GetProperty("rejected").GetInt32());
        Assert.Contains("expired", answer.GetProperty("problems")[0].GetProperty("reason").GetString());
    }

    [Fact]
    public async Task Other_values_of_the_same_moment_are_refused_and_all_that_is_told_is_of_what_was_accepted()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(OptionKnowledgeTests));
        string Row(double bid, string theta = "-0.02") =>
            FormattableString.Invariant($"{Header}2024-01-02T20:00:00Z,X,100,2024-06-21,100,call,{bid},5.2,,5,5,0.9,0.5,{theta}\n");
        async Task<JsonElement> Import(string rows, string known) =>
            (await desk.RunAsync("options", "import", desk.Write("o.csv", rows), "--known-at", known, "--json")).Json;
        static (int Accepted, int Duplicates, int Rejected, int Solved, int Flagged, int Kinds) Of(JsonElement a) =>
            (a.GetProperty("accepted").GetInt32(), a.GetProperty("duplicates").GetInt32(), a.GetProperty("rejected").GetInt32(),
                a.GetProperty("solved").GetInt32(),
                a.GetProperty("flagged").GetInt32(), a.GetProperty("findings").EnumerateObject().Count());
        Assert.Equal((1, 0, 0, 1, 1, 1), Of(await Import(Row(5), "2024-01-02T20:01:00Z")));
        Assert.Equal((0, 1, 0, 0, 0, 0), Of(await Import(Row(5), "2024-01-02T20:01:00Z")));
        var refused = await Import(Row(4.9), "2024-01-02T20:01:00Z");
        Assert.Equal((0, 0, 1, 0, 0, 0), Of(refused));
        Assert.Contains("other values are known since the very same moment",
            refused.GetProperty("problems")[0].GetProperty("reason").GetString());
        Assert.Equal(2, refused.GetProperty("problems")[0].GetProperty("line").GetInt32());
        // What the vendor says of Greeks is said too.
        Assert.Equal((1, 0, 0, 1, 1, 1), Of(await Import(Row(5, "-0.03"), "2024-01-02T20:02:00Z")));
        Assert.Equal(-0.03, await desk.OneAsync<double>("SELECT vendor_theta FROM market.options_data ORDER BY known_at DESC LIMIT 1"));
    }

    [Fact]
    public async Task Quotes_without_a_price_of_the_underlying_take_none_from_those_that_had_one()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(OptionKnowledgeTests));
        static string Row(string spot, double bid) => FormattableString.Invariant($"{Header}2024-01-02,X,{spot},2024-06-21,100,call,{bid},5.2,,5,5,,,\n");
        (await desk.RunAsync("options", "import", desk.Write("a.csv", Row("100", 5)))).Succeeds();
        var again = (await desk.RunAsync("options", "import", desk.Write("b.csv", Row("", 5)), "--json")).Succeeds().Json;
        Assert.Equal((0, 1), (again.GetProperty("accepted").GetInt32(), again.GetProperty("duplicates").GetInt32()));
        Assert.Equal(1, (await desk.RunAsync("options", "chain", "X", "--json")).Succeeds().Json.GetProperty("rows").GetInt32());
        // Another price is another quote, of the moment at which the underlying stood at 100.
        var other = (await desk.RunAsync("options", "import", desk.Write("c.csv", Row("", 4.9)), "--json")).Succeeds().Json;
        Assert.Equal((1, 1), (other.GetProperty("accepted").GetInt32(), other.GetProperty("solved").GetInt32()));
        Assert.Equal(100, await desk.OneAsync<double>("SELECT underlying_price FROM market.options_data ORDER BY known_at DESC LIMIT 1"));
        // Where nobody ever said it, what is missing is told.
        var nobody = (await desk.RunAsync("options", "import", desk.Write("d.csv", Row("", 5).Replace("X", "Y")))).Succeeds();
        Assert.Contains("1 × no_spot", nobody.Out);
        Assert.Contains("Give --spot, or import its daily bars first", nobody.Error);
    }

    [Fact]
    public async Task A_price_that_tells_nothing_of_volatility_says_so_and_stays_in_the_chain()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(OptionKnowledgeTests));
        var row = $"{Header}2024-01-02,X,100,2024-01-05,40,call,60,60,60,5,5,,,\n";
        Assert.Contains("1 × no_volatility", (await desk.RunAsync("options", "import", desk.Write("a.csv", row))).Succeeds().Out);
        Assert.Equal("no_volatility: the price is the intrinsic value, which tells nothing of volatility",
            await desk.OneAsync<string>("SELECT findings FROM market.options_data"));
        Assert.Equal(1, (await desk.RunAsync("options", "chain", "X", "--json")).Succeeds().Json.GetProperty("rows").GetInt32());
    }

    [Fact]
    public async Task A_chain_without_a_usable_row_has_no_price_and_no_premium()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(OptionKnowledgeTests));
        (await desk.RunAsync("options", "import", desk.Write("o.csv", $"{Header}2024-01-02,X,,2024-06-21,100,call,5,5.2,5.1,5,5,,,\n")))
            .Succeeds();
        var chain = (await desk.RunAsync("options", "chain", "X", "--json")).Succeeds().Json;
        Assert.Equal((0, 1), (chain.GetProperty("rows").GetInt32(), chain.GetProperty("left_out").GetInt32()));
        Assert.Equal(JsonValueKind.Null, chain.GetProperty("spot").ValueKind);
        Assert.Equal(JsonValueKind.Null, chain.GetProperty("premium").ValueKind);
    }

    [Fact]
    public async Task Rows_with_times_of_their_own_make_one_chain_in_the_market_of_the_newest()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(OptionKnowledgeTests));
        var rows = $"""
            2024-01-02T20:59:01Z,X,100,2024-06-21,100,call,5,5.2,5.1,5,5,,,
            2024-01-02T20:59:07Z,X,100,2024-06-21,105,call,3,3.2,3.1,5,5,,,
            2024-01-02T20:59:09Z,X,101,2024-06-21,110,call,2,2.2,2.1,5,5,,,
            2024-01-01T20:59:09Z,X,90,2024-06-21,115,call,1,1.2,1.1,5,5,,,

            """;
        (await desk.RunAsync("options", "import", desk.Write("o.csv", Header + rows))).Succeeds();
        var chain = (await desk.RunAsync("options", "chain", "X", "--json")).Succeeds().Json;
        Assert.Equal(3, chain.GetProperty("rows").GetInt32());
        Assert.Equal(101, chain.GetProperty("spot").GetDouble());
        Assert.Equal("2024-01-02T20:59:09Z", chain.GetProperty("quoted").GetString());
    }
}

static class DeskQueries
{
    public static async Task<T> OneAsync<T>(this CliDesk desk, string sql)
    {
        await using var connection = new NpgsqlConnection(desk.Database.ConnectionString);
        return (await connection.QuerySingleAsync<T>(sql))!;
    }
}
