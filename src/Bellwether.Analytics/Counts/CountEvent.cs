namespace Bellwether.Analytics.Counts;

/// <summary>Something outside that may make an account post more or less, in seconds since 1970 UTC.</summary>
/// <param name="ToUnixSeconds">Excluded; an event of no length lies in the bucket that it starts in.</param>
/// <param name="Intensity">0 to 1.</param>
/// <param name="KnownUnixSeconds">From when on forecasts may know of it, which may be long before it begins.</param>
public readonly record struct CountEvent(double FromUnixSeconds, double ToUnixSeconds, double Intensity, double KnownUnixSeconds);
