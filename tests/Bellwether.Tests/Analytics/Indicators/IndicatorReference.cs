using Bellwether.Analytics.Indicators;

namespace Bellwether.Tests.Analytics.Indicators;

/// <summary>
/// Every indicator as its textbook writes it, over whole windows, with no state and no regard to cost: what the kernels are compared with.
/// </summary>
static class IndicatorReference
{
    /// <summary>One number for each bar; NaN where there is none.</summary>
    public static double[] Of(string output, double[] p, Bar[] bars)
    {
        var (close, high, low) = (Each(bars, b => b.Close), Each(bars, b => b.High), Each(bars, b => b.Low));
        int P(int place) => (int)p[place];
        return output switch
        {
            "sma" => Mean(close, P(0)),
            "ema" => Ema(close, P(0)),
            "wma" => Window(close, P(0), w => w.Select((v, k) => v * (k + 1)).Sum() / Enumerable.Range(1, P(0)).Sum()),
            "rsi" => Rsi(Wilder(Gains(close), P(0)), Wilder(Losses(close), P(0))),
            "rsi_simple" => Rsi(Mean(Gains(close), P(0)), Mean(Losses(close), P(0))),
            "macd_line" => Macd(close, p),
            "macd_signal" => Ema(Macd(close, p), P(2)),
            "macd_histogram" => Both(Macd(close, p), Ema(Macd(close, p), P(2)), (line, signal) => line - signal),
            "bb_upper" => Window(close, P(0), w => w.Average() + p[1] * Deviation(w, 0)),
            "bb_middle" => Mean(close, P(0)),
            "bb_lower" => Window(close, P(0), w => w.Average() - p[1] * Deviation(w, 0)),
            "bb_width" => Window(close, P(0), w => 100 * 2 * p[1] * Deviation(w, 0) / w.Average()),
            "bb_percent" => Window(close, P(0), w => IsFlat(w)
            ? double.NaN : (w[^1] - w.Average() + p[1] * Deviation(w, 0)) / (2 * p[1] * Deviation(w, 0))),
            "atr" => Wilder(Ranges(bars), P(0)),
            "adx" => Adx(bars, P(0)).Adx,
            "plus_di" => Adx(bars, P(0)).Plus,
            "minus_di" => Adx(bars, P(0)).Minus,
            "obv" => At(bars, i => Enumerable.Range(1, i).Sum(k => Math.Sign(close[k] - close[k - 1]) * bars[k].Volume)),
            "vwap" => At(bars, i => Vwap(bars.Take(i + 1).Where(b => b.Session == bars[i].Session))),
            "rolling_vwap" => At(bars, i => i + 1 < P(0) ? double.NaN : Vwap(bars[(i + 1 - P(0))..(i + 1)])),
            "stoch_k" => Mean(Place(close, high, low, P(0)), P(1)),
            "stoch_d" => Mean(Mean(Place(close, high, low, P(0)), P(1)), P(2)),
            "stochrsi_k" => StochasticRsi(close, p),
            "stochrsi_d" => Mean(StochasticRsi(close, p), P(3)),
            "cci" => Window(Each(bars, Typical), P(0), w => IsFlat(w)
            ? double.NaN : (w[^1] - w.Average()) / (0.015 * w.Average(v => Math.Abs(v - w.Average())))),
            "mfi" => Mfi(bars, P(0)),
            "keltner_upper" => Both(Ema(close, P(0)), Wilder(Ranges(bars), P(1)), (middle, range) => middle + p[2] * range),
            "keltner_middle" => Both(Ema(close, P(0)), Wilder(Ranges(bars), P(1)), (middle, range) => double.IsNaN(range)
            ? double.NaN : middle),
            "keltner_lower" => Both(Ema(close, P(0)), Wilder(Ranges(bars), P(1)), (middle, range) => middle - p[2] * range),
            "donchian_upper" => Window(high, P(0), w => w.Max()),
            "donchian_middle" => Middle(high, low, P(0)),
            "donchian_lower" => Window(low, P(0), w => w.Min()),
            "aroon_up" => Aroon(high, P(0), 1),
            "aroon_down" => Aroon(low, P(0), -1),
            "aroon_oscillator" => Both(Aroon(high, P(0), 1), Aroon(low, P(0), -1), (up, down) => up - down),
            "roc" => At(bars, i => i < P(0) ? double.NaN : 100 * (close[i] - close[i - P(0)]) / close[i - P(0)]),
            "williams_r" => Place(close, high, low, P(0)) is var place ? [.. place.Select(k => k - 100)] : [],
            "ichimoku_tenkan" => Middle(high, low, P(0)),
            "ichimoku_kijun" => Middle(high, low, P(1)),
            "ichimoku_senkou_a" => Later(Both(Middle(high, low, P(0)), Middle(high, low, P(1)), (a, b) => (a + b) / 2), P(1)),
            "ichimoku_senkou_b" => Later(Middle(high, low, P(2)), P(1)),
            "supertrend" => Supertrend(bars, P(0), p[1]).Stop,
            "supertrend_direction" => Supertrend(bars, P(0), p[1]).Direction,
            "volatility" => Window(Logs(close), P(0), w => Deviation(w, 1) * Math.Sqrt(p[1])),
            "parkinson" => Window(Each(bars, b => Math.Pow(Math.Log(b.High / b.Low), 2)), P(0), w =>
            Math.Sqrt(w.Average() / (4 * Math.Log(2)) * p[1])),
            "garman_klass" => Window(Each(bars, b => Math.Pow(Math.Log(b.High / b.Low), 2) / 2 - (2 * Math.Log(2) - 1) * Math.Pow(
            Math.Log(b.Close / b.Open), 2)), P(0),
                w => Math.Sqrt(w.Average() * p[1])),
            "yang_zhang" => YangZhang(bars, P(0), p[1]),
            "beta" => Pairs(bars, P(0), (x, y) => Covariance(x, y) / Covariance(x, x)),
            "correlation" => Pairs(bars, P(0), (x, y) => IsFlat(y)
            ? double.NaN : Covariance(x, y) / Math.Sqrt(Covariance(x, x) * Covariance(y, y))),
            "sortino" => Window(Returns(close), P(0), w => w.Any(r => r < p[1])
                ? (w.Average() - p[1]) / Math.Sqrt(w.Average(r => r < p[1] ? (r - p[1]) * (r - p[1]) : 0)) : double.NaN),
            "value_at_risk" => At(bars, i => i < 2 ? double.NaN : Returns(close)[Math.Max(1, i + 1 - P(0))..(i + 1)] is var w
                ? w.Average() - Quantile(p[1]) * Deviation(w, 1) : double.NaN),
            _ => throw new ArgumentException($"'{output}' has no reference"),
        };
    }

    static double[] Each(Bar[] bars, Func<Bar, double> value) => [.. bars.Select(value)];

    static double[] At(Bar[] bars, Func<int, double> value) => [.. Enumerable.Range(0, bars.Length).Select(value)];

    static double[] Both(double[] a, double[] b, Func<double, double, double> value) => [.. a.Zip(b, value)];

    /// <summary>Of the last n numbers, where there are so many and all of them are numbers.</summary>
    static double[] Window(double[] values, int n, Func<double[], double> value) => [.. values.Select((_, i) =>
        i + 1 >= n && values[(i + 1 - n)..(i + 1)] is var last && !last.Any(double.IsNaN) ? value(last) : double.NaN)];

    static double[] Mean(double[] values, int n) => Window(values, n, w => w.Average());

    static double[] Ema(double[] values, int n) => Smooth(values, n, 2.0 / (n + 1));

    static double[] Wilder(double[] values, int n) => Smooth(values, n, 1.0 / n);

    /// <summary>From the last number that is none on: the mean of n, then each new number with its weight.</summary>
    static double[] Smooth(double[] values, int n, double weight) => [.. values.Select((_, i) =>
    {
        var run = values.Take(i + 1).Reverse().TakeWhile(v => !double.IsNaN(v)).Reverse().ToArray();
        return run.Length < n ? double.NaN : run.Skip(n).Aggregate(run.Take(n).Average(), (mean, v) => (1 - weight) * mean + weight * v);
    })];

    static double Deviation(double[] w, int lost) => Math.Sqrt(w.Sum(v => (v - w.Average()) * (v - w.Average())) / (w.Length - lost));

    static double Covariance(double[] x, double[] y) => x.Zip(y, (a, b) => (a - x.Average()) * (b - y.Average())).Sum() / x.Length;

    static bool IsFlat(double[] w) => w.All(v => v == w[0]);

    static double[] Moves(double[] close, Func<double, double, double> of) => [double.NaN, .. close.Skip(1).Zip(close, of)];

    static double[] Gains(double[] close) => Moves(close, (now, before) => now > before ? now - before : 0);

    static double[] Losses(double[] close) => Moves(close, (now, before) => now < before ? before - now : 0);

    static double[] Returns(double[] close) => Moves(close, (now, before) => (now - before) / before);

    static double[] Logs(double[] close) => Moves(close, (now, before) => Math.Log(now) - Math.Log(before));

    static double[] Rsi(double[] gains, double[] losses) =>
        Both(gains, losses, (gain, loss) => gain + loss == 0 ? double.NaN : 100 * gain / (gain + loss));

    static double[] Macd(double[] close, double[] p) => Both(Ema(close, (int)p[0]), Ema(close, (int)p[1]), (fast, slow) => fast - slow);

    static double Typical(Bar b) => (b.High + b.Low + b.Close) / 3;

    static double[] Ranges(Bar[] bars) => At(bars, i => i == 0 ? double.NaN
        : Math.Max(bars[i].High, bars[i - 1].Close) - Math.Min(bars[i].Low, bars[i - 1].Close));

    static double Vwap(IEnumerable<Bar> bars) => bars.Sum(b => b.Volume) is > 0 and var volume
        ? bars.Sum(b => Typical(b) * b.Volume) / volume : double.NaN;

    static double[] Middle(double[] high, double[] low, int n) =>
        Both(Window(high, n, w => w.Max()), Window(low, n, w => w.Min()), (h, l) => (h + l) / 2);

    static double[] Later(double[] values, int bars) => [.. values.Select((_, i) => i < bars ? double.NaN : values[i - bars])];

    /// <summary>Where a value lies in the range of the last n, per cent.</summary>
    static double[] Place(double[] values, double[] high, double[] low, int n)
    {
        var (top, bottom) = (Window(high, n, w => w.Max()), Window(low, n, w => w.Min()));
        return [.. values.Select((v, i) => top[i] > bottom[i] ? 100 * (v - bottom[i]) / (top[i] - bottom[i]) : double.NaN)];
    }

    static double[] StochasticRsi(double[] close, double[] p)
    {
        var rsi = Rsi(Wilder(Gains(close), (int)p[0]), Wilder(Losses(close), (int)p[0]));
        // Where nothing moves the ratio of the means stays, but for its last digits.
        return Mean(Place([.. rsi.Select(r => Math.Round(r, 10))], [.. rsi.Select(r => Math.Round(r, 10))],
            [.. rsi.Select(r => Math.Round(r, 10))], (int)p[1]), (int)p[2]);
    }

    static double[] Mfi(Bar[] bars, int n) => At(bars, i =>
    {
        if (i < n) return double.NaN;
        var (inflow, outflow) = (0.0, 0.0);
        for (var k = i - n + 1; k <= i; k++)
        {
            if (Typical(bars[k]) > Typical(bars[k - 1])) inflow += Typical(bars[k]) * bars[k].Volume;
            if (Typical(bars[k]) < Typical(bars[k - 1])) outflow += Typical(bars[k]) * bars[k].Volume;
        }
        return inflow + outflow == 0 ? double.NaN : 100 * inflow / (inflow + outflow);
    });

    static double[] Aroon(double[] values, int n, int sign) => Window(values, n + 1, w =>
        100.0 * (n - Enumerable.Range(0, n + 1).First(age => sign * w[n - age] == w.Max(v => sign * v))) / n);

    /// <summary>Wilder's own sums: the sum of n, then less an nth of it and more by the newest.</summary>
    static (double[] Adx, double[] Plus, double[] Minus) Adx(Bar[] bars, int n)
    {
        double Up(int i) => bars[i].High - bars[i - 1].High;
        double Down(int i) => bars[i - 1].Low - bars[i].Low;
        double[] Sums(double[] values) => At(bars, i => i < n ? double.NaN
            : values[(n + 1)..(i + 1)].Aggregate(values[1..(n + 1)].Sum(), (sum, v) => sum - sum / n + v));
        var range = Sums(Ranges(bars));
        var plus = Sums(At(bars, i => i > 0 && Up(i) > 0 && Up(i) > Down(i) ? Up(i) : 0));
        var minus = Sums(At(bars, i => i > 0 && Down(i) > 0 && Down(i) > Up(i) ? Down(i) : 0));
        double Share(double part, double whole) => double.IsNaN(whole) ? double.NaN : whole == 0 ? 0 : 100 * part / whole;
        var (up, down) = (Both(plus, range, Share), Both(minus, range, Share));
        var index = Both(up, down, (a, b) => a + b == 0 ? 0 : 100 * Math.Abs(a - b) / (a + b));
        return (Wilder(index, n), up, down);
    }

    static (double[] Stop, double[] Direction) Supertrend(Bar[] bars, int n, double multiple)
    {
        var range = Wilder(Ranges(bars), n);
        var (stop, direction, upper, lower) = (At(bars, _ => double.NaN), At(bars, _ => double.NaN), new double[bars.Length],
            new double[bars.Length]);
        for (var i = 0; i < bars.Length; i++)
        {
            if (double.IsNaN(range[i])) continue;
            var middle = (bars[i].High + bars[i].Low) / 2;
            (upper[i], lower[i]) = (middle + multiple * range[i], middle - multiple * range[i]);
            if (i == 0 || double.IsNaN(range[i - 1]))
            {
                direction[i] = bars[i].Close >= middle ? 1 : -1;
            }
            else
            {
                // A band moves towards the price only, unless the close before broke it.
                if (bars[i - 1].Close <= upper[i - 1]) upper[i] = Math.Min(upper[i], upper[i - 1]);
                if (bars[i - 1].Close >= lower[i - 1]) lower[i] = Math.Max(lower[i], lower[i - 1]);
                direction[i] = bars[i].Close > upper[i] ? 1 : bars[i].Close < lower[i] ? -1 : direction[i - 1];
            }
            stop[i] = direction[i] > 0 ? lower[i] : upper[i];
        }
        return (stop, direction);
    }

    static double[] YangZhang(Bar[] bars, int n, double year) => At(bars, i =>
    {
        if (i < n) return double.NaN;
        var days = Enumerable.Range(i + 1 - n, n).ToArray();
        double Variance(Func<int, double> of) => Math.Pow(Deviation([.. days.Select(of)], 1), 2);
        var k = 0.34 / (1.34 + (n + 1.0) / (n - 1));
        var inner = days.Average(d => Math.Log(bars[d].High / bars[d].Close) * Math.Log(bars[d].High / bars[d].Open)
            + Math.Log(bars[d].Low / bars[d].Close) * Math.Log(bars[d].Low / bars[d].Open));
        var daily = Variance(d => Math.Log(bars[d].Open / bars[d - 1].Close)) + k * Variance(d => Math.Log(bars[d].Close / bars[d].Open))
            + (1 - k) * inner;
        return Math.Sqrt(daily * year);
    });

    static double[] Pairs(Bar[] bars, int n, Func<double[], double[], double> of)
    {
        var (own, other) = (Returns(Each(bars, b => b.Close)), Returns(Each(bars, b => b.Benchmark)));
        return At(bars, i => i < n || IsFlat(other[(i + 1 - n)..(i + 1)])
            ? double.NaN : of(other[(i + 1 - n)..(i + 1)], own[(i + 1 - n)..(i + 1)]));
    }

    /// <summary>The z that a standard normal number is below with this probability, by bisection of its integral.</summary>
    static double Quantile(double probability)
    {
        // Simpson's rule over 0 to z.
        static double Cdf(double z) => 0.5 + Enumerable.Range(0, 1_000).Sum(k =>
        {
            static double Density(double x) => Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI);
            var (from, step) = (z * k / 1_000, z / 1_000);
            return step / 6 * (Density(from) + 4 * Density(from + step / 2) + Density(from + step));
        });
        var (least, most) = (-8.0, 8.0);
        for (var i = 0; i < 60; i++)
        {
            var middle = (least + most) / 2;
            (least, most) = Cdf(middle) < probability ? (middle, most) : (least, middle);
        }
        return least;
    }
}
