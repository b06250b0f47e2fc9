using Bellwether.Analytics.Options;

namespace Bellwether.Tests.Analytics.Options;

public sealed class ChainTests
{
    static readonly ChainMarket Market = new(100, 0.03, 0.01);

    [Fact]
    public void A_chain_that_a_model_made_has_nothing_wrong()
    {
        foreach (var american in (bool[])[true, false]) Assert.Empty(ChainQuality.Check(Chain(american), Market, american));
    }

    [Theory]
    [InlineData(QuoteProblem.Crossed)]
    [InlineData(QuoteProblem.BadNumber)]
    [InlineData(QuoteProblem.Expired)]
    [InlineData(QuoteProblem.NoPrice)]
    [InlineData(QuoteProblem.BelowIntrinsic)]
    [InlineData(QuoteProblem.AboveMaximum)]
    [InlineData(QuoteProblem.VolatilityOff)]
    [InlineData(QuoteProblem.ParityBroken)]
    [InlineData(QuoteProblem.VerticalArbitrage)]
    [InlineData(QuoteProblem.ButterflyArbitrage)]
    [InlineData(QuoteProblem.CalendarArbitrage)]
    public void What_cannot_be_is_found_in_its_row(QuoteProblem problem)
    {
        var market = problem == QuoteProblem.CalendarArbitrage ? Market with { Yield = 0 } : Market;
        var chain = Chain(american: false, market);
        // A call in the money of the later expiry.
        var row = Array.FindIndex(chain, q => q.Type == OptionType.Call
            && q.Strike == (problem == QuoteProblem.CalendarArbitrage ? 100 : 90) && q.Years > 0.3);
        var quote = chain[row];
        chain[row] = problem switch
        {
            QuoteProblem.Crossed => quote with { Bid = quote.Ask + 1 },
            QuoteProblem.BadNumber => quote with { Bid = -1 },
            QuoteProblem.Expired => quote with { Years = -0.01 },
            QuoteProblem.NoPrice => quote with { Bid = double.NaN, Ask = double.NaN, Last = double.NaN },
            QuoteProblem.BelowIntrinsic => quote with { Bid = 5, Ask = 6 },
            QuoteProblem.AboveMaximum => quote with { Bid = 101, Ask = 102 },
            QuoteProblem.VolatilityOff => quote with { ImpliedVolatility = 0.6 },
            QuoteProblem.CalendarArbitrage => quote with { Bid = 2.9, Ask = 3 },
            QuoteProblem.ButterflyArbitrage => quote with { Bid = quote.Bid + 2, Ask = quote.Ask + 2 },
            _ => quote with { Bid = quote.Bid + 9, Ask = quote.Ask + 9 },
        };
        Assert.Contains(ChainQuality.Check(chain, market, american: false), f => f.Row == row && f.Problem == problem);
    }

    [Fact]
    public void Real_rows_with_wrong_volatilities_are_found()
    {
        var (agree, rows) = (0, 0);
        foreach (var group in Indicators.IndicatorSeries.Rows("options", "chain_2014_2015.csv").GroupBy(r => (r["date"], r["underlying"])))
        {
            double Field(IReadOnlyDictionary<string, string> row, string name) => row[name].Length == 0
                ? double.NaN : Indicators.IndicatorSeries.Number(row[name]);
            DateTime Day(string text) => DateTime.ParseExact(text, "yyyyMMdd", null);
            var members = group.ToArray();
            var chain = members.Select(row => new OptionQuote(
                row["right"] == "C" ? OptionType.Call : OptionType.Put, Field(row, "strike"),
                ((Day(row["expiry"]) - Day(row["date"])).TotalDays + 0.001) / 365)
            { Bid = Field(row, "bid"), Ask = Field(row, "ask"), ImpliedVolatility = Field(row, "implied_volatility") }).ToArray();
            var off = ChainQuality.Check(chain, new(Field(members[0], "underlying_close"), 0.004, 0), american: false)
                .Where(f => f.Problem == QuoteProblem.VolatilityOff).Select(f => f.Row).ToHashSet();
            for (var i = 0; i < members.Length; i++)
            {
                rows++;
                if (off.Contains(i) == (members[i]["iv_consistent"] == "0")) agree++;
            }
        }
        Assert.Equal(5_534, rows);
        Assert.True(agree > 0.99 * rows, $"{agree} of {rows} rows are judged like the file does");
    }

    [Fact]
    public void A_summary_reads_the_model_back()
    {
        var summary = ChainAnalytics.Summarise(Chain(american: false), Market);
        Assert.Equal(2, summary.Expiries.Count);
        Assert.All(summary.Expiries, e => Assert.InRange(e.AtTheMoney, Smile(100, e.Years) - 0.01, Smile(100, e.Years) + 0.01));
        Assert.All(summary.Expiries, e => Assert.True(e.Skew > 0.02));
        Assert.True(summary.TermSlope > 0);
        Assert.Equal(2, summary.PutCallVolume, 12);
        Assert.Equal(0.5, summary.PutCallOpenInterest, 12);
        Assert.True(summary.GammaExposure > 0);
        // Without last prices nobody knows who bought and who sold.
        Assert.True(double.IsNaN(summary.FlowSentiment));
        // As many calls as puts at half the volume, all bought: puts outweigh.
        Assert.InRange(ChainAnalytics.Summarise([.. Chain(american: false).Select(q => q with { Last = q.Ask })], Market).FlowSentiment,
            -1, 0);
        Assert.Empty(summary.Unusual);
    }

    [Fact]
    public void Flow_goes_by_the_side_of_the_trade()
    {
        var chain = Chain(american: false);
        OptionQuote[] Only(OptionType type, double side) =>
            [.. chain.Select(q => q with { Volume = q.Type == type ? 10 : 0, Last = q.Mid + side * 0.5 * (q.Ask - q.Bid) })];
        double Flow(OptionType type, double side) => ChainAnalytics.Summarise(Only(type, side), Market).FlowSentiment;
        Assert.Equal(1, Flow(OptionType.Call, 1), 9);
        Assert.Equal(-1, Flow(OptionType.Call, -1), 9);
        Assert.Equal(-1, Flow(OptionType.Put, 1), 9);
        Assert.Equal(1, Flow(OptionType.Put, -1), 9);
        Assert.Equal(0, Flow(OptionType.Call, 0), 9);
        Assert.True(double.IsNaN(ChainAnalytics.Summarise([.. chain.Select(q => q with { Volume = 0 })], Market).FlowSentiment));
    }

    [Theory]
    [InlineData(5.0, 5.2, 5.2, 1)]
    [InlineData(5.0, 5.2, 5.0, -1)]
    [InlineData(5.0, 5.2, 5.1, 0)]
    [InlineData(5.0, 5.2, 5.15, 0.5)]
    // Locked, from another time, without a last price or a quote: no side.
    [InlineData(5.2, 5.2, 5.2, double.NaN)]
    [InlineData(5.0, 5.2, 6.4, double.NaN)]
    [InlineData(5.0, 5.2, 4.9, double.NaN)]
    [InlineData(5.0, 5.2, double.NaN, double.NaN)]
    [InlineData(double.NaN, double.NaN, 5.0, double.NaN)]
    public void A_side_is_told_where_the_trade_tells_it(double bid, double ask, double last, double expected)
    {
        var quote = new OptionQuote(OptionType.Put, 100, 0.5) { Bid = bid, Ask = ask, Last = last, Volume = 10 };
        Assert.Equal(expected, quote.Side, 9);
        var flow = Bellwether.Analytics.Aggregation.OptionsFlow.Of(in quote, -0.4);
        Assert.Equal(double.IsNaN(expected), flow is null);
        if (flow is { } told) Assert.Equal(-expected, told.Score, 9);
        // The chain and the mentions go by the same rule.
        var row = quote with { Type = OptionType.Call };
        Assert.Equal(expected, ChainAnalytics.Summarise([row], Market).FlowSentiment, 9);
    }

    [Fact]
    public void Max_pain_is_where_the_holders_get_least()
    {
        OptionQuote Row(OptionType type, double strike, double open) => new(type, strike, 0.1) { OpenInterest = open };
        OptionQuote[] rows = [Row(OptionType.Call, 90, 10), Row(OptionType.Call, 100, 40), Row(OptionType.Call, 110, 5),
            Row(OptionType.Put, 90, 5), Row(OptionType.Put, 100, 30), Row(OptionType.Put, 110, 10)];
        // At 90: puts 30·10 + 10·20 = 500. At 100: calls 10·10, puts 10·10 = 200. At 110: calls 10·20 + 40·10 = 600.
        Assert.Equal(100, ChainAnalytics.MaxPain(rows));
        Assert.True(double.IsNaN(ChainAnalytics.MaxPain([Row(OptionType.Call, 90, 0)])));
    }

    [Fact]
    public void Volume_far_above_the_open_interest_is_unusual()
    {
        var chain = Chain(american: false);
        chain[3] = chain[3] with { Volume = 5_000, OpenInterest = 100 };
        var unusual = Assert.Single(ChainAnalytics.Summarise(chain, Market).Unusual);
        Assert.Equal((3, 50.0), (unusual.Row, unusual.Ratio));
        Assert.True(unusual.Share > 0.5);
    }

    static double Smile(double strike, double years) => 0.2 + 0.1 * years - 0.3 * Math.Log(strike / 100) * 0.5;

    static OptionQuote[] Chain(bool american, ChainMarket? market = null) =>
    [
        .. from years in (double[])[0.2, 0.5]
           from type in (OptionType[])[OptionType.Call, OptionType.Put]
           from strike in Enumerable.Range(0, 13).Select(i => 70 + 5.0 * i)
           let contract = (market ?? Market).Contract(new(type, strike, years))
           let volatility = Smile(strike, years)
           let price = american ? AmericanOption.Price(contract, volatility, 101) : BlackScholes.Price(contract, volatility)
           select new OptionQuote(type, strike, years)
           {
               Bid = price - 0.02 * price / (1 + price), Ask = price + 0.02 * price / (1 + price), ImpliedVolatility = volatility,
               Volume = type == OptionType.Call ? 10 : 20, OpenInterest = type == OptionType.Call ? 200 : 100,
           },
    ];
}
