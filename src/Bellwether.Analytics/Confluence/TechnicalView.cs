using Bellwether.Analytics.Indicators;

namespace Bellwether.Analytics.Confluence;

/// <summary>One indicator as it speaks for or against a rise.</summary>
/// <param name="Value">What it was computed from; null where the bars do not define it.</param>
/// <param name="Score">−1 to 1; null likewise.</param>
/// <param name="Weight">Of the six, 1 in all.</param>
public sealed record TechnicalReading(string Name, double? Value, double? Score, double Weight);

/// <summary>
/// What bars say of the direction. All values are free of the unit of the price: lengths are counted in average true ranges. Only additions,
/// products and quotients lead from a value to its score, so that scores are the same on any machine.
/// </summary>
public static class TechnicalView
{
    public const string Formula = "technical-six-v1";

    /// <summary>Bars that are looked at: as many always, so that a score does not depend on how far back the history reaches.</summary>
    public const int Lookback = 250;

    static readonly string[] Needed = ["ema_20", "ema_50", "atr_14", "macd_histogram", "rsi_14", "adx_14", "plus_di_14", "minus_di_14", "mfi_14"];

    /// <param name="bars">Oldest first, the newest complete; at most the last <see cref="Lookback"/> count.</param>
    public static IReadOnlyList<TechnicalReading> Read(ReadOnlySpan<Bar> bars)
    {
        var indicators = IndicatorSet.Parse(Needed);
        var values = new double[Needed.Length];
        Array.Fill(values, double.NaN);
        var counted = bars[Math.Max(0, bars.Length - Lookback)..];
        foreach (ref readonly var bar in counted) indicators.Next(in bar, values);
        var (fast, slow, atr, macd, rsi, adx, plus, minus, flow) = (values[0], values[1], values[2], values[3], values[4], values[5], values[6], values[7], values[8]);
        var close = counted.Length > 0 ? counted[^1].Close : double.NaN;
        return
        [
            Soft("trend", (fast - slow) / atr, 1, 0.30),
            Soft("place", (close - fast) / atr, 1, 0.15),
            Soft("momentum", macd / atr, 4, 0.15),
            Straight("strength", rsi, (rsi - 50) / 30, 0.15),
            Straight("direction", adx, (plus - minus) / (plus + minus) * Math.Min(1, adx / 40), 0.15),
            Straight("money_flow", flow, (flow - 50) / 30, 0.10),
        ];
    }

    /// <summary>Weighted mean of the readings that are defined, and the share of the weight that they have; NaN and 0 where there are none.</summary>
    public static (double Score, double Defined) Combine(IEnumerable<TechnicalReading> readings)
    {
        var (sum, weight, all) = (0.0, 0.0, 0.0);
        foreach (var reading in readings)
        {
            all += reading.Weight;
            if (reading.Score is not { } score) continue;
            sum += reading.Weight * score;
            weight += reading.Weight;
        }
        return weight > 0 ? (Math.Clamp(sum / weight, -1, 1), weight / all) : (double.NaN, 0);
    }

    /// <summary>a·x / (1 + a·|x|): half way at 1/a, and never quite 1.</summary>
    static TechnicalReading Soft(string name, double value, double slope, double weight) =>
        double.IsFinite(value) ? new(name, value, slope * value / (1 + slope * Math.Abs(value)), weight) : new(name, null, null, weight);

    static TechnicalReading Straight(string name, double value, double score, double weight) =>
        double.IsFinite(value) && double.IsFinite(score) ? new(name, value, Math.Clamp(score, -1, 1), weight) : new(name, null, null, weight);
}
