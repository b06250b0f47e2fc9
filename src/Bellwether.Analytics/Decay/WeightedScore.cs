namespace Bellwether.Analytics.Decay;

/// <summary>One result to be summed.</summary>
/// <param name="Score">−1 to 1.</param>
/// <param name="Weight">Above 0, at most <see cref="HalfLifeState.MaxWeight"/>.</param>
/// <param name="TimeMicros">Event time, microseconds since 1970-01-01T00:00:00Z; negative before.</param>
public readonly record struct WeightedScore(double Score, double Weight, long TimeMicros);
