namespace Bellwether.Analytics.Signals;

public static partial class SignalEvaluation
{
    static SignalMode Mode(SignalPanel panel, SignalSettings settings) => MedianNames(panel) >= settings.LeastNames ? SignalMode.CrossSection : SignalMode.TimeSeries;

    static double MedianNames(SignalPanel panel)
    {
        var counts = new List<int>();
        for (var date = 0; date < panel.Dates.Count; date++)
        {
            var count = 0;
            for (var name = 0; name < panel.Names.Count; name++)
                if (!double.IsNaN(panel.Signal(date, name))) count++;
            if (count > 0) counts.Add(count);
        }
        counts.Sort();
        return counts.Count == 0 ? 0 : counts[counts.Count / 2];
    }

    /// <summary>
    /// Rank correlation of signal and return by date. Over time, the product of both in standard ranks of each name's own history: its mean is the rank
    /// correlation of the name.
    /// </summary>
    static List<DatedCoefficient> Coefficients(SignalPanel panel, SignalMode mode, int wait, int length, SignalSettings settings) => mode == SignalMode.CrossSection
        ? [.. Sections(panel, settings, (date, name) => panel.Return(date, name, wait, length)).Select(s => new DatedCoefficient(panel.Dates[s.Date], Ranks.Correlation(s.X, s.Y), s.X.Length)).Where(d => !double.IsNaN(d.Value))]
        : OverTime(panel, settings, (date, name) => panel.Return(date, name, wait, length));

    static IEnumerable<(int Date, double[] X, double[] Y)> Sections(SignalPanel panel, SignalSettings settings, Func<int, int, double> other)
    {
        var (x, y) = (new List<double>(), new List<double>());
        for (var date = 0; date < panel.Dates.Count; date++)
        {
            x.Clear();
            y.Clear();
            for (var name = 0; name < panel.Names.Count; name++)
                if (panel.Signal(date, name) is var signal && !double.IsNaN(signal) && other(date, name) is var value && !double.IsNaN(value))
                {
                    x.Add(signal);
                    y.Add(value);
                }
            if (x.Count >= settings.LeastNames) yield return (date, [.. x], [.. y]);
        }
    }

    static List<DatedCoefficient> OverTime(SignalPanel panel, SignalSettings settings, Func<int, int, double> other)
    {
        var (sums, counts) = (new double[panel.Dates.Count], new int[panel.Dates.Count]);
        for (var name = 0; name < panel.Names.Count; name++)
        {
            var pairs = Pairs(panel, name, other);
            if (pairs.Length < settings.LeastDates || Ranks.Standard([.. pairs.Select(p => p.Signal)]) is not { } x || Ranks.Standard([.. pairs.Select(p => p.Other)]) is not { } y) continue;
            for (var i = 0; i < pairs.Length; i++)
            {
                sums[pairs[i].Date] += x[i] * y[i];
                counts[pairs[i].Date]++;
            }
        }
        var dated = new List<DatedCoefficient>();
        for (var date = 0; date < sums.Length; date++)
            if (counts[date] > 0) dated.Add(new(panel.Dates[date], sums[date] / counts[date], counts[date]));
        return dated;
    }

    static (int Date, double Signal, double Other)[] Pairs(SignalPanel panel, int name, Func<int, int, double> other)
    {
        var pairs = new List<(int, double, double)>();
        for (var date = 0; date < panel.Dates.Count; date++)
            if (panel.Signal(date, name) is var signal && !double.IsNaN(signal) && other(date, name) is var value && !double.IsNaN(value)) pairs.Add((date, signal, value));
        return [.. pairs];
    }

    /// <summary>By date, for each quantile the sum of its returns and their number.</summary>
    static List<double[]> QuantileRows(SignalPanel panel, SignalMode mode, int horizon, int quantiles, SignalSettings settings)
    {
        var rows = new double[]?[panel.Dates.Count];
        void Add(int date, double rank, int count, double value)
        {
            var row = rows[date] ??= new double[2 * quantiles];
            var quantile = Quantile(rank, count, quantiles);
            row[2 * quantile] += value;
            row[2 * quantile + 1]++;
        }
        double Return(int date, int name) => panel.Return(date, name, 0, horizon);
        if (mode == SignalMode.CrossSection)
            foreach (var (date, x, y) in Sections(panel, settings, Return))
            {
                var ranks = Ranks.Of(x);
                for (var i = 0; i < x.Length; i++) Add(date, ranks[i], x.Length, y[i]);
            }
        else
            for (var name = 0; name < panel.Names.Count; name++)
            {
                var pairs = Pairs(panel, name, Return);
                if (pairs.Length < settings.LeastDates) continue;
                var ranks = Ranks.Of([.. pairs.Select(p => p.Signal)]);
                for (var i = 0; i < pairs.Length; i++) Add(pairs[i].Date, ranks[i], pairs.Length, pairs[i].Other);
            }
        return [.. rows.OfType<double[]>()];
    }

    static int Quantile(double rank, int count, int quantiles) => Math.Min(quantiles - 1, (int)((rank - 0.5) / count * quantiles));

    static double Autocorrelation(SignalPanel panel, SignalMode mode, int lag, SignalSettings settings)
    {
        double Later(int date, int name) => date + lag < panel.Dates.Count ? panel.Signal(date + lag, name) : double.NaN;
        var values = mode == SignalMode.CrossSection
            ? [.. Sections(panel, settings, Later).Select(s => Ranks.Correlation(s.X, s.Y)).Where(v => !double.IsNaN(v))]
            : OverTime(panel, settings, Later).Select(d => d.Value).ToArray();
        return values.Length == 0 ? double.NaN : values.Average();
    }

    /// <summary>Share of the highest quantile on a date that was not in it on the date before, over the names that both dates have.</summary>
    static double Turnover(SignalPanel panel, SignalMode mode, int quantiles, SignalSettings settings)
    {
        var highest = mode == SignalMode.CrossSection ? HighestAcross(panel, quantiles, settings) : HighestOverTime(panel, quantiles, settings);
        var (entered, held) = (0L, 0L);
        for (var date = 1; date < panel.Dates.Count; date++)
            for (var name = 0; name < panel.Names.Count; name++)
            {
                if (!highest[date, name] || double.IsNaN(panel.Signal(date - 1, name))) continue;
                held++;
                if (!highest[date - 1, name]) entered++;
            }
        return held > 0 ? (double)entered / held : double.NaN;
    }

    static bool[,] HighestAcross(SignalPanel panel, int quantiles, SignalSettings settings)
    {
        var highest = new bool[panel.Dates.Count, panel.Names.Count];
        for (var date = 0; date < panel.Dates.Count; date++)
        {
            var there = Enumerable.Range(0, panel.Names.Count).Where(name => !double.IsNaN(panel.Signal(date, name))).ToArray();
            if (there.Length < settings.LeastNames) continue;
            var at = date;
            var ranks = Ranks.Of([.. there.Select(name => panel.Signal(at, name))]);
            for (var i = 0; i < there.Length; i++) highest[date, there[i]] = Quantile(ranks[i], there.Length, quantiles) == quantiles - 1;
        }
        return highest;
    }

    static bool[,] HighestOverTime(SignalPanel panel, int quantiles, SignalSettings settings)
    {
        var highest = new bool[panel.Dates.Count, panel.Names.Count];
        for (var name = 0; name < panel.Names.Count; name++)
        {
            var pairs = Pairs(panel, name, (date, own) => panel.Signal(date, own));
            if (pairs.Length < settings.LeastDates) continue;
            var ranks = Ranks.Of([.. pairs.Select(p => p.Signal)]);
            for (var i = 0; i < pairs.Length; i++) highest[pairs[i].Date, name] = Quantile(ranks[i], pairs.Length, quantiles) == quantiles - 1;
        }
        return highest;
    }
}
