namespace Bellwether.Analytics.Counts;

public sealed partial class CountHistory
{
    // No forecast reaches further beyond the history than this.
    const int MaxLeadDays = 400;

    // The events that a bucket touches; null where the history has none.
    Dictionary<int, List<CountEvent>>? _eventsAt;

    public bool HasEvents => _eventsAt is not null;

    /// <summary>The same counts with outside events.</summary>
    public CountHistory With(IReadOnlyList<CountEvent> events)
    {
        var history = new CountHistory(StartUnixSeconds, BucketsPerDay, _counts, _observed);
        if (events.Count == 0) return history;
        history._eventsAt = [];
        var end = Length + MaxLeadDays * BucketsPerDay;
        foreach (var e in events)
        {
            if (!(e.Intensity is >= 0 and <= 1)) throw new ArgumentException($"An intensity of {e.Intensity}; expected 0 to 1.", nameof(events));
            var first = Math.Max(0, Math.Floor((e.FromUnixSeconds - StartUnixSeconds) / BucketSeconds));
            var last = Math.Max(e.ToUnixSeconds, e.FromUnixSeconds + 1e-6);
            for (var bucket = (int)Math.Min(first, end); bucket < end && StartUnixSeconds + (double)bucket * BucketSeconds < last; bucket++)
            {
                if (!history._eventsAt.TryGetValue(bucket, out var there)) history._eventsAt[bucket] = there = [];
                there.Add(e);
            }
        }
        return history;
    }

    /// <summary>The greatest intensity of the events in a bucket, at the origin or behind it too, that are known at the origin; 0 where there is none.</summary>
    public double EventIntensity(int bucket, int origin)
    {
        if (_eventsAt is null || !_eventsAt.TryGetValue(bucket, out var there)) return 0;
        var (greatest, at) = (0.0, UnixSecondsAt(origin));
        foreach (var e in there)
            if (e.KnownUnixSeconds <= at) greatest = Math.Max(greatest, e.Intensity);
        return greatest;
    }
}
