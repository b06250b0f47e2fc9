using System.Globalization;

namespace Bellwether.Market.Import;

/// <param name="Start">Of the bar, UTC; of a daily one midnight of its date.</param>
/// <param name="Written">The clock that the row shows, whatever zone it is of.</param>
/// <param name="HasTime">The row has a time of day.</param>
readonly record struct BarMoment(DateTime Start, DateTime Written, bool HasTime);

/// <summary>
/// Reads the times of bars: dates in the usual orders, with or without a time of day, with or without an offset. Rows have to come in the
/// order of their file, which tells the hour apart that clocks show twice.
/// </summary>
/// <param name="descends">The newest row is the first.</param>
sealed class BarTime(TimeZoneInfo zone, BarInterval interval, DateTime now, DateOrder order, bool descends = false)
{
    static readonly string[] Times =
        ["HH:mm", "HH:mm:ss", "HH:mm:ss.FFFFFFF", "H:mm", "H:mm:ss", "HHmm", "HHmmss", "h:mm:ss tt", "h:mm tt"];

    readonly WallClock _clock = new(zone, interval.Length, descends);

    public bool TryParse(string date, string? time, out BarMoment moment, out string? problem)
    {
        var text = time is null ? date.Trim() : $"{date.Trim()} {time.Trim()}";
        moment = default;
        var cut = DateText.TimeIn(text);
        if (!DateText.TryParse(cut < 0 ? text : text.AsSpan(0, cut), order, out var day, out var unclear))
        {
            problem = unclear is not null ? $"{unclear}; --date-format dmy or mdy says which is first" : Unreadable(text);
            return false;
        }
        // First of all: at the ends of time no offset can be added.
        if ((problem = day.Year < 1792 ? $"time '{Shown(text)}' is before there were exchanges"
            : day > now.AddDays(2) ? $"time '{Shown(text)}' lies in the future" : null) is not null) return false;
        var (ofDay, offset) = (default(TimeSpan), (TimeSpan?)null);
        var timed = cut >= 0 && TryTime(text[(cut + 1)..], out ofDay, out offset);
        if (interval.IsDaily)
        {
            // Whatever time of day stands beside it: a daily bar is that of its date.
            moment = new(DateTime.SpecifyKind(day, DateTimeKind.Utc), day + ofDay, timed);
        }
        else if (!timed)
        {
            problem = cut < 0 ? $"time '{Shown(text)}' has no time of day, which a bar of {interval} needs" : Unreadable(text);
            return false;
        }
        else if (offset is { } known)
        {
            moment = new(DateTime.SpecifyKind(day + ofDay - known, DateTimeKind.Utc), day + ofDay, true);
        }
        else if (_clock.ToUtc(day + ofDay) is { } start)
        {
            moment = new(start, day + ofDay, true);
        }
        else
        {
            problem = $"time '{Shown(text)}' never was: the clocks of {zone.Id} skip it when they are put forward";
            return false;
        }
        problem = moment.Start > now ? $"time '{Shown(text)}' lies in the future" : null;
        return problem is null;
    }

    static bool TryTime(string text, out TimeSpan ofDay, out TimeSpan? offset)
    {
        (ofDay, offset, text) = (default, null, text.Trim());
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
        ofDay = time.TimeOfDay;
        return true;
    }

    static string Unreadable(string text) => $"time '{Shown(text)}' is not one that can be read";

    static string Shown(string text) => text.Length <= 40 ? text : text[..39] + "…";
}
