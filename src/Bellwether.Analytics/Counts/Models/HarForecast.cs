using Bellwether.Analytics.Counts.Distributions;
using Bellwether.Analytics.Counts.Regression;
using Bellwether.Analytics.Counts.Windows;

namespace Bellwether.Analytics.Counts.Models;

/// <summary>The regressions of one origin. What all windows share, levels and recent activity of every past day, is computed once.</summary>
sealed class HarForecast : ICountForecast
{
    const int Shared = 4;
    const int WindowColumns = 2;
    const int Weekdays = 7;
    const int FewestRows = 30;

    static readonly double[] HalfLives = [1, 4, 12, 40];
    static readonly int[] Spans = [1, 6];

    readonly HarOptions _options;
    readonly CountHistory _history;
    readonly int _perDay;
    readonly int _days;
    readonly int _spans;
    readonly double[] _columns;
    readonly double[] _base;
    readonly DayProfile _profile;
    readonly CountRegression _regression = new();

    public HarForecast(HarOptions options, CountHistory history, int origin)
    {
        (_options, _history, Origin, _perDay) = (options, history, origin, history.BucketsPerDay);
        _profile = new(history, origin, 28, smooth: 0.15);
        // Levels need a run-up before the oldest row.
        var blocks = new DayBlocks(history, origin, options.Days + 120);
        _days = Math.Min(options.Days, blocks.Count);
        _spans = _perDay == 24 ? Spans.Length : 0;
        var width = Shared - 1 + _spans;
        _columns = new double[(_days + 1) * width];
        _base = new double[blocks.Count];
        var logs = new double[Shared][];
        for (var h = 0; h < Shared; h++)
        {
            logs[h] = new double[blocks.Count];
            blocks.Levels(HalfLives[h], logs[h]);
            for (var j = 0; j < blocks.Count; j++)
                logs[h][j] = Math.Log(logs[h][j] + 0.5);
        }
        logs[^1].CopyTo(_base, 0);
        for (var j = 0; j < _days; j++)
        {
            var row = _columns.AsSpan(j * width, width);
            for (var h = 0; h < Shared - 1; h++)
                row[h] = logs[Shared - 2 - h][j] - logs[Shared - 1 - h][j];
            for (var s = 0; s < _spans; s++)
                row[Shared - 1 + s] = Recent(origin - j * _perDay, Spans[s], logs[1][j]);
        }
    }

    public int Origin { get; }

    public CountDistribution Total(int from, int to)
    {
        AnalogWindows.Require(Origin, from, to);
        var first = AnalogWindows.FirstAge(Origin, to, _perDay);
        var width = Shared - 1 + _spans;
        var weekday = to - from <= 2 * _perDay;
        var p = 1 + width + WindowColumns + (weekday ? Weekdays : 0);
        var (design, counts, offsets, weights) = (new List<double>(_days * p), new List<int>(_days), new List<double>(_days), new List<double>(_days));
        // Single hours are noisy: their neighbours tell where in the day the account is awake.
        var margin = to - from < _perDay / 4 ? 1 : 0;
        var own = new OwnShare(_history, Origin, from - margin, to + margin, _base, 10, 40);
        var lately = new OwnShare(_history, Origin, from - 2 * margin, to + 2 * margin, _base, 2, 10);
        var days = Math.Log(_profile.Days(from - Origin, to - Origin));
        for (var age = first; age < _days; age++)
        {
            if (double.IsNaN(_base[age]) || !_history.TryTotal(from - age * _perDay, to - age * _perDay, out var total))
                continue;
            AddRow(design, age, own, lately, from, weekday);
            counts.Add(total);
            offsets.Add(days + _base[age]);
            weights.Add(Math.Pow(2, -(age - first) / _options.RowHalfLifeDays));
        }
        if (counts.Count < FewestRows)
            return new EwLevelModel(5).Fit(_history, Origin).At(_history, Origin).Total(from, to);

        var fit = _regression.Fit(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(design),
            System.Runtime.InteropServices.CollectionsMarshal.AsSpan(counts), new()
            {
                Family = _options.Family,
                Offsets = [.. offsets],
                Weights = [.. weights],
                Penalty = Penalties(p, weekday),
                Prior = Priors(p),
                Start = Priors(p),
                StartAlpha = 0.3,
                Tolerance = 1e-4,
            });
        design.Clear();
        AddRow(design, 0, own, lately, from, weekday);
        var mean = CountRegression.MeanOf(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(design), fit.Coefficients, days + _base[0]);
        return new NegativeBinomialCount(Math.Max(0.001, mean), fit.Alpha);
    }

    void AddRow(List<double> design, int age, OwnShare own, OwnShare lately, int from, bool weekday)
    {
        var width = Shared - 1 + _spans;
        design.Add(1);
        design.AddRange(_columns.AsSpan(age * width, width));
        design.Add(own.LogRatio(age));
        design.Add(lately.LogRatio(age));
        if (!weekday)
            return;
        var today = (int)((_history.UnixSecondsAt(from - age * _perDay) / 86400 + 3) % 7);
        for (var d = 0; d < Weekdays; d++)
            design.Add(d == today ? 1 : 0);
    }

    double[] Priors(int p)
    {
        var priors = new double[p];
        double[] level = [1, 0.6, 0.2];
        level.CopyTo(priors, 1);
        priors[Shared + _spans] = 0.7;
        return priors;
    }

    double[] Penalties(int p, bool weekday)
    {
        var penalties = new double[p];
        Array.Fill(penalties, _options.Penalty);
        penalties[0] = 1;
        if (weekday)
            penalties.AsSpan(p - Weekdays).Fill(3 * _options.Penalty);
        return penalties;
    }

    // ln of the last hours' count over what level and profile expected of them, each with a few posts added so that silence is finite.
    double Recent(int origin, int span, double logLevel)
    {
        var (total, buckets) = _history.Observed(origin - span, origin);
        if (buckets < span || double.IsNaN(logLevel))
            return 0;
        var expected = Math.Exp(logLevel) * _profile.Days(-span, 0);
        return Math.Log((total + 2) / (expected + 2));
    }
}
