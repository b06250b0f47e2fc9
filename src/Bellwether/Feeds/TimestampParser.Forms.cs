namespace Bellwether.Feeds;

public sealed partial class TimestampParser
{
    static readonly string[] Months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

    // yyyyMMdd and yyyyMMddHHmmss; anything that is no date of 1900..2199 is left to be an epoch.
    bool TryBasic(ReadOnlySpan<char> s, out long ticks)
    {
        ticks = 0;
        var (year, month, day) = (Digits(s[..4]), Digits(s.Slice(4, 2)), Digits(s.Slice(6, 2)));
        if (year is < FirstYear or > 2199 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month)) return false;
        var (hour, minute, second) = s.Length == 14 ? (Digits(s.Slice(8, 2)), Digits(s.Slice(10, 2)), Digits(s.Slice(12, 2))) : (0, 0, 0);
        return TryBuild(year, month, day, hour, minute, second, 0, null, out ticks);
    }

    bool TryIso(ReadOnlySpan<char> s, out long ticks)
    {
        ticks = 0;
        var year = Digits(s[..4]);
        int month, day, at;
        if (s[4] is '-' or '/')
        {
            at = 5;
            month = Take(s, ref at, 2);
            if (at >= s.Length || s[at] != s[4]) return false;
            at++;
            day = Take(s, ref at, 2);
        }
        else
        {
            (month, day, at) = (Digits(s.Slice(4, 2)), Digits(s.Slice(6, 2)), 8);
        }
        if (year < 0 || month < 0 || day < 0) return false;
        if (at == s.Length) return TryBuild(year, month, day, 0, 0, 0, 0, null, out ticks);
        if (s[at] is not ('T' or 't' or ' ' or '_')) return false;
        at++;
        while (at < s.Length && s[at] == ' ') at++;
        if (!TryClock(s, ref at, out var hour, out var minute, out var second, out var fraction)) return false;
        return TryZone(s[at..], out var offset) && TryBuild(year, month, day, hour, minute, second, fraction, offset, out ticks);
    }

    // [Wed,] 10 Oct 2018 20:19[:24] zone, and Wed Oct 10 20:19:24 +0000 2018
    bool TryRfc822(ReadOnlySpan<char> text, out long ticks)
    {
        ticks = 0;
        if (text.Length > 64) return false;
        // 10-Oct-2018: dashes before the clock separate, one after it is the sign of the zone.
        Span<char> spaced = stackalloc char[64];
        text.CopyTo(spaced);
        var clockAt = text.IndexOf(':');
        spaced[..(clockAt < 0 ? text.Length : clockAt)].Replace('-', ' ');
        ReadOnlySpan<char> s = spaced[..text.Length];
        Span<Range> parts = stackalloc Range[9];
        var count = s.SplitAny(parts, " ,", StringSplitOptions.RemoveEmptyEntries);
        if (count is < 3 or > 8) return false;
        var i = 0;
        if (!char.IsAsciiDigit(s[parts[0]][0]) && Month(s[parts[0]]) == 0) i++;
        if (i + 3 > count) return false;
        int day, month;
        if (Month(s[parts[i]]) is > 0 and var leading) (month, day) = (leading, Digits(s[parts[i + 1]]));
        else (day, month) = (Digits(s[parts[i]]), Month(s[parts[i + 1]]));
        i += 2;
        if (month == 0 || day < 1) return false;
        var year = -1;
        if (!s[parts[i]].Contains(':')) year = Year(s[parts[i++]]);
        if (i == count) return year >= 0 && TryBuild(year, month, day, 0, 0, 0, 0, null, out ticks);
        var clock = s[parts[i++]];
        var at = 0;
        if (!TryClock(clock, ref at, out var hour, out var minute, out var second, out var fraction)) return false;
        var zone = clock[at..];
        if (zone.IsEmpty && i < count && !(year < 0 && i == count - 1)) zone = s[parts[i++]];
        if (year < 0) year = i < count ? Year(s[parts[i++]]) : -1;
        return year >= 0 && i == count && TryZone(zone, out var offset)
            && TryBuild(year, month, day, hour, minute, second, fraction, offset, out ticks);
    }

    static bool TryClock(ReadOnlySpan<char> s, ref int at, out int hour, out int minute, out int second, out long fraction)
    {
        (minute, second, fraction) = (0, 0, 0);
        hour = Take(s, ref at, 2);
        var extended = at < s.Length && s[at] == ':';
        if (extended) at++;
        minute = Take(s, ref at, 2);
        if (hour < 0 || minute < 0) return false;
        if (extended ? at < s.Length && s[at] == ':' : at < s.Length && char.IsAsciiDigit(s[at]))
        {
            if (extended) at++;
            second = Take(s, ref at, 2);
            if (second < 0) return false;
        }
        if (at < s.Length && s[at] is '.' or ',')
        {
            at++;
            var (start, unit) = (at, TimeSpan.TicksPerSecond / 10);
            for (; at < s.Length && char.IsAsciiDigit(s[at]); at++, unit /= 10) fraction += (s[at] - '0') * unit;
            if (at == start) return false;
        }
        return true;
    }

    static bool TryZone(ReadOnlySpan<char> s, out int? offsetMinutes)
    {
        s = s.Trim();
        offsetMinutes = null;
        if (s.IsEmpty) return true;
        if (s[0] is '+' or '-')
        {
            var at = 1;
            var hours = Take(s, ref at, 2);
            if (at < s.Length && s[at] == ':') at++;
            var minutes = at < s.Length ? Take(s, ref at, 2) : 0;
            if (hours is < 0 or > 15 || minutes is < 0 or > 59 || at != s.Length) return false;
            offsetMinutes = (s[0] == '-' ? -1 : 1) * (hours * 60 + minutes);
            return true;
        }
        Span<char> upper = stackalloc char[4];
        if (s.Length > 4) return false;
        s.ToUpperInvariant(upper);
        // The zones of RFC 822; other abbreviations name several zones each and are refused rather than guessed.
        int? hour = upper[..s.Length] switch
        {
            "Z" or "UT" or "UTC" or "GMT" => 0,
            "EDT" => -4,
            "EST" or "CDT" => -5,
            "CST" or "MDT" => -6,
            "MST" or "PDT" => -7,
            "PST" => -8,
            _ => null,
        };
        offsetMinutes = hour * 60;
        return hour is not null;
    }

    bool TryBuild(int year, int month, int day, int hour, int minute, int second, long fraction, int? offsetMinutes, out long ticks)
    {
        ticks = 0;
        if (month is < 1 or > 12 || day < 1 || hour is < 0 or > 23 || minute is < 0 or > 59 || second is < 0 or > 60) return false;
        if (year < 1) return true;
        if (day > DateTime.DaysInMonth(year, month)) return false;
        // A leap second is the first instant of the next minute; the store has no 23:59:60.
        var local = new DateTime(year, month, day, hour, minute, 0).Ticks + second * TimeSpan.TicksPerSecond + fraction;
        if (local > DateTime.MaxValue.Ticks) return false;
        ticks = offsetMinutes is { } offset
            ? Math.Clamp(local - offset * TimeSpan.TicksPerMinute, 0, DateTime.MaxValue.Ticks)
            : Naive(new DateTime(local));
        return true;
    }

    static int Year(ReadOnlySpan<char> s) => Digits(s) switch
    {
        var y when s.Length == 4 => y,
        var y when s.Length == 2 && y >= 0 => y + (y < 70 ? 2000 : 1900),
        _ => -1,
    };

    static int Month(ReadOnlySpan<char> s)
    {
        if (s.Length < 3) return 0;
        for (var i = 0; i < Months.Length; i++)
            if (s[..3].Equals(Months[i], StringComparison.OrdinalIgnoreCase)) return i + 1;
        return 0;
    }

    static int Digits(ReadOnlySpan<char> s)
    {
        if (s.Length is 0 or > 9) return -1;
        var value = 0;
        foreach (var c in s)
        {
            if (!char.IsAsciiDigit(c)) return -1;
            value = value * 10 + (c - '0');
        }
        return value;
    }

    static int Take(ReadOnlySpan<char> s, ref int at, int max)
    {
        var start = at;
        while (at < s.Length && at - start < max && char.IsAsciiDigit(s[at])) at++;
        return Digits(s[start..at]);
    }
}
