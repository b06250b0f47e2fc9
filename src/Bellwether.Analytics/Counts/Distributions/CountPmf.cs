namespace Bellwether.Analytics.Counts.Distributions;

/// <summary>Probabilities of a run of consecutive counts; whatever lies outside is impossible.</summary>
public sealed partial class CountPmf : CountDistribution
{
    readonly double[] _probabilities;
    readonly double[] _cumulative;

    /// <summary>
    /// Takes probabilities of first, first + 1, … and scales them to sum to 1.
    /// Throws <see cref="ArgumentException"/> when one is negative or not finite, or all are 0.
    /// </summary>
    public CountPmf(int first, ReadOnlySpan<double> probabilities)
        : this(first, probabilities.ToArray(), check: true)
    {
    }

    CountPmf(int first, double[] probabilities, bool check)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        First = first;
        _probabilities = probabilities;
        _cumulative = new double[probabilities.Length];
        var total = 0.0;
        foreach (var p in probabilities)
        {
            if (check && !(p >= 0 && double.IsFinite(p)))
                throw new ArgumentException($"A probability is {p}; expected a finite number of at least 0.", nameof(probabilities));
            total += p;
        }
        if (!(total > 0 && double.IsFinite(total)))
            throw new ArgumentException($"The probabilities sum to {total}; expected a finite sum above 0.", nameof(probabilities));
        double running = 0, mean = 0, square = 0;
        for (var i = 0; i < probabilities.Length; i++)
        {
            var p = probabilities[i] / total;
            probabilities[i] = p;
            running += p;
            _cumulative[i] = Math.Min(1, running);
            mean += p * i;
            square += p * i * i;
        }
        _cumulative[^1] = 1;
        Mean = first + mean;
        Variance = Math.Max(0, square - mean * mean);
    }

    /// <summary>The count of the first probability.</summary>
    public int First { get; }

    /// <summary>The count of the last probability.</summary>
    public int Last => First + _probabilities.Length - 1;

    public ReadOnlySpan<double> Probabilities => _probabilities;

    /// <summary>F at <see cref="First"/>, First + 1, …; ends with exactly 1.</summary>
    public ReadOnlySpan<double> Cumulative => _cumulative;

    public override double Mean { get; }

    public override double Variance { get; }

    public override double LogPmf(int k) => k < First || k > Last ? double.NegativeInfinity : Math.Log(_probabilities[k - First]);

    public override double Cdf(int k) => k < First ? 0 : k >= Last ? 1 : _cumulative[k - First];

    public override int Quantile(double p)
    {
        if (!(p is >= 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(p), p, "A probability is 0 to 1.");
        int low = 0, high = _cumulative.Length - 1;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (_cumulative[middle] >= p && _cumulative[middle] > 0)
                high = middle;
            else
                low = middle + 1;
        }
        return First + low;
    }

    private protected override CountPmf BuildTable() => this;

    internal static CountPmf Own(int first, double[] probabilities) => new(first, probabilities, check: false);
}
