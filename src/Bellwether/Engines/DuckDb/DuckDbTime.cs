namespace Bellwether.Engines.DuckDb;

/// <summary>DuckDB's clocks: days and microseconds since 1970-01-01.</summary>
static class DuckDbTime
{
    public const long MicrosPerDay = 86_400_000_000;
    static readonly int EpochDay = DateOnly.FromDateTime(DateTime.UnixEpoch).DayNumber;

    public static int Days(DateOnly day) => day.DayNumber - EpochDay;

    public static DateOnly Day(int days) => DateOnly.FromDayNumber(checked(days + EpochDay));

    /// <summary>Ticks below a microsecond are cut off towards the past.</summary>
    public static long Micros(DateTimeOffset instant) => Micros(instant.UtcDateTime);

    public static long Micros(DateTime time) => Math.DivRem(time.Ticks - DateTime.UnixEpoch.Ticks, TimeSpan.TicksPerMicrosecond) switch
    {
        (var micros, < 0) => micros - 1,
        var (micros, _) => micros,
    };

    public static DateTime Instant(long micros) => new(checked(DateTime.UnixEpoch.Ticks + micros * TimeSpan.TicksPerMicrosecond));
}
