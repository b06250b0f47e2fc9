namespace Bellwether.Analytics.Counts;

/// <summary>
/// Counts in buckets of equal length, by the hour or by the day, with a mark on those that were not observed: during an outage of the
/// collector nothing is known, which is not the same as nothing posted. Instances never change.
/// </summary>
/// <remarks>
/// A bucket has the index i ≥ 0; it covers [i, i + 1) bucket lengths after the start of the history. Windows are half-open ranges of such
/// indices and may reach beyond the end, into the time that is forecast. The first bucket may start at any hour; what matters to the
/// models is only which buckets lie a whole number of days, or weeks, apart.
/// </remarks>
public sealed partial class CountHistory
{
    readonly int[] _counts;
    readonly bool[] _observed;

    // Sums over all buckets before i, so that the total of any window costs two look-ups.
    readonly long[] _countsBefore;
    readonly int[] _missingBefore;

    CountHistory(long startUnixSeconds, int bucketsPerDay, int[] counts, bool[] observed)
    {
        StartUnixSeconds = startUnixSeconds;
        BucketsPerDay = bucketsPerDay;
        _counts = counts;
        _observed = observed;
        _countsBefore = new long[counts.Length + 1];
        _missingBefore = new int[counts.Length + 1];
        for (var i = 0; i < counts.Length; i++)
        {
            _countsBefore[i + 1] = _countsBefore[i] + counts[i];
            _missingBefore[i + 1] = _missingBefore[i] + (observed[i] ? 0 : 1);
        }
    }

    /// <summary>When bucket 0 starts, seconds since 1970 UTC.</summary>
    public long StartUnixSeconds { get; }

    /// <summary>24 for hours, 1 for days.</summary>
    public int BucketsPerDay { get; }

    /// <summary>Seconds in a bucket.</summary>
    public int BucketSeconds => 86400 / BucketsPerDay;

    /// <summary>How many buckets there are; also the index at which a forecast from all of them starts.</summary>
    public int Length => _counts.Length;

    /// <summary>The counts; 0 where nothing was observed.</summary>
    public ReadOnlySpan<int> Counts => _counts;

    public bool IsObserved(int bucket) => _observed[bucket];

    /// <summary>The bucket that a time falls in, which may lie outside the history.</summary>
    public int BucketAt(long unixSeconds) => checked((int)Math.Floor((double)(unixSeconds - StartUnixSeconds) / BucketSeconds));

    /// <summary>Seconds since 1970 UTC at which a bucket starts.</summary>
    public long UnixSecondsAt(int bucket) => StartUnixSeconds + (long)bucket * BucketSeconds;

    /// <summary>The total of a window; false when it reaches outside the history or into an outage.</summary>
    public bool TryTotal(int from, int to, out int total)
    {
        var known = from >= 0 && to > from && to <= Length && _missingBefore[from] == _missingBefore[to];
        total = known ? checked((int)(_countsBefore[to] - _countsBefore[from])) : 0;
        return known;
    }

    /// <summary>What was observed of a window, cut to the history: total and how many buckets it is of.</summary>
    public (long Total, int Buckets) Observed(int from, int to)
    {
        (from, to) = (Math.Clamp(from, 0, Length), Math.Clamp(to, 0, Length));
        return to <= from ? (0, 0) : (_countsBefore[to] - _countsBefore[from], to - from - (_missingBefore[to] - _missingBefore[from]));
    }
}
