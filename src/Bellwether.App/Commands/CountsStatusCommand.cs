using System.CommandLine;
using Bellwether.Counts;
using Bellwether.Counts.Ledger;

namespace Bellwether.App.Commands;

/// <summary><c>counts status</c>: freshness, gaps, and whether the intervals kept their word.</summary>
static class CountsStatusCommand
{
    public static Verb Create(Screen screen, GlobalOptions globals)
    {
        var account = new Option<string?>("--account") { Description = "Whose posts [default: all accounts]", HelpName = "NAME" };
        var count = CountsOptions.Count();
        return new Verb("status", "Show how fresh and whole the counts are, and whether 95 % intervals held 95 %", "counts status", "counts status --account elonmusk --json") { account, count }
            .Runs(screen, globals, async (session, token) =>
            {
                var (named, profile) = (session.Get(account) is { } name ? CountsOptions.Usage(() => AccountName.Parse(name)) : null, session.ProfileOf(count));
                await using var desk = await session.OpenAsync(token);
                List<CountsStatus> all = [];
                foreach (var one in named is null ? (await CountAccount.ListAsync(desk.DataSource, token)).Select(a => a.Account) : [named])
                {
                    await new ForecastLedger(desk.DataSource, desk.Time).FillAsync(one, token);
                    all.Add(await new StatusReader(desk.DataSource, desk.Time).ReadAsync(one, profile, token));
                }
                if (session.Json && named is not null) session.WriteJson(all[0], CommandJson.Relaxed.CountsStatus);
                else if (session.Json) session.WriteJson(all, CommandJson.Relaxed.IReadOnlyListCountsStatus);
                else if (all.Count == 0) session.Screen.Out.WriteLine("Nothing is counted yet: bellwether counts import FILE --account NAME");
                else foreach (var status in all) Write(session.Screen.Out, status);
                return ExitCode.Ok;
            });
    }

    static void Write(TextWriter output, CountsStatus s)
    {
        output.WriteLine($"account   {s.Account}, counting {s.Profile}");
        output.WriteLine(s.ObservedUntil is not { } until ? "observed  nothing"
            : $"observed  {Moments.Text(s.ObservedFrom!.Value)} to {Moments.Text(until)}, {TimeSpan.FromSeconds(s.StaleSeconds ?? 0).TotalHours:n1} hours ago");
        output.WriteLine($"posts     {s.Posts:n0} ({string.Join(", ", s.PostsByKind.Select(k => $"{k.Key} {k.Value:n0}"))}), deleted {s.DeletedPosts:n0}{(s.LastPost is { } last ? $", the last at {Moments.Text(last)}" : "")}");
        output.WriteLine(s.BucketsUntil is null ? "buckets   not computed" : $"buckets   {(s.ChangedPosts == 0 ? "up to date" : $"{s.ChangedPosts:n0} posts changed since")}");
        output.WriteLine($"features  {(s.FeaturesCurrent ? "up to date with the buckets" : "behind the buckets")}");
        output.WriteLine($"gaps      {s.Gaps:n0} recorded, {s.SuspiciousSilences:n0} silences that look like outages and are not recorded");
        foreach (var m in s.Models) output.WriteLine($"model     {m.ModelName} {m.Version}, trained to {Moments.Text(m.TrainingEndDate)}");
        output.WriteLine($"forecasts {s.Forecasts:n0}, of which {s.OpenForecasts:n0} wait for what comes");
        foreach (var c in s.Coverage)
            output.WriteLine($"coverage  {c.Horizon}: {CountsOptions.Number(c.CoverageShare, "0.0 %")} of {c.Targets:n0} targets, evidence {CountsOptions.Number(c.Evidence, "0.##")}{(c.Alarm ? ": ALARM, the intervals do not hold 95 %" : "")}{(c.Replayed ? " (replayed ones among them)" : "")}");
    }
}
