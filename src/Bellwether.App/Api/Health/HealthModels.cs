namespace Bellwether.App.Api.Health;

/// <summary>Whether one thing that the service needs is in order.</summary>
public sealed record HealthCheck(string Name, bool Ok, string? Detail);

/// <param name="Ready">Every check is in order.</param>
public sealed record ReadyAnswer(bool Ready, IReadOnlyList<HealthCheck> Checks);

/// <summary>Records that a consumer group has still to read.</summary>
public sealed record TopicLag(string Topic, string Group, long Records);

/// <summary>The state of the desk at a glance.</summary>
public sealed record HealthSummary(
    bool Ready, string Version, DateTimeOffset Time, double UptimeSeconds, IReadOnlyList<string> Roles, int? SchemaRevision,
    IReadOnlyList<HealthCheck> Checks, IReadOnlyList<TopicLag> Lag, long? OpenDeadLetters, long HotTickers, int StreamClients);
