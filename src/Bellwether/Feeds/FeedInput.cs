using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace Bellwether.Feeds;

/// <summary>What the readers of all formats share: the options, the normaliser, and how a record is accepted or refused.</summary>
sealed class FeedInput(string origin, FeedOptions options, Normalizer normalizer)
{
    public string Origin { get; } = origin;

    public FeedOptions Options { get; } = options;

    public Normalizer Normalizer { get; } = normalizer;

    /// <summary>Normalises the bag that was filled last.</summary>
    public FeedRecord Finish(in FeedDefaults feed, long position, ReadOnlySpan<byte> record) =>
        Normalizer.Normalize(feed, out var problem) is { } envelope
            ? FeedRecord.Accept(envelope, position)
            : Reject(position, problem!, record);

    /// <summary>The same for a record that has no bytes of its own; a refused one is told as JSON.</summary>
    public FeedRecord Finish(in FeedDefaults feed, long position) =>
        Normalizer.Normalize(feed, out var problem) is { } envelope
            ? FeedRecord.Accept(envelope, position)
            : Reject(position, problem!, Encoding.UTF8.GetBytes(Normalizer.BagAsJson()));

    public FeedRecord Reject(long position, string reason, ReadOnlySpan<byte> record, bool malformed = false) =>
        FeedRecord.Reject(new FeedRejection(Origin, position, reason,
            record[..Math.Min(record.Length, FeedRejection.MaxValueBytes)].ToArray())
        { IsMalformed = malformed, Bytes = record.Length });

    public FeedRecord RejectSize(long position, long bytes, string unit, int limit, ReadOnlySpan<byte> start) =>
        FeedRecord.Reject(Reject(position, $"{unit} of {bytes:N0} bytes is longer than the limit of {limit:N0}", start).Rejection! with { Bytes = bytes });

    /// <summary>The reason to refuse bytes that are no UTF-8, or null.</summary>
    /// <param name="offset">Position of the record in the stream.</param>
    public static string? Utf8Problem(ReadOnlySpan<byte> record, long offset)
    {
        if (Utf8.IsValid(record)) return null;
        var at = 0;
        while (Rune.DecodeFromUtf8(record[at..], out _, out var length) == OperationStatus.Done) at += length;
        return $"invalid UTF-8: byte 0x{record[at]:X2} at offset {offset + at:N0} of the input";
    }

    /// <summary>Refuses an input whose columns cannot make a single envelope.</summary>
    public void RequireFields(IReadOnlyList<string> columns, Func<Field, bool> has, string mend)
    {
        var missing = !has(Field.Text) && !has(Field.Title) ? "text or title" : null;
        if (missing is null && !has(Field.Timestamp) && Options.MissingTimestamp == MissingTimestamp.Reject) missing = "timestamp";
        if (missing is null) return;
        throw new FeedException(Origin, $"no column for {missing} is recognised among {ColumnMap.List(columns)}",
            mend + (missing == "timestamp" ? ", or let the time of receipt stand in for a missing timestamp." : "."));
    }
}
