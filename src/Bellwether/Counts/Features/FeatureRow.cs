using System.Text.Json.Serialization;

namespace Bellwether.Counts.Features;

/// <summary>
/// What was known at a moment, for models to learn from. Nothing at or after <see cref="ReferenceTime"/> is in it. Lags and rolling values are null
/// where an hour that they need was not observed, as at the start.
/// </summary>
/// <param name="Lag1h">Posts in the hour that begins one hour before the reference time; the other lags likewise.</param>
/// <param name="RollingMean24h">Mean of the hourly counts of the 24 hours before, posts an hour.</param>
/// <param name="RollingStd24h">Their standard deviation, n − 1.</param>
/// <param name="DayOfWeek">0 Monday to 6 Sunday, UTC.</param>
/// <param name="EventIntensity">Greatest intensity of events that overlap the 24 hours before and were known; 0 without any.</param>
public sealed record FeatureRow(
    DateTimeOffset ReferenceTime, [property: JsonPropertyName("lag_1h")] int? Lag1h, [property: JsonPropertyName("lag_6h")] int? Lag6h,
    [property: JsonPropertyName("lag_12h")] int? Lag12h, [property: JsonPropertyName("lag_24h")] int? Lag24h, [property: JsonPropertyName("lag_7d")] int? Lag7d,
    [property: JsonPropertyName("rolling_mean_24h")] double? RollingMean24h, [property: JsonPropertyName("rolling_std_24h")] double? RollingStd24h,
    [property: JsonPropertyName("rolling_mean_7d")] double? RollingMean7d, [property: JsonPropertyName("rolling_std_7d")] double? RollingStd7d,
    int HourOfDay, int DayOfWeek, bool IsWeekend, double EventIntensity, int EventsInWindow);
