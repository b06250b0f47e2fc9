namespace Bellwether.Analytics.Counts.Distributions;

/// <summary>A count known so far plus an uncertain rest.</summary>
sealed class ShiftedCount : CountDistribution
{
    readonly CountDistribution _rest;
    readonly int _soFar;

    public ShiftedCount(CountDistribution rest, int soFar)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(soFar);
        _rest = rest;
        _soFar = soFar;
    }

    public override double Mean => _soFar + _rest.Mean;

    public override double Variance => _rest.Variance;

    public override double LogPmf(int k) => k < _soFar ? double.NegativeInfinity : _rest.LogPmf(k - _soFar);

    public override int Sample(Random random) => _soFar + _rest.Sample(random);

    private protected override CountPmf BuildTable() => new(_soFar + _rest.Table.First, _rest.Table.Probabilities);
}
