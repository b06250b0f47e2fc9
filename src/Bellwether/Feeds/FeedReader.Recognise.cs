namespace Bellwether.Feeds;

public static partial class FeedReader
{
    const int LookAhead = 64 * 1024;

    // json: nothing else is expected.
    // By the first character; a name decides only between one JSON object over several lines and JSON Lines.
    static async ValueTask<FeedFormat> RecogniseAsync(ByteWindow window, FeedSource source, bool json, CancellationToken cancellationToken)
    {
        var origin = source.Origin;
        int start;
        while ((start = window.Span.IndexOfAnyExcept(" \t\r\n"u8)) < 0 && window.Length < LookAhead
            && await Reading.FillAsync(window, origin, 1, cancellationToken).ConfigureAwait(false)) { }
        if (start < 0) return FeedFormat.JsonLines;
        var head = window.Span[start..Math.Min(window.Length, start + 4096)];
        if (head.Count((byte)0) * 4 > head.Length)
            throw new FeedException(origin, "holds binary data or UTF-16 text without byte order mark",
                "Name its format, or its encoding with --encoding utf-16.");
        var name = source.FileName;
        if (head[0] == '[') return FeedFormat.Json;
        if (head[0] != '{') return json ? FeedFormat.JsonLines : head[0] == '<' ? FeedFormat.Xml : FeedFormat.Csv;
        if (Ends(name, ".jsonl") || Ends(name, ".ndjson")) return FeedFormat.JsonLines;
        return await FirstLineIsWholeAsync(window, start, origin, cancellationToken).ConfigureAwait(false) ?? !Ends(name, ".json")
            ? FeedFormat.JsonLines
            : FeedFormat.Json;
    }

    // Null when no line end comes within sight.
    static async ValueTask<bool?> FirstLineIsWholeAsync(ByteWindow window, int start, string origin, CancellationToken cancellationToken)
    {
        var scanner = new JsonScanner();
        var at = start;
        while (true)
        {
            if (scanner.Scan(window.Span, ref at)) return !window.Span[start..at].Contains((byte)'\n');
            if (window.Span[start..].Contains((byte)'\n')) return false;
            if (window.Length >= LookAhead || !await Reading.FillAsync(window, origin, 1, cancellationToken).ConfigureAwait(false))
                return null;
        }
    }

    // "feed.json", "feed.json.gz"
    static bool Ends(string name, string extension) =>
        name.EndsWith(extension, StringComparison.OrdinalIgnoreCase)
            || name.EndsWith(extension + ".gz", StringComparison.OrdinalIgnoreCase);
}
