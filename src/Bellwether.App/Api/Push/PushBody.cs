using Bellwether.Feeds;
using Microsoft.AspNetCore.Http;

namespace Bellwether.App.Api.Push;

/// <summary>Reads the records of a push, whole: nothing is appended of a body that cannot be read to its end.</summary>
sealed class PushBody(ServeOptions options, TimeProvider time)
{
    // Packed text may unpack to this many times the size of a request.
    const int MaxUnpacking = 4;
    static readonly string[] Lines = ["application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines", "application/json-seq"];

    // What curl and simple clients send when nobody tells them.
    static readonly string[] Any = ["application/json", "text/json", "text/plain", "application/octet-stream", "application/x-www-form-urlencoded", "application/gzip", "application/x-gzip"];

    readonly FeedOptions _feed = new() { Clock = time, MaxDocumentBytes = options.MaxRequestBytes, Source = null };

    /// <summary>The format that the content type names; null for one that is not read.</summary>
    public static FeedFormat? FormatOf(string? contentType)
    {
        var type = (contentType ?? "application/json").Split(';')[0].Trim().ToLowerInvariant();
        if (Lines.Contains(type)) return FeedFormat.JsonLines;
        return Any.Contains(type) || type.EndsWith("+json", StringComparison.Ordinal) ? FeedFormat.Auto : null;
    }

    /// <exception cref="FeedException">The body is not JSON, or is cut off.</exception>
    /// <exception cref="BadHttpRequestException">It is too large.</exception>
    public async Task<IReadOnlyList<FeedRecord>> ReadAsync(HttpRequest request, FeedFormat format, CancellationToken cancellationToken)
    {
        if (request.ContentLength > options.MaxRequestBytes) throw TooLarge();
        var records = new List<FeedRecord>();
        var characters = 0L;
        try
        {
            await foreach (var record in FeedReader.ReadJsonLines(request.Body, "http", _feed with { Format = format }, cancellationToken))
            {
                characters += record.Envelope is { } e ? e.Text.Length + (e.RawPayload?.Length ?? 0) : record.Rejection!.Value.Length;
                if (characters > (long)options.MaxRequestBytes * MaxUnpacking) throw TooLarge();
                records.Add(record);
            }
        }
        catch (FeedException error) when (error.InnerException is BadHttpRequestException request413)
        {
            throw request413;
        }
        return records;
    }

    static BadHttpRequestException TooLarge() => new("Request body too large.", StatusCodes.Status413PayloadTooLarge);
}
