using System.CommandLine;
using Bellwether.Counts;
using Bellwether.Counts.Gaps;

namespace Bellwether.App.Commands;

sealed record GapsAnswer(string Account, int Added, int Unchanged);

sealed record ObservedAnswer(string Account, DateTimeOffset From, DateTimeOffset To, bool Added);

sealed record RemovedAnswer(string Account, long Removed);

/// <summary><c>counts gaps</c>: when the collector was away.</summary>
static class CountsGaps
{
    public static Verb Create(Screen screen, GlobalOptions globals)
    {
        var command = new Verb("gaps", "Record when the collector was away: hours of an outage are not hours without a post", "counts gaps add --account elonmusk --from 2024-11-21 --to 2024-11-22",
            "counts gaps detect --account elonmusk", "counts gaps list --account elonmusk");
        command.Add(Add(screen, globals));
        command.Add(Import(screen, globals));
        command.Add(List(screen, globals));
        command.Add(Remove(screen, globals));
        command.Add(Detect(screen, globals));
        command.Add(Observed(screen, globals));
        return command;
    }

    static Verb Add(Screen screen, GlobalOptions globals)
    {
        var (account, from, to, zone) = (CountsOptions.Account(), Required(CountsOptions.From("Start")), Required(CountsOptions.To("End, excluded")), CountsOptions.Zone());
        var reason = new Option<string?>("--reason") { Description = "Why nothing was collected", HelpName = "TEXT" };
        return new Verb("add", "Record one gap", "counts gaps add --account elonmusk --from 2024-11-21 --to 2024-11-22 --reason outage",
            "counts gaps add --account elonmusk --from \"2023-11-04 09:00\" --to \"2023-11-04 21:00\" --tz America/New_York --json")
        { account, from, to, zone, reason }.Runs(screen, globals, (session, token) =>
        {
            var where = session.ZoneOf(zone);
            NewGap[] gaps = [new(session.TimeOf(from, where)!.Value, session.TimeOf(to, where)!.Value, session.Get(reason))];
            if (gaps[0].GapEnd <= gaps[0].GapStart) throw CommandException.Usage("--from is to be before --to.");
            return AddAsync(session, session.AccountOf(account), gaps, token);
        });
    }

    static Verb Import(Screen screen, GlobalOptions globals)
    {
        var (account, zone, file) = (CountsOptions.Account(), CountsOptions.Zone(), new Argument<string>("FILE") { Description = "CSV, JSON Lines or a JSON array with gap_start, gap_end and perhaps reason" });
        return new Verb("import", "Record the gaps of a file, all or none", "counts gaps import outages.csv --account elonmusk", "counts gaps import outages.json --account elonmusk --json") { file, account, zone }
            .Runs(screen, globals, async (session, token) =>
            {
                using var text = new StreamReader(Bellwether.Counts.Import.PostFile.Open(session.Get(file)!));
                return await AddAsync(session, session.AccountOf(account), await RecordFile.GapsAsync(text, session.Get(file)!, session.ZoneOf(zone), token), token);
            });
    }

    static async Task<int> AddAsync(Session session, string account, IReadOnlyList<NewGap> gaps, CancellationToken cancellationToken)
    {
        await using var desk = await session.OpenAsync(cancellationToken);
        var added = await new GapStore(desk.DataSource, desk.Time).AddAsync(account, gaps, cancellationToken);
        if (session.Json) session.WriteJson(new(account, added, gaps.Count - added), CommandJson.Relaxed.GapsAnswer);
        else session.Screen.Out.WriteLine($"recorded {added:n0} gaps, {gaps.Count - added:n0} were there; `bellwether counts buckets` takes them into account");
        return ExitCode.Ok;
    }

    static Verb List(Screen screen, GlobalOptions globals)
    {
        var account = CountsOptions.Account();
        return new Verb("list", "Show the recorded gaps", "counts gaps list --account elonmusk", "counts gaps list --account elonmusk --json") { account }.Runs(screen, globals, async (session, token) =>
        {
            var whose = session.AccountOf(account);
            await using var desk = await session.OpenAsync(token);
            var gaps = await new GapStore(desk.DataSource, desk.Time).ListAsync(whose, token);
            if (session.Json)
            {
                session.WriteJson(gaps, CommandJson.Relaxed.IReadOnlyListCountGap);
                return ExitCode.Ok;
            }
            var table = new TextTable(new("id", Right: true), new("from"), new("to"), new("hours", Right: true), new("reason", Width: 60));
            foreach (var gap in gaps) table.Add($"{gap.Id}", Moments.Text(gap.GapStart), Moments.Text(gap.GapEnd), $"{(gap.GapEnd - gap.GapStart).TotalHours:0.##}", gap.Reason);
            table.Write(session.Screen);
            return ExitCode.Ok;
        });
    }

    static Verb Remove(Screen screen, GlobalOptions globals)
    {
        var (account, id) = (CountsOptions.Account(), new Argument<long>("ID") { Description = "Number of the gap, as `counts gaps list` shows it" });
        return new Verb("remove", "Take a recorded gap back", "counts gaps remove 3 --account elonmusk", "counts gaps remove 3 --account elonmusk --json") { id, account }.Runs(screen, globals, async (session, token) =>
        {
            var whose = session.AccountOf(account);
            await using var desk = await session.OpenAsync(token);
            await new GapStore(desk.DataSource, desk.Time).RemoveAsync(whose, session.Get(id), token);
            if (session.Json) session.WriteJson(new(whose, session.Get(id)), CommandJson.Relaxed.RemovedAnswer);
            else session.Screen.Out.WriteLine($"gap {session.Get(id)} is no gap any more");
            return ExitCode.Ok;
        });
    }

    static Verb Detect(Screen screen, GlobalOptions globals)
    {
        var (account, count) = (CountsOptions.Account(), CountsOptions.Count());
        var atLeast = Moments.Interval("--at-least", "Shortest silence that is looked at [default: 12h]");
        return new Verb("detect", "Show silences that look like outages; records none of them", "counts gaps detect --account elonmusk", "counts gaps detect --account elonmusk --at-least 1d --json")
        { account, count, atLeast }.Runs(screen, globals, async (session, token) =>
        {
            var (whose, profile) = (session.AccountOf(account), session.ProfileOf(count));
            await using var desk = await session.OpenAsync(token);
            var found = await new StatusReader(desk.DataSource, desk.Time).SilencesAsync(whose, profile, session.Get(atLeast) ?? TimeSpan.FromHours(12), token);
            if (session.Json)
            {
                session.WriteJson(found, CommandJson.Relaxed.IReadOnlyListSuspiciousSilence);
                return ExitCode.Ok;
            }
            var table = new TextTable(new("last post before"), new("first post after"), new("hours", Right: true), new("posts expected", Right: true), new("longest before, hours", Right: true));
            foreach (var s in found) table.Add(Moments.Text(s.From), Moments.Text(s.To), $"{s.Hours:0.##}", $"{s.Expected:0.#}", $"{s.LongestBefore:0.##}");
            table.Write(session.Screen);
            if (found.Count > 0) session.Note("Where the collector was away, record it: bellwether counts gaps add; where it was there, say so: bellwether counts gaps observed");
            return ExitCode.Ok;
        });
    }

    static Verb Observed(Screen screen, GlobalOptions globals)
    {
        var (account, from, to, zone) = (CountsOptions.Account(), Required(CountsOptions.From("Start")), Required(CountsOptions.To("End, excluded")), CountsOptions.Zone());
        return new Verb("observed", "Say that the collector was there: a silence in this stretch is one of the account, however long it looks",
            "counts gaps observed --account elonmusk --from 2024-11-21 --to 2024-11-22", "counts gaps observed --account elonmusk --from \"2023-11-04 09:00\" --to \"2023-11-04 21:00\" --tz America/New_York --json")
        { account, from, to, zone }.Runs(screen, globals, async (session, token) =>
        {
            var (whose, where) = (session.AccountOf(account), session.ZoneOf(zone));
            var (start, end) = (session.TimeOf(from, where)!.Value, session.TimeOf(to, where)!.Value);
            if (end <= start) throw CommandException.Usage("--from is to be before --to.");
            await using var desk = await session.OpenAsync(token);
            var added = await new GapStore(desk.DataSource, desk.Time).ConfirmAsync(whose, start, end, token);
            if (session.Json) session.WriteJson(new(whose, start, end, added), CommandJson.Relaxed.ObservedAnswer);
            else session.Screen.Out.WriteLine(added ? "the collector was there: models learn from this silence, and backtests score it" : "that was said before, or the stretch is a recorded gap: bellwether counts gaps remove");
            return ExitCode.Ok;
        });
    }

    static Option<string?> Required(Option<string?> option)
    {
        option.Required = true;
        return option;
    }
}
