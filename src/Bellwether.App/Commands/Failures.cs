using System.CommandLine;
using System.Text.Json;
using Bellwether.Backup;
using Bellwether.Counts;
using Bellwether.Engines;
using Bellwether.Engines.DuckDb;
using Bellwether.Engines.Onnx;
using Bellwether.Events;
using Bellwether.Feeds;
using Bellwether.Lake;
using Bellwether.Lake.Legacy;
using Bellwether.Market.Providers;
using Bellwether.Retention;
using Bellwether.Sentiment.Classifier;
using Bellwether.Sentiment.HotStore;
using Bellwether.Sentiment.Llm;
using Bellwether.Storage;
using Bellwether.Storage.Objects;
using Npgsql;

namespace Bellwether.App.Commands;

/// <summary>Turns what went wrong into one clear sentence, what mends it, and an exit code.</summary>
sealed class Failures(Screen screen, bool json, bool verbose)
{
    public int Usage(ParseResult parsed)
    {
        var names = new Stack<string>();
        for (Symbol? command = parsed.CommandResult.Command; command is Command and not RootCommand; command = command.Parents.FirstOrDefault())
            names.Push(command.Name);
        var messages = parsed.Errors.Select(e => Sentence(e.Message)).Distinct();
        return Write(new(ExitCode.Usage, "usage", string.Join(" ", messages), $"See: {string.Join(' ', names.Prepend(CommandLine.ProgramName))} --help"), null);
    }

    public int Report(Exception error, CancellationToken cancellationToken)
    {
        // What a cancelled operation threw tells nothing: the user asked for the end.
        if (cancellationToken.IsCancellationRequested && error is not CommandException)
            return Write(new(ExitCode.Interrupted, "interrupted", "Interrupted; nothing is half done."), null);
        return Write(Of(error), error);
    }

    static CommandException Of(Exception error) => error switch
    {
        CommandException known => known,
        FeedException { IsUsage: true } feed =>
            CommandException.Usage($"{feed.Origin}: {feed.Problem}.", feed.Mend),
        FeedException feed => new(ExitCode.BadInput, "bad_input", $"{feed.Origin}{(feed.Line is { } line ? $", line {line}" : "")}: {feed.Problem}.", feed.Mend),
        ModelFileException { File: ['-', '-', ..] } option => CommandException.Usage($"{option.File}: {option.Problem}.", option.Mend),
        ModelFileException model => new(ExitCode.BadInput, "model", $"{model.File}: {model.Problem}.", model.Mend),
        LlmUnavailableException llm => new(ExitCode.Unavailable, "model", Sentence(llm.Message), "Look at the server, and at Scoring:Llm."),
        OnnxException onnx => new(ExitCode.Unavailable, "model", $"ONNX Runtime: {Sentence(onnx.Message)}",
            "`bellwether model list` tells whether the model's files are sound."),
        CountsException counts => new(ExitCode.BadInput, counts.Problem switch
        {
            CountsProblem.Unknown => "unknown",
            CountsProblem.NotEnough => "not_enough_data",
            _ => "bad_input",
        }, counts.Message, counts.Mend),
        MarketProviderException provider => new(provider.Problem switch
        {
            ProviderProblem.NotConfigured => ExitCode.Usage,
            ProviderProblem.Unknown => ExitCode.BadInput,
            _ => ExitCode.Unavailable,
        }, "provider", Sentence(provider.Message), provider.Mend),
        DeskOptionsException options => CommandException.Usage(options.Message),
        EngineException engine => new(ExitCode.Unavailable, "engine", Sentence($"{engine.Engine}: {engine.Problem}"), engine.Mend),
        EventLogException log => new(ExitCode.Unavailable, "event_log", Sentence(log.Message)),
        MigrationException migration => new(ExitCode.Unavailable, "schema", Sentence(migration.Message)),
        PostgresException database => new(ExitCode.Unavailable, "database", $"The database refused: {Sentence(database.MessageText)} (SQLSTATE {database.SqlState})"),
        NpgsqlException database => new(ExitCode.Unavailable, "database", $"The database cannot be reached: {Sentence(database.Message)}",
            "Check that it runs and that --postgres is right; `bellwether doctor` looks at the private one."),
        LakeSqlException { IsUnknownTable: true } sql => new(ExitCode.BadInput, "unknown_table", Sentence(sql.Message)),
        LakeSqlException { InnerException: DuckDbException } sql => new(ExitCode.Usage, "sql", Sentence(sql.Message)),
        LakeSqlException sql => new(ExitCode.Refused, "refused", Sentence(sql.Message)),
        ObjectStoreException store => new(ExitCode.Unavailable, "object_store", Sentence(store.Message), store.Mend),
        HotStoreException { Problem: HotStoreProblem.Settings } hot => CommandException.Usage(Sentence(hot.Message), hot.Mend),
        HotStoreException hot => new(ExitCode.Unavailable, "hot_store", Sentence(hot.Message), hot.Mend),
        BackupException { InnerException: IOException or UnauthorizedAccessException or ArgumentException } disk => new(ExitCode.Failure, "io", Sentence(disk.Message), disk.Mend),
        BackupException backup => new(ExitCode.BadInput, "backup", Sentence(backup.Message), backup.Mend),
        LegacyException legacy => new(ExitCode.BadInput, "migration", Sentence(legacy.Message)),
        RetentionException retention => new(ExitCode.Failure, "retention", Sentence(retention.Message)),
        LakeException lake => new(ExitCode.Failure, "lake", Sentence(lake.Message)),
        IOException or UnauthorizedAccessException => new(ExitCode.Failure, "io", Sentence(error.Message)),
        _ => new(ExitCode.Failure, "unexpected", $"Unexpected failure: {Sentence(error.Message)}", "Run it again with --verbose and report what it says."),
    };

    int Write(CommandException failure, Exception? cause)
    {
        if (json)
        {
            screen.Error.WriteLine(JsonSerializer.Serialize(
                new ErrorAnswer(new(failure.Kind, failure.Message, failure.Mend, failure.ExitCode)), CommandJson.Relaxed.ErrorAnswer));
        }
        else
        {
            screen.Error.WriteLine(Printable.Text($"{CommandLine.ProgramName}: {failure.Message}{(failure.Mend is { } mend ? " " + mend : "")}"));
        }
        if (verbose && cause is not null) screen.Error.WriteLine(cause);
        return failure.ExitCode;
    }

    static string Sentence(string text)
    {
        // Lists of what may stand there come with a line and a tab each.
        text = text.Trim().ReplaceLineEndings("\n").Replace(":\n\t", ": ").Replace("\n\t", ", ").Replace('\n', ' ');
        return text.Length == 0 || text[^1] is '.' or '!' or '?' ? text : text + ".";
    }
}
