using System.Globalization;
using Bellwether.Counts.Backtesting;
using Bellwether.Counts.Ledger;
using Bellwether.Plots;

namespace Bellwether.App.Commands;

/// <summary>What is drawn of forecasts and backtests.</summary>
static class CountsCharts
{
    static readonly (double Lower, double Upper)[] Inner = [(0.1, 0.9), (0.25, 0.75)];

    /// <summary>A fan for each horizon: 95 %, 80 % and 50 %, the median, and what came.</summary>
    public static string Fan(string title, IReadOnlyList<ForecastRow> rows) => FanChart.Svg(title,
        [.. rows.GroupBy(r => r.Horizon).Select(g => new FanPanel(Name(g.Key), [.. g.OrderBy(r => r.TargetTime).Select(Point)]))]);

    static FanPoint Point(ForecastRow row) => new(row.TargetTime, row.TargetEnd, row.MedianCount,
        [(row.LowerBound95 ?? row.MedianCount, row.UpperBound95 ?? row.MedianCount),
            .. Inner.Select(i => row.Distribution is { } d ? ((double)d.Quantile(i.Lower), (double)d.Quantile(i.Upper)) : (row.MedianCount, row.MedianCount))],
        row.ActualCount);

    static string Name(string horizon) => horizon switch
    {
        "1h" => "posts by the hour (UTC): median, 50 %, 80 % and 95 %",
        "1d" => "posts by the day: median, 50 %, 80 % and 95 %",
        "window" => "posts of the window",
        _ => $"posts in {horizon}",
    };

    /// <summary>PIT histograms of the default model by horizon.</summary>
    public static string Pit(string title, IReadOnlyList<BacktestResult> rows) => BarChart.Svg(title,
        [.. rows.Where(r => r.Model == Bellwether.Counts.Registry.ModelCatalog.Default && r.Pit is not null).Select(r => new BarPanel(
            string.Create(CultureInfo.InvariantCulture, $"{r.Horizon}: {r.N} targets, {r.Coverage95:P1} inside 95 %"),
            [.. r.Pit!.Select((_, i) => string.Create(CultureInfo.InvariantCulture, $"{(double)i / r.Pit!.Count:0.##}–{(i + 1.0) / r.Pit.Count:0.##}"))], r.Pit!, 1))]);

    /// <summary>The distribution of a window's count, in at most sixty bars, or by the ranges that were asked for.</summary>
    public static string Window(WindowForecast forecast)
    {
        var title = string.Create(CultureInfo.InvariantCulture,
            $"{forecast.Account}: posts from {forecast.From.UtcDateTime:yyyy-MM-dd HH:mm}Z to {forecast.To.UtcDateTime:yyyy-MM-dd HH:mm}Z, {forecast.CountSoFar} so far");
        if (forecast.Ranges is { } ranges) return BarChart.Svg(title, [new("probability of each range", [.. ranges.Select(r => r.Range)], [.. ranges.Select(r => r.Probability)])]);
        var distribution = forecast.Distribution!;
        var (low, high) = (distribution.Quantile(0.001), distribution.Quantile(0.999));
        var width = Math.Max(1, (int)Math.Ceiling((high - low + 1) / 60.0));
        var starts = Enumerable.Range(0, (high - low) / width + 1).Select(i => low + i * width).ToArray();
        return BarChart.Svg(title, [new(width == 1 ? "probability of each count" : $"probability of {width} counts each", [.. starts.Select(s => s.ToString(CultureInfo.InvariantCulture))],
            [.. starts.Select(s => distribution.Cdf(s + width - 1) - distribution.Cdf(s - 1))])]);
    }
}
