namespace Bellwether.Analytics.Counts.Models;

/// <summary>
/// The explanatory variables of <see cref="GlmModel"/> for one bucket seen from one origin: what the table of features holds for the origin
/// (lags, rolling means and deviations over a day and a week), the calendar of the bucket, and outside events in it that are known at the origin.
/// No count at or after the origin is read.
/// </summary>
sealed class GlmFeatures
{
    readonly CountHistory _history;
    readonly int _perDay;
    readonly int _origin;
    readonly double _mean24;
    readonly double _mean7;
    readonly double _mean28;
    readonly double _deviation24;
    readonly double _last;
    readonly double _last6;

    public GlmFeatures(CountHistory history, int origin)
    {
        (_history, _origin, _perDay) = (history, origin, history.BucketsPerDay);
        var (day, week, month) = (Mean(_perDay), Mean(7 * _perDay), Mean(28 * _perDay));
        _mean28 = double.IsNaN(month) ? 0.1 : month;
        _mean7 = double.IsNaN(week) ? _mean28 : week;
        _mean24 = double.IsNaN(day) ? _mean7 : day;
        _deviation24 = Deviation(_perDay);
        _last = Lag(1);
        var six = Mean(6);
        _last6 = double.IsNaN(six) ? _mean7 : six;
    }

    /// <summary>How many variables there are, the constant not among them: the times of the day stand for it.</summary>
    public static int Width(CountHistory history) => history.BucketsPerDay + 6 + 5 + (history.BucketsPerDay == 24 ? 3 : 0) + (history.HasEvents ? 1 : 0);

    public static IEnumerable<string> Names(CountHistory history)
    {
        var perDay = history.BucketsPerDay;
        for (var phase = 0; phase < perDay; phase++)
            yield return perDay == 1 ? "constant" : $"hour_{phase:00}";
        foreach (var day in (string[])["tue", "wed", "thu", "fri", "sat", "sun"])
            yield return day;
        string[] levels = ["rolling_mean_24h", "rolling_mean_7d", "rolling_mean_28d", "lag_24h", "lag_7d"];
        foreach (var name in perDay == 24 ? [.. levels, "rolling_std_24h", "lag_1h", "rolling_mean_6h"] : levels)
            yield return name;
        if (history.HasEvents)
            yield return "event_intensity";
    }

    /// <summary>Fills a row of <see cref="Width"/> values for a bucket at or after the origin.</summary>
    public void Row(int bucket, Span<double> row)
    {
        row.Clear();
        var seconds = _history.UnixSecondsAt(bucket);
        row[_perDay == 1 ? 0 : (int)(seconds / 3600 % 24)] = 1;
        var weekday = (int)((seconds / 86400 + 3) % 7);
        if (weekday > 0)
            row[_perDay + weekday - 1] = 1;
        var lead = bucket - _origin;
        var at = _perDay + 6;
        row[at++] = Math.Log(_mean24 + 0.1);
        row[at++] = Math.Log(_mean7 + 0.1);
        row[at++] = Math.Log(_mean28 + 0.1);
        // The same time of day, and of the week, at the last occasion that is over by the origin.
        row[at++] = Math.Log(1 + Lag((lead / _perDay + 1) * _perDay - lead));
        row[at++] = Math.Log(1 + Lag((lead / (7 * _perDay) + 1) * 7 * _perDay - lead));
        if (_history.HasEvents)
            row[^1] = _history.EventIntensity(bucket, _origin);
        if (_perDay != 24)
            return;
        row[at++] = Math.Log(1 + _deviation24);
        // What the last hours say fades with the distance to the bucket.
        row[at++] = (Math.Log(1 + _last) - Math.Log(1 + _mean7)) * Math.Pow(2, -lead / 3.0);
        row[at] = (Math.Log(1 + _last6) - Math.Log(1 + _mean7)) * Math.Pow(2, -lead / 8.0);
    }

    // A bucket that was not observed is taken for an average one.
    double Lag(int back)
    {
        var bucket = _origin - back;
        return bucket >= 0 && _history.IsObserved(bucket) ? _history.Counts[bucket] : _mean7;
    }

    double Mean(int buckets)
    {
        var (total, observed) = _history.Observed(_origin - buckets, _origin);
        return observed > 0 ? (double)total / observed : double.NaN;
    }

    double Deviation(int buckets)
    {
        double sum = 0, square = 0;
        var n = 0;
        for (var bucket = Math.Max(0, _origin - buckets); bucket < _origin; bucket++)
        {
            if (!_history.IsObserved(bucket))
                continue;
            var y = (double)_history.Counts[bucket];
            (n, sum, square) = (n + 1, sum + y, square + y * y);
        }
        return n < 2 ? 0 : Math.Sqrt(Math.Max(0, (square - sum * sum / n) / (n - 1)));
    }
}
