namespace Bellwether.Market.Import;

/// <summary>
/// How far apart the rows of a file stand, and whether they can be bars of the length that is asked for. Minutes that are stored as days
/// destroy a history without a word, so a file that says by its own times that it holds something else is not taken. Gaps, holidays,
/// repeated rows, first bars of a session that are cut short and the moves of summer time say nothing.
/// </summary>
/// <param name="interval">The length that is asked for.</param>
sealed class BarRhythm(BarInterval interval)
{
    /// <summary>Fewer rows prove nothing: of shorter bars, of weeks and months, and of longer bars within the day.</summary>
    const int LeastFiner = 4, LeastCoarser = 5, LeastMultiples = 10;

    /// <summary>A session: of bars as long as that there may be one a day.</summary>
    const long Session = 23_400;

    /// <summary>How improbable it is, as a power of ten, that bars with gaps look like longer ones.</summary>
    const double Certainty = 6;

    /// <summary>Bars of a day that stand at another time than the others: sessions that close early, one that is under way.</summary>
    const double Strangers = 0.2;

    /// <summary>Part of its length that the first bar of a session may be cut to.</summary>
    const double Shortest = 0.6;

    static readonly (string Name, long Seconds)[] Lengths =
        [("1w", 604_800), ("1d", 86_400), ("12h", 43_200), ("8h", 28_800), ("6h", 21_600), ("4h", 14_400), ("3h", 10_800), ("2h", 7_200),
            ("1h", 3_600), ("30m", 1_800), ("15m", 900), ("10m", 600), ("5m", 300), ("3m", 180), ("2m", 120), ("1m", 60), ("30s", 30),
            ("15s", 15), ("10s", 10), ("5s", 5)];

    Tallies _tallies = new(interval.IsDaily);
    bool _inOrder = true;

    public void Add(in BarMoment row) => _inOrder = _inOrder && _tallies.Add(in row);

    /// <summary>What contradicts the length; null where nothing does.</summary>
    /// <param name="all">The rows once more, in any order: asked for only where they came in none.</param>
    public RhythmFault? Fault(Func<IEnumerable<BarMoment>> all)
    {
        if (!_inOrder)
        {
            _tallies = new(interval.IsDaily);
            foreach (var row in interval.IsDaily ? all().OrderBy(r => r.Written) : all().OrderBy(r => r.Start)) _tallies.Add(in row);
        }
        return _tallies.Days is { } days ? Daily(days) : Within(_tallies.Starts!, _tallies.Written!);
    }

    sealed class Tallies(bool daily)
    {
        public GapTally? Starts { get; } = daily ? null : new();

        public GapTally? Written { get; } = daily ? null : new();

        public DayTally? Days { get; } = daily ? new() : null;

        public bool Add(in BarMoment row)
        {
            if (Days is not null) return Days.Add(row.Written);
            // In the hour that clocks show twice the written ones go back, and say what was said before.
            Written!.Add(row.Written);
            return Starts!.Add(row.Start);
        }
    }

    RhythmFault? Within(GapTally starts, GapTally written)
    {
        var length = (long)interval.Length.TotalSeconds;
        if (starts.Count < LeastFiner) return null;
        if (Shorter(starts) is { } shorter) return shorter;
        if (starts.Count < LeastMultiples || length >= Session) return null;
        var usual = starts.Usual;
        foreach (var (name, seconds) in Lengths)
        {
            if (seconds <= length || starts.Gaps * Math.Log10((double)seconds / length) < Certainty) continue;
            if (!starts.AreMultiplesOf(seconds) && !written.AreMultiplesOf(seconds)) continue;
            return new(usual > seconds ? NameOf(usual) : name,
                $"each of its {starts.Count:n0} rows stands {name} or a multiple of it after the one before");
        }
        return null;
    }

    RhythmFault? Shorter(GapTally tally) =>
        tally.Shorter(Shortest * interval.Length.TotalSeconds) is var (usual, longest, times, all)
            ? new(NameOf(usual), $"{times:n0} of {all:n0} rows stand {NameOf(longest)}{(longest > usual ? " or less" : "")} after the one before")
            : null;

    RhythmFault? Daily(DayTally days)
    {
        var (several, more) = (days.Several, days.Moments - days.Days.Count);
        if (several * 2 > days.Days.Count || several > 1 && more > Strangers * days.Moments)
            return new(NameOf(days.UsualWithin), $"{several:n0} of its {days.Days.Count:n0} dates have several rows, such as "
                + $"{days.Example.One:yyyy-MM-dd HH:mm:ss} and {days.Example.Other:HH:mm:ss}");
        if (days.Moments >= LeastFiner && days.Elsewhere is var elsewhere and > 1 && elsewhere > Strangers * days.Moments)
            return new(null, "its rows stand at various times of day, such as "
                + $"{days.First[0]:HH:mm:ss}, {days.First[1]:HH:mm:ss} and {days.First[2]:HH:mm:ss}");
        return days.Days.Count >= LeastFiner && Shorter(days.Days) is { } shorter ? shorter
            : days.Days.Count >= LeastCoarser ? Longer(days) : null;
    }

    // Weeks and months begin on another day now and then, so that no gap need be a multiple of another.
    RhythmFault? Longer(DayTally days)
    {
        var (middle, length) = (days.Days.Middle / 86_400, interval.Length.TotalDays);
        if (length <= 5 && middle is >= 6 and <= 8 && days.EachIsOfAnotherWeek)
            return new("1w", $"each of its {days.Days.Count:n0} rows is of another week");
        return length < 28 && middle >= 28 && days.EachIsOfAnotherMonth
            ? new(RhythmFault.Month, $"each of its {days.Days.Count:n0} rows is of another month") : null;
    }

    static string NameOf(long seconds) =>
        seconds % 604_800 == 0 ? $"{seconds / 604_800}w" : seconds % 86_400 == 0 ? $"{seconds / 86_400}d"
        : seconds % 3_600 == 0 ? $"{seconds / 3_600}h" : seconds % 60 == 0 ? $"{seconds / 60}m" : $"{seconds}s";
}

/// <param name="Length">Of the bars that they seem to be, as an option takes it; null where nobody can tell.</param>
/// <param name="Evidence">A clause.</param>
sealed record RhythmFault(string? Length, string Evidence)
{
    /// <summary>No bar of this program has that length.</summary>
    public const string Month = "month";

    public string Problem(BarInterval interval) => Length switch
    {
        null => $"has no bars of {interval}: {Evidence}",
        Month => $"has bars of a month, not of {interval}: {Evidence}",
        _ => $"has bars of {Length}, not of {interval}: {Evidence}",
    };

    public string Mend => (Length switch
    {
        null => "Give the length of its bars with --interval",
        Month => "Import daily or weekly bars",
        _ => $"Give --interval {Length}",
    }) + ", or --any-spacing if they are what you say.";
}
