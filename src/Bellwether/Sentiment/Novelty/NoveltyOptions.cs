using System.ComponentModel.DataAnnotations;

namespace Bellwether.Sentiment.Novelty;

/// <summary>Settings of how repeats of a story are recognised. They decide about results that come; what is stored stays as it
/// is.</summary>
public sealed record NoveltyOptions
{
    /// <summary>Off: results get neither chain nor weight, and count in full.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>How far apart in time two texts may be and still be one story; after it the same words are news again.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "30.00:00:00")] public TimeSpan Window { get; init; } = TimeSpan.FromDays(2);

    /// <summary>What a result weighs that repeats a known story, where the first one weighs 1.</summary>
    [Range(0.0, 0.99)] public double RepeatWeight { get; init; }

    /// <summary>Most stories that a process keeps in memory; those of tickers that were not heard of for longest are read again when they
    /// are needed.</summary>
    [Range(1_000, 10_000_000)] public int MostRemembered { get; init; } = 100_000;
}
