using System.CommandLine;
using Bellwether.Feeds;

namespace Bellwether.App.Commands;

/// <summary>What commands about symbols share: which, as of when, and whether to keep the answer.</summary>
static class SymbolOptions
{
    public static Argument<string[]> Symbols() => new("SYMBOL") { Description = "Symbols", Arity = ArgumentArity.ZeroOrMore };

    public static Option<bool> All() => new("--all") { Description = "All symbols that were mentioned lately" };

    public static Option<DateTimeOffset?> AsOf(Screen screen) =>
        Moments.Option("--as-of", "Answer with what was known at that moment, and nothing later", screen.Time);

    public static Option<DateTimeOffset?> At(Screen screen) =>
        Moments.Option("--at", "The moment to tell of, with the knowledge of --as-of: for history that was loaded afterwards "
            + "[default: --as-of, or now]", screen.Time);

    /// <summary>Whether the question is about what was known in the past, of which something may have gone since.</summary>
    public static bool IsPast(Session session, Option<DateTimeOffset?> asOf) => session.Get(asOf) is not null;

    /// <summary>The moment to tell of, and the one whose knowledge counts.</summary>
    /// <exception cref="CommandException">The first lies behind the second.</exception>
    public static (DateTimeOffset At, DateTimeOffset KnownBy) Moment(Session session, Option<DateTimeOffset?> at, Option<DateTimeOffset?> asOf)
    {
        var known = session.Get(asOf) ?? session.Time.GetUtcNow();
        var moment = session.Get(at) ?? known;
        return moment <= known ? (moment, known)
            : throw CommandException.Usage($"--at {Moments.Text(moment)} is after {Moments.Text(known)}, whose knowledge is asked for.");
    }

    public static Option<bool> Save() => new("--save") { Description = "Append the answer to the tables, for SQL and later comparison" };

    /// <summary>Either symbols or all of them.</summary>
    public static void Require(Command command, Argument<string[]> symbols, Option<bool> all) => command.Validators.Add(result =>
    {
        if (result.GetValue(symbols) is { Length: > 0 } == result.GetValue(all))
            result.AddError("Name symbols, or give --all for those that were mentioned lately.");
    });

    /// <summary>Null for all.</summary>
    /// <exception cref="CommandException">One of them cannot be a symbol.</exception>
    public static string[]? Of(Session session, Argument<string[]> symbols, Option<bool> all) => session.Get(all) ? null
        : [.. session.Get(symbols)!.SelectMany(text => TickerList.TryParse(text, out var found, out var problem) ? found
            : throw CommandException.Usage($"{problem}.")).Distinct()];
}
