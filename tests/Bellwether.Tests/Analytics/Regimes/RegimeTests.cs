using Bellwether.Analytics.Indicators;
using Bellwether.Analytics.Regimes;
using Bellwether.Tests.Analytics.Indicators;

namespace Bellwether.Tests.Analytics.Regimes;

public sealed class RegimeTests
{
    [Fact]
    public void Later_bars_change_nothing_that_was_told()
    {
        var bars = IndicatorSeries.Bars("prices", "daily", "GME.csv")[..2_000];
        var whole = Read(bars);
        foreach (var length in (int[])[600, 1_111, 1_999]) Assert.Equal(whole.AsSpan(0, length).ToArray(), Read(bars[..length]));
        // Nor do other prices after it.
        var other = bars.ToArray();
        for (var i = 1_200; i < other.Length; i++) other[i] = other[i] with { Close = other[i].Close * (1 + i % 7) };
        Assert.Equal(whole.AsSpan(0, 1_200).ToArray(), Read(other)[..1_200]);
    }

    [Fact]
    public void Regimes_that_were_made_are_found()
    {
        // Four stretches of each, in turns, after two years without direction.
        var random = new Random(6);
        var (bars, truth, price) = (new List<Bar>(), new List<MarketRegime?>(), 100.0);
        void Add(int count, MarketRegime? regime, double drift, double deviation)
        {
            for (var i = 0; i < count; i++)
            {
                var noise = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
                var open = price;
                price *= Math.Exp(drift + deviation * noise);
                bars.Add(new(open, Math.Max(open, price) * 1.001, Math.Min(open, price) * 0.999, price, 1));
                // A window of twenty bars has to fill first.
                truth.Add(i < 25 ? null : regime);
            }
        }
        Add(300, null, 0, 0.01);
        for (var turn = 0; turn < 8; turn++)
        {
            Add(80, MarketRegime.TrendingUp, 0.006, 0.008);
            Add(80, MarketRegime.Ranging, 0, 0.01);
            Add(80, MarketRegime.TrendingDown, -0.006, 0.008);
            Add(60, MarketRegime.Volatile, 0, 0.035);
        }
        var readings = Read([.. bars]);
        var (right, all) = (0, 0);
        for (var i = bars.Count / 2; i < bars.Count; i++)
        {
            if (truth[i] is not { } regime || readings[i] is not { } reading) continue;
            all++;
            if (reading.Regime == regime) right++;
        }
        Assert.True(all > 500);
        Assert.True(right > 0.8 * all, $"{right} of {all}");
    }

    [Fact]
    public void Crises_are_volatile_for_the_model_and_for_the_rules()
    {
        var rows = IndicatorSeries.Rows("prices", "daily", "SPY.csv");
        var (detector, rules) = (new RegimeDetector(), new RegimeRules());
        var (model, reference, days, defined) = (0, 0, 0, 0);
        foreach (var row in rows)
        {
            var bar = IndicatorSeries.Bar(row);
            var (reading, rule) = (detector.Next(in bar), rules.Next(in bar));
            if (reading is { } r)
            {
                defined++;
                Assert.InRange(r.Confidence, 0.25, 1);
            }
            if (string.CompareOrdinal(row["Date"], "2008-10-10") < 0 || string.CompareOrdinal(row["Date"], "2008-11-28") > 0) continue;
            days++;
            if (reading?.Regime == MarketRegime.Volatile) model++;
            if (rule == MarketRegime.Volatile) reference++;
        }
        Assert.True(defined > 6_500);
        Assert.True(model > 0.9 * days && reference > 0.9 * days, $"{model} and {reference} of {days}");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void A_steady_rise_is_no_fall_and_an_even_restlessness_not_volatile(int seed)
    {
        // Each move is drawn alike: what is called otherwise is called so by the draw of a few bars alone.
        var (bars, readings) = Steady(seed, drift: 0.004, deviation: 0.01);
        var named = readings.Index().Where(r => r.Item is not null).Select(r => (r.Index, r.Item!.Value.Regime)).ToArray();
        double Share(MarketRegime regime) => named.Count(n => n.Regime == regime) / (double)named.Length;
        var falls = named.Where(n => n.Regime == MarketRegime.TrendingDown).ToArray();
        Assert.True(named.Length > 350);
        Assert.True(Share(MarketRegime.TrendingDown) < 0.05, $"{Share(MarketRegime.TrendingDown):P0} are called falling");
        Assert.True(falls.Count(f => bars[f.Index].Close > bars[f.Index - 20].Close) <= 0.2 * falls.Length,
            "what went up is called falling");
        Assert.True(Share(MarketRegime.Volatile) < 0.05, $"{Share(MarketRegime.Volatile):P0} are called volatile");
        Assert.True(Share(MarketRegime.TrendingUp) > 0.5, $"{Share(MarketRegime.TrendingUp):P0} are called rising");
    }

    [Theory]
    [InlineData(5)]
    [InlineData(6)]
    public void Without_direction_and_unrest_most_bars_range(int seed)
    {
        var named = Steady(seed, drift: 0, deviation: 0.01).Readings.OfType<RegimeReading>().ToArray();
        Assert.True(named.Count(r => r.Regime == MarketRegime.Ranging) > 0.5 * named.Length,
            $"{named.Count(r => r.Regime == MarketRegime.Ranging)} of {named.Length}");
        Assert.True(named.Count(r => r.Regime == MarketRegime.Volatile) < 0.05 * named.Length);
    }

    static (Bar[] Bars, RegimeReading?[] Readings) Steady(int seed, double drift, double deviation)
    {
        var (random, price, bars) = (new Random(seed), 100.0, new Bar[900]);
        for (var i = 0; i < bars.Length; i++)
        {
            var open = price;
            price *= Math.Exp(drift + deviation * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(
                2 * Math.PI * random.NextDouble()));
            bars[i] = new(open, Math.Max(open, price) * 1.001, Math.Min(open, price) * 0.999, price, 1);
        }
        return (bars, Read(bars));
    }

    [Fact]
    public void A_hole_is_no_reading_and_nothing_is_carried_over_it()
    {
        var bars = IndicatorSeries.Bars("prices", "daily", "SPY.csv")[..1_500];
        bars[900] = new(double.NaN, double.NaN, double.NaN, double.NaN, 0);
        var readings = Read(bars);
        Assert.NotNull(readings[899]);
        Assert.Null(readings[900]);
        Assert.Null(readings[1_100]);
        Assert.NotNull(readings[1_200]);
    }

    static RegimeReading?[] Read(Bar[] bars)
    {
        var detector = new RegimeDetector();
        return [.. bars.Select(bar => detector.Next(in bar))];
    }
}
