using System.Globalization;

namespace Bellwether.Engines.DuckDb;

/// <summary>ISO 8601 text of DuckDB's dates and times over their whole range, which is far wider than that of .NET.</summary>
static class DuckDbText
{
    const int DateInfinity = int.MaxValue;
    static readonly int MinDay = DuckDbTime.Days(DateOnly.MinValue);
    static readonly int MaxDay = DuckDbTime.Days(DateOnly.MaxValue);

    public static bool HoldsDate(int days) => days >= MinDay && days <= MaxDay;

    public static bool HoldsInstant(long count, long microsPerCount = 1)
    {
        var micros = (Int128)count * microsPerCount;
        return micros >= MinDay * (Int128)DuckDbTime.MicrosPerDay && micros < (MaxDay + 1) * (Int128)DuckDbTime.MicrosPerDay;
    }

    public static string Date(int days) => days switch
    {
        DateInfinity => "infinity",
        -DateInfinity => "-infinity",
        _ => DateCore(days),
    };

    static string DateCore(long days)
    {
        // Days to civil date over 400-year eras that start on 1 March of year 0, after which leap days come last.
        var shifted = days + 719_468;
        var era = Math.DivRem(shifted, 146_097, out var dayOfEra);
        if (dayOfEra < 0)
        {
            era--;
            dayOfEra += 146_097;
        }
        var yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365;
        var dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
        var month = (5 * dayOfYear + 2) / 153;
        var day = dayOfYear - (153 * month + 2) / 5 + 1;
        var civilMonth = month < 10 ? month + 3 : month - 9;
        var year = yearOfEra + era * 400 + (civilMonth <= 2 ? 1 : 0);
        var yearText = year switch
        {
            < 0 => "-" + (-year).ToString("0000", CultureInfo.InvariantCulture),
            > 9999 => "+" + year.ToString(CultureInfo.InvariantCulture),
            _ => year.ToString("0000", CultureInfo.InvariantCulture),
        };
        return string.Create(CultureInfo.InvariantCulture, $"{yearText}-{civilMonth:00}-{day:00}");
    }

    /// <param name="count">Units since the epoch.</param>
    /// <param name="unitsPerSecond">1, 1,000, 10⁶ or 10⁹.</param>
    public static string Timestamp(long count, long unitsPerSecond, bool utc)
    {
        if (count == long.MaxValue) return "infinity";
        if (count == -long.MaxValue) return "-infinity";
        var unitsPerDay = (Int128)unitsPerSecond * 86_400;
        var days = count / unitsPerDay;
        var within = count % unitsPerDay;
        if (within < 0)
        {
            days--;
            within += unitsPerDay;
        }
        return $"{DateCore((long)days)}T{Time((long)within, unitsPerSecond)}{(utc ? "Z" : "")}";
    }

    public static string Time(long count, long unitsPerSecond)
    {
        var seconds = Math.DivRem(count, unitsPerSecond, out var fraction);
        var text = string.Create(CultureInfo.InvariantCulture, $"{seconds / 3600:00}:{seconds / 60 % 60:00}:{seconds % 60:00}");
        if (fraction == 0) return text;
        var digits = unitsPerSecond switch { 1_000 => 3, 1_000_000 => 6, _ => 9 };
        return text + "." + fraction.ToString(CultureInfo.InvariantCulture).PadLeft(digits, '0').TrimEnd('0');
    }

    /// <summary>TIMETZ: 40 bits of microseconds, 24 of the zone, which counts down from the easternmost one (15:59:59).</summary>
    public static string TimeTz(ulong packed)
    {
        const int MaxOffsetSeconds = 16 * 3600 - 1;
        var offset = MaxOffsetSeconds - (int)(packed & 0xFF_FFFF);
        var zone = Math.Abs(offset);
        var seconds = zone % 60 == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $":{zone % 60:00}");
        return string.Create(CultureInfo.InvariantCulture,
            $"{Time((long)(packed >> 24), 1_000_000)}{(offset < 0 ? '-' : '+')}{zone / 3600:00}:{zone / 60 % 60:00}{seconds}");
    }
}
