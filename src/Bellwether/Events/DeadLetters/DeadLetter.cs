using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Bellwether.Events;

/// <summary>A record that could not be worked on, kept whole with the reason.</summary>
/// <param name="Origin">Where it came from: <c>topic/partition@offset</c>, or <c>file:line</c>.</param>
/// <param name="Stage">Step of the pipeline that refused it: normalise, decode, score, store.</param>
/// <param name="ErrorClass">Short stable name of the kind of error, for counting.</param>
/// <param name="Message">A sentence for a person.</param>
public sealed partial record DeadLetter(
    string Origin, string? Key, ReadOnlyMemory<byte> Value, IReadOnlyDictionary<string, string> Headers, string Stage, string ErrorClass, string Message)
{
    /// <summary>Names the letter that a record in the log is a replay of: number and fingerprint, so that no other desk's letter is meant.</summary>
    public const string ReplayHeader = "bellwether.replay-of";

    /// <summary>What a letter adds to the headers of its record begins with this.</summary>
    public const string HeaderPrefix = "__bellwether.errors.";

    /// <summary>Size of a record of which only the beginning is kept.</summary>
    public const string BytesHeader = HeaderPrefix + "bytes";

    public static readonly string[] Stages = ["normalise", "decode", "score", "store"];

    static readonly IReadOnlyDictionary<string, string> NoHeaders = new Dictionary<string, string>();

    public string? Topic { get; private init; }
    public int? Partition { get; private init; }
    public long? Offset { get; private init; }

    /// <summary>Keys in the inbox that this letter takes, so that a redelivery of the same record is recognised. Empty for none.</summary>
    public IReadOnlyList<Guid> InboxKeys { get; init; } = [];

    /// <summary>The cause may pass by itself, so the record is tried again after a while.</summary>
    public bool Retryable { get; init; }

    public static string ReplayOfText(long id, Guid fingerprint) => string.Create(CultureInfo.InvariantCulture, $"{id}/{fingerprint:N}");

    /// <summary>The letter that this record was when it was refused before.</summary>
    (long Id, Guid Fingerprint)? ReplayOf =>
        Headers.TryGetValue(ReplayHeader, out var text) && text.Split('/') is [var number, var print]
            && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && Guid.TryParseExact(print, "N", out var fingerprint)
            ? (id, fingerprint) : null;

    public static DeadLetter From(LogEntry entry, string stage, string errorClass, string message) =>
        new($"{entry.Topic}/{entry.Partition}@{entry.Offset}", entry.Key, entry.Value, entry.Headers, stage, errorClass, message)
        {
            Topic = entry.Topic,
            Partition = entry.Partition,
            Offset = entry.Offset,
        };

    /// <param name="bytes">Size of the record, of which the value may be only the beginning.</param>
    public static DeadLetter From(string origin, ReadOnlyMemory<byte> value, string message, long bytes) =>
        new(origin, null, value, bytes > value.Length ? new Dictionary<string, string> { [BytesHeader] = bytes.ToString(CultureInfo.InvariantCulture) } : NoHeaders,
            "normalise", "rejected", message);

    /// <summary>The same record refused again is the same letter: origin and content decide.</summary>
    Guid Fingerprint
    {
        get
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            hash.AppendData(Encoding.UTF8.GetBytes(Origin));
            hash.AppendData([0]);
            hash.AppendData(Value.Span);
            return new Guid(hash.GetHashAndReset().AsSpan(0, 16), bigEndian: true);
        }
    }

    string HeadersWithError()
    {
        var headers = new Dictionary<string, string>(Headers)
        {
            [HeaderPrefix + "stage"] = Stage,
            [HeaderPrefix + "exception.class"] = ErrorClass,
            [HeaderPrefix + "message"] = Storable(Message),
            [HeaderPrefix + "attempt"] = "1",
        };
        headers.Remove(ReplayHeader);
        if (Topic is not null)
        {
            headers[HeaderPrefix + "topic"] = Topic;
            headers[HeaderPrefix + "partition"] = $"{Partition}";
            headers[HeaderPrefix + "offset"] = $"{Offset}";
        }
        return JsonSerializer.Serialize(headers.ToDictionary(h => Storable(h.Key), h => Storable(h.Value)), LogHeadersJson.Default.DictionaryStringString);
    }

    // PostgreSQL keeps no NUL in a text.
    static string Storable(string text) => text.Replace("\0", "\\0", StringComparison.Ordinal);
}
