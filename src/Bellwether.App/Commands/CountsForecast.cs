using System.CommandLine;
using Bellwether.Counts.Ledger;
using Bellwether.Plots;

namespace Bellwether.App.Commands;

/// <summary><c>counts forecast</c>: what is believed now, and what was believed then.</summary>
static class CountsForecast
{
    public static Verb Create(Screen screen, GlobalOptions globals)
    {
        var (account, count, zone, model) = (CountsOptions.Account(), CountsOptions.Count(), CountsOptions.Zone(), CountsOptions.Model());
        var horizons = new Option<string>("--horizons") { Description = "1h: the next 24 hours; 1d: seven days; 7d, 30d …: the total of so many days", HelpName = "LIST", DefaultValueFactory = _ => "1h,1d,7d" };
        var at = new Option<string?>("--at") { Description = "Forecast from what had been posted by then [default: the end of what was observed]", HelpName = "TIME" };
        var asOf = Moments.Option("--as-of", "Make no forecast: answer from the ledger what was believed at that moment", screen.Time);
        var (from, to) = (CountsOptions.From("With --as-of: targets that end after it [default: the moment asked for]"), CountsOptions.To("With --as-of: targets that begin before it"));
        var replayed = new Option<bool>("--replayed") { Description = "With --as-of: also forecasts that were made later for a time before the moment" };
        var (plot, dryRun) = (CountsOptions.Plot("a fan chart"), CountsOptions.DryRun());
        return new Verb("forecast", "Forecast the next hours, days and week, and record it in the ledger", "counts forecast --account elonmusk",
            "counts forecast --account elonmusk --horizons 1d --tz America/New_York --plot fan.svg", "counts forecast --account elonmusk --as-of 2025-06-30T12:00Z --json",
            "counts forecast --account elonmusk --at 2025-06-01 --dry-run")
        { account, count, model, horizons, at, zone, dryRun, asOf, from, to, replayed, plot }.Runs(screen, globals, async (session, token) =>
        {
            var (whose, profile, where, name) = (session.AccountOf(account), session.ProfileOf(count), session.ZoneOf(zone), session.ModelOf(model));
            var (origin, start, end, chart) = (session.TimeOf(at, where), session.TimeOf(from, where), session.TimeOf(to, where), session.PlotOf(plot));
            var past = session.Get(asOf);
            if (past is null && (start is not null || end is not null || session.Get(replayed))) throw CommandException.Usage("--from, --to and --replayed need --as-of.");
            if (past is not null && (origin is not null || session.Get(dryRun))) throw CommandException.Usage("--as-of makes no forecast, so --at and --dry-run mean nothing with it.");
            string[] names = session.Get(horizons)!.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
            CountsOptions.Usage(() => Forecaster.Horizons(names));
            await using var desk = await session.OpenAsync(token);
            var rows = past is { } moment
                ? await BelievedAsync(desk, new(whose, profile, name, AsOf: moment, From: start ?? moment, To: end, Replayed: session.Get(replayed)), token)
                : await new Forecaster(desk.DataSource, desk.Options.DataDirectory, desk.Time).RunAsync(
                    new() { Account = whose, Profile = profile, Model = name, Horizons = names, At = origin, Zone = where, Record = !session.Get(dryRun) }, token);
            if (chart is not null) await PlotFile.WriteAsync(chart, CountsCharts.Fan($"{whose}: {name}", rows), token);
            Write(session, rows);
            return ExitCode.Ok;
        });
    }

    static async Task<IReadOnlyList<ForecastRow>> BelievedAsync(Desk desk, LedgerQuery query, CancellationToken cancellationToken)
    {
        var ledger = new ForecastLedger(desk.DataSource, desk.Time);
        var rows = await ledger.ReadAsync(query, cancellationToken);
        if (rows.Count > 0) return rows;
        var first = await ledger.FirstAsync(query.Account, query.Profile, cancellationToken);
        throw new CommandException(ExitCode.BadInput, "nothing_believed", $"The ledger holds nothing that was believed at {Moments.Text(query.AsOf!.Value)} about targets still to come then.",
            first is { } at ? $"Its first forecast was recorded at {Moments.Text(at)}; --replayed also shows what was computed later for earlier times." : "It is empty: bellwether counts forecast");
    }

    static void Write(Session session, IReadOnlyList<ForecastRow> rows)
    {
        if (session.Json)
        {
            session.WriteJson(rows, CommandJson.Relaxed.IReadOnlyListForecastRow);
            return;
        }
        var table = new TextTable(new("horizon"), new("from"), new("to"), new("mean", Right: true), new("median", Right: true), new("95 %"), new("so far", Right: true), new("came", Right: true), new("forecast of"));
        foreach (var r in rows)
            table.Add(r.Horizon, Moments.Text(r.TargetTime), Moments.Text(r.TargetEnd), CountsOptions.Number(r.PredictedCount, "0.##"), $"{r.MedianCount}", $"{r.LowerBound95:0}–{r.UpperBound95:0}",
                $"{r.CountSoFar}", r.ActualCount is { } came ? $"{came}" : "", Moments.Text(r.ForecastTime));
        table.Write(session.Screen);
    }
}
