using System.CommandLine;
using Bellwether.Counts;
using Bellwether.Counts.Events;

namespace Bellwether.App.Commands;

/// <summary><c>counts events</c>: what happened outside.</summary>
static class CountsEvents
{
    public static Verb Create(Screen screen, GlobalOptions globals)
    {
        var command = new Verb("events", "Keep external events that may make an account post more or less",
            "counts events add --account elonmusk --name \"Earnings call\" --from 2025-04-22T21:30Z --to 2025-04-22T23:00Z --intensity 0.8", "counts events import events.csv --account elonmusk",
            "counts events list --account elonmusk --from 2025-04-01 --to 2025-05-01");
        command.Add(Add(screen, globals));
        command.Add(Import(screen, globals));
        command.Add(List(screen, globals));
        command.Add(Remove(screen, globals));
        return command;
    }

    static Verb Add(Screen screen, GlobalOptions globals)
    {
        var (account, zone) = (CountsOptions.Account(), CountsOptions.Zone());
        var name = new Option<string>("--name") { Description = "Name of the event", HelpName = "TEXT", Required = true };
        var (from, to) = (CountsOptions.From("Start"), CountsOptions.To("End [default: the start]"));
        from.Required = true;
        var intensity = new Option<double>("--intensity") { Description = "How strong it is, 0 to 1", HelpName = "SHARE", Required = true };
        var category = new Option<string?>("--category") { Description = "Category, such as market or regulatory", HelpName = "NAME" };
        var description = new Option<string?>("--description") { Description = "More about it", HelpName = "TEXT" };
        var source = new Option<string>("--source") { Description = "Who says so", HelpName = "NAME", DefaultValueFactory = _ => "manual" };
        var known = new Option<string?>("--known-at") { Description = "From when on features may know of it [default: its start]", HelpName = "TIME" };
        return new Verb("add", "Add one event; again with other values changes it",
            "counts events add --account elonmusk --name \"Earnings call\" --from 2025-04-22T21:30Z --to 2025-04-22T23:00Z --intensity 0.8 --category market",
            "counts events add --account elonmusk --name launch --from \"2025-05-27 18:30\" --tz America/Chicago --intensity 1 --json")
        { account, name, from, to, intensity, category, description, source, known, zone }.Runs(screen, globals, (session, token) =>
        {
            var where = session.ZoneOf(zone);
            var start = session.TimeOf(from, where)!.Value;
            var added = new NewEvent(session.Get(name)!, start, session.TimeOf(to, where) ?? start, session.Get(intensity), session.Get(category), session.Get(description), session.Get(source)!,
                session.TimeOf(known, where));
            CountsOptions.Usage(() => EventStore.Require(added));
            return AddAsync(session, session.AccountOf(account), [added], token);
        });
    }

    static Verb Import(Screen screen, GlobalOptions globals)
    {
        var (account, zone) = (CountsOptions.Account(), CountsOptions.Zone());
        var file = new Argument<string>("FILE") { Description = "CSV, JSON Lines or a JSON array with name, event_start, event_end, intensity and perhaps category, description, source, known_at" };
        return new Verb("import", "Add the events of a file, all or none", "counts events import events.csv --account elonmusk", "counts events import events.json --account elonmusk --json") { file, account, zone }
            .Runs(screen, globals, async (session, token) =>
            {
                using var text = new StreamReader(Bellwether.Counts.Import.PostFile.Open(session.Get(file)!));
                return await AddAsync(session, session.AccountOf(account), await RecordFile.EventsAsync(text, session.Get(file)!, session.ZoneOf(zone), token), token);
            });
    }

    static async Task<int> AddAsync(Session session, string account, IReadOnlyList<NewEvent> events, CancellationToken cancellationToken)
    {
        await using var desk = await session.OpenAsync(cancellationToken);
        var added = await new EventStore(desk.DataSource, desk.Time).AddAsync(account, events, cancellationToken);
        if (session.Json) session.WriteJson(added, CommandJson.Relaxed.EventsAdded);
        else session.Screen.Out.WriteLine($"added {added.Added:n0} events, changed {added.Updated:n0}, {added.Unchanged:n0} were there; `bellwether counts features` takes them into account");
        return ExitCode.Ok;
    }

    static Verb List(Screen screen, GlobalOptions globals)
    {
        var (account, zone, from, to) = (CountsOptions.Account(), CountsOptions.Zone(), CountsOptions.From("Events that overlap the time from here on"), CountsOptions.To("Events that overlap the time up to here"));
        var category = new Option<string?>("--category") { Description = "Only events of this category", HelpName = "NAME" };
        return new Verb("list", "Show events that overlap a stretch of time", "counts events list --account elonmusk", "counts events list --account elonmusk --from 2025-04-01 --to 2025-05-01 --json")
        { account, from, to, category, zone }.Runs(screen, globals, async (session, token) =>
        {
            var (whose, where) = (session.AccountOf(account), session.ZoneOf(zone));
            var (start, end) = (session.TimeOf(from, where), session.TimeOf(to, where));
            await using var desk = await session.OpenAsync(token);
            var events = await new EventStore(desk.DataSource, desk.Time).ListAsync(whose, start, end, session.Get(category), token);
            if (session.Json)
            {
                session.WriteJson(events, CommandJson.Relaxed.IReadOnlyListExogenousEvent);
                return ExitCode.Ok;
            }
            var table = new TextTable(new("id", Right: true), new("name", Width: 50), new("category"), new("from"), new("to"), new("intensity", Right: true));
            foreach (var e in events) table.Add($"{e.Id}", e.Name, e.Category, Moments.Text(e.EventStart), Moments.Text(e.EventEnd), CountsOptions.Number(e.Intensity));
            table.Write(session.Screen);
            return ExitCode.Ok;
        });
    }

    static Verb Remove(Screen screen, GlobalOptions globals)
    {
        var (account, id) = (CountsOptions.Account(), new Argument<long>("ID") { Description = "Number of the event, as `counts events list` shows it" });
        return new Verb("remove", "Take an event back", "counts events remove 3 --account elonmusk", "counts events remove 3 --account elonmusk --json") { id, account }.Runs(screen, globals, async (session, token) =>
        {
            var whose = session.AccountOf(account);
            await using var desk = await session.OpenAsync(token);
            await new EventStore(desk.DataSource, desk.Time).RemoveAsync(whose, session.Get(id), token);
            if (session.Json) session.WriteJson(new(whose, session.Get(id)), CommandJson.Relaxed.RemovedAnswer);
            else session.Screen.Out.WriteLine($"event {session.Get(id)} is gone");
            return ExitCode.Ok;
        });
    }
}
