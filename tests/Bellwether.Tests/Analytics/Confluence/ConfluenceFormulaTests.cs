using Bellwether.Analytics.Aggregation;
using Bellwether.Analytics.Confluence;
using Bellwether.Analytics.Indicators;
using Bellwether.Analytics.Options;
using Bellwether.Tests.Analytics.Indicators;

namespace Bellwether.Tests.Analytics.Confluence;

public sealed class ConfluenceFormulaTests
{
    static ConfluenceValue Combine(params ComponentReading[] components) => ConfluenceFormula.Combine(components, new());

    [Fact]
    public void Formula_gives_what_it_says()
    {
        // Shares 0.4/0.55, 0.15/0.55: weight × confidence.
        var value = Combine(new(0.5, 0.6, 0.8), new(0.3, -0.2, 0.5), new(0.2, double.NaN, 0));
        var (a, b) = (0.4 / 0.55, 0.15 / 0.55);
        Assert.Equal(a * 0.6 - b * 0.2, value.Bias, 1e-12);
        Assert.Equal([a * 0.6, b * 0.2, double.NaN], value.Contributions, (x, y) => double.IsNaN(x) ? double.IsNaN(y) : Math.Abs(x - y) < 1e-12);
        Assert.Equal(a * 0.6 + b * 0.2, value.Strength, 1e-12);
        Assert.Equal(value.Bias / value.Strength * Math.Sqrt(value.Strength), value.Score, 1e-12);
        Assert.Equal(0.55, value.Confidence, 1e-12);
        Assert.Equal(2, value.Components);
    }

    [Fact]
    public void Missing_component_lowers_confidence_and_nothing_else()
    {
        var (there, missing) = (new ComponentReading(0.5, 0.6, 0.8), new ComponentReading(0.3, double.NaN, 0));
        var (with, without) = (Combine(there, missing), Combine(there));
        Assert.Equal((without.Score, without.Bias), (with.Score, with.Bias));
        Assert.Equal(without.Confidence * 0.5 / 0.8, with.Confidence, 1e-12);
        // A score of zero is something else than none.
        var zero = Combine(there, new(0.3, 0, 0.8));
        Assert.True(zero.Bias < with.Bias && zero.Confidence > with.Confidence);
        var nothing = Combine(missing, missing);
        Assert.True(double.IsNaN(nothing.Score) && double.IsNaN(nothing.Bias) && nothing.Confidence == 0);
    }

    [Fact]
    public void One_component_alone_meets_no_threshold_and_opposed_ones_have_no_confluence()
    {
        Assert.False(Combine(new ComponentReading(1, 1, 1)).MeetsMinimum);
        var agreed = Combine(new(0.5, 0.9, 1), new(0.5, 0.8, 1));
        Assert.True(agreed.MeetsMinimum && agreed.MeetsHigh);
        Assert.False(Combine(new(0.5, 0.9, 0.2), new(0.5, 0.8, 0.2)).MeetsMinimum);
        Assert.Equal(0, Combine(new(0.5, 0.9, 1), new(0.5, -0.9, 1)).Score);
        Assert.Equal(0, Combine(new ComponentReading(0.5, 0, 1)).Score);
    }

    [Theory]
    [InlineData(0, "very_low")]
    [InlineData(0.2, "low")]
    [InlineData(0.39, "low")]
    [InlineData(0.4, "moderate")]
    [InlineData(0.6, "high")]
    [InlineData(0.8, "very_high")]
    [InlineData(1, "very_high")]
    public void Levels_are_cut_at_fifths(double score, string level) => Assert.Equal(level, ConfluenceFormula.Level(score));

    [Fact]
    public void Values_stay_in_range_for_any_components()
    {
        var random = new Random(5);
        for (var i = 0; i < 20_000; i++)
        {
            var components = new ComponentReading[random.Next(1, 4)];
            for (var k = 0; k < components.Length; k++)
                components[k] = new(random.NextDouble(), random.Next(4) == 0 ? double.NaN : random.NextDouble() * 2 - 1, random.NextDouble());
            var value = Combine(components);
            if (value.Components == 0) continue;
            Assert.InRange(value.Score, 0, 1);
            Assert.InRange(value.Bias, -1, 1);
            Assert.InRange(value.Confidence, 0, 1);
            Assert.True(Math.Abs(value.Bias) <= value.Strength + 1e-12);
            var mirrored = Combine([.. components.Select(c => c with { Score = -c.Score })]);
            Assert.Equal((value.Score, -value.Bias), (mirrored.Score, mirrored.Bias));
        }
    }

    static Bar[] Walk(int count, double drift, int seed = 1)
    {
        var (random, price, bars) = (new Random(seed), 100.0, new Bar[count]);
        for (var i = 0; i < count; i++)
        {
            var open = price;
            price *= Math.Exp(drift + 0.01 * SentimentNormal(random));
            bars[i] = new(open, Math.Max(open, price) * 1.002, Math.Min(open, price) * 0.998, price, random.Next(1_000, 2_000));
        }
        return bars;
    }

    static double SentimentNormal(Random random) => Aggregation.SentimentPoolTests.Normal(random);

    [Fact]
    public void Technical_view_follows_the_trend_and_knows_no_unit()
    {
        var (rising, falling) = (Walk(300, 0.01), Walk(300, -0.01));
        Assert.InRange(TechnicalView.Combine(TechnicalView.Read(rising)).Score, 0.4, 1);
        Assert.InRange(TechnicalView.Combine(TechnicalView.Read(falling)).Score, -1, -0.4);
        // Twice the price, as before a split of 2 to 1: the same bits, a factor of two being exact.
        var doubled = rising.Select(b => new Bar(2 * b.Open, 2 * b.High, 2 * b.Low, 2 * b.Close, b.Volume)).ToArray();
        Assert.Equal(TechnicalView.Read(rising), TechnicalView.Read(doubled));
        // What lies before the lookback leaves no trace.
        Assert.Equal(TechnicalView.Read(rising), TechnicalView.Read(rising[^TechnicalView.Lookback..]));
        Assert.NotEqual(TechnicalView.Read(rising), TechnicalView.Read(rising[^(TechnicalView.Lookback - 1)..]));
    }

    [Fact]
    public void Technical_view_of_few_bars_leaves_out_what_they_do_not_define()
    {
        var bars = Walk(40, 0.01);
        var readings = TechnicalView.Read(bars);
        Assert.Null(readings.Single(r => r.Name == "trend").Score);
        var (score, defined) = TechnicalView.Combine(readings);
        Assert.Equal(0.7, defined, 1e-12);
        Assert.InRange(score, 0, 1);
        Assert.True(double.IsNaN(TechnicalView.Combine(TechnicalView.Read(bars.AsSpan(0, 5))).Score));
        Assert.Equal(1, readings.Sum(r => r.Weight), 1e-12);
        Assert.Equal((double.NaN, 0.0), TechnicalView.Combine(TechnicalView.Read([])));
    }

    [Fact]
    public void Technical_view_of_real_prices_is_defined_and_takes_both_sides()
    {
        var bars = IndicatorSeries.Bars("prices", "daily", "AAPL.csv");
        var scores = Enumerable.Range(0, 200).Select(i => TechnicalView.Combine(TechnicalView.Read(bars.AsSpan(0, 2_000 + 10 * i)))).ToArray();
        Assert.All(scores, s => Assert.Equal(1, s.Defined, 1e-12));
        Assert.Contains(scores, s => s.Score > 0.3);
        Assert.Contains(scores, s => s.Score < -0.3);
    }

    [Fact]
    public void Flow_of_single_contracts_is_that_of_the_chain()
    {
        var random = new Random(9);
        var market = new ChainMarket(100, 0.03, 0.01);
        var chain = Enumerable.Range(0, 60).Select(i =>
        {
            var (type, strike, years) = (i % 2 == 0 ? OptionType.Call : OptionType.Put, 80.0 + i / 2 * 1.4, 0.1 + i % 3 * 0.2);
            var mid = BlackScholes.Price(market.Contract(new OptionQuote(type, strike, years)), 0.2 + 0.1 * random.NextDouble());
            return new OptionQuote(type, strike, years) { Bid = mid * 0.98, Ask = mid * 1.02, Last = i % 7 == 0 ? double.NaN : mid * (0.98 + 0.04 * random.NextDouble()), Volume = random.Next(0, 500), OpenInterest = 100 };
        }).ToArray();
        var (sum, weight) = (0.0, 0.0);
        foreach (var quote in chain)
        {
            var contract = market.Contract(in quote);
            if (OptionsFlow.Of(in quote, BlackScholes.Greeks(in contract, ImpliedVolatility.Solve(in contract, quote.Mid, out _)).Delta) is not { } flow) continue;
            sum += flow.Weight * flow.Score;
            weight += flow.Weight;
        }
        Assert.Equal(ChainAnalytics.Summarise(chain, market).FlowSentiment, sum / weight, 1e-12);
    }
}
