using System.Globalization;
using System.Text.RegularExpressions;

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
public static partial class ZoneWindows
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
    /// The instant that a text names, in ISO 8601: a date, perhaps a time, perhaps an offset. With an offset it is that, without one it is the time on
    /// the clock of the zone. Of a time that the clock shows twice the later one is meant; one that it skips is counted from the offset before the change.
    /// </summary>
    /// <exception cref="CountsException">It is no time, or none of the years 1900 to 2199.</exception>
    public static DateTimeOffset Parse(string name, string text, TimeZoneInfo zone)
    {
        const DateTimeStyles style = DateTimeStyles.RoundtripKind;
        // The framework reads far more than this, such as days before months; what may mean two things is no time here.
        if (!Iso.IsMatch(text) || !DateTime.TryParse(text.Trim().Replace(',', '.'), CultureInfo.InvariantCulture, style, out var time))
            throw CountsException.Input($"{name}: '{Quote(text)}' is no time.", "Write for example \"2025-06-06 12:00\", 2025-06-06 or 2025-06-06T16:00:00Z.");
        // Looked at before the zone: near the ends of the calendar an offset leads out of it.
        if (time.Year is < CountsClock.FirstYear or >= CountsClock.EndYear)
            throw CountsException.Input($"{name}: '{Quote(text)}' is out of range: times from {CountsClock.FirstYear} to {CountsClock.EndYear - 1} can be used.");
        return CountsClock.Cut(time.Kind == DateTimeKind.Unspecified ? At(time, zone) : new DateTimeOffset(time.ToUniversalTime(), TimeSpan.Zero));
    }

    [GeneratedRegex(@"^\s*\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}([.,]\d{1,7})?)?( ?(Z|[+-]\d{2}(:?\d{2})?))?)?\s*$", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    static partial Regex Iso { get; }

    static string Quote(string text) => text.Length > 60 ? text[..60] + "…" : text;

    /// <summary>The windows of a length that begin at a time, up to and including the one that holds the last moment before the end; that one is cut at the end.</summary>
    /// <param name="every">A whole number and m, h, d, w or mo.</param>
    /// <exception cref="CountsException">The length is none, there are too many of them, or a time lies outside of the years 1900 to 2199.</exception>
    public static IReadOnlyList<CountWindow> Split(DateTimeOffset from, DateTimeOffset to, string every, TimeZoneInfo zone)
    {
        if (!CountsClock.IsInRange(from) || !CountsClock.IsInRange(to))
            throw CountsException.Input($"The stretch from {from:u} to {to:u} is out of range: times from {CountsClock.FirstYear} to {CountsClock.EndYear - 1} can be used.");
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
