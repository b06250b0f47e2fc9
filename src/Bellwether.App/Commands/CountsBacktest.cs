using System.CommandLine;
using System.Globalization;
using Bellwether.Counts.Backtesting;
using Bellwether.Counts.Ledger;
using Bellwether.Plots;

namespace Bellwether.App.Commands;

/// <summary><c>counts backtest</c>: how the models would have done.</summary>
static class CountsBacktest
{
    public static Verb Create(Screen screen, GlobalOptions globals)
    {
        var (account, count) = (CountsOptions.Account(), CountsOptions.Count());
        var from = Day("--from", "First midnight (UTC) at which forecasts are issued");
        var to = Day("--to", "Last day that is a target, included");
        var horizons = new Option<string>("--horizons") { Description = "1h: the 24 hours of the next day; 1d to 60d: totals of so many days", HelpName = "LIST", DefaultValueFactory = _ => "1h,1d,7d" };
        var refit = new Option<int>("--refit-days") { Description = "Days after which models are fitted again", HelpName = "N", DefaultValueFactory = _ => 14 };
        var quick = new Option<bool>("--quick") { Description = "Only the default model, its parts and the reference" };
        var plot = CountsOptions.Plot("PIT histograms of the default model");
        return new Verb("backtest", "Forecast at every midnight of a stretch from what was known then, and score it", "counts backtest --account elonmusk --from 2024-07-01 --to 2025-06-30 --json",
            "counts backtest --account elonmusk --from 2025-04-01 --to 2025-06-30 --horizons 1d,7d --quick --plot pit.svg")
        { account, count, from, to, horizons, refit, quick, plot }.Runs(screen, globals, async (session, token) =>
        {
            var chart = session.Get(plot);
            var request = new BacktestRequest
            {
                Account = session.AccountOf(account),
                Profile = session.ProfileOf(count),
                From = session.Get(from),
                To = session.Get(to),
                Horizons = session.Get(horizons)!.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries),
                RefitDays = session.Get(refit),
                AllModels = !session.Get(quick),
            };
            CountsOptions.Usage(() => Forecaster.Horizons(request.Horizons));
            if (request.To < request.From) throw CommandException.Usage("--from is to be before --to.");
            BacktestTargets.Require(request);
            await using var desk = await session.OpenAsync(token);
            var runner = new BacktestRunner(desk.DataSource, desk.Time);
            var rows = await ProgressView.RunAsync(session, new ShareGauge(session, "backtest"), (gauge, stop) => runner.RunAsync(request, gauge, stop).PromptlyAsync(session.Time, stop), token);
            foreach (var silence in runner.LeftOut)
                session.Note($"Not scored: the silence from {Moments.Text(silence.From)} to {Moments.Text(silence.To)} looks like an outage; where it was none, say so: bellwether counts gaps observed");
            foreach (var horizon in BacktestTargets.Without(request, rows)) session.Note($"{horizon}: no complete target lies between the dates; there is nothing to score.");
            if (chart is not null) await PlotFile.WriteAsync(chart, CountsCharts.Pit(request, rows), token);
            if (session.Json) session.WriteJson(rows, CommandJson.Relaxed.IReadOnlyListBacktestResult);
            else Write(session, rows);
            return ExitCode.Ok;
        });
    }

    static Option<DateOnly> Day(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "DATE",
        Required = true,
        CustomParser = result =>
        {
            if (DateOnly.TryParseExact(result.Tokens[0].Value, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) && BacktestTargets.IsInRange(day)) return day;
            result.AddError($"{name}: '{result.Tokens[0].Value}' is no date from 1900 to 2199. Write for example 2025-06-30.");
            return default;
        },
    };

    static void Write(Session session, IReadOnlyList<BacktestResult> rows)
    {
        var table = new TextTable(new("model"), new("horizon"), new("n", Right: true), new("CRPS", Right: true), new("gain", Right: true), new("log", Right: true), new("MAE", Right: true),
            new("MASE", Right: true), new("pinball", Right: true), new("inside 95 %", Right: true), new("width", Right: true), new("DM t", Right: true));
        foreach (var r in rows)
            table.Add(r.Model, r.Horizon, $"{r.N:n0}", CountsOptions.Number(r.Crps), CountsOptions.Number(r.CrpsGain, "0.00 %"), CountsOptions.Number(r.LogScore), CountsOptions.Number(r.Mae, "0.##"),
                CountsOptions.Number(r.Mase), CountsOptions.Number(r.Pinball), CountsOptions.Number(r.Coverage95, "0.0 %"), CountsOptions.Number(r.Width95, "0.#"), CountsOptions.Number(r.DmStatistic, "0.##"));
        table.Write(session.Screen);
    }
}
