using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Bellwether.App.Commands;

/// <summary>The command line as a whole.</summary>
public static partial class CommandLine
{
    public const string ProgramName = "bellwether";

    /// <summary>Runs one command line and returns the exit code; never throws.</summary>
    public static async Task<int> RunAsync(IReadOnlyList<string> args, Screen screen, CancellationToken cancellationToken)
    {
        var globals = new GlobalOptions();
        var parsed = Build(screen, globals).Parse(args);
        var reporter = new Failures(screen, args.Contains("--json"), args.Contains("--verbose"));
        if (parsed.Action is ParseErrorAction) return reporter.Usage(parsed);
        // Help that was asked for a command that there is not: without the wish for help the parser tells which one is near.
        if (parsed.Action is HelpWithExamples && parsed.UnmatchedTokens is [[not '-', ..], ..])
        {
            var plain = Build(screen, new()).Parse([.. args.Where(a => !HelpWithExamples.Asks(a))]);
            if (plain.Action is ParseErrorAction) return reporter.Usage(plain);
        }
        try
        {
            return await parsed.InvokeAsync(new()
            {
                Output = screen.Out,
                Error = screen.Error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
            }, cancellationToken);
        }
        catch (Exception error)
        {
            return reporter.Report(error, cancellationToken);
        }
        finally
        {
            await screen.Out.FlushAsync(CancellationToken.None);
        }
    }

    /// <summary>The tree of commands; what they need is loaded when one of them runs.</summary>
    public static RootCommand Build(Screen screen, GlobalOptions globals)
    {
        var root = new RootCommand("Posts, news and prices in; scored sentiment out: live, as of any past moment, and in a lake of Parquet files.") { HelpName = ProgramName };
        globals.AddTo(root);
        foreach (var make in Verbs) root.Add(make(screen, globals));
        NumberOptions.Guard(root);
        foreach (var option in root.Options)
        {
            if (option is HelpOption { Action: HelpAction help } helpOption)
            {
                helpOption.Action = new HelpWithExamples(help);
                // Slashes begin paths here, and would be offered as words by completions.
                helpOption.Aliases.Remove("/?");
                helpOption.Aliases.Remove("/h");
            }
            if (option is VersionOption version) version.Description = "Show the version";
        }
        return root;
    }

    static readonly Func<Screen, GlobalOptions, Command>[] Verbs =
    [
        DemoCommand.Create,
        IngestCommand.Create,
        SentimentCommand.Create,
        AggregateCommand.Create,
        ConfluenceCommand.Create,
        SignalCommand.Create,
        MarketCommand.Create,
        OptionsCommand.Create,
        AsOfCommand.Create,
        ModelCommand.Create,
        SqlCommand.Create,
        CountsCommand.Create,
        ServeCommand.Create,
        LakeCommand.Create,
        RetentionCommand.Create,
        ArchiveCommand.Create,
        BackupCommand.Create,
        HotStoreCommand.Create,
        BenchCommand.Create,
        DeadLetterCommand.Create,
        TopicsCommand.Create,
        MigrateCommand.Create,
        DoctorCommand.Create,
        CompletionsCommand.Create,
        VersionCommand.Create,
    ];
}
