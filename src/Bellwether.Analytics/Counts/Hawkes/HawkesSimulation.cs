namespace Bellwether.Analytics.Counts.Hawkes;

/// <summary>
/// Exact simulation by thinning (Ogata, IEEE Transactions on Information Theory 27, 1981). Between events the intensity falls within an hour, so
/// its value at the start of each step bounds it.
/// </summary>
public static class HawkesSimulation
{
    /// <summary>What the events before a moment add to later intensities: Σ e^(−β(t − tᵢ)), to be multiplied by α.</summary>
    /// <param name="unixSeconds">Ascending; events after the moment are left out.</param>
    public static double Excitation(HawkesParameters parameters, ReadOnlySpan<double> unixSeconds, double atUnixSeconds)
    {
        var sum = 0.0;
        // e^−40 is nothing beside 1; what is older cannot be seen.
        for (var i = unixSeconds.Length - 1; i >= 0; i--)
        {
            var age = (atUnixSeconds - unixSeconds[i]) / 3600;
            if (age < 0)
                continue;
            if (parameters.Beta * age > 40)
                break;
            sum += Math.Exp(-parameters.Beta * age);
        }
        return sum;
    }

    /// <summary>Counts by the hour on one path, and optionally the times of the events.</summary>
    /// <param name="excitation">At the start: <see cref="Excitation"/>.</param>
    /// <param name="rates">Baseline times scale of each hour, at least 0.</param>
    /// <param name="counts">Filled; one for each rate.</param>
    /// <param name="times">Receives hours since the start.</param>
    public static void Simulate(Random random, HawkesParameters parameters, double excitation, ReadOnlySpan<double> rates, Span<int> counts,
        List<double>? times = null)
    {
        parameters.Require();
        var (alpha, beta) = (parameters.Alpha, parameters.Beta);
        for (var hour = 0; hour < counts.Length; hour++)
        {
            counts[hour] = 0;
            var at = 0.0;
            while (true)
            {
                var bound = rates[hour] + alpha * excitation;
                var wait = bound > 0 ? -Math.Log(1 - random.NextDouble()) / bound : double.PositiveInfinity;
                if (at + wait >= 1)
                    break;
                excitation *= Math.Exp(-beta * wait);
                at += wait;
                if (random.NextDouble() * bound >= rates[hour] + alpha * excitation)
                    continue;
                excitation++;
                counts[hour]++;
                times?.Add(hour + at);
            }
            excitation *= Math.Exp(-beta * (1 - at));
        }
    }
}
