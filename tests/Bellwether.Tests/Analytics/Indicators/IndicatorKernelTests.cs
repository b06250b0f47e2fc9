using Bellwether.Analytics.Indicators;

namespace Bellwether.Tests.Analytics.Indicators;

/// <summary>What holds for every indicator.</summary>
public sealed class IndicatorKernelTests
{
    public static TheoryData<string> Names => [.. IndicatorCatalogue.Names];

    static readonly string[] Real = ["skender/default.csv", "skender/compare.csv", "skender/intraday.csv", "skender/longish.csv", "skender/spx.csv", "backtesting/GOOG.csv"];

    [Theory]
    [MemberData(nameof(Names))]
    public void Batch_equals_streaming_bit_for_bit_on_random_series(string name)
    {
        for (var seed = 1; seed <= 5; seed++) RequireSameBits(name, IndicatorSeries.Random(seed, 1_500));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Batch_equals_streaming_bit_for_bit_on_real_series(string name)
    {
        foreach (var path in Real)
        {
            var bars = IndicatorSeries.Bars(["crosschecks", .. path.Split('/')]);
            for (var i = 0; i < bars.Length; i++) bars[i] = bars[i] with { Benchmark = 100 + bars[^(i + 1)].Close, Session = i / 391 };
            RequireSameBits(name, bars);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_hole_gives_nothing_and_what_follows_is_as_if_the_series_began_there(string name)
    {
        var bars = IndicatorSeries.Random(7, 800);
        const int hole = 300;
        foreach (var bad in (double[])[double.NaN, double.PositiveInfinity, double.NegativeInfinity])
        {
            bars[hole] = new(bad, bad, bad, bad, bad) { Benchmark = bad };
            var (whole, fresh) = (Create(name), Create(name));
            var (all, rest) = (new double[bars.Length * whole.Outputs], new double[(bars.Length - hole - 1) * whole.Outputs]);
            whole.Run(bars, all);
            fresh.Run(bars.AsSpan(hole + 1), rest);
            Assert.All(all.AsSpan(hole * whole.Outputs, whole.Outputs).ToArray(), value => Assert.True(double.IsNaN(value)));
            Assert.Equal(Bits(rest), Bits(all.AsSpan((hole + 1) * whole.Outputs)));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_reset_indicator_is_a_new_one(string name)
    {
        var bars = IndicatorSeries.Random(3, 400);
        var indicator = Create(name);
        var (first, second) = (new double[bars.Length * indicator.Outputs], new double[bars.Length * indicator.Outputs]);
        indicator.Run(bars, first);
        indicator.Reset();
        indicator.Run(bars, second);
        Assert.Equal(Bits(first), Bits(second));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_step_allocates_nothing(string name)
    {
        var bars = IndicatorSeries.Random(5, 2_000);
        var indicator = Create(name);
        var values = new double[bars.Length * indicator.Outputs];
        indicator.Run(bars, values);
        var before = GC.GetAllocatedBytesForCurrentThread();
        indicator.Run(bars, values);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Values_are_defined_in_the_end_and_never_infinite(string name)
    {
        var bars = IndicatorSeries.Random(11, 2_000);
        var set = IndicatorSet.Parse([name]);
        var values = new double[bars.Length];
        set.Run(bars, values);
        Assert.DoesNotContain(values, double.IsInfinity);
        Assert.Contains(values[1_000..], value => !double.IsNaN(value));
    }

    [Fact]
    public void A_set_gives_what_each_alone_gives()
    {
        var bars = IndicatorSeries.Random(9, 600);
        string[] names = ["rsi_14", "atr_14", "ema_20", "ema_50", "bb_upper", "bb_lower", "macd_line", "macd_signal", "bb_upper_10_1.5", "plus_di_14", "beta_30", "vwap"];
        var set = IndicatorSet.Parse(names);
        var together = new double[bars.Length * names.Length];
        set.Run(bars, together);
        for (var k = 0; k < names.Length; k++)
        {
            var alone = new double[bars.Length];
            IndicatorSet.Parse([names[k]]).Run(bars, alone);
            Assert.Equal(Bits(alone), Bits([.. Enumerable.Range(0, bars.Length).Select(i => together[i * names.Length + k])]));
        }
    }

    [Theory]
    [InlineData("rsi_0", "period 0 is not a whole number of bars")]
    [InlineData("rsi_14_3", "'rsi_14_3' has 2 parameters")]
    [InlineData("ema_x", "period 'x' is not a number")]
    [InlineData("ema_2.5", "not a whole number of bars")]
    [InlineData("bb_upper_20_-2", "a multiple is above 0")]
    [InlineData("value_at_risk_10_1.5", "a confidence lies between 0 and 1")]
    [InlineData("volatility_1", "a period is 2 to")]
    [InlineData("volatility_20_-5", "bars a year are above 0")]
    [InlineData("parkinson_20_0", "bars a year are above 0")]
    [InlineData("nonsense", "there is no indicator 'nonsense'; there are sma_20")]
    public void A_wrong_name_is_refused_with_what_is_wrong(string name, string expected) =>
        Assert.Contains(expected, Assert.Throws<FormatException>(() => IndicatorSet.Parse([name])).Message);

    static void RequireSameBits(string name, Bar[] bars)
    {
        var (batch, stream) = (Create(name), Create(name));
        var expected = new double[bars.Length * batch.Outputs];
        batch.Run(bars, expected);
        var one = new double[stream.Outputs];
        for (var i = 0; i < bars.Length; i++)
        {
            stream.Next(in bars[i], one);
            Assert.Equal(Bits(expected.AsSpan(i * one.Length, one.Length)), Bits(one));
        }
        // In pieces of any length it is the same.
        var (pieces, again) = (Create(name), new double[expected.Length]);
        for (var at = 0; at < bars.Length;)
        {
            var length = Math.Min(bars.Length - at, 1 + at * 31 % 57);
            pieces.Run(bars.AsSpan(at, length), again.AsSpan(at * one.Length));
            at += length;
        }
        Assert.Equal(Bits(expected), Bits(again));
    }

    static Indicator Create(string name) =>
        IndicatorCatalogue.TryParse(name, out var value, out var problem) ? value.Family.Create(value.Parameters) : throw new FormatException(problem);

    static long[] Bits(ReadOnlySpan<double> values) => [.. values.ToArray().Select(value => double.IsNaN(value) ? -1 : BitConverter.DoubleToInt64Bits(value))];
}
