using Bellwether.Analytics.Counts;
using Bellwether.Analytics.Counts.Backtesting;
using Bellwether.Analytics.Counts.Combination;

namespace Bellwether.Counts.Registry;

/// <summary>The models by name.</summary>
public static class ModelCatalog
{
    public const string Default = CountBacktest.Combined;

    static readonly double[] AnyTime = [0];

    public static IReadOnlyList<string> Names { get; } =
        [Default, .. CombinedOptions.DefaultExperts.Concat(CombinedOptions.OtherModels(AnyTime)).Select(m => m.Name)];

    /// <exception cref="CountsException">There is no model of that name.</exception>
    public static string Require(string name) => Names.Contains(name) ? name
        : throw CountsException.Input($"There is no model '{name}'.", $"There are {string.Join(", ", Names)}.");

    internal static ICountModel Create(string name, CountGrid grid) => name == Default ? new CombinedModel()
        : CombinedOptions.DefaultExperts.Concat(CombinedOptions.OtherModels(grid.Seconds)).First(m => m.Name == name);

    /// <summary>What a model is set to, as JSON.</summary>
    internal static string Settings(string name)
    {
        var options = new CombinedOptions();
        return name == Default
            ? System.Text.Json.JsonSerializer.Serialize(new ModelSettings(name, options.RefitDays, [.. options.Experts.Select(e => e.Name)], options.WarmUpDays, options.WeightHalfLifeDays,
                options.CalibrationHalfLifeDays, options.CalibrationPrior, options.Coverage, options.ConformalRate), ArtifactJson.Default.ModelSettings)
            : System.Text.Json.JsonSerializer.Serialize(new ModelSettings(name, options.RefitDays, null, null, null, null, null, null, null), ArtifactJson.Default.ModelSettings);
    }
}

sealed record ModelSettings(
    string Model, int RefitDays, string[]? Experts, int? WarmUpDays, double? WeightHalfLifeDays, double? CalibrationHalfLifeDays, double? CalibrationPrior, double? Coverage,
    double? ConformalRate);
