namespace Bellwether.Counts;

/// <summary>Times of counts: UTC, whole microseconds as the store keeps them, and hours.</summary>
static class CountsClock
{
    public static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    public static DateTimeOffset Now(this TimeProvider time) => Cut(time.GetUtcNow());

    public static DateTimeOffset Cut(DateTimeOffset time) => new(time.UtcTicks - time.UtcTicks % TimeSpan.TicksPerMicrosecond, TimeSpan.Zero);

    public static DateTimeOffset FloorHour(DateTimeOffset time) => new(time.UtcTicks - time.UtcTicks % TimeSpan.TicksPerHour, TimeSpan.Zero);

    public static DateTimeOffset CeilingHour(DateTimeOffset time) => FloorHour(new(time.UtcTicks + TimeSpan.TicksPerHour - 1, TimeSpan.Zero));

    public static DateTimeOffset FloorDay(DateTimeOffset time) => new(time.UtcTicks - time.UtcTicks % TimeSpan.TicksPerDay, TimeSpan.Zero);

    public static double UnixSeconds(DateTimeOffset time) => (time.UtcTicks - DateTime.UnixEpoch.Ticks) / (double)TimeSpan.TicksPerSecond;

    public static DateTimeOffset Max(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;

    public static DateTimeOffset Min(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;
}
