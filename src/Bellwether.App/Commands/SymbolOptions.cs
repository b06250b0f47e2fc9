using System.CommandLine;
using Bellwether.Feeds;

namespace Bellwether.App.Commands;

/// <summary>What commands about symbols share: which, as of when, and whether to keep the answer.</summary>
static class SymbolOptions
{
    public static Argument<string[]> Symbols() => new("SYMBOL") { Description = "Symbols", Arity = ArgumentArity.ZeroOrMore };

    public static Option<bool> All() => new("--all") { Description = "All symbols that were mentioned lately" };

    public static Option<DateTimeOffset?> AsOf(Screen screen) => Moments.Option("--as-of", "Answer with what was known at that moment, and nothing later", screen.Time);

    public static Option<bool> Save() => new("--save") { Description = "Append the answer to the tables, for SQL and later comparison" };

    /// <summary>Either symbols or all of them.</summary>
    public static void Require(Command command, Argument<string[]> symbols, Option<bool> all) => command.Validators.Add(result =>
    {
        if (result.GetValue(symbols) is { Length: > 0 } == result.GetValue(all)) result.AddError("Name symbols, or give --all for those that were mentioned lately.");
    });

    /// <summary>Null for all.</summary>
    /// <exception cref="CommandException">One of them cannot be a symbol.</exception>
    public static string[]? Of(Session session, Argument<string[]> symbols, Option<bool> all) => session.Get(all) ? null
        : [.. session.Get(symbols)!.SelectMany(text => TickerList.TryParse(text, out var found, out var problem) ? found : throw CommandException.Usage($"{problem}.")).Distinct()];

    public static CommandException Unknown(IReadOnlyList<string> symbols, DateTimeOffset? asOf) => new(
        ExitCode.BadInput, "unknown_symbol",
        $"Nothing {(asOf is { } moment ? $"was known at {Moments.Text(moment)}" : "is known")} about {string.Join(", ", symbols)} that could count.",
        "Results count since they were scored, bars since their import; `bellwether sentiment` and `bellwether market bars SYMBOL` show what there is.");
}
