using Bellwether.Analytics.Counts.Distributions;
using Bellwether.Analytics.Counts.Scoring;

namespace Bellwether.Analytics.Counts.Calibration;

/// <summary>
/// Recalibration from the PITs of past forecasts. If forecasts F were right, their PITs would be uniform; where they are distributed as C
/// instead, C(F) is right (Dawid, JRSS A 147, 1984; Diebold, Hahn and Tay, Review of Economics and Statistics 81, 1999). C is learnt online:
/// the mean of the non-randomised PIT steps, newer ones weighing more, drawn to the uniform by a prior worth some forecasts.
/// </summary>
public sealed class PitMap
{
    static readonly double[] Knots =
    [
        0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5,
        0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.975, 0.99, 0.995, 0.9975,
    ];

    readonly double[] _sums = new double[Knots.Length];
    readonly double _prior;

    /// <param name="prior">How many forecasts the uniform is worth, above 0.</param>
    public PitMap(double prior)
    {
        if (!(prior > 0 && double.IsFinite(prior)))
            throw new ArgumentOutOfRangeException(nameof(prior), prior, "The prior is worth a finite number of forecasts above 0.");
        _prior = prior;
    }

    /// <summary>How many forecasts have been learnt from, each by what weight it has left.</summary>
    public double Weight { get; private set; }

    /// <summary>Takes in how a forecast, as it was before recalibration, turned out.</summary>
    public void Add(PitStep step)
    {
        for (var i = 0; i < Knots.Length; i++)
            _sums[i] += step.Cdf(Knots[i]);
        Weight++;
    }

    /// <summary>Lets all that has been learnt count less, by a factor of 0 to 1: done once a day, this is the half-life.</summary>
    public void Forget(double keep)
    {
        for (var i = 0; i < Knots.Length; i++)
            _sums[i] *= keep;
        Weight *= keep;
    }

    /// <summary>C(u): 0 at 0, 1 at 1, ascending, straight between the knots.</summary>
    public double Apply(double u)
    {
        if (u <= 0)
            return 0;
        if (u >= 1)
            return 1;
        var at = Array.BinarySearch(Knots, u);
        if (at >= 0)
            return Value(at);
        at = ~at;
        var (u0, c0) = at == 0 ? (0, 0) : (Knots[at - 1], Value(at - 1));
        var (u1, c1) = at == Knots.Length ? (1, 1) : (Knots[at], Value(at));
        return c0 + (c1 - c0) * (u - u0) / (u1 - u0);
    }

    /// <summary>C(F).</summary>
    public CountDistribution Apply(CountDistribution forecast)
    {
        if (Weight == 0)
            return forecast;
        var table = forecast.Table;
        var probabilities = new double[table.Probabilities.Length];
        var before = 0.0;
        for (var i = 0; i < probabilities.Length; i++)
        {
            var here = Apply(table.Cumulative[i]);
            probabilities[i] = here - before;
            before = here;
        }
        return new RecalibratedCount(forecast, CountPmf.Own(table.First, probabilities),
            Value(0) / Knots[0], (1 - Value(Knots.Length - 1)) / (1 - Knots[^1]));
    }

    double Value(int knot) => (_prior * Knots[knot] + _sums[knot]) / (_prior + Weight);
}
