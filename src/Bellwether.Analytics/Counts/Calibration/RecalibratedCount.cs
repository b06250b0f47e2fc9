using Bellwether.Analytics.Counts.Distributions;

namespace Bellwether.Analytics.Counts.Calibration;

/// <summary>
/// C(F) as a table. Far out, where differences of F lose their digits, a probability is that of F times the slope of C at that end, so that
/// a count nobody expected has a finite score.
/// </summary>
sealed class RecalibratedCount(CountDistribution raw, CountPmf table, double lowSlope, double highSlope) : CountDistribution
{
    const double Fine = 1e-9;

    public override double Mean => table.Mean;

    public override double Variance => table.Variance;

    public override double LogPmf(int k)
    {
        var log = table.LogPmf(k);
        return log > Math.Log(Fine) ? log : raw.LogPmf(k) + Math.Log(k < table.Mean ? lowSlope : highSlope);
    }

    private protected override CountPmf BuildTable() => table;
}
