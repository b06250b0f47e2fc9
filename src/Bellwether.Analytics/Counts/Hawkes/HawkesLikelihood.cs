namespace Bellwether.Analytics.Counts.Hawkes;

/// <summary>
/// ln L = Σ ln λ(tᵢ) − ∫ λ, with gradient and Hessian, in one pass over the events (Ogata, Annals of the Institute of Statistical
/// Mathematics 30, 1978; Ozaki, 31, 1979). Sums over pairs of events go by recursion: with d the time since the event before and e = e^(−βd),
/// A ← e(A + 1), B ← e(B + d(A + 1)), C ← e(C + 2dB + d²(A + 1)) are Σ e^(−βΔ), ΣΔe^(−βΔ) and ΣΔ²e^(−βΔ) over all earlier events.
/// </summary>
public sealed class HawkesLikelihood
{
    internal const int AlphaAt = HawkesParameters.Phases;
    internal const int BetaAt = HawkesParameters.Phases + 1;
    internal const int Width = HawkesParameters.Phases + 2;

    readonly HawkesData _data;

    // Of the natural parameters m₀ … m₂₃, α, β.
    readonly double[] _gradient = new double[Width];
    readonly double[] _hessian = new double[Width * Width];

    public HawkesLikelihood(HawkesData data) => _data = data;

    internal ReadOnlySpan<double> Gradient => _gradient;

    /// <summary>Row-major; lower triangle.</summary>
    internal ReadOnlySpan<double> Hessian => _hessian;

    /// <summary>The natural logarithm of the likelihood; negative infinity when an event is impossible.</summary>
    public double Evaluate(HawkesParameters parameters)
    {
        parameters.Require();
        return Evaluate(parameters.Baseline, parameters.Alpha, parameters.Beta);
    }

    internal double Evaluate(ReadOnlySpan<double> baseline, double alpha, double beta)
    {
        Array.Clear(_gradient);
        Array.Clear(_hessian);
        var value = 0.0;
        double kernel = 0, tailB = 0, tailC = 0;
        foreach (var stretch in _data.Stretches)
        {
            var state = default(Memory);
            var last = (double)stretch.From;
            for (var i = stretch.FirstEvent; i < stretch.EndEvent; i++)
            {
                var t = _data.Times[i];
                state = i == stretch.FirstEvent ? state : state.WithEvent().After(t - last, beta);
                last = t;
                value += AddEvent((int)t, state, baseline, alpha);
            }
            if (stretch.EndEvent == stretch.FirstEvent)
                continue;
            var end = state.WithEvent().After(stretch.To - last, beta);
            kernel += stretch.EndEvent - stretch.FirstEvent - end.A;
            tailB += end.B;
            tailC += end.C;
        }
        for (var phase = 0; phase < HawkesParameters.Phases; phase++)
        {
            value -= baseline[phase] * _data.Exposure[phase];
            _gradient[phase] -= _data.Exposure[phase];
        }
        var slope = tailB / beta - kernel / (beta * beta);
        value -= alpha * kernel / beta;
        _gradient[AlphaAt] -= kernel / beta;
        _gradient[BetaAt] -= alpha * slope;
        _hessian[BetaAt * Width + AlphaAt] -= slope;
        _hessian[BetaAt * Width + BetaAt] -= alpha * (2 * kernel / (beta * beta * beta) - 2 * tailB / (beta * beta) - tailC / beta);
        return value;
    }

    double AddEvent(int hour, in Memory state, ReadOnlySpan<double> baseline, double alpha)
    {
        var phase = _data.PhaseOf(hour);
        var scale = _data.Scales[hour];
        var intensity = baseline[phase] * scale + alpha * state.A;
        var inverse = 1 / intensity;
        var (dm, da, db) = (scale * inverse, state.A * inverse, -alpha * state.B * inverse);
        _gradient[phase] += dm;
        _gradient[AlphaAt] += da;
        _gradient[BetaAt] += db;
        _hessian[phase * Width + phase] -= dm * dm;
        _hessian[AlphaAt * Width + phase] -= da * dm;
        _hessian[BetaAt * Width + phase] -= db * dm;
        _hessian[AlphaAt * Width + AlphaAt] -= da * da;
        _hessian[BetaAt * Width + AlphaAt] -= da * db + state.B * inverse;
        _hessian[BetaAt * Width + BetaAt] += alpha * state.C * inverse - db * db;
        return Math.Log(intensity);
    }

    /// <summary>What earlier events leave behind at a moment: the sums A, B and C.</summary>
    internal readonly record struct Memory(double A, double B, double C)
    {
        public Memory WithEvent() => this with { A = A + 1 };

        public Memory After(double d, double beta)
        {
            var e = Math.Exp(-beta * d);
            return new(e * A, e * (B + d * A), e * (C + d * (2 * B + d * A)));
        }
    }
}
