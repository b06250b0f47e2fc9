namespace Bellwether.Tests.Support;

/// <summary>A clock that a test moves. Timers run on the system's clock: only the time of day is manual.</summary>
public sealed class ManualTime(DateTimeOffset start) : TimeProvider
{
    DateTimeOffset _now = start;

    public void Advance(TimeSpan by) => _now += by;

    public override DateTimeOffset GetUtcNow() => _now;
}
