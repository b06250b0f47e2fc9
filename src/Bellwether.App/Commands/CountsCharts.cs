using System.Globalization;
using Bellwether.Counts.Backtesting;
using Bellwether.Counts.Ledger;
using Bellwether.Counts.Registry;
using Bellwether.Plots;

namespace Bellwether.App.Commands;

/// <summary>What is drawn of forecasts, windows and backtests, for files and for the API.</summary>
static class CountsCharts
{
    const int MostBars = 60;

    static readonly string[] Bands = ["95 %", "80 %", "50 %"];
    static readonly (double Lower, double Upper)[] Inner = [(0.1, 0.9), (0.25, 0.75)];

    /// <summary>A fan for each horizon: 95 %, 80 % and 50 %, the median, and what came.</summary>
    /// <param name="asOf">The moment whose beliefs these are; null for forecasts that were just made.</param>
    public static string Fan(string account, string model, IReadOnlyList<ForecastRow> rows, TimeZoneInfo zone, DateTimeOffset? asOf = null)
    {
        var origins = rows.Select(r => r.ForecastTime).Distinct().ToArray();
        var origin = origins is [var only] ? $"from what was posted before {CountsOptions.Local(only, zone)}" : rows.Count == 0 ? "nothing was believed" : "the newest belief about each target";
        var subtitle = $"model {model}, counting {rows.FirstOrDefault()?.Profile ?? "posts"}, {origin}{(asOf is { } moment ? $", as of {CountsOptions.Local(moment, zone)}" : "")}";
        return FanChart.Svg($"{account}: forecast of posts", subtitle, Bands,
            [.. rows.GroupBy(r => r.Horizon).Select(g => new FanPanel(Name(g.Key), g.Key == "1h" ? "posts an hour" : g.Key == "1d" ? "posts a day" : "posts", [.. g.OrderBy(r => r.TargetTime).Select(Point)]))],
            zone);
    }

    static FanPoint Point(ForecastRow row) => new(row.TargetTime, row.TargetEnd, row.MedianCount,
        [(row.LowerBound95 ?? row.MedianCount, row.UpperBound95 ?? row.MedianCount),
            .. Inner.Select(i => row.Distribution is { } d ? ((double)d.Quantile(i.Lower), (double)d.Quantile(i.Upper)) : (row.MedianCount, row.MedianCount))],
        row.ActualCount);

    static string Name(string horizon) => horizon switch
    {
        "1h" => "by the hour",
        "1d" => "by the day",
        "window" => "windows",
        _ => $"total of {horizon[..^1]} days",
    };

    /// <summary>PIT histograms of the default model by horizon.</summary>
    public static string Pit(BacktestRequest request, IReadOnlyList<BacktestResult> rows) => BarChart.Svg(
        $"{request.Account}: do the forecasts keep their word? PIT of the model {ModelCatalog.Default}",
        $"targets from {request.From:yyyy-MM-dd} to {request.To:yyyy-MM-dd} (UTC), counting {request.Profile}",
        [.. rows.Where(r => r.Model == ModelCatalog.Default && r.Pit is not null).Select(r => new BarPanel(
            string.Create(CultureInfo.InvariantCulture, $"{r.Horizon}: {r.N:n0} targets, {r.Coverage95 * 100:0.0} % of them inside 95 %"),
            ("probability that was given to what came or less; a hump is too cautious, a hollow too sure", "relative to even"),
            [.. r.Pit!.Select((_, i) => string.Create(CultureInfo.InvariantCulture, $"{(double)i / r.Pit!.Count:0.##}–{(i + 1.0) / r.Pit.Count:0.##}"))],
            [new("targets", PlotStyle.Forecast, r.Pit!)], (1, "even")))]);

    /// <summary>
    /// The distribution of a window's count in at most sixty bars, with median, 95 %, what was posted so far and what came; where ranges were asked for
    /// also their probabilities, beside the market's prices.
    /// </summary>
    public static string Window(WindowForecast forecast, TimeZoneInfo zone)
    {
        var title = $"{forecast.Account}: posts from {CountsOptions.Local(forecast.From, zone)} to {CountsOptions.Local(forecast.To, zone)}";
        var subtitle = $"model {forecast.ModelName}, counting {forecast.Profile}, from what was posted before {CountsOptions.Local(forecast.ForecastTime, zone)} ({zone.Id})";
        return BarChart.Svg(title, subtitle, forecast.Ranges is { } ranges ? [Counts(forecast), Ranges(forecast, ranges)] : [Counts(forecast)]);
    }

    static BarPanel Counts(WindowForecast f)
    {
        var distribution = f.Distribution!;
        var (low, high) = (Math.Min(distribution.Quantile(0.001), f.ActualCount ?? int.MaxValue), Math.Max(distribution.Quantile(0.999), f.ActualCount ?? 0));
        var width = Math.Max(1, (int)Math.Ceiling((high - low + 1) / (double)MostBars));
        var starts = Enumerable.Range(0, (high - low) / width + 1).Select(i => low + i * width).ToArray();
        var marks = new List<BarMark>
        {
            new(At(f.MedianCount), $"median {f.MedianCount}", PlotStyle.Ink),
            new(At(f.LowerBound95), $"95 %: {f.LowerBound95}–{f.UpperBound95}", PlotStyle.Ink, Dashed: true),
            new(At(f.UpperBound95), $"95 %: {f.LowerBound95}–{f.UpperBound95}", PlotStyle.Ink, Dashed: true, Shown: false),
        };
        if (f.ActualCount is { } actual) marks.Add(new(At(actual), $"came: {actual}", PlotStyle.Actual));
        var likely = f.CountSoFar > 0 ? $"{f.CountSoFar} so far" : "none so far";
        return new($"{(width == 1 ? "probability of each count" : $"probability of {width} counts together")}; {likely}", ("posts in the window", "probability"),
            [.. starts.Select(s => s.ToString(CultureInfo.InvariantCulture))],
            [new("forecast", PlotStyle.Forecast, [.. starts.Select(s => distribution.Cdf(s + width - 1) - distribution.Cdf(s - 1))])], Marks: marks);

        double At(int count) => Math.Clamp((count - low + 0.5) / width, 0, starts.Length);
    }

    static BarPanel Ranges(WindowForecast f, IReadOnlyList<RangeProbability> ranges)
    {
        var series = new List<BarSeries> { new("forecast", PlotStyle.Forecast, [.. ranges.Select(r => r.Probability)]) };
        if (ranges.All(r => r.Price is not null)) series.Add(new("market", PlotStyle.Market, [.. ranges.Select(r => r.Price!.Value)]));
        var came = f.Scores is { } scores ? ranges.Select(r => r.Range).ToList().IndexOf(scores.Outcome) : -1;
        return new($"probability of each range{(f.Scores is { } s ? $"; came in {s.Outcome}" : "")}", ("posts in the window", "probability"), [.. ranges.Select(r => r.Range)], series,
            Marks: came < 0 ? [] : [new(came + 0.5, $"came: {f.ActualCount}", PlotStyle.Actual)]);
    }
}
