namespace Bellwether.Feeds;

/// <summary>
/// One record read from an input: either an envelope, or the reason why it could not become one together with what was read.
/// </summary>
public readonly record struct FeedRecord(EventEnvelope? Envelope, FeedRejection? Rejection)
{
    /// <summary>Line number in a text file (first line is 1), else record number.</summary>
    public long Position { get; init; }

    public static FeedRecord Accept(EventEnvelope envelope, long position) => new(envelope, null) { Position = position };

    public static FeedRecord Reject(FeedRejection rejection) => new(null, rejection) { Position = rejection.Position };
}

/// <summary>Why a record was refused, and the record as it stood.</summary>
/// <param name="Origin">File name, URL or "http"; never a query string with secrets.</param>
/// <param name="Position">Line number in a text file (first line is 1), else record number.</param>
/// <param name="Reason">A sentence for a person, naming field and value.</param>
/// <param name="Value">The record as read, cut to <see cref="MaxValueBytes"/>.</param>
public sealed record FeedRejection(string Origin, long Position, string Reason, ReadOnlyMemory<byte> Value)
{
    public const int MaxValueBytes = 64 * 1024;

    /// <summary>The bytes are no JSON or no UTF-8, so that there is not even a record to look at.</summary>
    public bool IsMalformed { get; init; }

    /// <summary>Size of the record as it stood, of which the value may be only the beginning.</summary>
    public long Bytes { get; init; } = Value.Length;

    public override string ToString() => $"{Origin}:{Position}: {Reason}";
}
