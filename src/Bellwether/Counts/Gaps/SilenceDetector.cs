using Bellwether.Counts.Buckets;

namespace Bellwether.Counts.Gaps;

/// <summary>A silence that looks like an outage. Whether it was one only the collector's keeper can say.</summary>
/// <param name="From">Last post before it.</param>
/// <param name="To">First post after it, or the end of what was observed.</param>
/// <param name="Expected">Posts that the rate of the days before gave reason to expect.</param>
/// <param name="LongestBefore">Longest ordinary silence of the sixty days before, hours.</param>
public sealed record SuspiciousSilence(DateTimeOffset From, DateTimeOffset To, double Hours, double Expected, double LongestBefore);

/// <summary>
/// Finds silences that are out of line: longer than half as much again as any ordinary silence of the sixty days before, and so long that posts
/// were to be expected. Recorded gaps are passed over, what is suspected once does not make the next one look ordinary, and what the collector's keeper
/// has seen himself is ordinary. Only what lies before a silence, and its own length, decide about it.
/// </summary>
static class SilenceDetector
{
    const double LookBackDays = 60;
    const double Factor = 1.5;
    const double FewestExpected = 5;
    const double RateHalfLifeDays = 10;

    /// <param name="posts">Seconds since 1970, ascending.</param>
    /// <param name="gaps">Recorded ones, ascending by start.</param>
    /// <param name="seen">Stretches that are known to be no outages.</param>
    /// <param name="end">End of what was observed.</param>
    public static IReadOnlyList<SuspiciousSilence> Find(ReadOnlySpan<double> posts, IReadOnlyList<CountGap> gaps, IReadOnlyList<CountWindow> seen, double end, TimeSpan atLeast)
    {
        List<SuspiciousSilence> found = [];
        // Ordinary silences, newest last: only those that can still be the longest of their sixty days are kept.
        var ordinary = new LinkedList<(double At, double Length)>();
        double weight = 0, rateTime = 0;
        for (var i = 0; i < posts.Length; i++)
        {
            var (from, to) = (posts[i], i + 1 < posts.Length ? posts[i + 1] : end);
            var length = to - from;
            weight += 1;
            var recorded = gaps.Any(g => CountsClock.UnixSeconds(g.GapStart) < to && CountsClock.UnixSeconds(g.GapEnd) > from);
            while (ordinary.First is { } oldest && oldest.Value.At < from - LookBackDays * 86_400) ordinary.RemoveFirst();
            var longest = ordinary.First?.Value.Length ?? 0;
            var expected = rateTime > 0 ? weight / rateTime * length / 3600 : 0;
            // Two weeks of posts at least say what is usual.
            var known = from - posts[0] >= 14 * 86_400;
            var ordinarily = seen.Any(s => CountsClock.UnixSeconds(s.From) < to && CountsClock.UnixSeconds(s.To) > from);
            if (!recorded && !ordinarily && known && length >= atLeast.TotalSeconds && length >= Factor * longest && expected >= FewestExpected)
            {
                found.Add(new(DateTimeOffset.UnixEpoch.AddSeconds(from), DateTimeOffset.UnixEpoch.AddSeconds(to), Math.Round(length / 3600, 2), Math.Round(expected, 1),
                    Math.Round(longest / 3600, 2)));
                continue;
            }
            if (recorded) continue;
            while (ordinary.Last is { } newest && newest.Value.Length <= length) ordinary.RemoveLast();
            ordinary.AddLast((from, length));
            // Posts an hour, by exponential forgetting over the time that was observed.
            var keep = Math.Pow(2, -length / (RateHalfLifeDays * 86_400));
            (weight, rateTime) = (weight * keep, (rateTime + length / 3600) * keep);
        }
        return found;
    }
}
