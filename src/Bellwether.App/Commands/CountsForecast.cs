using System.CommandLine;
using Bellwether.Counts.Ledger;
using Bellwether.Plots;

namespace Bellwether.App.Commands;

/// <summary><c>counts forecast</c>: what is believed now, and what was believed then.</summary>
static class CountsForecast
{
    const int Rows = 1_000;
    const int MostRows = 100_000;

    public static Verb Create(Screen screen, GlobalOptions globals)
    {
        var (account, count, zone, model) = (CountsOptions.Account(), CountsOptions.Count(), CountsOptions.Zone(), CountsOptions.Model());
        var horizons = new Option<string>("--horizons") { Description = "1h: the next 24 hours; 1d: seven days; 7d, 30d …: the total of so many days; with --as-of also window [default: 1h,1d,7d; with --as-of all]", HelpName = "LIST" };
        var at = new Option<string?>("--at") { Description = "Forecast from what had been posted by then [default: the end of what was observed]", HelpName = "TIME" };
        var asOf = Moments.Option("--as-of", "Make no forecast: answer from the ledger what was believed at that moment", screen.Time);
        var (from, to) = (CountsOptions.From("With --as-of: targets that end after it [default: the moment asked for]"), CountsOptions.To("With --as-of: targets that begin before it"));
        var replayed = new Option<bool>("--replayed") { Description = "With --as-of: also forecasts that were made later for a time before the moment" };
        var version = new Option<string?>("--model-version") { Description = "A version of the model, as `counts models` shows it [default: the one in use at the origin]", HelpName = "VERSION" };
        var limit = new Option<int?>("--limit") { Description = $"With --as-of: most forecasts to show, 1 to {MostRows} [default: {Rows}]", HelpName = "N" };
        limit.Validators.Add(result => { if (result.GetValueOrDefault<int?>() is < 1 or > MostRows) result.AddError($"--limit: give 1 to {MostRows}."); });
        var (plot, dryRun) = (CountsOptions.Plot("a fan chart"), CountsOptions.DryRun());
        return new Verb("forecast", "Forecast the next hours, days and week, and record it in the ledger", "counts forecast --account elonmusk",
            "counts forecast --account elonmusk --horizons 1d --tz America/New_York --plot fan.svg", "counts forecast --account elonmusk --as-of 2025-06-30T12:00Z --json",
            "counts forecast --account elonmusk --at 2025-06-01 --dry-run")
        { account, count, model, version, horizons, at, zone, dryRun, asOf, from, to, replayed, limit, plot }.Runs(screen, globals, async (session, token) =>
        {
            var (whose, profile, where, name) = (session.AccountOf(account), session.ProfileOf(count), session.ZoneOf(zone), session.ModelOf(model));
            var (origin, start, end, chart) = (session.TimeOf(at, where), session.TimeOf(from, where), session.TimeOf(to, where), session.Get(plot));
            var past = session.Get(asOf);
            if (past is null && (start is not null || end is not null || session.Get(replayed) || session.Get(limit) is not null))
                throw CommandException.Usage("--from, --to, --replayed and --limit need --as-of.");
            if (past is not null && (origin is not null || session.Get(dryRun) || session.Get(version) is not null))
                throw CommandException.Usage("--as-of makes no forecast, so --at, --dry-run and --model-version mean nothing with it.");
            string[]? names = session.Get(horizons)?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
            if (names is not null) CountsOptions.Usage(() => Require(names, past is not null));
            await using var desk = await session.OpenAsync(token);
            if (past is { } moment)
            {
                var page = await BelievedAsync(desk, new(whose, profile, name, names, moment, start ?? moment, end, session.Get(replayed), Limit: session.Get(limit) ?? Rows), token);
                if (chart is not null) await PlotFile.WriteAsync(chart, CountsCharts.Fan(whose, name, page.Items, where, moment), token);
                if (page.Truncated) session.Note($"There are more than these {page.Items.Count:n0} forecasts; --limit shows more, --from, --to and --horizons others.");
                if (session.Json) session.WriteJson(page, CommandJson.Relaxed.LedgerPage);
                else Write(session, page.Items, where);
                return ExitCode.Ok;
            }
            var request = new ForecastRequest { Account = whose, Profile = profile, Model = name, At = origin, Zone = where, Version = session.Get(version), Record = !session.Get(dryRun) };
            var forecaster = new Forecaster(desk.DataSource, desk.Options.DataDirectory, desk.Time);
            var rows = await forecaster.RunAsync(names is null ? request : request with { Horizons = names }, token).PromptlyAsync(session.Time, token);
            foreach (var day in forecaster.LeftOut)
                session.Note($"Nothing is said of {CountsOptions.Local(day.From, where)} to {CountsOptions.Local(day.To, where)}: it has begun, and part of it was not observed.");
            if (chart is not null) await PlotFile.WriteAsync(chart, CountsCharts.Fan(whose, name, rows, where), token);
            if (session.Json) session.WriteJson(rows, CommandJson.Relaxed.IReadOnlyListForecastRow);
            else Write(session, rows, where);
            return ExitCode.Ok;
        });
    }

    /// <summary>Horizons that can be forecast; the ledger has windows too.</summary>
    internal static IReadOnlyList<string> Require(IReadOnlyList<string> names, bool ledger)
    {
        var asked = ledger ? [.. names.Where(n => n != "window")] : names;
        if (asked.Count > 0 || names.Count == 0) Forecaster.Horizons(asked);
        return names;
    }

    static async Task<LedgerPage> BelievedAsync(Desk desk, LedgerQuery query, CancellationToken cancellationToken)
    {
        var ledger = new ForecastLedger(desk.DataSource, desk.Time);
        var page = await LedgerPage.ReadAsync(ledger, query, cancellationToken);
        if (page.Items.Count > 0) return page;
        var first = await ledger.FirstAsync(query.Account, query.Profile, cancellationToken);
        throw new CommandException(ExitCode.BadInput, "nothing_believed", $"The ledger holds nothing that was believed at {Moments.Text(query.AsOf!.Value)} about targets that end after {Moments.Text(query.From!.Value)}{(query.Horizons is { } names ? $" ({string.Join(", ", names)})" : "")}.",
            first is { } at ? $"Its first forecast was recorded at {Moments.Text(at)}; --replayed also shows what was computed later for earlier times." : "It is empty: bellwether counts forecast");
    }

    static void Write(Session session, IReadOnlyList<ForecastRow> rows, TimeZoneInfo zone)
    {
        var table = new TextTable(new("horizon"), new("from"), new("to"), new("mean", Right: true), new("median", Right: true), new("95 %"), new("so far", Right: true), new("came", Right: true), new("forecast of"));
        foreach (var r in rows)
            table.Add(r.Horizon, CountsOptions.Local(r.TargetTime, zone), CountsOptions.Local(r.TargetEnd, zone), CountsOptions.Number(r.PredictedCount, "0.##"), $"{r.MedianCount}",
                $"{r.LowerBound95:0}–{r.UpperBound95:0}", $"{r.CountSoFar}", r.ActualCount is { } came ? $"{came}" : "", CountsOptions.Local(r.ForecastTime, zone));
        table.Write(session.Screen);
    }
}
