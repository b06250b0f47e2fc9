namespace Bellwether.Analytics.Decay;

public sealed partial class HalfLifeState
{
    /// <summary>This state with one more result. Throws <see cref="ArgumentOutOfRangeException"/> for a value out of range.</summary>
    public HalfLifeState Add(double score, double weight, long timeMicros) => Add([new(score, weight, timeMicros)]);

    /// <summary>
    /// This state with more results, in any order; one pass and one new state for the whole batch.
    /// Throws <see cref="ArgumentOutOfRangeException"/> for a value out of range, before anything is added.
    /// </summary>
    public HalfLifeState Add(ReadOnlySpan<WeightedScore> results)
    {
        if (results.IsEmpty)
            return this;
        var latest = LatestMicros;
        foreach (var result in results)
        {
            Require(result);
            latest = Math.Max(latest, result.TimeMicros);
        }
        var sums = new WindowSums(stackalloc long[Window], stackalloc long[Window], _halfLife.Place(latest).Bucket);
        sums.Add(this);
        foreach (var (score, weight, micros) in results)
        {
            var (bucket, fraction) = _halfLife.Place(micros);
            var scaled = weight * ExactPower.Exp2(fraction) * Unit;
            // At least 1, so that the newest bucket is never weightless; rounding is monotone, so |weighted sum| ≤ weight sum holds.
            sums.Add(bucket, (long)Math.Round(scaled * score), Math.Max(1, (long)Math.Round(scaled)));
        }
        return sums.ToState(_halfLife, latest, checked(Count + results.Length));
    }

    /// <summary>
    /// The state that holds the results of both. Associative and commutative.
    /// Throws <see cref="ArgumentException"/> when the half-lives differ: such sums have no common bucket.
    /// </summary>
    public HalfLifeState Merge(HalfLifeState other)
    {
        if (other._halfLife != _halfLife)
            throw new ArgumentException($"The half-lives differ: {HalfLifeSeconds} s and {other.HalfLifeSeconds} s.", nameof(other));
        if (other.Count == 0)
            return this;
        if (Count == 0)
            return other;
        var latest = Math.Max(LatestMicros, other.LatestMicros);
        var sums = new WindowSums(stackalloc long[Window], stackalloc long[Window], _halfLife.Place(latest).Bucket);
        sums.Add(this);
        sums.Add(other);
        return sums.ToState(_halfLife, latest, checked(Count + other.Count));
    }

    static void Require(WeightedScore result)
    {
        if (!(result.Score is >= -1 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(result), result.Score, "A score is −1 to 1.");
        if (!(result.Weight is > 0 and <= MaxWeight))
            throw new ArgumentOutOfRangeException(nameof(result), result.Weight, $"A weight is above 0 and at most {MaxWeight}.");
        RequireTime(result.TimeMicros);
    }

    /// <summary>Sums over the window that ends at a bucket; slot 0 is the oldest. Whatever lies before the window is left out.</summary>
    readonly ref struct WindowSums(Span<long> weighted, Span<long> weights, long newest)
    {
        readonly Span<long> _weighted = weighted;
        readonly Span<long> _weights = weights;
        readonly long _oldest = newest - Window + 1;

        public void Add(HalfLifeState state)
        {
            for (var i = 0; i < state.Buckets.Length; i++)
                Add(state.Buckets[i], state.WeightedSums[i], state.WeightSums[i]);
        }

        public void Add(long bucket, long weighted, long weight)
        {
            if (bucket < _oldest)
                return;
            var slot = (int)(bucket - _oldest);
            // The weight sum bounds the weighted sum, so it is always the one that overflows, whatever the order.
            checked
            {
                _weights[slot] += weight;
                _weighted[slot] += weighted;
            }
        }

        public HalfLifeState ToState(HalfLife halfLife, long latest, long count)
        {
            var used = Window - _weights.Count(0L);
            var (buckets, weighted, weights) = (new long[used], new long[used], new long[used]);
            for (int slot = 0, i = 0; slot < Window; slot++)
            {
                if (_weights[slot] == 0)
                    continue;
                (buckets[i], weighted[i], weights[i]) = (_oldest + slot, _weighted[slot], _weights[slot]);
                i++;
            }
            return new(halfLife, buckets, weighted, weights, latest, count);
        }
    }
}
