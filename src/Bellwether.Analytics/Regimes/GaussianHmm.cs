namespace Bellwether.Analytics.Regimes;

/// <summary>
/// A hidden Markov model whose states emit vectors of independent normal numbers. Instances never change; the arrays must not be written to.
/// </summary>
/// <remarks>Rabiner, A Tutorial on Hidden Markov Models, 1989, with scaled probabilities.</remarks>
public sealed partial class GaussianHmm
{
    readonly double[] _precisions, _logNorms;

    /// <param name="initial">Probability of each state at the first observation.</param>
    /// <param name="transition">From state i to state j at i · states + j; each row sums to one.</param>
    /// <param name="means">Of state i, number d at i · dimensions + d.</param>
    /// <param name="variances">Placed like the means; above 0.</param>
    public GaussianHmm(double[] initial, double[] transition, double[] means, double[] variances)
    {
        (Initial, Transition, Means, Variances) = (initial, transition, means, variances);
        if (States < 1 || transition.Length != States * States || means.Length == 0 || means.Length % States != 0 || variances.Length != means.Length)
            throw new ArgumentException($"{initial.Length} states with {transition.Length} transitions, {means.Length} means and {variances.Length} variances; expected n, n², n·d and n·d.");
        RequireDistribution(initial, 0, States, "initial probabilities");
        for (var i = 0; i < States; i++) RequireDistribution(transition, i * States, States, $"transitions from state {i}");
        if (Array.Exists(means, m => !double.IsFinite(m)) || Array.Exists(variances, v => !(v > 0 && double.IsFinite(v)))) throw new ArgumentException("Means are finite, and variances above 0.");
        _precisions = [.. variances.Select(v => 1 / v)];
        _logNorms = [.. Enumerable.Range(0, States).Select(i => -0.5 * Enumerable.Range(0, Dimensions).Sum(d => Math.Log(2 * Math.PI * variances[i * Dimensions + d])))];
    }

    public int States => Initial.Length;

    public int Dimensions => Means.Length / States;

    public double[] Initial { get; }

    public double[] Transition { get; }

    public double[] Means { get; }

    public double[] Variances { get; }

    /// <summary>ln of the density of an observation in a state.</summary>
    public double LogDensity(int state, ReadOnlySpan<double> observation)
    {
        var sum = 0.0;
        for (var d = 0; d < Dimensions; d++)
        {
            var distance = observation[d] - Means[state * Dimensions + d];
            sum += distance * distance * _precisions[state * Dimensions + d];
        }
        return _logNorms[state] - 0.5 * sum;
    }

    /// <summary>
    /// One step of the filter, in place: the probabilities of the states given all observations up to this one. Nothing later is looked at.
    /// </summary>
    /// <param name="probabilities">Of the step before; ignored at the first.</param>
    /// <returns>ln of the density of the observation given those before it.</returns>
    public double Filter(bool first, ReadOnlySpan<double> observation, Span<double> probabilities)
    {
        Predict(first, probabilities);
        return Update(observation, probabilities);
    }

    /// <summary>Probabilities of the states one step on, without an observation.</summary>
    public void Predict(bool first, Span<double> probabilities)
    {
        if (first)
        {
            Initial.CopyTo(probabilities);
            return;
        }
        Span<double> next = stackalloc double[States];
        next.Clear();
        for (var i = 0; i < States; i++)
            for (var j = 0; j < States; j++) next[j] += probabilities[i] * Transition[i * States + j];
        next.CopyTo(probabilities);
    }

    double Update(ReadOnlySpan<double> observation, Span<double> probabilities)
    {
        Span<double> logs = stackalloc double[States];
        var most = double.NegativeInfinity;
        for (var i = 0; i < States; i++) most = Math.Max(most, logs[i] = probabilities[i] > 0 ? Math.Log(probabilities[i]) + LogDensity(i, observation) : double.NegativeInfinity);
        // An observation so far out that its density underflows in every state still favours the nearest one.
        var sum = 0.0;
        for (var i = 0; i < States; i++) sum += probabilities[i] = Math.Exp(logs[i] - most);
        for (var i = 0; i < States; i++) probabilities[i] /= sum;
        return most + Math.Log(sum);
    }

    /// <summary>Draws a path of states and what they emit, row by row.</summary>
    public (int[] States, double[] Observations) Simulate(int count, Random random)
    {
        var (states, observations) = (new int[count], new double[count * Dimensions]);
        for (var t = 0; t < count; t++)
        {
            states[t] = Draw(t == 0 ? Initial : Transition.AsSpan(states[t - 1] * States, States), random);
            for (var d = 0; d < Dimensions; d++)
            {
                var at = states[t] * Dimensions + d;
                observations[t * Dimensions + d] = Means[at] + Math.Sqrt(Variances[at]) * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
            }
        }
        return (states, observations);
    }

    static int Draw(ReadOnlySpan<double> probabilities, Random random)
    {
        var left = random.NextDouble();
        for (var i = 0; i < probabilities.Length - 1; i++)
            if ((left -= probabilities[i]) < 0) return i;
        return probabilities.Length - 1;
    }

    static void RequireDistribution(double[] values, int from, int count, string name)
    {
        var part = values.AsSpan(from, count);
        var sum = 0.0;
        foreach (var value in part)
        {
            if (!(value >= 0)) throw new ArgumentException($"The {name} hold {value}.");
            sum += value;
        }
        if (Math.Abs(sum - 1) > 1e-9) throw new ArgumentException($"The {name} sum to {sum}, not to 1.");
    }
}
