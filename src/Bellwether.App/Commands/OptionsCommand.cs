using System.CommandLine;
using Bellwether.Analytics.Options;

namespace Bellwether.App.Commands;

/// <summary><c>bellwether options</c>: prices, implied volatilities and Greeks, which need no database; chains of quotes, which do.</summary>
static partial class OptionsCommand
{
    public static Command Create(Screen screen, GlobalOptions globals)
    {
        var command = new Verb("options", "Price options, compute implied volatilities and Greeks, import and sum up chains",
            "options greeks --file options.csv --format csv", "options greeks --file chain.csv --american --reasons", "options import chain.csv --rate 0.004", "options chain AAPL");
        var file = new Option<string>("--file")
        {
            Description = "CSV with the columns spot, strike, rate, yield, years, type (call or put), and vol or price; - for standard input",
            HelpName = "FILE",
            Required = true,
        };
        var format = new Option<string?>("--format") { Description = "csv, json or table [default: csv; json with --json]" };
        format.AcceptOnlyFromAmong(StringComparer.OrdinalIgnoreCase, "csv", "json", "table");
        var american = new Option<bool>("--american") { Description = "Exercise at any time; European otherwise" };
        var reasons = new Option<bool>("--reasons") { Description = "One more column that tells why a row has no value" };
        command.Add(new Verb("greeks", "Compute price, implied volatility and Greeks of every row of a file",
                "options greeks --file options.csv --format csv", "options greeks --file options.csv --american --json") { file, format, american, reasons }
            .Runs(screen, globals, (session, cancellationToken) => new OptionRows(session, session.Get(american), session.Get(reasons))
                .RunAsync(session.Get(file)!, session.Get(format)?.ToLowerInvariant() ?? (session.Json ? "json" : "csv"), cancellationToken)));
        command.Add(Import(screen, globals));
        command.Add(Chain(screen, globals));
        return command;
    }

    public const string NoPrice = "no price follows from these numbers";

    public static string Name(ImpliedProblem problem) => problem switch
    {
        ImpliedProblem.InvalidInput => "no option has these numbers",
        ImpliedProblem.Expired => "expired",
        ImpliedProblem.BelowIntrinsic => "price below the intrinsic value",
        ImpliedProblem.AboveMaximum => "price at or above the most the option can be worth",
        ImpliedProblem.NoInformation => "the price is the intrinsic value: it tells nothing of volatility",
        _ => "",
    };
}
