using System.CommandLine;
using Bellwether.App.Demo;

namespace Bellwether.App.Commands;

/// <summary><c>bellwether demo</c>: a generated market day through the whole path.</summary>
static class DemoCommand
{
    public static Command Create(Screen screen, GlobalOptions globals)
    {
        var events = new Option<int>("--events") { Description = "How many records the day has", DefaultValueFactory = _ => 5_000, HelpName = "N" };
        events.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && result.GetValueOrDefault<int>() is < 1 or > 1_000_000) result.AddError("--events is outside 1..1000000.");
        });
        var seed = new Option<int>("--seed") { Description = "Another seed, another day", DefaultValueFactory = _ => 1, HelpName = "S" };
        var serve = new Option<bool>("--serve") { Description = "Stay up with the API afterwards" };
        return new Verb("demo", "Play a generated market day through the whole path and show what comes out; --data must name an empty or an earlier demo's folder",
                "demo", "demo --seed 7 --events 20000", "demo --serve", "demo --json") { events, seed, serve }
            .Runs(screen, globals, (session, cancellationToken) =>
                new DemoRunner(session, session.Get(events), session.Get(seed), session.Get(serve)).RunAsync(cancellationToken));
    }
}
