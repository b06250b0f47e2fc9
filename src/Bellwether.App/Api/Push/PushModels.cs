using Bellwether.Feeds;

namespace Bellwether.App.Api.Push;

/// <summary>What became of a push. accepted + duplicates + rejected is the number of records.</summary>
/// <param name="Scored">Only with wait=scored: whether every accepted event was worked on before the wait ended.</param>
/// <param name="DeadLettered">Only with wait=scored: how many of the accepted were put aside, for example because they have no ticker.</param>
public sealed record PushAnswer(int Accepted, int Duplicates, int Rejected, bool? Scored, int? DeadLettered, IReadOnlyList<PushedRecord> Results)
{
    /// <summary>The answer after the wait: what was put aside is told record by record.</summary>
    internal PushAnswer After(IReadOnlyList<FeedRecord> records, IReadOnlyList<RecordOutcome> outcomes, ScoredWait.Finding found)
    {
        var results = records.Select((r, i) =>
            outcomes[i] == RecordOutcome.Accepted && EventKey.Of(r.Envelope!).Select(k => found.Letters.GetValueOrDefault(k)).FirstOrDefault(m => m is not null) is { } reason
                ? Results[i] with { Status = "dead_lettered", Reason = reason }
                : Results[i]).ToArray();
        return this with { Scored = found.Complete, DeadLettered = results.Count(r => r.Status == "dead_lettered"), Results = results };
    }
}

/// <summary>One record of a push.</summary>
/// <param name="Line">Line of JSON Lines, else number of the record; from 1.</param>
/// <param name="Status">accepted, duplicate or rejected; after a wait dead_lettered for one that was accepted and then put aside.</param>
/// <param name="ArticleId">Identity under which the results are found; null for a rejected record.</param>
/// <param name="Reason">Why it was rejected or put aside.</param>
public sealed record PushedRecord(long Line, string Status, string? ArticleId, string? Reason)
{
    // The one thing that is found out only when it is appended.
    const string TooLarge = "it is larger than the event log takes; send less text";

    internal static PushedRecord Of(FeedRecord record, RecordOutcome outcome) => outcome switch
    {
        RecordOutcome.Rejected => new(record.Position, "rejected", null, record.Rejection?.Reason ?? TooLarge),
        RecordOutcome.Duplicate => new(record.Position, "duplicate", record.Envelope!.ArticleId, null),
        _ => new(record.Position, "accepted", record.Envelope!.ArticleId, null),
    };
}

/// <summary>
/// The usual fields of an event; other spellings and nested forms that the feeds know are taken too, and everything else is kept as it is.
/// </summary>
public sealed record PushedEvent
{
    /// <summary>The sender's own identity of this event.</summary>
    public string? EventId { get; init; }

    /// <summary>When it was published: ISO 8601, or an epoch. Required.</summary>
    public string? Timestamp { get; init; }

    /// <summary>The complete text; text or article_title is required.</summary>
    public string? Text { get; init; }
    public string? ArticleTitle { get; init; }

    /// <summary>Found in title and text when absent.</summary>
    public IReadOnlyList<string>? Tickers { get; init; }
    public string? Source { get; init; }
    public string? SourceUrl { get; init; }

    /// <summary>news, tweet, reddit or filing.</summary>
    public string? Type { get; init; }

    /// <summary>high or standard.</summary>
    public string? Priority { get; init; }
    public string? PremiumTier { get; init; }

    /// <summary>Above 0, at most 1,000; 1 is ordinary.</summary>
    public double? Weight { get; init; }
}
