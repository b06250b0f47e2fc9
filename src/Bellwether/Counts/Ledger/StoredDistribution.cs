using Bellwether.Analytics.Counts.Distributions;

namespace Bellwether.Counts.Ledger;

/// <summary>A distribution as the ledger keeps it: the probabilities of a run of counts, tails below 1e-8 left out.</summary>
static class StoredDistribution
{
    const double Tail = 1e-8;

    public static (int First, float[] Probabilities) Of(CountDistribution distribution)
    {
        var table = distribution.Table;
        var (low, high) = (0, table.Probabilities.Length);
        while (low < high - 1 && table.Cumulative[low] < Tail) low++;
        while (high > low + 1 && 1 - table.Cumulative[high - 2] < Tail) high--;
        var kept = new float[high - low];
        for (var i = 0; i < kept.Length; i++) kept[i] = (float)table.Probabilities[low + i];
        return (table.First + low, kept);
    }

    public static CountPmf Read(int first, float[] probabilities) => new(first, Array.ConvertAll(probabilities, p => (double)p));
}
