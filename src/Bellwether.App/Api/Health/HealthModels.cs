namespace Bellwether.App.Api.Health;

/// <summary>Whether one thing that the service needs is in order.</summary>
/// <param name="Degraded">Out of order, but the service does without it meanwhile.</param>
public sealed record HealthCheck(string Name, bool Ok, string? Detail, bool Degraded = false);

/// <param name="Ready">Every check is in order.</param>
/// <param name="Degraded">Something is out of order that the service does without meanwhile.</param>
public sealed record ReadyAnswer(bool Ready, bool Degraded, IReadOnlyList<HealthCheck> Checks);

/// <summary>Records that a consumer group has still to read.</summary>
public sealed record TopicLag(string Topic, string Group, long Records);

/// <summary>The state of the desk at a glance.</summary>
public sealed record HealthSummary(
    bool Ready, bool Degraded, string Version, DateTimeOffset Time, double UptimeSeconds, IReadOnlyList<string> Roles, int? SchemaRevision,
    IReadOnlyList<HealthCheck> Checks, IReadOnlyList<TopicLag> Lag, long? OpenDeadLetters, long HotTickers, int StreamClients);
