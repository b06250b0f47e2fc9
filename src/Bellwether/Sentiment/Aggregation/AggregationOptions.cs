using System.ComponentModel.DataAnnotations;
using Bellwether.Analytics.Aggregation;

namespace Bellwether.Sentiment.Aggregation;

/// <summary>How far each source is trusted, 0 to 1; 0 leaves it out.</summary>
public sealed record SourceReliability
{
    [Range(0.0, 1.0)] public double Twitter { get; init; } = 0.5;

    [Range(0.0, 1.0)] public double Reddit { get; init; } = 0.4;

    [Range(0.0, 1.0)] public double News { get; init; } = 0.8;

    [Range(0.0, 1.0)] public double Options { get; init; } = 0.6;

    public double Of(string source) => source switch
    {
        SentimentSource.Twitter => Twitter,
        SentimentSource.Reddit => Reddit,
        SentimentSource.News => News,
        SentimentSource.Options => Options,
        _ => throw new ArgumentOutOfRangeException(nameof(source), source, $"sources are {string.Join(", ", SentimentSource.All)}"),
    };
}

/// <summary>Settings of aggregated sentiment. Every stored row carries those that it was computed with.</summary>
public sealed record AggregationOptions
{
    /// <summary>Half-life in seconds of a mention.</summary>
    [Range(60.0, double.PositiveInfinity)] public double HalfLifeSeconds { get; init; } = 86_400;

    /// <summary>How far back mentions count; after seven half-lives they hardly do.</summary>
    [Range(typeof(TimeSpan), "01:00:00", "365.00:00:00")] public TimeSpan Window { get; init; } = TimeSpan.FromDays(7);

    /// <summary>Days before the newest that tell what volume is usual.</summary>
    [Range(CountTrend.LeastBefore, 365)] public int BaselineDays { get; init; } = 28;

    [Required] public SourceReliability Reliability { get; init; } = new();

    /// <summary>A mention weighs what it adds: repeats of a story count as mentions and hardly as evidence. Off: each counts in full.</summary>
    public bool DiscountRepeats { get; init; } = true;

    /// <summary>Effective mentions at which a source has half the weight that it can get.</summary>
    [Range(0.1, 10_000.0)] public double HalfWeight { get; init; } = 8;

    /// <summary>Fewer effective mentions in all get no level.</summary>
    [Range(0.0, 10_000.0)] public double LeastMentions { get; init; } = 3;

    /// <summary>Probability below which a disagreement between sources is no chance.</summary>
    [Range(1e-9, 0.5)] public double Significance { get; init; } = 0.01;

    /// <summary>Least divergence that is told, 0 to 1.</summary>
    [Range(0.0, 1.0)] public double LeastDivergence { get; init; } = 0.15;

    /// <summary>How often the server saves the aggregates and confluence of all symbols that were mentioned; null for never.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "365.00:00:00")] public TimeSpan? SaveEvery { get; init; } = TimeSpan.FromHours(1);

    internal PoolSettings Pool => new() { HalfWeight = HalfWeight, LeastMentions = LeastMentions, Significance = Significance, LeastDivergence = LeastDivergence };
}
