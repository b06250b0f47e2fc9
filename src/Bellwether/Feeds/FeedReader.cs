using System.IO.Compression;
using System.Runtime.CompilerServices;
using System.Text;

namespace Bellwether.Feeds;

/// <summary>
/// Reads any supported input as envelopes and rejections, record by record, in bounded memory. A bad record is a rejection and never stops
/// the reading. An input that is unreadable, lacks a needed column, or is damaged midway ends with a <see cref="FeedException"/>, after
/// everything complete has been yielded. An empty input yields nothing.
/// </summary>
public static partial class FeedReader
{
    // The runtime option says the same; this is for hosts that lack it. Unset, a gzip stream that was cut off ends without a word.
    static FeedReader() => AppContext.SetSwitch("System.IO.Compression.UseStrictValidation", true);

    /// <summary>Whether a field of that name means anything to readers; fields of the log's own form do.</summary>
    public static bool IsKnownField(string name) =>
        KnownFields.TryGuess(name, out _) || name is "schema_version" or "fetched_at" or "raw";

    /// <exception cref="FeedException">See the class.</exception>
    public static IAsyncEnumerable<FeedRecord> ReadAsync(FeedSource source, FeedOptions options, CancellationToken cancellationToken) =>
        ReadAsync(source, options, json: false, cancellationToken);

    /// <summary>
    /// Reads what a client pushed: one JSON object, an array, or JSON Lines with one result a line, packed or not. A body that was declared
    /// to be JSON Lines should be read with that format: its first line cannot then be taken for the start of an object over several lines.
    /// </summary>
    /// <param name="origin">For rejections, for example <c>http</c>.</param>
    public static IAsyncEnumerable<FeedRecord> ReadJsonLines(Stream body, string origin, FeedOptions options,
        CancellationToken cancellationToken) =>
        ReadAsync(FeedSource.Of(origin, () => body), options, json: true, cancellationToken);

    static async IAsyncEnumerable<FeedRecord> ReadAsync(
        FeedSource source, FeedOptions options, bool json, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        options.Validate();
        using var normalizer = new Normalizer(options, source.DefaultSource);
        var input = new FeedInput(source.Origin, options, normalizer);
        var opened = await OpenAsync(source, options, cancellationToken).ConfigureAwait(false);
        if (opened is null) yield break;
        var window = new ByteWindow(opened);
        try
        {
            await PeekAsync(window, input.Origin, 4, cancellationToken).ConfigureAwait(false);
            var packed = window.Span.StartsWith(GzipMagic);
            if (packed) window = new ByteWindow(new GZipStream(window.AsStream(), CompressionMode.Decompress));
            if (options.Format == FeedFormat.Parquet || options.Format == FeedFormat.Auto && !json && !packed
                && window.Span.StartsWith("PAR1"u8))
            {
                var rows = Parquet(source, options, input, cancellationToken).ReadAsync(cancellationToken);
                await foreach (var row in rows.ConfigureAwait(false)) yield return row;
                yield break;
            }
            window = await DecodeAsync(window, options, input.Origin, cancellationToken).ConfigureAwait(false);
            var format = options.Format == FeedFormat.Auto
                ? await RecogniseAsync(window, source, json, cancellationToken).ConfigureAwait(false)
                : options.Format;
            var records = format switch
            {
                FeedFormat.Csv => new CsvFeed(window, input).ReadAsync(cancellationToken),
                FeedFormat.JsonLines => new JsonFeed(window, input).ReadLinesAsync(cancellationToken),
                FeedFormat.Json => new JsonFeed(window, input).ReadDocumentsAsync(cancellationToken),
                _ => new XmlFeed(window.AsStream(), input).ReadAsync(cancellationToken),
            };
            await foreach (var record in records.ConfigureAwait(false)) yield return record;
        }
        finally
        {
            await window.DisposeAsync().ConfigureAwait(false);
        }
    }

    static RowFeed Parquet(FeedSource source, FeedOptions options, FeedInput input, CancellationToken cancellationToken)
    {
        if (options.ParquetRows is not { } rows)
            throw new FeedException(source.Origin, "is Parquet, which this command was not set up to read",
                "Convert it to CSV or JSON Lines.");
        if (source.IsStandardInput || source.Url is not null || source.Open is not null)
            throw new FeedException(source.Origin, "is Parquet, which can only be read from a file", "Save it and name the file.");
        return new RowFeed(rows(source.Location, cancellationToken), input);
    }

    static async ValueTask<ByteWindow> DecodeAsync(ByteWindow window, FeedOptions options, string origin,
        CancellationToken cancellationToken)
    {
        await PeekAsync(window, origin, 3, cancellationToken).ConfigureAwait(false);
        Encoding? encoding = null;
        if (window.Span.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE]) || window.Span.StartsWith((ReadOnlySpan<byte>)[0xFE, 0xFF]))
        {
            encoding = window.Span[0] == 0xFF ? Encoding.Unicode : Encoding.BigEndianUnicode;
            window.Advance(2);
        }
        else if (window.Span.StartsWith(Encoding.UTF8.Preamble)) window.Advance(3);
        else if (options.Encoding is { } name && EncodingOf(name) is var named && named is not UTF8Encoding
            && options.Format != FeedFormat.Xml) encoding = named;
        return encoding is null
            ? window
            : new ByteWindow(Encoding.CreateTranscodingStream(window.AsStream(), encoding, new UTF8Encoding(false)));
    }

    /// <exception cref="FeedException">The encoding is none of those that are read.</exception>
    internal static Encoding EncodingOf(string name) => name.ToLowerInvariant() switch
    {
        "utf-8" or "utf8" => new UTF8Encoding(false),
        "latin1" or "latin-1" or "iso-8859-1" => Encoding.Latin1,
        "utf-16" or "utf16" or "utf-16le" => Encoding.Unicode,
        "utf-16be" => Encoding.BigEndianUnicode,
        _ => throw new FeedException("--encoding", $"'{name}' is not an encoding that is read", "Use utf-8, latin1 or utf-16."),
    };

    static async ValueTask PeekAsync(ByteWindow window, string origin, int bytes, CancellationToken cancellationToken)
    {
        while (window.Length < bytes && await Reading.FillAsync(window, origin, 1, cancellationToken).ConfigureAwait(false)) { }
    }

    static ReadOnlySpan<byte> GzipMagic => [0x1F, 0x8B];
}
