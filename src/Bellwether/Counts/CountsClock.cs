namespace Bellwether.Counts;

/// <summary>Times of counts: UTC, whole microseconds as the store keeps them, and hours.</summary>
static class CountsClock
{
    public static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    /// <summary>Years that times may be in, the last one excluded: far enough for any question, and far from where arithmetic of dates ends.</summary>
    public const int FirstYear = 1900;
    public const int EndYear = 2200;

    // A day more on both sides: the years are those of any zone.
    static readonly DateTimeOffset Earliest = new(FirstYear - 1, 12, 31, 0, 0, 0, TimeSpan.Zero);
    static readonly DateTimeOffset Latest = new(EndYear, 1, 2, 0, 0, 0, TimeSpan.Zero);

    public static bool IsInRange(DateTimeOffset time) => time >= Earliest && time < Latest;

    public static DateTimeOffset Now(this TimeProvider time) => Cut(time.GetUtcNow());

    public static DateTimeOffset Cut(DateTimeOffset time) => new(time.UtcTicks - time.UtcTicks % TimeSpan.TicksPerMicrosecond, TimeSpan.Zero);

    public static DateTimeOffset FloorHour(DateTimeOffset time) => new(time.UtcTicks - time.UtcTicks % TimeSpan.TicksPerHour, TimeSpan.Zero);

    public static DateTimeOffset CeilingHour(DateTimeOffset time) => FloorHour(new(time.UtcTicks + TimeSpan.TicksPerHour - 1, TimeSpan.Zero));

    public static DateTimeOffset FloorDay(DateTimeOffset time) => new(time.UtcTicks - time.UtcTicks % TimeSpan.TicksPerDay, TimeSpan.Zero);

    public static double UnixSeconds(DateTimeOffset time) => (time.UtcTicks - DateTime.UnixEpoch.Ticks) / (double)TimeSpan.TicksPerSecond;

    public static DateTimeOffset Max(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;

    public static DateTimeOffset Min(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;
}
