using System.CommandLine;
using Bellwether.Counts.Features;

namespace Bellwether.App.Commands;

/// <summary><c>counts features</c>: what models learn from, hour by hour.</summary>
static class CountsFeatures
{
    public static Verb Create(Screen screen, GlobalOptions globals)
    {
        var (account, count, full, zone) = (CountsOptions.Account(), CountsOptions.Count(), CountsOptions.Full(), CountsOptions.Zone());
        var (from, to) = (CountsOptions.From("Show rows from this reference time on"), CountsOptions.To("Show rows before this reference time"));
        var limit = new Option<int>("--limit") { Description = "Most rows to show, 1 to 100000", DefaultValueFactory = _ => 1_000, HelpName = "N" };
        limit.Validators.Add(result => { if (result.GetValueOrDefault<int>() is < 1 or > 100_000) result.AddError("--limit: give 1 to 100000."); });
        return new Verb("features", "Bring the features up to date with the buckets; with --from show them", "counts features --account elonmusk",
            "counts features --account elonmusk --from 2025-06-29 --to 2025-06-30 --json")
        { account, count, full, from, to, zone, limit }.Runs(screen, globals, async (session, token) =>
        {
            var (whose, profile, where) = (session.AccountOf(account), session.ProfileOf(count), session.ZoneOf(zone));
            var (start, end) = (session.TimeOf(from, where), session.TimeOf(to, where));
            await using var desk = await session.OpenAsync(token);
            var built = await new FeatureBuilder(desk.DataSource, desk.Time).RunAsync(whose, profile, session.Get(full), token);
            if (start is null && end is null)
            {
                if (session.Json) session.WriteJson(built, CommandJson.Relaxed.FeatureResult);
                else session.Screen.Out.WriteLine($"computed {built.Computed:n0} of {built.Rows:n0} rows in {built.Seconds:0.00} s");
                return ExitCode.Ok;
            }
            var most = session.Get(limit);
            IReadOnlyList<FeatureRow> rows = await FeatureTable.ReadAsync(desk.DataSource, whose, profile, start, end, most + 1, token);
            if (rows.Count > most)
            {
                rows = [.. rows.Take(most)];
                session.Note($"There are more than these {most:n0} rows; --limit shows more, --from and --to others.");
            }
            if (session.Json) session.WriteJson(rows, CommandJson.Relaxed.IReadOnlyListFeatureRow);
            else Write(session, rows);
            return ExitCode.Ok;
        });
    }

    static void Write(Session session, IReadOnlyList<FeatureRow> rows)
    {
        var table = new TextTable(new("reference_time"), new("lag_1h", Right: true), new("lag_24h", Right: true), new("lag_7d", Right: true), new("rolling_mean_24h", Right: true),
            new("rolling_std_24h", Right: true), new("rolling_mean_7d", Right: true), new("event_intensity", Right: true), new("events_in_window", Right: true));
        foreach (var r in rows)
            table.Add(Moments.Text(r.ReferenceTime), CountsOptions.Number(r.Lag1h), CountsOptions.Number(r.Lag24h), CountsOptions.Number(r.Lag7d), CountsOptions.Number(r.RollingMean24h),
                CountsOptions.Number(r.RollingStd24h), CountsOptions.Number(r.RollingMean7d), CountsOptions.Number(r.EventIntensity), $"{r.EventsInWindow}");
        table.Write(session.Screen);
    }
}
