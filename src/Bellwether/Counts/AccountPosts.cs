using Bellwether.Analytics.Counts;
using Bellwether.Counts.Gaps;
using Npgsql;

namespace Bellwether.Counts;

/// <summary>When an account posted, and what of the time was observed: all that models and windows need.</summary>
public sealed class AccountPosts
{
    readonly double[] _seconds;

    AccountPosts(CountAccount account, CountingProfile profile, double[] seconds, IReadOnlyList<CountGap> gaps) =>
        (Account, Profile, _seconds, Gaps) = (account, profile, seconds, gaps);

    public CountAccount Account { get; }

    public CountingProfile Profile { get; }

    public IReadOnlyList<CountGap> Gaps { get; }

    /// <summary>Seconds since 1970, ascending.</summary>
    public ReadOnlySpan<double> Seconds => _seconds;

    /// <param name="from">Null for all.</param>
    public static async Task<AccountPosts> LoadAsync(
        NpgsqlConnection connection, string account, CountingProfile profile, DateTimeOffset? from, DateTimeOffset? to, CancellationToken cancellationToken)
    {
        var known = await CountAccount.GetAsync(connection, account, cancellationToken).ConfigureAwait(false);
        var seconds = await connection.Sql("""
            SELECT created_at FROM counts.raw_tweets
            WHERE account = $1 AND NOT is_deleted AND kind = ANY($2) AND created_at >= coalesce($3::timestamptz, '-infinity') AND created_at < coalesce($4::timestamptz, 'infinity')
            ORDER BY created_at
            """, account, profile.Kinds, from, to).ListAsync(row => CountsClock.UnixSeconds(row.Time(0)), cancellationToken).ConfigureAwait(false);
        return new(known, profile, [.. seconds], await GapStore.ListAsync(connection, account, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Posts in [from, to), or null where some of it was not observed.</summary>
    public int? Count(DateTimeOffset from, DateTimeOffset to) => IsObserved(from, to) ? Seen(from, to) : null;

    public int Seen(DateTimeOffset from, DateTimeOffset to) => IndexOf(CountsClock.UnixSeconds(to)) - IndexOf(CountsClock.UnixSeconds(from));

    public bool IsObserved(DateTimeOffset from, DateTimeOffset to) =>
        from >= Account.ObservedFrom && to <= Account.ObservedUntil && !Gaps.Any(g => g.GapStart < to && g.GapEnd > from);

    /// <summary>The gap that a stretch touches; null when none.</summary>
    public CountGap? GapIn(DateTimeOffset from, DateTimeOffset to) => Gaps.FirstOrDefault(g => g.GapStart < to && g.GapEnd > from);

    /// <summary>
    /// The hours up to an origin, cut so that one ends at it: their starts lie as many minutes past the hour as the origin does. All times are moved
    /// back by that much, which <see cref="CountGrid.Shift"/> tells.
    /// </summary>
    /// <param name="after">How far the history goes on behind the origin, for windows that are to be scored; the origin itself by default.</param>
    /// <param name="since">What was posted before it is left out; null for nothing.</param>
    /// <exception cref="CountsException">There is too little before it.</exception>
    public CountGrid Grid(DateTimeOffset origin, DateTimeOffset? after = null, DateTimeOffset? since = null)
    {
        var (from, until) = Account.Hours;
        if (since > from) from = since.Value;
        var end = after ?? origin;
        if (origin > until && origin > Account.ObservedUntil)
            throw new CountsException(CountsProblem.NotEnough, $"What {Account.Account} posted is known until {Account.ObservedUntil:u}, not until {origin:u}.",
                "Import what came later; `--until now` says that there was nothing.");
        var shift = origin - CountsClock.FloorHour(origin);
        var start = CountsClock.CeilingHour(from - shift) + shift;
        if (origin - start < TimeSpan.FromDays(2))
            throw new CountsException(CountsProblem.NotEnough, $"There are {Math.Max(0, (origin - start).TotalHours):0} hours of {Account.Account} before {origin:u}; a forecast needs two days.");
        var moved = Math.Round(shift.TotalSeconds, 6);
        var last = CountsClock.FloorHour(end - shift);
        var seconds = Array.ConvertAll(_seconds, s => s - moved);
        var history = CountHistory.OfTimestamps(seconds, (long)CountsClock.UnixSeconds(start - shift), (long)CountsClock.UnixSeconds(last),
            [.. Gaps.Select(g => ((long)Math.Floor(CountsClock.UnixSeconds(g.GapStart) - moved), (long)Math.Ceiling(CountsClock.UnixSeconds(g.GapEnd) - moved)))]);
        return new(history, shift, seconds);
    }

    // The first post at a time or later.
    int IndexOf(double seconds)
    {
        var (low, high) = (0, _seconds.Length);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            (low, high) = _seconds[middle] < seconds ? (middle + 1, high) : (low, middle);
        }
        return low;
    }
}

/// <summary>Hours that lie some minutes past those of the clock.</summary>
/// <param name="Seconds">The posts, moved like the hours.</param>
public sealed record CountGrid(CountHistory History, TimeSpan Shift, double[] Seconds)
{
    /// <summary>The bucket that a time falls in, and how far into it, 0 to 1 excluded.</summary>
    public (int Bucket, double Part) At(DateTimeOffset time)
    {
        var hours = (CountsClock.UnixSeconds(time - Shift) - History.StartUnixSeconds) / 3600;
        var bucket = (int)Math.Floor(hours);
        return (bucket, hours - bucket);
    }
}
