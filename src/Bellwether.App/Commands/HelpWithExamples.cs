using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Bellwether.App.Commands;

/// <summary>The usual help, then examples and exit codes.</summary>
sealed class HelpWithExamples(HelpAction usual) : SynchronousCommandLineAction
{
    static readonly string[] RootExamples =
    [
        "demo",
        "ingest headlines.csv --map title=headline,timestamp=date,tickers=stock --wait",
        "sentiment AAPL",
        "sql \"select ticker, avg(sentiment) from all_sentiment group by ticker\"",
        "serve",
    ];

    public static bool Asks(string word) => word is "--help" or "-h" or "-?";

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        var result = usual.Invoke(parseResult);
        var output = parseResult.InvocationConfiguration.Output;
        output.WriteLine("Examples:");
        foreach (var example in parseResult.CommandResult.Command is Verb verb ? verb.Examples : RootExamples)
            output.WriteLine($"  {CommandLine.ProgramName} {example}");
        output.WriteLine();
        output.WriteLine("Exit codes:");
        foreach (var (code, meaning) in ExitCode.All) output.WriteLine($"  {code,-4} {meaning}");
        return result;
    }
}
