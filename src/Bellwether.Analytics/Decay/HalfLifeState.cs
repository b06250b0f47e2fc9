namespace Bellwether.Analytics.Decay;

/// <summary>
/// Exponentially decayed weighted mean, kept as integer sums so that any order and any batching of the same results gives the same bits.
/// </summary>
/// <remarks>
/// With half-life h, a result (score s, weight w, time t) lands in bucket b = ⌊t/h⌋ with fraction f = t/h − b and adds
/// round(w·s·2^f·10⁹) and round(w·2^f·10⁹), the latter at least 1. Integer addition is associative; nothing is rounded before reading.
/// <para>The <see cref="Window"/> newest buckets are kept. A result further back than that contributes nothing (it would count for less
/// than 2⁻⁶³ of a new one) whenever it arrives, so arrival order leaves no trace. It still counts in <see cref="Count"/>.</para>
/// <para>A bucket overflows after 4.6 million results of weight 1,000, or 4.6 billion of weight 1: that throws
/// <see cref="OverflowException"/> and leaves the state as it was. Instances never change; the arrays must not be written to.</para>
/// </remarks>
public sealed partial class HalfLifeState : IEquatable<HalfLifeState>
{
    /// <summary>Buckets (half-lives) kept, counted back from the newest one and including it.</summary>
    public const int Window = 64;

    public const double MaxWeight = 1000;

    /// <summary>−<see cref="MaxTimeMicros"/> to this is the range of event times, about the years −6000 to 9900.</summary>
    public const long MaxTimeMicros = 250_000_000_000_000_000;

    const double Unit = 1e9;

    readonly HalfLife _halfLife;

    HalfLifeState(HalfLife halfLife, long[] buckets, long[] weightedSums, long[] weightSums, long latestMicros, long count)
    {
        _halfLife = halfLife;
        Buckets = buckets;
        WeightedSums = weightedSums;
        WeightSums = weightSums;
        LatestMicros = latestMicros;
        Count = count;
    }

    /// <summary>Seconds, a whole number of microseconds; may be <see cref="double.PositiveInfinity"/>.</summary>
    public double HalfLifeSeconds => _halfLife.Seconds;

    /// <summary>Numbers of the buckets that hold something, ascending; at most <see cref="Window"/>.</summary>
    public long[] Buckets { get; }

    /// <summary>Σ w·s·2^f in 10⁻⁹, one for each of <see cref="Buckets"/>.</summary>
    public long[] WeightedSums { get; }

    /// <summary>Σ w·2^f in 10⁻⁹, one for each of <see cref="Buckets"/>; always above 0.</summary>
    public long[] WeightSums { get; }

    /// <summary>Newest event time seen, microseconds since 1970 UTC; <see cref="long.MinValue"/> when empty.</summary>
    public long LatestMicros { get; }

    /// <summary>Results ever added, including those too old to contribute.</summary>
    public long Count { get; }

    /// <summary>A state without results. The half-life is 1 ms to 100 years, rounded to a microsecond, or infinite for no decay.</summary>
    public static HalfLifeState Empty(double halfLifeSeconds) =>
        new(HalfLife.FromSeconds(halfLifeSeconds), [], [], [], long.MinValue, 0);

    /// <summary>A state from its stored parts. Throws <see cref="ArgumentException"/> if no sequence of results leads to them.</summary>
    public static HalfLifeState Restore(
        double halfLifeSeconds, long[] buckets, long[] weightedSums, long[] weightSums, long latestMicros, long count)
    {
        var halfLife = HalfLife.FromSeconds(halfLifeSeconds);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        if (weightedSums.Length != buckets.Length || weightSums.Length != buckets.Length)
            throw new ArgumentException(
                $"{buckets.Length} buckets with {weightedSums.Length} and {weightSums.Length} sums; expected one each.");
        if (count == 0 && buckets.Length == 0)
            return Empty(halfLifeSeconds);
        RequireTime(latestMicros);
        var newest = halfLife.Place(latestMicros).Bucket;
        if (buckets.Length == 0 || count < 1 || buckets[^1] != newest || buckets[0] <= newest - Window)
            throw new ArgumentException($"The buckets must end at {newest}, the bucket of {latestMicros} µs, and span at most {Window}.");
        for (var i = 0; i < buckets.Length; i++)
        {
            if (i > 0 && buckets[i] <= buckets[i - 1])
                throw new ArgumentException($"Bucket {buckets[i]} follows {buckets[i - 1]}; expected ascending numbers.");
            if (weightSums[i] < 1 || weightedSums[i] > weightSums[i] || weightedSums[i] < -weightSums[i])
                throw new ArgumentException(
                    $"Bucket {buckets[i]} holds {weightedSums[i]} over {weightSums[i]}; expected a mean of −1 to 1.");
        }
        return new(halfLife, [.. buckets], [.. weightedSums], [.. weightSums], latestMicros, count);
    }

    public bool Equals(HalfLifeState? other) =>
        other is not null && _halfLife == other._halfLife && LatestMicros == other.LatestMicros && Count == other.Count
        && Buckets.AsSpan().SequenceEqual(other.Buckets)
        && WeightedSums.AsSpan().SequenceEqual(other.WeightedSums)
        && WeightSums.AsSpan().SequenceEqual(other.WeightSums);

    public override bool Equals(object? obj) => Equals(obj as HalfLifeState);

    public override int GetHashCode() => HashCode.Combine(_halfLife, LatestMicros, Count);

    static void RequireTime(long micros)
    {
        if (micros is < -MaxTimeMicros or > MaxTimeMicros)
            throw new ArgumentOutOfRangeException(nameof(micros), micros, $"An event time is within ±{MaxTimeMicros} µs of 1970.");
    }
}
