using System.Globalization;

namespace Bellwether.Feeds;

/// <summary>
/// Reads the times that feeds give: ISO 8601 extended and basic, with or without offset, RFC 822 / 1123, the X API v1 form, and epochs in
/// seconds, milliseconds, microseconds or nanoseconds, told apart by magnitude (below 1e11, 1e14, 1e17). Eight digits that form
/// a date from 1900 to 2199 are a date; other numbers below 1e8 (March 1973) are refused, because a row number, a year or a spreadsheet's
/// day count is likelier than such an epoch. A time further ahead of the clock than the difference allowed between clocks is refused: it would
/// let one post with a wrong date age everything that is really known. Results are UTC, cut to microseconds, the resolution of the store.
/// </summary>
public sealed partial class TimestampParser
{
    const int FirstYear = 1900;

    readonly TimeZoneInfo _zone;
    readonly bool _utc;
    readonly string? _format;
    readonly TimeProvider _clock;
    readonly TimeSpan _maxAhead;

    /// <exception cref="FeedException">The zone is unknown on this machine.</exception>
    public TimestampParser(string timeZone, string? format, TimeProvider clock, TimeSpan maxAhead)
    {
        try
        {
            _zone = TimeZoneInfo.FindSystemTimeZoneById(timeZone);
        }
        catch (Exception error) when (error is TimeZoneNotFoundException or InvalidTimeZoneException or System.Security.SecurityException)
        {
            throw new FeedException("--timezone", $"'{timeZone}' is not known here",
                "Use an IANA name such as America/New_York or UTC; on Debian the names come with the package tzdata.", inner: error);
        }
        _utc = _zone.BaseUtcOffset == TimeSpan.Zero && !_zone.SupportsDaylightSavingTime;
        _format = format;
        _clock = clock;
        _maxAhead = maxAhead;
    }

    /// <summary>The instant in UTC, or in <paramref name="problem"/> a clause that names the value.</summary>
    public bool TryParse(ReadOnlySpan<char> text, out DateTimeOffset instant, out string? problem)
    {
        text = text.Trim();
        instant = default;
        long ticks;
        if (_format is not null ? !TryExact(text, out ticks) : !TryForms(text, out ticks))
        {
            problem = $"timestamp '{Quote(text)}' is not a time that can be read";
            return false;
        }
        var now = _clock.GetUtcNow();
        if (ticks < new DateTime(FirstYear, 1, 1).Ticks)
        {
            problem = $"timestamp '{Quote(text)}' is before {FirstYear}-01-01";
            return false;
        }
        if (ticks > now.UtcTicks + _maxAhead.Ticks)
        {
            problem = $"timestamp '{Quote(text)}' lies in the future: it is {now.UtcDateTime:yyyy-MM-dd HH:mm} UTC";
            return false;
        }
        instant = new DateTimeOffset(ticks - ticks % TimeSpan.TicksPerMicrosecond, TimeSpan.Zero);
        problem = null;
        return true;
    }

    // A result of 0 ticks stands for "a time, but before year 1": the range check then names it.
    bool TryForms(ReadOnlySpan<char> text, out long ticks)
    {
        ticks = 0;
        if (text.IsEmpty) return false;
        if (text.ContainsAnyExceptInRange('0', '9') is false && text.Length is 8 or 14 && TryBasic(text, out ticks)) return true;
        if (IsNumber(text)) return TryEpoch(text, out ticks);
        return char.IsAsciiDigit(text[0]) && text.Length >= 8 && (text[4] is '-' or '/' || char.IsAsciiDigit(text[4]))
            ? TryIso(text, out ticks)
            : TryRfc822(text, out ticks);
    }

    bool TryExact(ReadOnlySpan<char> text, out long ticks)
    {
        ticks = 0;
        // With AssumeUniversal a text without offset is told from one with it by parsing the local form first.
        if (!DateTime.TryParseExact(text, _format, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var value)) return false;
        ticks = value.Kind switch
        {
            DateTimeKind.Utc => value.Ticks,
            DateTimeKind.Local => value.ToUniversalTime().Ticks,
            _ => Naive(value),
        };
        return true;
    }

    long Naive(DateTime local)
    {
        if (_utc) return local.Ticks;
        // For a repeated time GetUtcOffset gives the standard offset, the later instant; for a skipped one the offset before the change.
        var ticks = local.Ticks - _zone.GetUtcOffset(DateTime.SpecifyKind(local, DateTimeKind.Unspecified)).Ticks;
        return Math.Clamp(ticks, 0, DateTime.MaxValue.Ticks);
    }

    static bool IsNumber(ReadOnlySpan<char> text)
    {
        var digits = false;
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsAsciiDigit(text[i])) digits = true;
            else if (!(text[i] == '.' || (i == 0 && text[i] is '-' or '+')
                || (digits && text[i] is 'e' or 'E') || (i > 0 && text[i - 1] is 'e' or 'E' && text[i] is '-' or '+'))) return false;
        }
        return digits && text.Count('-') + text.Count('.') <= 2;
    }

    static bool TryEpoch(ReadOnlySpan<char> text, out long ticks)
    {
        ticks = 0;
        if (!decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)) return false;
        if (Math.Abs(value) < 1e8m) return false;
        var perSecond = Math.Abs(value) switch { < 1e11m => 1m, < 1e14m => 1e3m, < 1e17m => 1e6m, _ => 1e9m };
        var seconds = value / perSecond;
        ticks = seconds is < -62_135_596_800m or > 253_402_300_799m
            ? (seconds < 0 ? 0 : DateTime.MaxValue.Ticks)
            : DateTime.UnixEpoch.Ticks + (long)(seconds * TimeSpan.TicksPerSecond);
        return true;
    }

    internal static string Quote(ReadOnlySpan<char> text) => text.Length <= 80 ? text.ToString() : string.Concat(text[..80], "…");
}
