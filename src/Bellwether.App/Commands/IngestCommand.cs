using System.CommandLine;
using Bellwether.Feeds;

namespace Bellwether.App.Commands;

/// <summary><c>bellwether ingest</c>: files, standard input and web addresses into the event log, and with <c>--wait</c> all the way to the lake.</summary>
static class IngestCommand
{
    public static Command Create(Screen screen, GlobalOptions globals)
    {
        var options = new IngestOptions();
        var verb = new Verb("ingest", "Read posts and news into the event log; with --wait score them and write the lake",
            "ingest headlines.csv --map title=headline,timestamp=date,tickers=stock --source wire --wait",
            "ingest posts.ndjson.gz --type tweet --wait --json",
            "ingest https://example.com/feed.xml --priority high",
            "ingest - --format jsonl --timezone America/New_York < events.ndjson");
        options.AddTo(verb);
        return verb.Runs(screen, globals, (session, cancellationToken) => new IngestRunner(session, options.Read(session)).RunAsync(cancellationToken));
    }
}

/// <summary>How the inputs are read.</summary>
sealed class IngestOptions
{
    static readonly Dictionary<string, FeedFormat> Formats = new(StringComparer.OrdinalIgnoreCase)
    {
        ["auto"] = FeedFormat.Auto,
        ["csv"] = FeedFormat.Csv,
        ["jsonl"] = FeedFormat.JsonLines,
        ["ndjson"] = FeedFormat.JsonLines,
        ["json"] = FeedFormat.Json,
        ["xml"] = FeedFormat.Xml,
        ["rss"] = FeedFormat.Xml,
        ["atom"] = FeedFormat.Xml,
        ["parquet"] = FeedFormat.Parquet,
    };

    readonly Argument<string[]> _files = new("FILE")
    {
        Description = "Files (also gzip), - for standard input, or http and https addresses",
        Arity = ArgumentArity.OneOrMore,
    };

    readonly Option<string[]> _map = new("--map")
    {
        Description = "Which column holds what: text, title, timestamp, tickers, id, url, source, type, weight, priority, author, followers …; the rest is guessed",
        HelpName = "field=column,…",
    };

    readonly Option<string?> _source = new("--source") { Description = "Name of the publisher", HelpName = "NAME" };
    readonly Option<string?> _type = Among("--type", "Kind of publication", "news", "tweet", "reddit", "filing");
    readonly Option<string?> _priority = Among("--priority", "For records that state none", "standard", "high");
    readonly Option<string?> _timezone = new("--timezone") { Description = "Zone of times without an offset [default: UTC]", HelpName = "IANA name" };
    readonly Option<string?> _encoding = new("--encoding") { Description = "utf-8, latin1 or utf-16 [default: by byte order mark, else utf-8]", HelpName = "NAME" };
    readonly Option<string?> _delimiter = new("--delimiter") { Description = "CSV delimiter, one character or 'tab' [default: guessed]", HelpName = "CHAR" };
    readonly Option<string?> _format = Among("--format", "Form of the input [default: by content]", [.. Formats.Keys]);
    readonly Option<string?> _symbols = new("--symbols") { Description = "CSV of further securities to recognise in text: symbol,exchange,name,aliases", HelpName = "FILE" };
    readonly Option<bool> _wait = new("--wait") { Description = "Score in this process too, wait until every event has its result, then write the lake" };

    public void AddTo(Command command)
    {
        command.Add(_files);
        foreach (var option in new Option[] { _map, _source, _type, _priority, _timezone, _encoding, _delimiter, _format, _symbols, _wait }) command.Add(option);
    }

    public IngestRequest Read(Session session)
    {
        var progress = new FeedProgress();
        var zone = session.Get(_timezone) ?? "UTC";
        // An unknown zone should cost no database.
        _ = new TimestampParser(zone, null, session.Time, FeedOptions.DefaultMaxAhead);
        return new([.. session.Get(_files)!.Select(Source)], progress, session.Get(_wait), new()
        {
            Map = ColumnMap.Parse(session.Get(_map) ?? []),
            Source = session.Get(_source),
            Type = session.Get(_type) is { } type ? Enum.Parse<EventType>(type, ignoreCase: true) : null,
            Priority = session.Get(_priority) is { } priority ? Enum.Parse<Priority>(priority, ignoreCase: true) : default,
            TimeZone = zone,
            Encoding = session.Get(_encoding),
            Delimiter = session.Get(_delimiter) is { } delimiter ? Delimiter(delimiter) : null,
            Format = session.Get(_format) is { } format ? Formats[format] : FeedFormat.Auto,
            Extractor = session.Get(_symbols) is { } file ? new TickerExtractor(SymbolList.BuiltIn.With(SymbolList.Read(file))) : null,
            Progress = progress,
            Clock = session.Time,
        });
    }

    static FeedSource Source(string location) =>
        string.IsNullOrWhiteSpace(location) ? throw CommandException.Usage("A file name is empty.")
        : location == "-" ? FeedSource.Of("stdin", () => new StandardInput())
        : FeedSource.Parse(location);

    static char Delimiter(string text) => text switch
    {
        "tab" or "\\t" => '\t',
        { Length: 1 } => text[0],
        _ => throw CommandException.Usage($"--delimiter '{text}' is not one character.", "Write one character, or tab."),
    };

    static Option<string?> Among(string name, string description, params string[] values)
    {
        var option = new Option<string?>(name) { Description = description };
        option.AcceptOnlyFromAmong(StringComparer.OrdinalIgnoreCase, values);
        return option;
    }
}

/// <summary>What was asked for.</summary>
/// <param name="Bytes">How far reading has come in the current input.</param>
sealed record IngestRequest(IReadOnlyList<FeedSource> Sources, FeedProgress Bytes, bool Wait, FeedOptions Feed);
