namespace Bellwether.Tests.Support;

/// <summary>A clock that stands still until it is moved. Timers run on the system's clock.</summary>
public sealed class ManualTime(DateTimeOffset start) : TimeProvider
{
    long _ticks = start.UtcTicks;

    public ManualTime() : this(new(2024, 5, 6, 13, 30, 0, TimeSpan.Zero)) { }

    public override DateTimeOffset GetUtcNow() => new(Interlocked.Read(ref _ticks), TimeSpan.Zero);

    public void Advance(TimeSpan by) => Interlocked.Add(ref _ticks, by.Ticks);
}
