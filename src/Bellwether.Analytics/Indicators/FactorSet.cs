using Bellwether.Analytics.Indicators.Rolling;

namespace Bellwether.Analytics.Indicators;

/// <summary>
/// The usual factors of daily bars, free of the price's level, so that symbols compare: returns, distances from moving averages, volatilities, RSI,
/// MACD and the correlation of closes with volumes. Like any indicator it runs the same in a batch and in a stream.
/// </summary>
/// <remarks>
/// return_n: close over the close n bars ago, less one. ma_n: mean of n closes over the close. volatility_n: sample deviation of n simple returns, of
/// one bar. rsi_14: Wilder, 0 to 1. macd: histogram (12, 26, 9) over the close. volume_correlation_n: of closes with ln(1 + volume).
/// </remarks>
public sealed class FactorSet() : Indicator(FactorCount, BarFields.Close | BarFields.Volume)
{
    public const string Formula = "factors-14-v1";

    const int FactorCount = 14;

    public static IReadOnlyList<string> Names { get; } =
    [
        "return_1", "return_5", "return_20", "return_60", "ma_5", "ma_20", "ma_60", "volatility_5", "volatility_20", "volatility_60", "rsi_14", "macd",
        "volume_correlation_20", "volume_correlation_60",
    ];

    readonly Ring _last5 = new(5), _last20 = new(20), _last60 = new(60);
    readonly RollingSum _sum5 = new(5), _sum20 = new(20), _sum60 = new(60);
    readonly RollingMoments _moments5 = new(5), _moments20 = new(20), _moments60 = new(60);
    readonly RollingPairs _pairs20 = new(20), _pairs60 = new(60);
    readonly Rsi _rsi = new(14);
    readonly Macd _macd = new();
    double _close;
    bool _started;

    public override void Reset()
    {
        _started = false;
        foreach (var ring in (Ring[])[_last5, _last20, _last60]) ring.Clear();
        foreach (var sum in (RollingSum[])[_sum5, _sum20, _sum60]) sum.Clear();
        foreach (var moments in (RollingMoments[])[_moments5, _moments20, _moments60]) moments.Clear();
        _pairs20.Clear();
        _pairs60.Clear();
        _rsi.Reset();
        _macd.Reset();
    }

    protected override bool TryStep(in Bar bar, Span<double> values)
    {
        var close = bar.Close;
        if (!(close > 0) || bar.Volume < 0) return false;
        var move = _started ? close / _close - 1 : double.NaN;
        values[0] = move;
        values[1] = Return(_last5, close);
        values[2] = Return(_last20, close);
        values[3] = Return(_last60, close);
        values[4] = Mean(_sum5, close);
        values[5] = Mean(_sum20, close);
        values[6] = Mean(_sum60, close);
        values[7] = Deviation(_moments5, move);
        values[8] = Deviation(_moments20, move);
        values[9] = Deviation(_moments60, move);
        values[10] = _rsi.Next(close) / 100;
        Span<double> macd = stackalloc double[3];
        _macd.Next(in bar, macd);
        values[11] = macd[2] / close;
        var volume = Math.Log(1 + bar.Volume);
        values[12] = Correlation(_pairs20, close, volume);
        values[13] = Correlation(_pairs60, close, volume);
        (_close, _started) = (close, true);
        return true;
    }

    static double Return(Ring past, double close) => past.Push(close, out var then) ? close / then - 1 : double.NaN;

    static double Mean(RollingSum sum, double close)
    {
        sum.Push(close);
        return sum.IsFull ? sum.Mean / close : double.NaN;
    }

    static double Deviation(RollingMoments moments, double move)
    {
        if (double.IsNaN(move)) return double.NaN;
        moments.Push(move);
        return moments.IsFull ? Math.Sqrt(moments.SampleVariance) : double.NaN;
    }

    static double Correlation(RollingPairs pairs, double close, double volume)
    {
        pairs.Push(close, volume);
        return pairs.IsFull ? pairs.Correlation : double.NaN;
    }
}
