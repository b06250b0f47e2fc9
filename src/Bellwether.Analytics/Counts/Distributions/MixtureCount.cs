namespace Bellwether.Analytics.Counts.Distributions;

/// <summary>Linear pool: F = Σ wᵢ Fᵢ with weights of at least 0 that sum to 1.</summary>
public sealed class MixtureCount : CountDistribution
{
    readonly CountDistribution[] _parts;
    readonly double[] _weights;

    MixtureCount(CountDistribution[] parts, double[] weights)
    {
        _parts = parts;
        _weights = weights;
        double mean = 0, square = 0;
        for (var i = 0; i < parts.Length; i++)
        {
            mean += weights[i] * parts[i].Mean;
            square += weights[i] * (parts[i].Variance + parts[i].Mean * parts[i].Mean);
        }
        Mean = mean;
        Variance = Math.Max(0, square - mean * mean);
    }

    public override double Mean { get; }

    public override double Variance { get; }

    /// <summary>
    /// Pools distributions; the weights are scaled to sum to 1 and parts of weight 0 left out.
    /// Throws <see cref="ArgumentException"/> when the lengths differ, a weight is negative or not finite, or all are 0.
    /// </summary>
    public static MixtureCount Pool(ReadOnlySpan<CountDistribution> parts, ReadOnlySpan<double> weights)
    {
        if (parts.Length != weights.Length)
            throw new ArgumentException($"{parts.Length} distributions with {weights.Length} weights; expected one each.", nameof(weights));
        var total = 0.0;
        var used = 0;
        foreach (var weight in weights)
        {
            if (!(weight >= 0 && double.IsFinite(weight)))
                throw new ArgumentException($"A weight is {weight}; expected a finite number of at least 0.", nameof(weights));
            total += weight;
            used += weight > 0 ? 1 : 0;
        }
        if (!(total > 0 && double.IsFinite(total)))
            throw new ArgumentException($"The weights sum to {total}; expected a finite sum above 0.", nameof(weights));
        var (kept, scaled) = (new CountDistribution[used], new double[used]);
        for (int i = 0, at = 0; i < parts.Length; i++)
            if (weights[i] > 0)
                (kept[at], scaled[at++]) = (parts[i], weights[i] / total);
        return new(kept, scaled);
    }

    public override double LogPmf(int k)
    {
        var largest = double.NegativeInfinity;
        foreach (var part in _parts)
            largest = Math.Max(largest, part.LogPmf(k));
        if (double.IsNegativeInfinity(largest))
            return largest;
        var sum = 0.0;
        for (var i = 0; i < _parts.Length; i++)
            sum += _weights[i] * Math.Exp(_parts[i].LogPmf(k) - largest);
        return largest + Math.Log(sum);
    }

    public override int Sample(Random random)
    {
        var u = random.NextDouble();
        var i = 0;
        for (; i < _parts.Length - 1 && u >= _weights[i]; i++)
            u -= _weights[i];
        return _parts[i].Sample(random);
    }

    private protected override CountPmf BuildTable()
    {
        var (first, last) = (int.MaxValue, 0);
        foreach (var part in _parts)
            (first, last) = (Math.Min(first, part.Table.First), Math.Max(last, part.Table.Last));
        var probabilities = new double[last - first + 1];
        for (var i = 0; i < _parts.Length; i++)
        {
            var table = _parts[i].Table;
            CountPmf.AddScaled(_weights[i], table.Probabilities, probabilities.AsSpan(table.First - first));
        }
        return CountPmf.Own(first, probabilities);
    }
}
