using System.Globalization;
using Bellwether.Market.Calendars;
using Bellwether.Plots;

namespace Bellwether.Confluence;

/// <summary>Price, sentiment and confluence of a symbol over time.</summary>
public static class ConfluenceChart
{
    /// <summary>Days before its end at which a chart begins where nothing else is said.</summary>
    public const int Days = 180;

    /// <summary>The confluence at the end of each session between two moments, with the knowledge of one.</summary>
    public static IReadOnlyList<ConfluenceScore> Series(ConfluenceEvidence evidence, DateTimeOffset from, DateTimeOffset to, DateTimeOffset knownBy)
    {
        var scores = new List<ConfluenceScore>();
        foreach (var session in UnitedStatesCalendar.Sessions(UnitedStatesCalendar.DateOf(from.UtcDateTime), UnitedStatesCalendar.DateOf(to.UtcDateTime)))
        {
            var end = new DateTimeOffset(UnitedStatesCalendar.End(session), TimeSpan.Zero);
            if (end >= from && end <= to) scores.Add(evidence.At(end, knownBy));
        }
        return scores;
    }

    /// <summary>The chart as an SVG document.</summary>
    public static string Svg(string symbol, DateTimeOffset knownBy, IReadOnlyList<ConfluenceScore> scores)
    {
        var title = string.Create(CultureInfo.InvariantCulture, $"{symbol}: confluence at the close of each session, from what was known at {knownBy.UtcDateTime:yyyy-MM-dd HH:mm:ss'Z'}");
        TimeSeries Line(string name, string colour, Func<ConfluenceScore, double?> value, bool bars = false) =>
            new(name, colour, [.. scores.Select(s => (s.Timestamp, value(s) ?? double.NaN))], bars);
        return TimeChart.Svg(title,
        [
            new("close, adjusted for splits and dividends", [Line("close", TimeChart.Blue, s => s.Inputs.Technical.Close)]),
            new("components, −1 to 1",
                [Line("technical", TimeChart.Blue, s => s.TechnicalScore), Line("sentiment", TimeChart.Red, s => s.SentimentScore), Line("options flow", TimeChart.Orange, s => s.OptionsFlowScore)], (-1, 1), 0),
            new("directional bias, −1 to 1", [Line("bias", TimeChart.Blue, s => s.DirectionalBias, bars: true)], (-1, 1), 0),
            new("confluence score and confidence, 0 to 1",
                [Line("score", TimeChart.Blue, s => s.Score), Line("confidence", TimeChart.Grey, s => s.Confidence)], (0, 1)),
        ]);
    }
}
