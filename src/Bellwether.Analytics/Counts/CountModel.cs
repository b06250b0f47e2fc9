using Bellwether.Analytics.Counts.Distributions;

namespace Bellwether.Analytics.Counts;

/// <summary>A way to forecast counts. Instances hold settings only and may be shared between threads.</summary>
public interface ICountModel
{
    /// <summary>Short, lower case, unique among the models of a run: <c>hawkes</c>, <c>ewnb-5d</c>.</summary>
    string Name { get; }

    /// <summary>Estimates the parameters from the buckets before <paramref name="origin"/>; what lies later is not looked at.</summary>
    /// <param name="origin">0 to the length of the history.</param>
    IFittedCountModel Fit(CountHistory history, int origin);
}

/// <summary>A model with its parameters. It can be asked from any later origin without being fitted again.</summary>
public interface IFittedCountModel
{
    CountFit Summary { get; }

    /// <summary>What the model believes at an origin, from its parameters and the buckets before the origin only.</summary>
    ICountForecast At(CountHistory history, int origin);
}

/// <summary>The beliefs of a model at one origin. Not for use by two threads at once.</summary>
public interface ICountForecast
{
    /// <summary>The bucket before which everything is known and from which on nothing is.</summary>
    int Origin { get; }

    /// <summary>
    /// The distribution of the total of the buckets [from, to), origin ≤ from &lt; to. An hour, a day, seven days, or the rest of a
    /// window that has begun, to which the count so far is added by <see cref="CountDistribution.Shift"/>.
    /// </summary>
    CountDistribution Total(int from, int to);
}

/// <summary>What an estimation found.</summary>
/// <param name="Parameters">In the order in which the model's definition names them; empty for models that estimate none.</param>
/// <param name="LogLikelihood">Maximised, natural logarithm; NaN for models that maximise none.</param>
/// <param name="Observations">Buckets, rows or events that the likelihood is of.</param>
/// <param name="Converged">False when the iterations ended for another reason than having arrived.</param>
public sealed record CountFit(IReadOnlyList<CountParameter> Parameters, double LogLikelihood, int Observations, bool Converged)
{
    public static CountFit None { get; } = new([], double.NaN, 0, true);

    /// <summary>Throws <see cref="KeyNotFoundException"/> when there is no such parameter.</summary>
    public CountParameter this[string name] => Parameters.FirstOrDefault(p => p.Name == name)
        ?? throw new KeyNotFoundException($"There is no parameter {name}; there are {string.Join(", ", Parameters.Select(p => p.Name))}.");
}

/// <summary>An estimated parameter. The standard error is NaN where the estimate lies on the edge of what is allowed.</summary>
public sealed record CountParameter(string Name, double Estimate, double StandardError);
