using System.Globalization;

namespace Bellwether.Counts.Buckets;

/// <summary>A half-open stretch of time with its offsets in the zone that it was asked in.</summary>
public readonly record struct CountWindow(DateTimeOffset From, DateTimeOffset To)
{
    public double Hours => (To - From).TotalHours;
}

/// <summary>
/// Windows by the clock of a place. A day from noon to noon has 23 hours in one night of spring and 25 in one of autumn; windows of days, weeks and
/// months keep the clock's time, windows of hours and minutes keep their length.
/// </summary>
public static class ZoneWindows
{
    public const int MaxWindows = 50_000;

    /// <exception cref="CountsException">The zone is unknown on this machine.</exception>
    public static TimeZoneInfo Zone(string name)
    {
        try
        {
            return TimeZoneInfo.FindSystemTimeZoneById(name);
        }
        catch (Exception error) when (error is TimeZoneNotFoundException or InvalidTimeZoneException or System.Security.SecurityException)
        {
            throw CountsException.Input($"The time zone '{name}' is not known here.", "Use an IANA name such as America/New_York or UTC; on Debian the names come with the package tzdata.", error);
        }
    }

    /// <summary>
    /// The instant that a text names: with an offset it is that, without one it is the time on the clock of the zone. Of a time that the clock shows
    /// twice the later one is meant; one that it skips is counted from the offset before the change.
    /// </summary>
    /// <exception cref="CountsException">It is no time.</exception>
    public static DateTimeOffset Parse(string name, string text, TimeZoneInfo zone)
    {
        const DateTimeStyles style = DateTimeStyles.AllowWhiteSpaces | DateTimeStyles.RoundtripKind;
        var trimmed = text.Trim();
        if (trimmed.Length >= 8 && char.IsAsciiDigit(trimmed[0]) && trimmed.Contains('-') && DateTime.TryParse(trimmed, CultureInfo.InvariantCulture, style, out var time))
            return CountsClock.Cut(time.Kind == DateTimeKind.Unspecified ? At(time, zone) : new DateTimeOffset(time.ToUniversalTime(), TimeSpan.Zero));
        throw CountsException.Input($"{name}: '{text}' is no time.", "Write for example \"2025-06-06 12:00\", 2025-06-06 or 2025-06-06T16:00:00Z.");
    }

    /// <summary>The windows of a length that begin at a time, up to and including the one that holds the last moment before the end; that one is cut at the end.</summary>
    /// <param name="every">A whole number and m, h, d, w or mo.</param>
    public static IReadOnlyList<CountWindow> Split(DateTimeOffset from, DateTimeOffset to, string every, TimeZoneInfo zone)
    {
        if (to <= from) throw CountsException.Input($"The stretch from {from:u} to {to:u} ends before it begins.");
        var (count, unit) = Every(every);
        var local = TimeZoneInfo.ConvertTime(from, zone).DateTime;
        List<CountWindow> windows = [];
        for (var (at, step) = (from, 1); at < to; step++)
        {
            var next = unit switch
            {
                "m" => from.AddMinutes((double)count * step),
                "h" => from.AddHours((double)count * step),
                "d" => At(local.AddDays((double)count * step), zone),
                "w" => At(local.AddDays(7.0 * count * step), zone),
                _ => At(local.AddMonths(count * step), zone),
            };
            // A clock that goes back within a window of its own length would make it empty.
            if (next <= at) continue;
            windows.Add(new(at, CountsClock.Min(next, to)));
            if (windows.Count > MaxWindows) throw CountsException.Input($"More than {MaxWindows} windows of {every} lie between {from:u} and {to:u}.", "Ask for a shorter stretch or longer windows.");
            at = next;
        }
        return windows;
    }

    static (int Count, string Unit) Every(string text)
    {
        var digits = text.TakeWhile(char.IsAsciiDigit).Count();
        if (int.TryParse(text.AsSpan(0, digits), NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count is > 0 and <= 10_000 && text[digits..] is "m" or "h" or "d" or "w" or "mo")
            return (count, text[digits..]);
        throw CountsException.Input($"'{text}' is no length of windows.", "Write a whole number and m, h, d, w or mo: 1h, 1d, 7d, 1w.");
    }

    static DateTimeOffset At(DateTime local, TimeZoneInfo zone)
    {
        var unspecified = DateTime.SpecifyKind(local, DateTimeKind.Unspecified);
        // For a repeated time this is the standard offset, the later instant; for a skipped one the offset before the change.
        return new DateTimeOffset(unspecified, zone.GetUtcOffset(unspecified)).ToUniversalTime();
    }
}
