namespace Bellwether.Market.Import;

/// <summary>What times that come in order say of dates: how many share one, at which time of day they stand, and how the dates lie.</summary>
sealed class DayTally
{
    readonly Dictionary<int, int> _timesOfDay = [];
    readonly List<DateTime> _first = new(3);
    readonly GapTally _all = new(), _days = new(), _weeks = new(), _months = new();
    readonly Dictionary<long, int> _within = [];
    DateTime _last;
    bool _isSecond;

    /// <summary>Different times, and different dates.</summary>
    public int Moments => _all.Count;

    public GapTally Days => _days;

    /// <summary>Dates with several rows, and two of one.</summary>
    public int Several { get; private set; }

    public (DateTime One, DateTime Other) Example { get; private set; }

    /// <summary>The first three times.</summary>
    public IReadOnlyList<DateTime> First => _first;

    public bool EachIsOfAnotherWeek => _weeks.Count == _days.Count;

    public bool EachIsOfAnotherMonth => _months.Count == _days.Count;

    /// <summary>The usual gap of rows of one date.</summary>
    public long UsualWithin => _within.OrderByDescending(g => g.Value).ThenBy(g => g.Key).Select(g => g.Key).FirstOrDefault();

    /// <returns>False where the time goes against the order.</returns>
    public bool Add(DateTime time)
    {
        var before = _all.Count;
        if (!_all.Add(time)) return false;
        if (_all.Count == before) return true;
        if (_first.Count < 3) _first.Add(time);
        if (before > 0 && time.Date == _last.Date)
        {
            var gap = Math.Max(1, (long)Math.Round((time - _last).Duration().TotalSeconds));
            _within[gap] = _within.GetValueOrDefault(gap) + 1;
            if (Several == 0) Example = time < _last ? (time, _last) : (_last, time);
            if (!_isSecond) Several++;
            _isSecond = true;
        }
        else
        {
            _isSecond = false;
        }
        var second = (int)time.TimeOfDay.TotalSeconds;
        _timesOfDay[second] = _timesOfDay.GetValueOrDefault(second) + 1;
        _days.Add(time.Date);
        // Weeks begin on a Monday.
        _weeks.Add(time.Date.AddDays(-(((int)time.DayOfWeek + 6) % 7)));
        _months.Add(new(time.Year, time.Month, 1));
        _last = time;
        return true;
    }

    /// <summary>Rows that no summer time moves to the time of day at which most stand.</summary>
    public int Elsewhere
    {
        get
        {
            return Moments - _timesOfDay.Keys.Max(Best);

            // From 05:00 to 04:00 in UTC, and from 00:00 to 23:00 or back. The clock moves one way only: of both neighbours one may count.
            int Best(int time) => _timesOfDay[time] + Math.Max(At(time + 3_600), At(time - 3_600));
            int At(int time) => _timesOfDay.GetValueOrDefault((time + 86_400) % 86_400);
        }
    }
}
