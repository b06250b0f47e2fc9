using System.Runtime.InteropServices;
using Bellwether.Analytics.Indicators;

namespace Bellwether.Analytics.Regimes;

/// <param name="Period">Bars over which direction and restlessness are taken.</param>
/// <param name="LongPeriod">Bars that restlessness is compared with.</param>
/// <param name="MinBars">Bars with features before the first fit.</param>
/// <param name="MaxBars">The latest so many are fitted to.</param>
/// <param name="RefitEvery">Bars between two fits.</param>
/// <param name="Direction">
/// A state whose mean direction is at least this far from 0 is a trend: 1 is a straight line, and twenty moves without any direction reach
/// 0.2 on average.
/// </param>
/// <param name="Restlessness">A state whose short volatility is, on average, at least so many times the long one is volatile.</param>
public sealed record RegimeOptions(
    int Period = 20, int LongPeriod = 250, int MinBars = 250, int MaxBars = 1_500, int RefitEvery = 63, double Direction = 0.3,
        double Restlessness = 1.4)
{
    public const string Formula = "regime-hmm-v2";
}

/// <summary>
/// Regimes by a hidden Markov model of four states that is fitted again and again to the past alone. What is told of a bar is the filtered
/// probability under the parameters of that time, and never changes: later bars neither smooth it nor fit it anew.
/// </summary>
/// <remarks>
/// Each fit starts from the same first guess, so that it depends on the bars and not on when the detector began within them. A state is
/// named by what its means are, not by how they compare with those of the others: restless ones are <see cref="MarketRegime.Volatile"/>,
/// then those with a direction trends, and what is left ranges. Several states may share a name, or none have it; the probability of a
/// regime is that of all its states.
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
    /// Takes the next bar without asking. Models that nobody asks are not fitted: each fit begins anew from the bars before it, so that
    /// what is told later is the same to the last bit.
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
        for (var t = 0; t < past.Length; t += RegimeFeatures.Count)
            _model.Filter(t == 0, past.Slice(t, RegimeFeatures.Count), _probabilities);
        for (var i = 0; i < States; i++)
            _labels[i] = Name(_model.Means[i * RegimeFeatures.Count], _model.Means[i * RegimeFeatures.Count + 1]);
    }

    MarketRegime Name(double direction, double restlessness) => restlessness >= Math.Log(_options.Restlessness) ? MarketRegime.Volatile
        : direction >= _options.Direction ? MarketRegime.TrendingUp
        : direction <= -_options.Direction ? MarketRegime.TrendingDown : MarketRegime.Ranging;

    RegimeReading Read()
    {
        Span<double> regimes = stackalloc double[States];
        regimes.Clear();
        for (var i = 0; i < States; i++) regimes[(int)_labels[i]] += _probabilities[i];
        var best = 0;
        for (var i = 1; i < States; i++)
            if (regimes[i] > regimes[best]) best = i;
        return new((MarketRegime)best, Math.Min(1, regimes[best]));
    }
}

/// <summary>
/// The reference beside the model, by rules that anybody can follow: volatile where the short volatility is at least 1.5 times the long
/// one; else trending where ADX is at least 25, in the direction of the greater DI; else ranging.
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
