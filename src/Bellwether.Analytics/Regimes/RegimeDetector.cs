using System.Runtime.InteropServices;
using Bellwether.Analytics.Indicators;

namespace Bellwether.Analytics.Regimes;

/// <param name="Period">Bars over which direction and restlessness are taken.</param>
/// <param name="LongPeriod">Bars that restlessness is compared with.</param>
/// <param name="MinBars">Bars with features before the first fit.</param>
/// <param name="MaxBars">The latest so many are fitted to.</param>
/// <param name="RefitEvery">Bars between two fits.</param>
public sealed record RegimeOptions(int Period = 20, int LongPeriod = 250, int MinBars = 250, int MaxBars = 1_500, int RefitEvery = 63)
{
    public const string Formula = "regime-hmm-v1";
}

/// <summary>
/// Regimes by a hidden Markov model of four states that is fitted again and again to the past alone. What is told of a bar is the filtered
/// probability under the parameters of that time, and never changes: later bars neither smooth it nor fit it anew.
/// </summary>
/// <remarks>
/// Each fit starts from the same first guess, so that it depends on the bars and not on when the detector began within them. The restless state is
/// <see cref="MarketRegime.Volatile"/>; of the other three the one that goes up most, the one that goes down most, and the one between.
/// </remarks>
public sealed class RegimeDetector(RegimeOptions? options = null)
{
    const int States = 4;
    static readonly HmmFitOptions Fitting = new(MaxIterations: 60, Tolerance: 1e-5, Persistence: 10);

    static readonly GaussianHmm Guess = new([0.25, 0.25, 0.25, 0.25],
        [.. Enumerable.Range(0, States * States).Select(i => i / States == i % States ? 0.94 : 0.02)],
        [0.35, -0.1, -0.35, -0.1, 0, -0.15, -0.1, 0.5], [0.03, 0.06, 0.03, 0.06, 0.02, 0.06, 0.06, 0.08]);

    readonly RegimeOptions _options = options ?? new();
    readonly RegimeFeatures _features = new((options ?? new()).Period, (options ?? new()).LongPeriod);
    readonly List<double> _past = [], _since = [];
    readonly double[] _probabilities = new double[States];
    readonly MarketRegime[] _labels = new MarketRegime[States];
    double[]? _due;
    GaussianHmm? _model;
    int _sinceFit;
    bool _readable;

    /// <summary>The model of now; null before the first fit.</summary>
    public GaussianHmm? Model
    {
        get
        {
            CatchUp();
            return _model;
        }
    }

    /// <summary>What is thought at the bar that was taken last; null where too little is known.</summary>
    public RegimeReading? Current
    {
        get
        {
            if (!_readable) return null;
            CatchUp();
            return Read();
        }
    }

    /// <summary>Takes the next bar; null where too little is known.</summary>
    public RegimeReading? Next(in Bar bar)
    {
        Push(in bar);
        return Current;
    }

    /// <summary>
    /// Takes the next bar without asking. Models that nobody asks are not fitted: each fit begins anew from the bars before it, so that what is told
    /// later is the same to the last bit.
    /// </summary>
    public void Push(in Bar bar)
    {
        Span<double> features = stackalloc double[RegimeFeatures.Count];
        _readable = false;
        if (!_features.Next(in bar, features))
        {
            // A bar without features moves the probabilities on, towards what is usual.
            if (_model is not null || _due is not null) _since.Add(double.NaN);
            return;
        }
        if (_past.Count >= _options.MaxBars * RegimeFeatures.Count) _past.RemoveRange(0, RegimeFeatures.Count);
        _past.AddRange(features);
        _sinceFit++;
        if (_past.Count < _options.MinBars * RegimeFeatures.Count) return;
        if (_model is null && _due is null || _sinceFit >= _options.RefitEvery)
        {
            (_due, _sinceFit) = ([.. _past], 0);
            _since.Clear();
        }
        else
        {
            _since.AddRange(features);
        }
        _readable = true;
    }

    /// <summary>Fits where a fit is due, and takes the bars that came since.</summary>
    void CatchUp()
    {
        if (_due is not null) Refit(_due);
        _due = null;
        var since = CollectionsMarshal.AsSpan(_since);
        while (since.Length > 0)
        {
            if (double.IsNaN(since[0])) _model!.Predict(false, _probabilities);
            else _model!.Filter(false, since[..RegimeFeatures.Count], _probabilities);
            since = since[(double.IsNaN(since[0]) ? 1 : RegimeFeatures.Count)..];
        }
        _since.Clear();
    }

    void Refit(ReadOnlySpan<double> past)
    {
        _model = Guess.Fit(past, Fitting).Model;
        for (var t = 0; t < past.Length; t += RegimeFeatures.Count) _model.Filter(t == 0, past.Slice(t, RegimeFeatures.Count), _probabilities);
        var byRestlessness = Enumerable.Range(0, States).OrderByDescending(i => _model.Means[i * RegimeFeatures.Count + 1]).ToArray();
        var byDirection = byRestlessness.Skip(1).OrderByDescending(i => _model.Means[i * RegimeFeatures.Count]).ToArray();
        _labels[byRestlessness[0]] = MarketRegime.Volatile;
        _labels[byDirection[0]] = MarketRegime.TrendingUp;
        _labels[byDirection[1]] = MarketRegime.Ranging;
        _labels[byDirection[2]] = MarketRegime.TrendingDown;
    }

    RegimeReading Read()
    {
        var best = 0;
        for (var i = 1; i < States; i++)
            if (_probabilities[i] > _probabilities[best]) best = i;
        return new(_labels[best], _probabilities[best]);
    }
}

/// <summary>
/// The reference beside the model, by rules that anybody can follow: volatile where the short volatility is at least 1.5 times the long one; else trending where
/// ADX is at least 25, in the direction of the greater DI; else ranging.
/// </summary>
public sealed class RegimeRules(int period = 14, int shortPeriod = 20, int longPeriod = 250)
{
    public const string Formula = "regime-rules-v1";
    public const double TrendStrength = 25, Restlessness = 1.5;

    readonly Adx _adx = new(period);
    readonly CloseVolatility _short = new(shortPeriod), _long = new(longPeriod);

    /// <summary>Takes the next bar; null where too little is known.</summary>
    public MarketRegime? Next(in Bar bar)
    {
        Span<double> trend = stackalloc double[3], near = stackalloc double[1], far = stackalloc double[1];
        _adx.Next(in bar, trend);
        _short.Next(in bar, near);
        _long.Next(in bar, far);
        if (double.IsNaN(trend[0]) || double.IsNaN(near[0]) || double.IsNaN(far[0])) return null;
        return near[0] >= Restlessness * far[0] && far[0] > 0 ? MarketRegime.Volatile
            : trend[0] < TrendStrength ? MarketRegime.Ranging
            : trend[1] >= trend[2] ? MarketRegime.TrendingUp : MarketRegime.TrendingDown;
    }
}
