using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Bellwether.Sentiment;
using Microsoft.Extensions.Logging;

namespace Bellwether.App.Commands;

/// <summary>One run of a command: its options, where it writes, and the desk when it needs one.</summary>
public sealed class Session(ParseResult parsed, Screen screen, GlobalOptions globals)
{
    public Screen Screen => screen;

    public TimeProvider Time => screen.Time;

    public bool Json => parsed.GetValue(globals.Json);

    public bool Verbose => parsed.GetValue(globals.Verbose);

    /// <summary>True where the user named a data folder.</summary>
    public string? NamedDataDirectory => parsed.GetValue(globals.Data);

    public string DataDirectory => NamedDataDirectory ?? GlobalOptions.DefaultDataDirectory();

    public T? Get<T>(Option<T> option) => parsed.GetValue(option);

    public T? Get<T>(Argument<T> argument) => parsed.GetValue(argument);

    /// <exception cref="DeskOptionsException">A setting is unknown or out of range.</exception>
    public DeskOptions LoadOptions(string? dataDirectory = null) =>
        DeskOptions.Load(dataDirectory ?? DataDirectory, new Dictionary<string, string?> { [nameof(DeskOptions.Postgres)] = parsed.GetValue(globals.Postgres) });

    /// <summary>Starts or attaches to the database.</summary>
    /// <param name="migrate">False for commands that look at the schema itself.</param>
    /// <param name="loggers">For commands that work in the background; null for those that only ask.</param>
    /// <param name="model">Scores in place of the built-in model.</param>
    public async Task<Desk> OpenAsync(CancellationToken cancellationToken, bool migrate = true, ILoggerFactory? loggers = null, DeskOptions? options = null, ISentimentModel? model = null)
    {
        options ??= LoadOptions();
        Directory.CreateDirectory(options.DataDirectory);
        return await Desk.OpenAsync(options, Progress, cancellationToken, loggers, Time, migrate, model);
    }

    /// <summary>What an engine says while it is fetched, made or started.</summary>
    public IProgress<string> Progress => new Notes(this);

    /// <summary>A line for a person, never part of the answer.</summary>
    public void Note(string line)
    {
        lock (screen) screen.Error.WriteLine(Printable.Text(line));
    }

    /// <summary>The answer as one line of JSON.</summary>
    public void WriteJson<T>(T value, JsonTypeInfo<T> type) => screen.Out.WriteLine(JsonSerializer.Serialize(value, type));

    // At once and in order, unlike Progress<T>, which posts to the thread pool.
    sealed class Notes(Session session) : IProgress<string>
    {
        public void Report(string value) => session.Note(value);
    }
}
