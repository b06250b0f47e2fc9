namespace Bellwether.Analytics.Counts.Calibration;

/// <summary>
/// Watches whether intervals hold what they promise, and may be looked at after every forecast without that raising false alarms: a betting
/// martingale (Waudby-Smith and Ramdas, JRSS B 86, 2024). Half of the capital bets on too many misses, half on too few. If the coverage is as
/// promised, the capital ever reaches 1/p with probability p at most.
/// </summary>
/// <remarks>For targets that do not overlap; of overlapping windows take every seventh, say.</remarks>
public sealed class CoverageAlarm
{
    static readonly double[] Bets = [0.1, 0.25, 0.5, 0.9];

    readonly double _miss;
    readonly double[] _up = new double[Bets.Length];
    readonly double[] _down = new double[Bets.Length];

    /// <param name="coverage">What is promised, between 0 and 1, both excluded.</param>
    public CoverageAlarm(double coverage = 0.95)
    {
        if (!(coverage is > 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(coverage), coverage, "A coverage lies between 0 and 1, both excluded.");
        _miss = 1 - coverage;
    }

    public int Count { get; private set; }

    public int Misses { get; private set; }

    /// <summary>Observed coverage; NaN when empty.</summary>
    public double Coverage => Count == 0 ? double.NaN : 1 - (double)Misses / Count;

    /// <summary>The capital now, from 1 at first. 20 or more is evidence at 5 %.</summary>
    public double Evidence
    {
        get
        {
            var sum = 0.0;
            for (var i = 0; i < Bets.Length; i++)
                sum += Math.Exp(_up[i]) + Math.Exp(_down[i]);
            return sum / (2 * Bets.Length);
        }
    }

    /// <summary>Whether the coverage is off, at the level p of false alarm over all time.</summary>
    public bool IsRaised(double p = 0.05) => Evidence >= 1 / p;

    public void Add(bool covered)
    {
        Count++;
        Misses += covered ? 0 : 1;
        // Each stake is a share of the largest that cannot ruin, halved on the side where one miss pays twentyfold.
        for (var i = 0; i < Bets.Length; i++)
        {
            _up[i] += Math.Log(1 + Bets[i] * ((covered ? 0 : 1) - _miss) / (2 * _miss));
            _down[i] += Math.Log(1 + Bets[i] * (_miss - (covered ? 0 : 1)) / (1 - _miss));
        }
    }
}
