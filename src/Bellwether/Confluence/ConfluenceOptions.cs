using System.ComponentModel.DataAnnotations;
using Bellwether.Analytics.Confluence;

namespace Bellwether.Confluence;

/// <summary>Settings of confluence. Every stored row carries those that it was computed with.</summary>
public sealed record ConfluenceOptions
{
    /// <summary>What each component weighs at full confidence; 0 leaves it out.</summary>
    [Range(0.0, 1.0)] public double TechnicalWeight { get; init; } = 0.5;

    [Range(0.0, 1.0)] public double SentimentWeight { get; init; } = 0.3;

    [Range(0.0, 1.0)] public double OptionsFlowWeight { get; init; } = 0.2;

    /// <summary>Score and confidence from which on a row meets the minimum threshold.</summary>
    [Range(0.0, 1.0)] public double MinimumScore { get; init; } = 0.5;

    [Range(0.0, 1.0)] public double MinimumConfidence { get; init; } = 0.3;

    /// <summary>Score and confidence from which on a row meets the high threshold.</summary>
    [Range(0.0, 1.0)] public double HighScore { get; init; } = 0.7;

    [Range(0.0, 1.0)] public double HighConfidence { get; init; } = 0.5;

    /// <summary>Components that must be there for a threshold to be met.</summary>
    [Range(1, 3)] public int LeastComponents { get; init; } = 2;

    internal ConfluenceThresholds Thresholds => new()
    {
        MinimumScore = MinimumScore,
        MinimumConfidence = MinimumConfidence,
        HighScore = HighScore,
        HighConfidence = HighConfidence,
        LeastComponents = LeastComponents,
    };
}
