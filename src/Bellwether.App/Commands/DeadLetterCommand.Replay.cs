using System.CommandLine;
using Bellwether.Events;
using Bellwether.Feeds;

namespace Bellwether.App.Commands;

/// <param name="Replayed">Records that are on their way again; a worker tells what becomes of them.</param>
/// <param name="Duplicates">Records whose results are all stored already.</param>
sealed record ReplayAnswer(bool DryRun, long Matching, long Replayed, long Duplicates, IReadOnlyList<ReplayRefusal> Refused);

sealed record PurgeAnswer(bool DryRun, long Purged);

/// <summary><c>dlq replay</c> and <c>dlq purge</c>.</summary>
static partial class DeadLetterCommand
{
    static Verb Replay(Screen screen, GlobalOptions globals)
    {
        var ids = new Argument<long[]>("ID") { Description = "Numbers of letters; without any, those that the options name", Arity = ArgumentArity.ZeroOrMore };
        var filter = new DeadLetterFilterOptions(screen.Time);
        var set = new Option<string[]>("--set") { Description = "Change a field of the record first; JSON counts as such, anything else as text", HelpName = "field=value" };
        var value = new Option<string?>("--value") { Description = "File with the record anew, - for standard input; only for one letter", HelpName = "FILE" };
        var map = new Option<string[]>("--map") { Description = "For records refused before they became events: which field holds what, as for ingest", HelpName = "field=column,…" };
        var timezone = new Option<string?>("--timezone") { Description = "For those: zone of times without an offset [default: UTC]", HelpName = "IANA name" };
        var all = new Option<bool>("--all") { Description = "Every open letter" };
        var dryRun = new Option<bool>("--dry-run") { Description = "Only count" };
        var verb = new Verb("replay", "Put open letters back on their way, as they are or edited",
            "dlq replay 17", "dlq replay 17 --set tickers=[\"AAPL\"]", "dlq replay --stage score --since 2026-03-01", "dlq replay 18 --value mended.json",
            "dlq replay --stage normalise --timezone America/New_York --dry-run")
        { ids };
        filter.AddTo(verb);
        foreach (var option in new Option[] { set, value, map, timezone, all, dryRun }) verb.Add(option);
        return verb.Runs(screen, globals, async (session, cancellationToken) =>
        {
            var wanted = filter.Read(session, session.Get(ids));
            if (wanted == new DeadLetterFilter() && !session.Get(all)) throw CommandException.Usage("Name letters, or options that choose them.", "All open ones: dlq replay --all.");
            if (session.Get(value) is not null && wanted.Ids is not [_]) throw CommandException.Usage("--value is for one letter: name its number.");
            return await ReplayAsync(session, wanted, await EditAsync(session, value, set, cancellationToken), new()
            {
                Map = ColumnMap.Parse(session.Get(map) ?? []),
                TimeZone = session.Get(timezone) ?? "UTC",
                Clock = session.Time,
            }, session.Get(dryRun), cancellationToken);
        });
    }

    static async Task<RecordEdit> EditAsync(Session session, Option<string?> value, Option<string[]> set, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte>? record = null;
        if (session.Get(value) is { } file)
        {
            await using Stream input = file == "-" ? new StandardInput() : File.OpenRead(file);
            var bytes = new MemoryStream();
            await input.CopyToAsync(bytes, cancellationToken);
            record = bytes.ToArray();
        }
        try
        {
            return RecordEdit.Parse(record, session.Get(set) ?? []);
        }
        catch (FormatException error)
        {
            throw CommandException.Usage($"--set: {error.Message}.", "For example --set 'tickers=[\"AAPL\"]'.");
        }
    }

    static async Task<int> ReplayAsync(
        Session session, DeadLetterFilter filter, RecordEdit edit, FeedOptions feed, bool dryRun, CancellationToken cancellationToken)
    {
        using var loggers = StderrLog.Create(session);
        await using var desk = await session.OpenAsync(cancellationToken, loggers: loggers);
        var letters = new DeadLetterTable(desk.DataSource);
        var open = await letters.CountAsync(filter with { Status = filter.Status ?? "open" }, cancellationToken);
        if (filter.Ids is [var only] && open == 0 && await letters.ShowAsync(only, cancellationToken) is null) throw Unknown(only);
        var outcome = dryRun
            ? new(0, 0, [])
            : await desk.DeadLetterReplay.RunAsync(
                filter, edit, feed with { MaxAhead = desk.Options.Scoring.MaxAhead }, null, cancellationToken);
        if (session.Json)
        {
            session.WriteJson(new(dryRun, open, outcome.Replayed, outcome.Duplicates, outcome.Refused), CommandJson.Relaxed.ReplayAnswer);
        }
        else if (dryRun)
        {
            session.Screen.Out.WriteLine($"{open:n0} open letters would be put back on their way");
        }
        else
        {
            foreach (var refusal in outcome.Refused.Take(20)) session.Note($"dead letter {refusal.Id} stays: {refusal.Reason}");
            session.Screen.Out.WriteLine($"{outcome.Replayed:n0} of {open:n0} open letters are on their way again, {outcome.Duplicates:n0} were not needed any more, {outcome.Refused.Count:n0} stay");
            if (outcome.Replayed > 0) session.Screen.Out.WriteLine("A worker scores them: `bellwether serve`; what is refused again is in `bellwether dlq list`.");
        }
        return outcome.Refused.Count > 0 && outcome.Replayed + outcome.Duplicates == 0 ? ExitCode.BadInput : ExitCode.Ok;
    }

    static Verb Purge(Screen screen, GlobalOptions globals)
    {
        var ids = new Argument<long[]>("ID") { Description = "Numbers of letters; without any, those that the options name", Arity = ArgumentArity.ZeroOrMore };
        var filter = new DeadLetterFilterOptions(screen.Time);
        var all = new Option<bool>("--all") { Description = "Every letter" };
        var yes = new Option<bool>("--yes") { Description = "Remove them; without it they are only counted" };
        var verb = new Verb("purge", "Remove dead letters for good", "dlq purge --status replayed --until 2026-03-01", "dlq purge --status replayed --until 2026-03-01 --yes",
            "dlq purge 17 --yes") { ids };
        filter.AddTo(verb);
        verb.Add(all);
        verb.Add(yes);
        return verb.Runs(screen, globals, async (session, cancellationToken) =>
        {
            var wanted = filter.Read(session, session.Get(ids));
            if (wanted == new DeadLetterFilter() && !session.Get(all)) throw CommandException.Usage("Name letters, or options that choose them.", "All of them: dlq purge --all --yes.");
            await using var desk = await session.OpenAsync(cancellationToken);
            var (letters, dryRun) = (new DeadLetterTable(desk.DataSource), !session.Get(yes));
            var count = dryRun ? await letters.CountAsync(wanted, cancellationToken) : await letters.PurgeAsync(wanted, cancellationToken);
            if (session.Json) session.WriteJson(new(dryRun, count), CommandJson.Relaxed.PurgeAnswer);
            else session.Screen.Out.WriteLine(dryRun ? $"{count:n0} dead letters would be removed for good; --yes does it" : $"{count:n0} dead letters are removed");
            return ExitCode.Ok;
        });
    }
}
