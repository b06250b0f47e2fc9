using Bellwether.Analytics.Options;

namespace Bellwether.Analytics.Aggregation;

/// <summary>
/// Traded options as mentions: each contract with volume says its direction, weighed by what it moves. Their weighted mean is the flow
/// sentiment of <see cref="ChainAnalytics"/>; taken one by one they also tell on how many contracts it rests.
/// </summary>
public static class OptionsFlow
{
    /// <summary>
    /// Score (side × direction, −1 to 1) and weight (volume × mid × |delta|) of a row; null for one that says nothing: without trade, or of
    /// which <see cref="OptionQuote.Side"/> is not known.
    /// </summary>
    public static (double Score, double Weight)? Of(in OptionQuote quote, double delta)
    {
        var weight = quote.Volume * quote.Mid * Math.Abs(delta);
        if (!(weight > 0) || double.IsInfinity(weight)) return null;
        var side = quote.Side;
        return double.IsNaN(side) ? null : (quote.Type == OptionType.Call ? side : -side, weight);
    }
}
