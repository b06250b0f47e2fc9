namespace Bellwether.Analytics.Decay;

public sealed partial class HalfLifeState
{
    /// <summary>
    /// Weighted mean of the scores with each result's weight halved for every half-life it is older than the newest; −1 to 1.
    /// It does not change while no result arrives, since all weights shrink alike. NaN when empty.
    /// </summary>
    public double Score => Count == 0 ? double.NaN : Total(WeightedSums) / Total(WeightSums);

    /// <summary>Sum of the weights as decayed at <see cref="LatestMicros"/>: one result of weight w gives w. 0 when empty.</summary>
    public double Weight => Count == 0 ? 0 : Total(WeightSums) / Unit / ExactPower.Exp2(_halfLife.Place(LatestMicros).Fraction);

    /// <summary>
    /// <see cref="Weight"/> decayed further to a later time. A time before <see cref="LatestMicros"/> gives <see cref="Weight"/>:
    /// a state cannot tell what it was before its newest result.
    /// </summary>
    /// <param name="timeMicros">Microseconds since 1970 UTC.</param>
    public double WeightAt(long timeMicros)
    {
        RequireTime(timeMicros);
        return timeMicros <= LatestMicros || Count == 0 ? Weight : Weight * _halfLife.Decay(timeMicros - LatestMicros);
    }

    // Oldest to newest, always: floating-point addition in a fixed order gives fixed bits.
    double Total(long[] sums)
    {
        var newest = Buckets[^1];
        var total = 0.0;
        for (var i = 0; i < sums.Length; i++)
            total += Math.ScaleB(sums[i], (int)(Buckets[i] - newest));
        return total;
    }
}
