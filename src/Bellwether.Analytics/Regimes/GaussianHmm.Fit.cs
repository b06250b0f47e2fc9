namespace Bellwether.Analytics.Regimes;

/// <param name="Persistence">Transitions of a state to itself that are added to those that were seen, so that rare states do not flicker.</param>
/// <param name="VarianceFloor">Least variance, as a share of that of all observations.</param>
public sealed record HmmFitOptions(int MaxIterations = 100, double Tolerance = 1e-6, double Persistence = 1, double VarianceFloor = 1e-3);

/// <param name="LogLikelihoods">Before each iteration, per observation; ascending where no prior pulls.</param>
public sealed record HmmFit(GaussianHmm Model, IReadOnlyList<double> LogLikelihoods, bool Converged);

public sealed partial class GaussianHmm
{
    /// <summary>
    /// Fits by expectation and maximisation, from this model as the first guess. Only the parameters come from smoothed probabilities of the
    /// observations given here; what is told of a moment must come from <see cref="Filter"/>.
    /// </summary>
    /// <param name="observations">Row by row; every number finite.</param>
    public HmmFit Fit(ReadOnlySpan<double> observations, HmmFitOptions? options = null)
    {
        options ??= new();
        if (observations.Length == 0 || observations.Length % Dimensions != 0) throw new ArgumentException($"{observations.Length} numbers are no rows of {Dimensions}.", nameof(observations));
        var floors = Floors(observations, Dimensions, options.VarianceFloor);
        var (model, count, logs) = (this, observations.Length / Dimensions, new List<double>());
        var (forward, backward, densities, scales) = (new double[count * States], new double[count * States], new double[count * States], new double[count]);
        for (var iteration = 0; iteration < options.MaxIterations; iteration++)
        {
            logs.Add(model.Forward(observations, forward, densities, scales) / count);
            if (logs.Count > 1 && Math.Abs(logs[^1] - logs[^2]) < options.Tolerance) return new(model, logs, true);
            model.Backward(densities, scales, backward);
            model = model.Maximise(observations, forward, backward, densities, scales, floors, options.Persistence);
        }
        return new(model, logs, false);
    }

    /// <summary>Filtered probabilities and densities of each row, relative to the greatest; returns ln of the likelihood.</summary>
    double Forward(ReadOnlySpan<double> observations, double[] forward, double[] densities, double[] scales)
    {
        var total = 0.0;
        Span<double> probabilities = stackalloc double[States];
        for (var t = 0; t < scales.Length; t++)
        {
            var row = observations.Slice(t * Dimensions, Dimensions);
            var most = double.NegativeInfinity;
            for (var i = 0; i < States; i++) most = Math.Max(most, densities[t * States + i] = LogDensity(i, row));
            Predict(t == 0, probabilities);
            var sum = 0.0;
            for (var i = 0; i < States; i++)
            {
                densities[t * States + i] = Math.Exp(densities[t * States + i] - most);
                sum += probabilities[i] *= densities[t * States + i];
            }
            scales[t] = sum;
            for (var i = 0; i < States; i++) forward[t * States + i] = probabilities[i] /= sum;
            total += most + Math.Log(sum);
        }
        return total;
    }

    void Backward(double[] densities, double[] scales, double[] backward)
    {
        var last = scales.Length - 1;
        backward.AsSpan(last * States, States).Fill(1);
        for (var t = last - 1; t >= 0; t--)
            for (var i = 0; i < States; i++)
            {
                var sum = 0.0;
                for (var j = 0; j < States; j++) sum += Transition[i * States + j] * densities[(t + 1) * States + j] * backward[(t + 1) * States + j];
                backward[t * States + i] = sum / scales[t + 1];
            }
    }

    GaussianHmm Maximise(ReadOnlySpan<double> observations, double[] forward, double[] backward, double[] densities, double[] scales, double[] floors, double persistence)
    {
        var (n, d) = (States, Dimensions);
        var (weights, transition, means, variances) = (new double[n], new double[n * n], new double[n * d], new double[n * d]);
        for (var t = 0; t < scales.Length; t++)
        {
            var row = observations.Slice(t * d, d);
            for (var i = 0; i < n; i++)
            {
                var weight = forward[t * n + i] * backward[t * n + i];
                weights[i] += weight;
                for (var k = 0; k < d; k++)
                {
                    means[i * d + k] += weight * row[k];
                    // About the mean of before, so that little cancels below.
                    var distance = row[k] - Means[i * d + k];
                    variances[i * d + k] += weight * distance * distance;
                }
                if (t == 0) continue;
                for (var from = 0; from < n; from++)
                    transition[from * n + i] += forward[(t - 1) * n + from] * Transition[from * n + i] * densities[t * n + i] * backward[t * n + i] / scales[t];
            }
        }
        var initial = new double[n];
        for (var i = 0; i < n; i++)
        {
            initial[i] = forward[i] * backward[i];
            transition[i * n + i] += persistence;
            Normalise(transition.AsSpan(i * n, n), i);
            for (var k = 0; k < d; k++)
            {
                // A state that nothing is left of keeps its place.
                var mean = weights[i] > 1e-9 ? means[i * d + k] / weights[i] : Means[i * d + k];
                var moved = mean - Means[i * d + k];
                variances[i * d + k] = weights[i] > 1e-9 ? Math.Max(floors[k], variances[i * d + k] / weights[i] - moved * moved) : Variances[i * d + k];
                means[i * d + k] = mean;
            }
        }
        Normalise(initial, 0);
        return new(initial, transition, means, variances);
    }

    static void Normalise(Span<double> values, int otherwise)
    {
        var sum = 0.0;
        foreach (var value in values) sum += value;
        if (!(sum > 0)) (values[otherwise], sum) = (1, 1);
        for (var i = 0; i < values.Length; i++) values[i] /= sum;
    }

    static double[] Floors(ReadOnlySpan<double> observations, int dimensions, double share)
    {
        var floors = new double[dimensions];
        var count = observations.Length / dimensions;
        for (var k = 0; k < dimensions; k++)
        {
            var (mean, squares) = (0.0, 0.0);
            for (var t = 0; t < count; t++)
            {
                var value = observations[t * dimensions + k];
                if (!double.IsFinite(value)) throw new ArgumentException($"Row {t} holds {value}.", nameof(observations));
                var distance = value - mean;
                mean += distance / (t + 1);
                squares += distance * (value - mean);
            }
            floors[k] = Math.Max(share * squares / count, 1e-12);
        }
        return floors;
    }
}
