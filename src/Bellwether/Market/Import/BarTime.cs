using System.Globalization;

namespace Bellwether.Market.Import;

/// <summary>Reads the times of bars: dates in the usual orders, with or without a time of day, with or without an offset.</summary>
sealed class BarTime(TimeZoneInfo zone, BarInterval interval, DateTime now)
{
    static readonly string[] Dates = ["yyyy-MM-dd", "yyyyMMdd", "M/d/yyyy", "yyyy/MM/dd", "yyyy.MM.dd"];
    static readonly string[] Times = ["HH:mm", "HH:mm:ss", "HH:mm:ss.FFFFFFF", "HHmm", "HHmmss", "h:mm:ss tt", "h:mm tt"];

    /// <summary>Start of the bar, UTC.</summary>
    public bool TryParse(string date, string? time, out DateTime start, out string? problem)
    {
        var text = time is null ? date.Trim() : $"{date.Trim()} {time.Trim()}";
        start = default;
        problem = $"time '{Shown(text)}' is not one that can be read";
        var cut = text.IndexOfAny(['T', ' ']);
        var day = cut < 0 ? text : text[..cut];
        if (!DateTime.TryParseExact(day, Dates, CultureInfo.InvariantCulture, DateTimeStyles.None, out var local)) return false;
        // First of all: at the ends of time no offset can be added.
        if (local.Year < 1792)
        {
            problem = $"time '{Shown(text)}' is before there were exchanges";
            return false;
        }
        if (local > now.AddDays(2))
        {
            problem = $"time '{Shown(text)}' lies in the future";
            return false;
        }
        if (interval.IsDaily)
        {
            // Whatever time of day stands beside it: a daily bar is that of its date.
            start = DateTime.SpecifyKind(local, DateTimeKind.Utc);
        }
        else
        {
            if (cut < 0)
            {
                problem = $"time '{Shown(text)}' has no time of day, which a bar of {interval} needs";
                return false;
            }
            if (!TryTime(text[(cut + 1)..], local, out start)) return false;
        }
        if (start > now)
        {
            problem = $"time '{Shown(text)}' lies in the future";
            return false;
        }
        problem = null;
        return true;
    }

    bool TryTime(string text, DateTime day, out DateTime start)
    {
        start = default;
        text = text.Trim();
        TimeSpan? offset = null;
        var sign = text.LastIndexOfAny(['+', '-']);
        if (text.EndsWith('Z'))
        {
            (offset, text) = (TimeSpan.Zero, text[..^1]);
        }
        else if (sign > 0)
        {
            var digits = text[(sign + 1)..].Replace(":", "", StringComparison.Ordinal);
            if (digits.Length is not (2 or 4) || !int.TryParse(digits.PadRight(4, '0'), NumberStyles.None, CultureInfo.InvariantCulture,
                out var value)) return false;
            if (value / 100 > 14 || value % 100 > 59) return false;
            offset = new TimeSpan(value / 100, value % 100, 0) * (text[sign] == '-' ? -1 : 1);
            text = text[..sign];
        }
        if (!DateTime.TryParseExact(text.Trim(), Times, CultureInfo.InvariantCulture, DateTimeStyles.NoCurrentDateDefault, out var time))
            return false;
        var local = day + time.TimeOfDay;
        if (offset is { } known) start = DateTime.SpecifyKind(local - known, DateTimeKind.Utc);
        else if (zone.IsInvalidTime(local)) return false;
        else start = TimeZoneInfo.ConvertTimeToUtc(local, zone);
        return true;
    }

    static string Shown(string text) => text.Length <= 40 ? text : text[..39] + "…";
}
