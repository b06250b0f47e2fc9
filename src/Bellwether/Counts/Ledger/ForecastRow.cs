using System.Text.Json.Serialization;
using Bellwether.Analytics.Counts.Distributions;

namespace Bellwether.Counts.Ledger;

/// <summary>One belief of the ledger.</summary>
/// <param name="Horizon">1h, 1d, 7d or window.</param>
/// <param name="ForecastTime">Everything before it was known to the model, and nothing else.</param>
/// <param name="TargetTime">Start of the target.</param>
/// <param name="TargetEnd">End of the target, excluded.</param>
/// <param name="PredictedCount">Mean.</param>
/// <param name="CountSoFar">Posts of the target before the forecast time; they are in all the other numbers.</param>
/// <param name="ActualCount">What came; null while that is not known.</param>
/// <param name="CreatedAt">When the belief was recorded.</param>
/// <param name="Replayed">Recorded more than a day after its forecast time: what would have been said then.</param>
public sealed record ForecastRow(
    long Id, string Account, string Profile, string ModelName, string ModelVersion, string Horizon, DateTimeOffset ForecastTime, DateTimeOffset TargetTime, DateTimeOffset TargetEnd,
    double PredictedCount, int MedianCount, [property: JsonPropertyName("lower_bound_95")] double? LowerBound95, [property: JsonPropertyName("upper_bound_95")] double? UpperBound95,
    int CountSoFar, int? ActualCount, DateTimeOffset? ActualAt, DateTimeOffset CreatedAt, bool Replayed)
{
    /// <summary>The whole distribution.</summary>
    [JsonIgnore]
    public CountPmf? Distribution { get; init; }
}

/// <summary>A belief that is to be recorded.</summary>
sealed record NewForecast(
    string Horizon, DateTimeOffset ForecastTime, DateTimeOffset TargetTime, DateTimeOffset TargetEnd, CountDistribution Distribution, CountInterval Interval, int CountSoFar);
