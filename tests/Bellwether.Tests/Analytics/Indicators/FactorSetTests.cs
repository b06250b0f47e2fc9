using Bellwether.Analytics.Indicators;

namespace Bellwether.Tests.Analytics.Indicators;

public sealed class FactorSetTests
{
    [Fact]
    public void Factors_are_what_their_definitions_say()
    {
        var bars = IndicatorSeries.Bars("prices", "daily", "GME.csv")[..400];
        var (set, values) = (new FactorSet(), new double[FactorSet.Names.Count]);
        var (rsi, macd, line) = (new Rsi(14), new Macd(), new double[3]);
        for (var i = 0; i < bars.Length; i++)
        {
            set.Next(in bars[i], values);
            var (index, strength) = (i, rsi.Next(bars[i].Close));
            macd.Next(in bars[i], line);
            double Close(int back) => bars[index - back].Close;
            double Defined(int least, Func<double> value) => index >= least ? value() : double.NaN;
            double[] Returns(int n) => [.. Enumerable.Range(0, n).Select(k => Close(k) / Close(k + 1) - 1)];
            double[] expected =
            [
                Defined(1, () => Close(0) / Close(1) - 1), Defined(5, () => Close(0) / Close(5) - 1), Defined(20, () => Close(0) / Close(20) - 1), Defined(60, () => Close(0) / Close(60) - 1),
                Defined(4, () => Mean(Enumerable.Range(0, 5).Select(Close)) / Close(0)), Defined(19, () => Mean(Enumerable.Range(0, 20).Select(Close)) / Close(0)), Defined(59, () => Mean(Enumerable.Range(0, 60).Select(Close)) / Close(0)),
                Defined(5, () => Deviation(Returns(5))), Defined(20, () => Deviation(Returns(20))), Defined(60, () => Deviation(Returns(60))), strength / 100, line[2] / Close(0),
                Defined(19, () => Correlation(20)), Defined(59, () => Correlation(60)),
            ];
            for (var k = 0; k < expected.Length; k++)
                Assert.True(double.IsNaN(expected[k]) == double.IsNaN(values[k]) && !(Math.Abs(expected[k] - values[k]) > 1e-9 * (1 + Math.Abs(expected[k]))), $"{FactorSet.Names[k]} of bar {i}: {values[k]}, expected {expected[k]}");

            double Correlation(int n)
            {
                var (x, y) = (Enumerable.Range(0, n).Select(Close).ToArray(), Enumerable.Range(0, n).Select(k => Math.Log(1 + bars[index - k].Volume)).ToArray());
                return x.Zip(y, (a, b) => (a - x.Average()) * (b - y.Average())).Sum() / (n - 1) / Deviation(x) / Deviation(y);
            }
        }
        static double Mean(IEnumerable<double> values) => values.Average();
        static double Deviation(double[] values) => Math.Sqrt(values.Sum(v => (v - values.Average()) * (v - values.Average())) / (values.Length - 1));
    }

    [Fact]
    public void Batch_equals_stream_bit_for_bit_and_a_hole_starts_anew()
    {
        var bars = IndicatorSeries.Random(5, 600);
        bars[300] = bars[300] with { Close = double.NaN };
        var (whole, count) = (new double[600 * 14], FactorSet.Names.Count);
        new FactorSet().Run(bars, whole);
        var (stream, values) = (new FactorSet(), new double[count]);
        for (var i = 0; i < bars.Length; i++)
        {
            stream.Next(in bars[i], values);
            Assert.Equal(whole.AsSpan(i * count, count).ToArray(), values);
        }
        var rest = new double[299 * count];
        new FactorSet().Run(bars.AsSpan(301), rest);
        Assert.Equal(whole.AsSpan(301 * count).ToArray(), rest);
        Assert.All(whole.AsSpan(300 * count, count).ToArray(), v => Assert.True(double.IsNaN(v)));
        var before = GC.GetAllocatedBytesForCurrentThread();
        stream.Run(bars.AsSpan(0, 200), whole);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
