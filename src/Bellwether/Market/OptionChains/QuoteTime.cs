using System.Globalization;
using Bellwether.Feeds;
using Bellwether.Market.Calendars;
using Bellwether.Market.Import;

namespace Bellwether.Market.OptionChains;

/// <summary>
/// Reads when options were quoted. A date is the end of its session; so is its midnight, at which nothing is quoted. A time without an
/// offset is one of the zone, which by default is that of the exchange.
/// </summary>
public sealed class QuoteTime
{
    const int FirstYear = 1900;

    readonly TimestampParser _times;
    readonly TimeZoneInfo _zone;
    readonly TimeProvider _clock;
    readonly DateOrder _order;

    /// <param name="order">Whether days or months come first in dates that have both as numbers; other than that they are not read where
    /// nobody can tell.</param>
    /// <exception cref="FeedException">The zone is unknown on this machine.</exception>
    public QuoteTime(string timeZone, TimeProvider clock, DateOrder order = DateOrder.YearFirst)
    {
        // What lies in the future is told below, for dates and times alike.
        _times = new(timeZone, null, clock, TimeSpan.FromDays(36_500));
        (_zone, _clock, _order) = (TimeZoneInfo.FindSystemTimeZoneById(timeZone), clock, order);
    }

    /// <summary>The moment in UTC, to the microsecond; or a clause that names the text.</summary>
    public bool TryParse(string text, out DateTime moment, out string? problem)
    {
        text = text.Trim();
        problem = $"time '{TimestampParser.Quote(text)}' is not one that can be read";
        moment = default;
        var cut = DateText.TimeIn(text);
        if (DateText.TrySplit(cut < 0 ? text : text.AsSpan(0, cut), out _, out _, out _))
        {
            if (!DateText.TryParse(cut < 0 ? text : text.AsSpan(0, cut), _order, out var date, out var unclear))
            {
                if (unclear is not null) problem = $"{unclear}; --date-format dmy or mdy says which is first";
                return false;
            }
            text = string.Create(CultureInfo.InvariantCulture, $"{date:yyyy-MM-dd}{(cut < 0 ? "" : text[cut..])}");
        }
        if (!(TryDay(text, out moment) || TryTime(text, out moment))) return false;
        if (moment.Year < FirstYear) problem = $"time '{TimestampParser.Quote(text)}' is before {FirstYear}";
        else problem = moment > _clock.GetUtcNow().UtcDateTime ? $"time {moment:yyyy-MM-dd HH:mm} UTC lies in the future" : null;
        return problem is null;
    }

    /// <summary>A date without a time.</summary>
    public bool TryDate(ReadOnlySpan<char> text, out DateOnly day)
    {
        var found = DateText.TryParse(text, _order, out var date, out _);
        day = DateOnly.FromDateTime(date);
        return found;
    }

    bool TryDay(string text, out DateTime end)
    {
        var cut = DateText.TimeIn(text);
        var date = cut > 0 && text.AsSpan(cut + 1).TrimStart().ContainsAnyExcept("0:.") is false ? text[..cut] : text;
        var found = TryDate(date, out var day);
        end = found ? UnitedStatesCalendar.End(day) : default;
        return found;
    }

    bool TryTime(string text, out DateTime moment)
    {
        moment = default;
        if (_times.TryParse(text, out var instant, out _))
        {
            moment = instant.UtcDateTime;
            return true;
        }
        // Such as 2024-01-02 3:45 PM.
        if (!DateTime.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind | DateTimeStyles.NoCurrentDateDefault,
            out var time)) return false;
        if (time.Kind == DateTimeKind.Unspecified && _zone.IsInvalidTime(time)) return false;
        var utc = time.Kind == DateTimeKind.Unspecified ? TimeZoneInfo.ConvertTimeToUtc(time, _zone) : time.ToUniversalTime();
        moment = new(utc.Ticks - utc.Ticks % TimeSpan.TicksPerMicrosecond, DateTimeKind.Utc);
        return true;
    }
}
