using System.Globalization;
using System.Net;
using System.Text;
using Bellwether.Analytics.Signals;
using Bellwether.Plots;

namespace Bellwether.Signals;

/// <summary>A report as one HTML page that needs nothing outside of it.</summary>
public static class SignalPage
{
    const int Smoothed = 21;

    const string Style = """
        body { font: 15px/1.5 "DejaVu Sans", Helvetica, Arial, sans-serif; color: #222; max-width: 1120px; margin: 2em auto; padding: 0 1em }
        h1 { font-size: 1.5em } h2 { font-size: 1.15em; margin-top: 2em }
        .verdict { border-left: 4px solid #1f5fa8; padding: .5em 1em; background: #f3f6fa; font-size: 1.05em }
        .beware { border-left: 4px solid #c0392b; padding: .5em 1em; background: #fbf3f2 }
        .scroll { overflow-x: auto } table { border-collapse: collapse; font-variant-numeric: tabular-nums } th, td { padding: .25em .55em; text-align: right; border-bottom: 1px solid #e3e3e3; white-space: nowrap }
        svg { max-width: 100%; height: auto; display: block; margin: 1em 0 } footer { color: #666; font-size: .85em; margin-top: 3em }
        """;

    public static string Html(SignalReport report)
    {
        var page = new StringBuilder();
        void Line(string html) => page.Append(html).Append('\n');
        void Text(string tag, string text, string? kind = null) => Line($"<{tag}{(kind is null ? "" : $" class=\"{kind}\"")}>{WebUtility.HtmlEncode(text)}</{tag}>");
        Line("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
        Text("title", $"Signal report: {report.Signal}");
        Line($"<style>\n{Style}\n</style>\n</head>\n<body>");
        Text("h1", $"Does {report.Signal} predict returns?");
        Text("p", SignalWords.Verdict(report), "verdict");
        if (report.Hindsight) Text("p", SignalWords.Knowledge(report), "beware");
        else Text("p", SignalWords.Knowledge(report));
        if (report.First is not null) Text("p", string.Create(CultureInfo.InvariantCulture,
            $"{report.Symbols.Count} {(report.Symbols.Count == 1 ? "symbol" : "symbols")} ({Shortened(report.Symbols)}), sessions {report.First:yyyy-MM-dd} to {report.Last:yyyy-MM-dd}. {SignalWords.Mode(report)} A return runs from the open after the signal to the open of that many sessions later."));
        if (report.Without.Count > 0) Text("p", $"Left out: {string.Join("; ", report.Without.Take(20).Select(w => $"{w.Key}: {w.Value}"))}.");
        Table(report, Line);
        Charts(report, Line, text => Text("h2", text), text => Text("p", text));
        Text("footer", $"{report.Formula}. Intervals by circular block bootstrap, {report.Settings.Resamples} resamples, seed {report.Settings.Seed}; p values two-sided, adjusted for the horizons tried by Holm's method. Prices as known at {report.KnownBy.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z. Costs, borrowing and slippage are not counted.");
        Line("</body>\n</html>");
        return page.ToString();
    }

    static void Table(SignalReport report, Action<string> line)
    {
        line("<h2>By horizon</h2>\n<div class=\"scroll\"><table>\n<tr><th>sessions</th><th>IC</th><th>interval</th><th>p</th><th>p adjusted</th><th>ICIR</th><th>spread</th><th>interval</th><th>dates</th><th>pairs</th><th>block</th></tr>");
        foreach (var h in report.Result.Horizons)
            line(string.Create(CultureInfo.InvariantCulture,
                $"<tr><td>{h.Horizon}</td><td>{SignalWords.Number(h.InformationCoefficient.Value)}</td><td>{SignalWords.Number(h.InformationCoefficient.Low)} … {SignalWords.Number(h.InformationCoefficient.High)}</td><td>{SignalWords.Number(h.InformationCoefficient.Probability)}</td><td>{SignalWords.Number(h.AdjustedProbability)}</td><td>{SignalWords.Number(h.InformationRatio)}</td><td>{SignalWords.Percent(h.Spread.Value)}</td><td>{SignalWords.Percent(h.Spread.Low)} … {SignalWords.Percent(h.Spread.High)}</td><td>{h.Dates}</td><td>{h.Pairs}</td><td>{h.Block}</td></tr>"));
        line("</table></div>");
        line($"<p>IC: mean rank correlation of signal and return. ICIR: mean over standard deviation of the coefficients by session. Spread: mean return with the highest of {report.Result.Quantiles} parts of the signals less that with the lowest. Turnover of the highest part: {SignalWords.Percent(report.Result.Turnover)} a session.</p>");
    }

    static void Charts(SignalReport report, Action<string> line, Action<string> heading, Action<string> text)
    {
        static EstimateBar Bar(string name, Estimate e) => new(name, e.Value, e.Low, e.High);
        heading("Information coefficient");
        line(EstimateChart.Svg("by horizon, sessions", [.. report.Result.Horizons.Select(h => Bar($"{h.Horizon}", h.InformationCoefficient))]));
        heading("Decay");
        text("Against the return of one session that begins so many sessions after the first open: how fast what the signal knows is used up.");
        line(EstimateChart.Svg("by delay, sessions", [.. report.Result.Delays.Select(d => Bar($"{d.Delay}", d.InformationCoefficient))]));
        line(EstimateChart.Svg("rank correlation of the signal with itself, sessions later", [.. report.Result.Autocorrelation.Select((value, i) => new EstimateBar($"{i + 1}", value, double.NaN, double.NaN))]));
        heading("Returns by signal");
        foreach (var h in report.Result.Horizons)
            line(EstimateChart.Svg($"mean return over {SignalWords.Sessions(h.Horizon)}, from the lowest signals to the highest",
                [.. h.QuantileReturns.Select((value, i) => new EstimateBar($"{i + 1}", value, double.NaN, double.NaN))], "0.##%"));
        heading("Information coefficient by date");
        foreach (var h in report.Result.Horizons.Where(h => h.ByDate.Count > 1)) line(TimeChart.Svg($"over {SignalWords.Sessions(h.Horizon)}", [ByDate(h), Cumulative(h)]));
    }

    static TimePanel ByDate(HorizonResult horizon)
    {
        var (points, sum) = (new List<(DateTimeOffset, double)>(), 0.0);
        for (var i = 0; i < horizon.ByDate.Count; i++)
        {
            sum += horizon.ByDate[i].Value - (i >= Smoothed ? horizon.ByDate[i - Smoothed].Value : 0);
            if (i + 1 >= Math.Min(Smoothed, horizon.ByDate.Count)) points.Add((At(horizon.ByDate[i].Date), sum / Math.Min(Smoothed, horizon.ByDate.Count)));
        }
        return new($"mean of the last {Smoothed} sessions", [new("mean", TimeChart.Blue, points)], null, 0);
    }

    static TimePanel Cumulative(HorizonResult horizon)
    {
        var sum = 0.0;
        return new("sum so far: a straight rise is a steady signal", [new("sum", TimeChart.Blue, [.. horizon.ByDate.Select(d => (At(d.Date), sum += d.Value))])], null, 0);
    }

    static DateTimeOffset At(DateOnly date) => new(date.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero);

    static string Shortened(IReadOnlyList<string> names) => names.Count <= 12 ? string.Join(", ", names) : $"{string.Join(", ", names.Take(12))} and {names.Count - 12} more";
}
