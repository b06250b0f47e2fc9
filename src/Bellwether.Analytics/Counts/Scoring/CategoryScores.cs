using Bellwether.Analytics.Counts.Distributions;

namespace Bellwether.Analytics.Counts.Scoring;

/// <summary>A forecast cut into the ranges that a market settles on, and scores of such probabilities, whoever gave them.</summary>
public static class CategoryScores
{
    /// <summary>
    /// Probabilities of the ranges [0, e₀), [e₀, e₁), …, [eₙ, ∞): one more than there are edges.
    /// Throws <see cref="ArgumentException"/> unless the edges are positive and ascend.
    /// </summary>
    public static double[] Probabilities(CountDistribution forecast, ReadOnlySpan<int> edges)
    {
        var result = new double[edges.Length + 1];
        var below = 0.0;
        for (var i = 0; i < edges.Length; i++)
        {
            if (edges[i] <= (i == 0 ? 0 : edges[i - 1]))
                throw new ArgumentException($"Edge {edges[i]} is out of place; expected positive edges that ascend.", nameof(edges));
            var here = forecast.Cdf(edges[i] - 1);
            result[i] = here - below;
            below = here;
        }
        result[^1] = Math.Max(0, 1 - below);
        return result;
    }

    /// <summary>Which of those ranges a count falls in.</summary>
    public static int CategoryOf(int count, ReadOnlySpan<int> edges)
    {
        var category = 0;
        while (category < edges.Length && count >= edges[category])
            category++;
        return category;
    }

    /// <summary>
    /// Probabilities from market prices: scaled to sum to 1, which takes the house's margin out evenly.
    /// Throws <see cref="ArgumentException"/> when one is negative or not finite, or all are 0.
    /// </summary>
    public static double[] FromPrices(ReadOnlySpan<double> prices)
    {
        var total = 0.0;
        foreach (var price in prices)
        {
            if (!(price >= 0 && double.IsFinite(price)))
                throw new ArgumentException($"A price is {price}; expected a finite number of at least 0.", nameof(prices));
            total += price;
        }
        if (total == 0)
            throw new ArgumentException("All prices are 0; expected one above 0 at least.", nameof(prices));
        return Array.ConvertAll(prices.ToArray(), price => price / total);
    }

    /// <summary>Brier score over all categories, Σ (pᵢ − 1{i = outcome})²: 0 at best, 2 at worst.</summary>
    public static double Brier(ReadOnlySpan<double> probabilities, int outcome)
    {
        RequireOutcome(probabilities, outcome);
        var score = 0.0;
        for (var i = 0; i < probabilities.Length; i++)
        {
            var miss = probabilities[i] - (i == outcome ? 1 : 0);
            score += miss * miss;
        }
        return score;
    }

    /// <summary>−ln of the probability given to what came; infinite when that was 0.</summary>
    public static double Log(ReadOnlySpan<double> probabilities, int outcome)
    {
        RequireOutcome(probabilities, outcome);
        return -Math.Log(probabilities[outcome]);
    }

    static void RequireOutcome(ReadOnlySpan<double> probabilities, int outcome)
    {
        if (outcome < 0 || outcome >= probabilities.Length)
            throw new ArgumentOutOfRangeException(nameof(outcome), outcome, $"There are {probabilities.Length} categories, from 0.");
    }
}
