using Bellwether.Counts;

namespace Bellwether.App.Api.Counts;

/// <summary>One post: an id and a time. Pages of the X API (v2) and CSV with these columns are read too.</summary>
public sealed record PostBody(string TweetId, string CreatedAt, string? Kind);

/// <param name="EventEnd">The start when absent.</param>
public sealed record EventBody(
    string Name, string EventStart, string? EventEnd, double Intensity, string? Category, string? Description, string? Source, string? KnownAt, string? Tz);

/// <summary>A stretch in which the collector was there.</summary>
public sealed record ObservedBody(string From, string To, string? Tz);

/// <param name="Added">False where that was said before, or the stretch is a recorded gap.</param>
public sealed record ObservedStretch(DateTimeOffset From, DateTimeOffset To, bool Added);

public sealed record GapBody(string GapStart, string GapEnd, string? Reason, string? Source, string? Tz);

/// <param name="Models">The default one when absent.</param>
public sealed record TrainBody(IReadOnlyList<string?>? Models, string? From, string? To, int? EvaluateDays, string? Count);

/// <param name="Horizons">1h, 1d and 7d when absent.</param>
/// <param name="ModelVersion">The one in use at the origin when absent.</param>
/// <param name="Record">False leaves the ledger as it is.</param>
public sealed record ForecastBody(string? Model, string? ModelVersion, IReadOnlyList<string?>? Horizons, string? At, string? Tz, string? Count, bool? Record);

/// <param name="Ranges">From 0 without holes: 0-99,100-149,150+.</param>
public sealed record WindowBody(
    string From, string To, string? Tz, string? At, string? Ranges, IReadOnlyList<double>? Prices, string? Model, string? Count, bool? Record);

/// <param name="To">Last day that is a target, included.</param>
/// <param name="AllModels">False: the default model, its parts and the reference only.</param>
public sealed record BacktestBody(string From, string To, IReadOnlyList<string?>? Horizons, int? RefitDays, bool? AllModels, string? Count);

public sealed record CountAccounts(IReadOnlyList<CountAccount> Items);

public sealed record RemovedThing(long Removed);

/// <param name="Id">Number of the gap, by which it is removed; absent where it lies in others.</param>
public sealed record GapAdded(int Added, int Unchanged, long? Id);

/// <param name="Id">Number of the event, by which it is removed.</param>
public sealed record EventAdded(int Added, int Updated, int Unchanged, long? Id);

/// <param name="Windows">The counts of windows; absent hours were not observed.</param>
public sealed record BucketPage(string Account, string Profile, IReadOnlyList<Bellwether.Counts.Buckets.WindowCount> Windows);
