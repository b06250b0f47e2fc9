using Bellwether.Analytics.Indicators;
using Bellwether.Analytics.Regimes;

namespace Bellwether.Market.Conditions;

/// <summary>
/// Computes the conditions of one symbol from daily bars. A row depends on nothing after it; only the volatility index may close up to half
/// an hour later.
/// </summary>
public static class ConditionCalculator
{
    public const string Formula = $"market-conditions-v2 {RegimeOptions.Formula} {RegimeRules.Formula}";

    public const int CorrelationPeriod = 60, MaxVolatilityAgeDays = 5;

    static readonly string[] Values = ["atr_14", "rsi_14", "ema_20", "ema_50", "bb_upper", "bb_lower", "macd_line", "macd_signal",
        "volatility_20"];

    /// <param name="from">First row that is wanted; the bars before it are used. Null for all.</param>
    /// <param name="to">End, excluded.</param>
    public static IReadOnlyList<MarketCondition> Compute(
        string symbol, ConditionSeries own, ConditionSeries market, ConditionSeries volatility, ConditionSeries sector,
        DateTime? from = null, DateTime? to = null)
    {
        var series = new SplitSeries(own);
        var known = series.KnownUpTo();
        var (indicators, detector, rules) = (IndicatorSet.Parse(Values), new RegimeDetector(), new RegimeRules());
        var (withMarket, withSector, index) = (new Pairing(series, market), new Pairing(series, sector), new LatestClose(volatility));
        var rows = new List<MarketCondition>();
        Span<double> v = stackalloc double[Values.Length];
        for (var i = 0; i < series.Count; i++)
        {
            var end = own.EndOf(series[i].Bar.Date);
            if (end >= to) break;
            var bar = series.Adjusted(i);
            indicators.Next(in bar, v);
            detector.Push(in bar);
            var reference = rules.Next(in bar);
            var (marketValue, sectorValue) = (withMarket.Next(i, end), withSector.Next(i, end));
            var vix = index.At(series.DayOf(i), end);
            if (end < from) continue;
            var (raw, factor, regime) = (series[i].Bar, series.Factor(i), detector.Current);
            rows.Add(new(
                symbol, end, series.DayOf(i), Latest(known[i], own.KnownAt, withMarket.KnownAt, withSector.KnownAt,
                vix is null ? null : index.KnownAt),
                raw.Open, raw.High, raw.Low, raw.Close, raw.Volume, Defined(v[0] / factor), Defined(v[1]), Defined(v[2] / factor),
                Defined(v[3] / factor),
                Defined(v[4] / factor), Defined(v[5] / factor), Defined(v[6] / factor), Defined(v[7] / factor), Defined(v[8]),
                vix?.Bar.Close,
                regime?.Name, regime?.Confidence, reference is { } r ? RegimeReading.NameOf(r) : null, Defined(marketValue),
                Defined(sectorValue)));
        }
        return rows;
    }

    static double? Defined(double value) => double.IsFinite(value) ? value : null;

    static DateTime Latest(DateTime known, params ReadOnlySpan<DateTime?> others)
    {
        foreach (var other in others)
            if (other > known) known = other.Value;
        return known;
    }

    /// <summary>
    /// Correlation with another series over the days that both have; a day that the other lacks has no value. A day that the other ends
    /// later than a row counts in the next one.
    /// </summary>
    sealed class Pairing(SplitSeries own, ConditionSeries other)
    {
        readonly SplitSeries _other = new(other);
        readonly DateTime[] _known = new SplitSeries(other).KnownUpTo();
        readonly RollingBeta _beta = new(CorrelationPeriod);
        int _next, _day;
        double _value = double.NaN;

        /// <summary>Since when the other's bars up to the last day are known.</summary>
        public DateTime? KnownAt { get; private set; }

        public double Next(int index, DateTime end)
        {
            Span<double> values = stackalloc double[2];
            for (; _day <= index; _day++)
            {
                var day = own.DayOf(_day);
                while (_next < _other.Count && _other.DayOf(_next) < day) _next++;
                if (_next >= _other.Count || _other.DayOf(_next) != day)
                {
                    _value = double.NaN;
                    continue;
                }
                if (other.EndOf(_other[_next].Bar.Date) > end) break;
                KnownAt = Latest(_known[_next], other.KnownAt);
                _beta.Next(own.Adjusted(_day) with { Benchmark = _other.Adjusted(_next).Close }, values);
                _value = values[1];
            }
            return _value;
        }
    }

    sealed class LatestClose(ConditionSeries series)
    {
        // VIX goes on for a quarter of an hour after the close.
        static readonly TimeSpan Patience = TimeSpan.FromMinutes(30);

        int _next;

        /// <summary>Since when the one that was told last is known.</summary>
        public DateTime? KnownAt { get; private set; }

        public StoredBar? At(DateOnly day, DateTime end)
        {
            while (_next < series.Bars.Count && Is(series.Bars[_next].Bar.Date)) _next++;
            if (_next == 0 || day.DayNumber - DateOnly.FromDateTime(series.Bars[_next - 1].Bar.Date).DayNumber > MaxVolatilityAgeDays)
                return null;
            KnownAt = Latest(series.Bars[_next - 1].KnownAt, series.KnownAt);
            return series.Bars[_next - 1];

            bool Is(DateTime date) => DateOnly.FromDateTime(date) <= day && series.EndOf(date) <= end + Patience;
        }
    }
}
