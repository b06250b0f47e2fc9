using System.CommandLine;
using Bellwether.Counts;
using Bellwether.Counts.Buckets;
using Bellwether.Counts.Ledger;

namespace Bellwether.App.Commands;

/// <summary><c>counts buckets</c>: hourly and daily counts, and those of any windows.</summary>
static class CountsBuckets
{
    public static Verb Create(Screen screen, GlobalOptions globals)
    {
        var (account, count, full, zone) = (CountsOptions.Account(), CountsOptions.Count(), CountsOptions.Full(), CountsOptions.Zone());
        var (from, to) = (CountsOptions.From("Show windows from here on"), CountsOptions.To("Show windows up to here [default: the end of what was observed]"));
        var every = new Option<string?>("--every") { Description = "Length of the windows: 1h, 1d, 7d, 1w, 1mo; days keep the clock's time when it changes [default: 1d]", HelpName = "LENGTH" };
        return new Verb("buckets", "Bring hourly and daily counts up to date; with --from show the counts of windows",
            "counts buckets --account elonmusk", "counts buckets --account elonmusk --from \"2025-03-07 12:00\" --to \"2025-03-11 12:00\" --every 1d --tz America/New_York",
            "counts buckets --account elonmusk --count posts,quotes,reposts --json")
        { account, count, full, from, to, every, zone }.Runs(screen, globals, async (session, token) =>
        {
            var (whose, profile, where) = (session.AccountOf(account), session.ProfileOf(count), session.ZoneOf(zone));
            var (start, end, length) = (session.TimeOf(from, where), session.TimeOf(to, where), session.Get(every));
            if (start is null && (end ?? (object?)length) is not null) throw CommandException.Usage("--to and --every need --from.");
            // Without an end the length alone is looked at.
            if (start is { } a) CountsOptions.Usage(() => ZoneWindows.Split(a, end ?? a.AddSeconds(1), length ?? "1d", where));
            await using var desk = await session.OpenAsync(token);
            var built = await new BucketBuilder(desk.DataSource, desk.Time).RunAsync(whose, profile, session.Get(full), token);
            await new ForecastLedger(desk.DataSource, desk.Time).FillAsync(whose, token);
            if (start is not { } first) return Write(session, built);
            var windows = ZoneWindows.Split(first, end ?? built.Until, length ?? "1d", where);
            return Write(session, await new WindowCounts(desk.DataSource).RunAsync(whose, profile, windows, token), where);
        });
    }

    static int Write(Session session, BucketResult built)
    {
        if (session.Json)
        {
            session.WriteJson(built, CommandJson.Relaxed.BucketResult);
            return ExitCode.Ok;
        }
        session.Screen.Out.WriteLine($"computed {built.Hours:n0} hours and {built.Days:n0} days, removed {built.RemovedHours:n0} and {built.RemovedDays:n0} that are not observed, in {built.Seconds:0.00} s");
        session.Screen.Out.WriteLine($"{built.Posts:n0} posts in {built.ObservedHours:n0} hours and {built.ObservedDays:n0} whole days, {Moments.Text(built.From)} to {Moments.Text(built.Until)}");
        if (built.UnknownKinds > 0) session.Note($"{built.UnknownKinds:n0} posts of unknown kind do not count as {built.Profile}");
        return ExitCode.Ok;
    }

    static int Write(Session session, IReadOnlyList<WindowCount> windows, TimeZoneInfo zone)
    {
        if (session.Json)
        {
            session.WriteJson(windows, CommandJson.Relaxed.IReadOnlyListWindowCount);
            return ExitCode.Ok;
        }
        var table = new TextTable(new("from"), new("to"), new("hours", Right: true), new("posts", Right: true));
        foreach (var w in windows) table.Add(CountsOptions.Local(w.From, zone), CountsOptions.Local(w.To, zone), $"{w.Hours:0.##}", w.Count is { } count ? $"{count:n0}" : $"not observed whole; {w.Seen:n0} known");
        table.Write(session.Screen);
        return ExitCode.Ok;
    }
}
