namespace Bellwether.Market.Import;

/// <summary>
/// How far apart the rows of a file stand, and whether they can be bars of the length that is asked for. Minutes that are stored as days
/// destroy a history without a word, so a file that says by its own times that it holds something else is not taken. Gaps, holidays,
/// repeated rows, first bars of a session that are cut short and the moves of summer time say nothing.
/// </summary>
sealed class BarRhythm
{
    /// <summary>Fewer rows prove nothing.</summary>
    const int LeastFiner = 4, LeastCoarser = 5;

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

    readonly List<(DateTime Start, DateTime Written)> _rows = [];

    public void Add(BarMoment moment) => _rows.Add((moment.Start, moment.Written));

    /// <summary>What the rows are instead, and how one sees it; null where they can be bars of the length.</summary>
    public RhythmFault? Fault(BarInterval interval) => interval.IsDaily ? Days(interval) : Within(interval);

    RhythmFault? Within(BarInterval interval)
    {
        var length = (long)interval.Length.TotalSeconds;
        var (starts, written) = (Distinct(_rows.Select(r => r.Start)), Distinct(_rows.Select(r => r.Written)));
        if (starts.Length < LeastFiner) return null;
        var (gaps, shown) = (Gaps(starts), Gaps(written));
        var (usual, times) = Usual(gaps);
        if (usual <= Shortest * length)
            return new(NameOf(usual), $"{times:n0} of {gaps.Length:n0} rows stand {NameOf(usual)} after the one before");
        foreach (var (name, seconds) in Lengths)
        {
            if (seconds <= length || gaps.Length * Math.Log10((double)seconds / length) < Certainty) continue;
            if (!gaps.All(g => g % seconds == 0) && !shown.All(g => g % seconds == 0)) continue;
            return new(usual > seconds ? NameOf(usual) : name,
                $"each of its {starts.Length:n0} rows stands {name} or a multiple of it after the one before");
        }
        return null;
    }

    RhythmFault? Days(BarInterval interval)
    {
        var moments = Distinct(_rows.Select(r => r.Written));
        var byDay = moments.GroupBy(m => m.Date).Select(g => g.ToArray()).ToArray();
        var (several, more) = (byDay.Count(d => d.Length > 1), moments.Length - byDay.Length);
        if (several * 2 > byDay.Length || several > 1 && more > Strangers * moments.Length)
        {
            var usual = Usual([.. byDay.SelectMany(Gaps)]).Seconds;
            return new(NameOf(usual), $"{several:n0} of its {byDay.Length:n0} dates have several rows, such as "
                + $"{byDay.First(d => d.Length > 1)[0]:yyyy-MM-dd HH:mm:ss} and {byDay.First(d => d.Length > 1)[1]:HH:mm:ss}");
        }
        if (moments.Length >= LeastFiner && Elsewhere(moments) is var elsewhere and > 1 && elsewhere > Strangers * moments.Length)
            return new(null,
                $"its rows stand at various times of day, such as {moments[0]:HH:mm:ss}, {moments[1]:HH:mm:ss} and {moments[2]:HH:mm:ss}");
        var days = byDay.Select(d => d[0].Date).ToArray();
        return days.Length >= LeastFiner && Usual(Gaps(days)) is var (apart, count) && apart <= Shortest * interval.Length.TotalSeconds
            ? new(NameOf(apart), $"{count:n0} of {days.Length - 1:n0} rows stand {NameOf(apart)} after the one before")
            : days.Length >= LeastCoarser ? Longer(days, interval) : null;
    }

    /// <summary>Rows that no summer time moves to the time of day at which most stand.</summary>
    static int Elsewhere(DateTime[] moments)
    {
        var times = moments.GroupBy(m => (int)m.TimeOfDay.TotalSeconds).ToDictionary(g => g.Key, g => g.Count());
        // From 05:00 to 04:00 in UTC, and from 00:00 to 23:00 or back.
        int Near(int time) => new[] { -3_600, 0, 3_600 }.Sum(shift => times.GetValueOrDefault((time + shift + 86_400) % 86_400));
        // The clock moves one way only: of both neighbours one may count.
        int Best(int time) => Near(time) - Math.Min(times.GetValueOrDefault((time + 3_600) % 86_400),
            times.GetValueOrDefault((time - 3_600 + 86_400) % 86_400));
        return moments.Length - times.Keys.Max(Best);
    }

    // Weeks and months begin on another day now and then, so that no gap need be a multiple of another.
    static RhythmFault? Longer(DateTime[] days, BarInterval interval)
    {
        var gaps = Gaps(days).Select(g => g / 86_400).Order().ToArray();
        var middle = gaps[gaps.Length / 2];
        var length = interval.Length.TotalDays;
        if (length <= 5 && middle is >= 6 and <= 8
            && Each(d => System.Globalization.ISOWeek.GetYear(d) * 100 + System.Globalization.ISOWeek.GetWeekOfYear(d)))
            return new("1w", $"each of its {days.Length:n0} rows is of another week");
        return length < 28 && middle >= 28 && Each(d => d.Year * 12 + d.Month)
            ? new(RhythmFault.Month, $"each of its {days.Length:n0} rows is of another month") : null;

        bool Each(Func<DateTime, int> period) => days.Select(period).Distinct().Count() == days.Length;
    }

    static DateTime[] Distinct(IEnumerable<DateTime> times) => [.. times.Distinct().Order()];

    static long[] Gaps(DateTime[] times) =>
        [.. times.Skip(1).Zip(times, (later, earlier) => Math.Max(1, (long)Math.Round((later - earlier).TotalSeconds)))];

    static (long Seconds, int Count) Usual(long[] gaps) =>
        gaps.GroupBy(g => g).OrderByDescending(g => g.Count()).ThenBy(g => g.Key).Select(g => (g.Key, g.Count())).First();

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
