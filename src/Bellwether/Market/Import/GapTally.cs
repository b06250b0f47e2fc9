namespace Bellwether.Market.Import;

/// <summary>
/// How often which gap lies between times that come in order, forwards or backwards. A time that repeats the one before it says nothing; of
/// a file of millions of bars a handful of numbers is kept.
/// </summary>
sealed class GapTally
{
    readonly Dictionary<long, int> _gaps = [];
    DateTime _last;
    int _direction;
    long _newest;

    /// <summary>Different times.</summary>
    public int Count { get; private set; }

    public int Gaps => Math.Max(0, Count - 1);

    /// <returns>False where the time goes against the order; nothing is counted then.</returns>
    public bool Add(DateTime time)
    {
        if (Count > 0)
        {
            var direction = time.CompareTo(_last);
            if (direction == 0) return true;
            if (_direction == 0) _direction = Math.Sign(direction);
            if (_direction != Math.Sign(direction)) return false;
            var gap = Math.Max(1, (long)Math.Round((time - _last).Duration().TotalSeconds));
            _gaps[gap] = _gaps.GetValueOrDefault(gap) + 1;
            if (_direction > 0 || _newest == 0) _newest = gap;
        }
        _last = time;
        Count++;
        return true;
    }

    public bool AreMultiplesOf(long seconds) => _gaps.Keys.All(g => g % seconds == 0);

    /// <summary>That which comes most often, of several the shortest; 0 without gaps.</summary>
    public long Usual => _gaps.OrderByDescending(g => g.Value).ThenBy(g => g.Key).Select(g => g.Key).FirstOrDefault();

    public long Middle
    {
        get
        {
            var left = Gaps / 2;
            foreach (var (gap, times) in _gaps.OrderBy(g => g.Key))
                if ((left -= times) < 0) return gap;
            return 0;
        }
    }

    /// <summary>
    /// Gaps that are too short for a length, where they are half of all and one of them comes twice: one odd gap among few proves nothing.
    /// That before the newest time does not count, which may be of a bar that is under way.
    /// </summary>
    /// <returns>The usual one of them, how many there are, and of how many.</returns>
    public (long Usual, long Longest, int Times, int All)? Shorter(double longest)
    {
        var all = Gaps - 1;
        (long Gap, int Times)[] shorter =
            [.. _gaps.Select(g => (Gap: g.Key, Times: g.Value - (g.Key == _newest ? 1 : 0))).Where(g => g.Gap <= longest && g.Times > 0)
                .OrderByDescending(g => g.Times).ThenBy(g => g.Gap)];
        var times = shorter.Sum(g => g.Times);
        return shorter.Length > 0 && shorter[0].Times > 1 && times * 2 >= all ? (shorter[0].Gap, shorter.Max(g => g.Gap), times, all) : null;
    }
}
