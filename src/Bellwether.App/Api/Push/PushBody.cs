using System.Globalization;
using Bellwether.Feeds;
using Microsoft.AspNetCore.Http;

namespace Bellwether.App.Api.Push;

/// <summary>Reads the records of a push, whole: nothing is appended of a body that cannot be read to its end.</summary>
sealed class PushBody(ServeOptions options, Desk desk)
{
    // Packed text may unpack to this many times the size of a request.
    const int MaxUnpacking = 4;

    // Bodies of the largest size that may be held at one time, over all clients.
    const int MaxBodies = 4;

    static readonly string[] Lines = ["application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines",
        "application/json-seq"];

    // What curl and simple clients send when nobody tells them.
    static readonly string[] Any = ["application/json", "text/json", "text/plain", "application/octet-stream",
        "application/x-www-form-urlencoded", "application/gzip", "application/x-gzip"];

    readonly FeedOptions _feed = new()
    {
        Clock = desk.Time,
        MaxAhead = desk.Options.Scoring.MaxAhead,
        MaxDocumentBytes = options.MaxRequestBytes,
    };

    long _inHand;

    /// <summary>The format that the content type names; null for one that is not read.</summary>
    public static FeedFormat? FormatOf(string? contentType)
    {
        var type = (contentType ?? "application/json").Split(';')[0].Trim().ToLowerInvariant();
        if (Lines.Contains(type)) return FeedFormat.JsonLines;
        return Any.Contains(type) || type.EndsWith("+json", StringComparison.Ordinal) ? FeedFormat.Auto : null;
    }

    /// <summary>The records of a body; null when the bodies in hand take all the memory that is set aside for them.</summary>
    /// <exception cref="FeedException">The body is not JSON, or is cut off.</exception>
    /// <exception cref="BadHttpRequestException">It is too large.</exception>
    public async Task<PushedBody?> ReadAsync(HttpRequest request, FeedFormat format, CancellationToken cancellationToken)
    {
        if (request.ContentLength > options.MaxRequestBytes) throw TooLarge();
        var body = new PushedBody(this);
        try
        {
            if (!body.TryGrow(request.ContentLength ?? 0)) return Give(body);
            await foreach (var record in FeedReader.ReadJsonLines(request.Body, "http", _feed with { Format = format }, cancellationToken))
                if (!body.TryAdd(record)) return Give(body);
            return body;
        }
        catch (Exception error)
        {
            body.Dispose();
            if (error is FeedException { InnerException: BadHttpRequestException refused }) throw refused;
            throw;
        }
    }

    static PushedBody? Give(PushedBody body)
    {
        body.Dispose();
        return null;
    }

    long Budget => (long)options.MaxRequestBytes * MaxBodies;

    long Longest => (long)options.MaxRequestBytes * MaxUnpacking;

    BadHttpRequestException TooLarge() => new(Text($"The body is longer than {options.MaxRequestBytes} bytes"), StatusCodes.Status413PayloadTooLarge);

    BadHttpRequestException Unpacked() => new(Text($"The body unpacks to more than {Longest} bytes"), StatusCodes.Status413PayloadTooLarge);

    static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    /// <summary>The records of one body, and the memory that they are held to take until they are in the log.</summary>
    public sealed class PushedBody(PushBody owner) : IDisposable
    {
        readonly List<FeedRecord> _records = [];
        long _held;
        long _characters;

        public IReadOnlyList<FeedRecord> Records => _records;

        internal bool TryGrow(long bytes)
        {
            _held += bytes;
            return Interlocked.Add(ref owner._inHand, bytes) <= owner.Budget;
        }

        internal bool TryAdd(FeedRecord record)
        {
            _characters += record.Envelope is { } e ? e.Text.Length + (e.RawPayload?.Length ?? 0) : record.Rejection!.Bytes;
            if (_characters > owner.Longest) throw owner.Unpacked();
            _records.Add(record);
            return _characters <= _held || TryGrow(_characters - _held);
        }

        public void Dispose() => Interlocked.Add(ref owner._inHand, -Interlocked.Exchange(ref _held, 0));
    }
}
