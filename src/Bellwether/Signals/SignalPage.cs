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

    // Charts are drawn on white; turned round in the dark they keep their hues.
    const string Style = """
        :root { color-scheme: light dark; --ink: #222; --paper: #fff; --faint: #666; --line: #e3e3e3; --blue: #1f5fa8; --blueish: #f3f6fa; --red: #c0392b; --reddish: #fbf3f2 }
        * { box-sizing: border-box }
        body { font: 15px/1.5 "DejaVu Sans", Helvetica, Arial, sans-serif; color: var(--ink); background: var(--paper); max-width: 1120px; margin: 2em auto; padding: 0 1em }
        h1 { font-size: 1.5em } h2 { font-size: 1.15em; margin-top: 2em }
        .verdict { border-left: 4px solid var(--blue); padding: .5em 1em; background: var(--blueish); font-size: 1.05em }
        .beware { border-left: 4px solid var(--red); padding: .5em 1em; background: var(--reddish) }
        .scroll { overflow-x: auto } table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
        th, td { padding: .25em .55em; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap }
        th:first-child, td:first-child { position: sticky; left: 0; background: var(--paper) }
        .charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(480px, 100%), 1fr)); gap: 1em } .charts.wide { grid-template-columns: 100% }
        svg { width: 100%; height: auto; display: block } footer { color: var(--faint); font-size: .85em; margin-top: 3em }
        @media (max-width: 600px) { body { margin: 1em auto; font-size: 14px } }
        @media (prefers-color-scheme: dark) {
          :root { --ink: #ddd; --paper: #17191c; --faint: #999; --line: #33373c; --blue: #6ea8e6; --blueish: #1d2733; --red: #e57c70; --reddish: #332020 }
          svg { filter: invert(.91) hue-rotate(180deg) }
        }
        @media print { body { max-width: none; margin: 0 } svg { break-inside: avoid } }
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
        string[] header = ["sessions", "IC", "interval", "p", "p adjusted", "ICIR", "spread", "interval", "dates", "pairs", "block"];
        line($"<h2>By horizon</h2>\n<div class=\"scroll\"><table>\n<tr>{string.Concat(header.Select(h => $"<th>{h}</th>"))}</tr>");
        foreach (var h in report.Result.Horizons)
        {
            string[] cells =
            [
                $"{h.Horizon}", SignalWords.Number(h.InformationCoefficient.Value), Interval(h.InformationCoefficient, SignalWords.Number),
                SignalWords.Number(h.InformationCoefficient.Probability), SignalWords.Number(h.AdjustedProbability),
                SignalWords.Number(h.InformationRatio), SignalWords.Percent(h.Spread.Value), Interval(h.Spread, SignalWords.Percent),
                $"{h.Dates}", $"{h.Pairs}", $"{h.Block}",
            ];
            line($"<tr>{string.Concat(cells.Select(cell => $"<td>{cell}</td>"))}</tr>");
        }
        line("</table></div>");
        line("<p>IC: mean rank correlation of signal and return. ICIR: mean over standard deviation of the coefficients by session. "
            + $"Spread: mean return with the highest of {report.Result.Quantiles} parts of the signals less that with the lowest. "
            + $"Turnover of the highest part: {SignalWords.Percent(report.Result.Turnover)} a session. {SignalWords.Parts(report)}</p>");
    }

    static string Interval(Estimate estimate, Func<double, string> text) => $"{text(estimate.Low)} … {text(estimate.High)}";

    static void Charts(SignalReport report, Action<string> line, Action<string> heading, Action<string> text)
    {
        static EstimateBar Bar(string name, Estimate e) => new(name, e.Value, e.Low, e.High);
        static EstimateBar Point(double value, int i) => new($"{i + 1}", value, double.NaN, double.NaN);
        void Group(IEnumerable<string> charts, bool wide = false)
        {
            line(wide ? "<div class=\"charts wide\">" : "<div class=\"charts\">");
            foreach (var chart in charts) line(chart);
            line("</div>");
        }
        var (horizons, delays) = (report.Result.Horizons, report.Result.Delays);
        heading("Information coefficient, and how fast it is used up");
        text("By horizon; and against the return of one session that begins so many sessions after the first open.");
        Group([
            EstimateChart.Svg("by horizon, sessions", [.. horizons.Select(h => Bar($"{h.Horizon}", h.InformationCoefficient))]),
            EstimateChart.Svg("by delay, sessions", [.. delays.Select(d => Bar($"{d.Delay}", d.InformationCoefficient))]),
            EstimateChart.Svg("rank correlation of the signal with itself, sessions later", [.. report.Result.Autocorrelation.Select(Point)]),
        ]);
        heading("Returns by signal");
        Group(horizons.Select(h => EstimateChart.Svg(
            $"mean return over {SignalWords.Sessions(h.Horizon)}, from the lowest signals to the highest", [.. h.QuantileReturns.Select(Point)], "0.##%")));
        heading("Information coefficient by date");
        Group(horizons.Where(h => h.ByDate.Count > 1)
            .Select(h => TimeChart.Svg($"over {SignalWords.Sessions(h.Horizon)}", [ByDate(h), Cumulative(h)])), wide: true);
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
