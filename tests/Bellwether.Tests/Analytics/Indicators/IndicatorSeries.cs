using System.Globalization;
using Bellwether.Analytics.Indicators;

namespace Bellwether.Tests.Analytics.Indicators;

/// <summary>Series that indicators are tested on.</summary>
static class IndicatorSeries
{
    /// <summary>Rows of a file with values that others published, by column name.</summary>
    public static IReadOnlyList<IReadOnlyDictionary<string, string>> Rows(params string[] path)
    {
        var lines = File.ReadAllLines(SharedData.File(path));
        var names = lines[0].TrimStart('\ufeff').Split(',');
        return [.. lines.Skip(1).Where(line => line.Length > 0).Select(line =>
            (IReadOnlyDictionary<string, string>)names.Zip(line.Split(',')).ToDictionary(pair => pair.First, pair => pair.Second, StringComparer.OrdinalIgnoreCase))];
    }

    public static Bar[] Bars(params string[] path) => [.. Rows(path).Select(Bar)];

    public static Bar Bar(IReadOnlyDictionary<string, string> row)
    {
        double Field(string name, double otherwise) => row.TryGetValue(name, out var text) && text.Length > 0 ? Number(text) : otherwise;
        var close = Field("close", double.NaN);
        return new(Field("open", close), Field("high", close), Field("low", close), close, Field("volume", 0));
    }

    public static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    /// <summary>A random walk with gaps, flat stretches, days without trade, and sessions.</summary>
    public static Bar[] Random(int seed, int count)
    {
        var random = new Random(seed);
        var (bars, price, other) = (new Bar[count], 100.0, 50.0);
        for (var i = 0; i < count; i++)
        {
            if (random.Next(50) == 0) price *= Math.Exp(random.NextDouble() - 0.5);
            var flat = random.Next(20) == 0 || i % 97 < 12;
            double Move() => flat ? 0 : price * 0.02 * (random.NextDouble() - 0.5);
            var open = price + Move();
            var close = open + Move();
            var (high, low) = (Math.Max(open, close) + Math.Abs(Move()), Math.Min(open, close) - Math.Abs(Move()));
            other *= 1 + 0.02 * (random.NextDouble() - 0.5);
            bars[i] = new(open, high, low, close, random.Next(10) == 0 ? 0 : random.Next(1_000_000)) { Benchmark = other, Session = i / 40 };
            price = close;
        }
        return bars;
    }
}
