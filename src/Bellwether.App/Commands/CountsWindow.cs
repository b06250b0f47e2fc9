using System.CommandLine;
using System.Globalization;
using Bellwether.Counts;
using Bellwether.Counts.Ledger;
using Bellwether.Plots;

namespace Bellwether.App.Commands;

/// <summary><c>counts window</c>: the total of one window, its ranges, and how market prices compare.</summary>
static class CountsWindow
{
    public static Verb Create(Screen screen, GlobalOptions globals)
    {
        var (account, count, zone, model) = (CountsOptions.Account(), CountsOptions.Count(), CountsOptions.Zone(), CountsOptions.Model());
        var (from, to) = (CountsOptions.From("Start of the window"), CountsOptions.To("End of the window, excluded"));
        (from.Required, to.Required) = (true, true);
        var at = new Option<string?>("--at") { Description = "Forecast from what had been posted by then [default: the end of what was observed; the start of a window that is over]", HelpName = "TIME" };
        var ranges = new Option<string?>("--ranges", "--buckets") { Description = "Ranges that a market settles on, from 0 without holes: 0-99,100-149,150+", HelpName = "LIST" };
        var prices = new Option<string?>("--prices") { Description = "The market's prices of the ranges, in their order, in any unit", HelpName = "LIST" };
        var (plot, dryRun) = (CountsOptions.Plot("the distribution"), CountsOptions.DryRun());
        return new Verb("window", "Forecast the total of a window, also of one that has begun; score a window that is over",
            "counts window --account elonmusk --from \"2025-07-04 12:00\" --to \"2025-07-11 12:00\" --tz America/New_York",
            "counts window --account elonmusk --from \"2025-06-06 12:00\" --to \"2025-06-13 12:00\" --tz America/New_York --at \"2025-06-10 12:00\" --ranges 0-99,100-149,150+ --prices 0.2,0.5,0.3 --json")
        { account, count, model, from, to, zone, at, ranges, prices, dryRun, plot }.Runs(screen, globals, async (session, token) =>
        {
            var (where, chart) = (session.ZoneOf(zone), session.Get(plot));
            var request = new WindowRequest
            {
                Account = session.AccountOf(account),
                Profile = session.ProfileOf(count),
                Model = session.ModelOf(model),
                From = session.TimeOf(from, where)!.Value,
                To = session.TimeOf(to, where)!.Value,
                At = session.TimeOf(at, where),
                Ranges = session.Get(ranges) is { } text ? CountsOptions.Usage(() => CountRanges.Parse(text)) : null,
                Prices = session.Get(prices) is { } given ? [.. given.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(Price)] : null,
                Record = !session.Get(dryRun),
            };
            if (request.To <= request.From) throw CommandException.Usage("--from is to be before --to.");
            if (request.Prices is { Count: > 0 } priced && priced.Sum() is not (> 0 and < double.PositiveInfinity)) throw CommandException.Usage("--prices: all are 0, or too large to be added up; give one above 0 at least.");
            if (request.Prices is { } all && all.Count != request.Ranges?.Names.Count) throw CommandException.Usage($"--prices: {all.Count} prices for {request.Ranges?.Names.Count ?? 0} ranges; give one each.");
            await using var desk = await session.OpenAsync(token);
            var forecast = await new WindowForecaster(desk.DataSource, desk.Options.DataDirectory, desk.Time).RunAsync(request, token).PromptlyAsync(session.Time, token);
            if (chart is not null) await PlotFile.WriteAsync(chart, CountsCharts.Window(forecast, where), token);
            if (session.Json) session.WriteJson(forecast, CommandJson.Relaxed.WindowForecast);
            else Write(session, forecast, where);
            return ExitCode.Ok;
        });
    }

    static double Price(string text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var price) && price >= 0 && double.IsFinite(price) ? price
        : throw CommandException.Usage($"--prices: '{text}' is no price of at least 0.");

    static void Write(Session session, WindowForecast f, TimeZoneInfo zone)
    {
        var output = session.Screen.Out;
        output.WriteLine($"window   {CountsOptions.Local(f.From, zone)} to {CountsOptions.Local(f.To, zone)}, {f.Hours:0.##} hours");
        output.WriteLine($"forecast {CountsOptions.Number(f.PredictedCount, "0.#")} posts, median {f.MedianCount}, 95 % {f.LowerBound95}–{f.UpperBound95}, from what was posted before {CountsOptions.Local(f.ForecastTime, zone)}");
        output.WriteLine($"so far   {f.CountSoFar}");
        if (f.ActualCount is { } actual) output.WriteLine($"came     {actual}, CRPS {CountsOptions.Number(f.Crps, "0.##")}");
        if (f.Ranges is not { } ranges) return;
        var table = new TextTable(new("range"), new("probability", Right: true), new("price", Right: true), new("edge", Right: true));
        foreach (var r in ranges) table.Add(r.Range, CountsOptions.Number(r.Probability, "0.0000"), CountsOptions.Number(r.Price, "0.0000"), CountsOptions.Number(r.Edge, "+0.0000;-0.0000"));
        table.Write(session.Screen);
        if (f.Scores is { } s)
            output.WriteLine($"came in {s.Outcome}: Brier {CountsOptions.Number(s.Brier, "0.####")}{(s.MarketBrier is { } m ? $" (market {CountsOptions.Number(m, "0.####")})" : "")}, "
                + $"log {CountsOptions.Number(s.Log, "0.####")}{(s.MarketBrier is not null ? $" (market {CountsOptions.Number(s.MarketLog, "0.####")})" : "")}");
    }
}
