using System.Security.Cryptography;
using Bellwether.Analytics.Counts;
using Bellwether.Counts.Buckets;
using Bellwether.Counts.Events;
using Bellwether.Counts.Gaps;
using Npgsql;

namespace Bellwether.Counts;

/// <summary>When an account posted, and what of the time was observed: all that models and windows need.</summary>
public sealed class AccountPosts
{
    static readonly TimeSpan ShortestSilence = TimeSpan.FromHours(12);

    readonly double[] _seconds;
    readonly IReadOnlyList<CountWindow> _seen;
    readonly IReadOnlyList<ExogenousEvent> _events;
    readonly Lazy<IReadOnlyList<SuspiciousSilence>> _silences;

    AccountPosts(
        CountAccount account, CountingProfile profile, double[] seconds, IReadOnlyList<CountGap> gaps, IReadOnlyList<CountWindow> seen, IReadOnlyList<ExogenousEvent> events)
    {
        (Account, Profile, _seconds, Gaps, _seen, _events) = (account, profile, seconds, gaps, seen, events);
        _silences = new(() => Silences(ShortestSilence));
    }

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
        return new(known, profile, [.. seconds], await GapStore.ListAsync(connection, account, cancellationToken).ConfigureAwait(false),
            await GapStore.SeenAsync(connection, account, cancellationToken).ConfigureAwait(false), await EventStore.AllAsync(connection, account, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Silences that look like outages and are not recorded, oldest first.</summary>
    public IReadOnlyList<SuspiciousSilence> Silences(TimeSpan atLeast) =>
        Account.ObservedUntil is { } until ? SilenceDetector.Find(_seconds, Gaps, _seen, CountsClock.UnixSeconds(until), atLeast) : [];

    /// <summary>
    /// Silences that models do not learn from, since they look like outages: those that are over by a time. One that goes on then is no more than
    /// a silence so far.
    /// </summary>
    public IEnumerable<SuspiciousSilence> LeftOut(DateTimeOffset by) => _silences.Value.Where(s => s.To <= by && IndexOf(CountsClock.UnixSeconds(s.To)) < _seconds.Length);

    /// <summary>Posts in [from, to), or null where some of it was not observed.</summary>
    public int? Count(DateTimeOffset from, DateTimeOffset to) => IsObserved(from, to) ? Seen(from, to) : null;

    public int Seen(DateTimeOffset from, DateTimeOffset to) => IndexOf(CountsClock.UnixSeconds(to)) - IndexOf(CountsClock.UnixSeconds(from));

    public bool IsObserved(DateTimeOffset from, DateTimeOffset to) =>
        from >= Account.ObservedFrom && to <= Account.ObservedUntil && !Gaps.Any(g => g.GapStart < to && g.GapEnd > from);

    /// <summary>What a stretch was not observed for.</summary>
    public string WhyUnknown(DateTimeOffset from, DateTimeOffset to) => Gaps.FirstOrDefault(g => g.GapStart < to && g.GapEnd > from) is { } gap
        ? $"the collector was away from {gap.GapStart:u} to {gap.GapEnd:u}" : $"the account was observed from {Account.ObservedFrom:u} to {Account.ObservedUntil:u}";

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
        // Nobody knows on a day that began in a silence how long it will be: where it is to be scored, such a day is left out to its end.
        var silences = LeftOut(end).Select(s => (s.From, To: after is null || CountsClock.FloorDay(s.To) <= s.From ? s.To : CountsClock.FloorDay(s.To).AddDays(1)));
        var history = CountHistory.OfTimestamps(seconds, (long)CountsClock.UnixSeconds(start - shift), (long)CountsClock.UnixSeconds(last),
            [.. Gaps.Select(g => (g.GapStart, g.GapEnd)).Concat(silences).Select(g => ((long)Math.Floor(At(g.Item1)), (long)Math.Ceiling(At(g.Item2))))]);
        return new(history.With([.. _events.Select(e => new CountEvent(At(e.EventStart), At(e.EventEnd), e.Intensity, At(e.KnownAt)))]), shift, seconds);

        double At(DateTimeOffset time) => CountsClock.UnixSeconds(time) - moved;
    }

    /// <summary>Everything that a model sees of a stretch: posts, gaps, silences that are left out, and events.</summary>
    public string Hash(DateTimeOffset from, DateTimeOffset to)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var (first, last) = (CountsClock.UnixSeconds(from), CountsClock.UnixSeconds(to));
        foreach (var post in _seconds)
            if (post >= first && post < last) hash.AppendData(BitConverter.GetBytes((long)Math.Round(post * 1e6)));
        foreach (var (start, end) in Gaps.Select(g => (g.GapStart, g.GapEnd)).Concat(LeftOut(to).Select(s => (s.From, s.To))).Where(g => g.Item1 < to && g.Item2 > from)) Add("gap"u8, start, end);
        foreach (var e in _events.Where(e => e.EventStart < to && e.EventEnd >= from))
        {
            Add("event"u8, e.EventStart, e.EventEnd);
            hash.AppendData(BitConverter.GetBytes(e.Intensity));
            hash.AppendData(BitConverter.GetBytes(e.KnownAt.UtcTicks));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());

        void Add(ReadOnlySpan<byte> what, DateTimeOffset start, DateTimeOffset end)
        {
            hash.AppendData(what);
            hash.AppendData(BitConverter.GetBytes(start.UtcTicks));
            hash.AppendData(BitConverter.GetBytes(end.UtcTicks));
        }
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
