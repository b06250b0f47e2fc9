namespace Bellwether.Analytics.Decay;

/// <summary>A half-life in whole microseconds, or infinite; places a time in its bucket.</summary>
readonly record struct HalfLife
{
    const double MinSeconds = 0.001;
    const double MaxSeconds = 100 * 365.25 * 86400;

    // 0 stands for infinite.
    readonly long _micros;

    HalfLife(long micros) => _micros = micros;

    public bool IsInfinite => _micros == 0;

    public double Seconds => IsInfinite ? double.PositiveInfinity : _micros / 1e6;

    public static HalfLife FromSeconds(double seconds) => seconds switch
    {
        double.PositiveInfinity => new(0),
        >= MinSeconds and <= MaxSeconds => new((long)Math.Round(seconds * 1e6)),
        _ => throw new ArgumentOutOfRangeException(nameof(seconds), seconds,
            $"A half-life is {MinSeconds} to {MaxSeconds} seconds (100 years), or infinite."),
    };

    /// <summary>floor(t/h), and the rest as a fraction of h in [0, 1). Integer division, so no rounding moves a bucket edge.</summary>
    public (long Bucket, double Fraction) Place(long micros)
    {
        if (IsInfinite)
            return (0, 0);
        var (quotient, remainder) = Math.DivRem(micros, _micros);
        if (remainder < 0)
        {
            quotient--;
            remainder += _micros;
        }
        return (quotient, (double)remainder / _micros);
    }

    /// <summary>2^(−elapsed/h) for elapsed ≥ 0.</summary>
    public double Decay(long elapsedMicros)
    {
        var (halvings, fraction) = Place(elapsedMicros);
        return Math.ScaleB(1 / ExactPower.Exp2(fraction), (int)-Math.Min(halvings, 2000));
    }
}
