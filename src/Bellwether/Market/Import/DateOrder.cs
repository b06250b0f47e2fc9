using System.Globalization;

namespace Bellwether.Market.Import;

/// <summary>Whether day or month comes first in dates such as 03/04/2024.</summary>
public enum DateOrder
{
    /// <summary>No such date is expected: the year comes first, or the month is a word.</summary>
    YearFirst,

    MonthFirst,

    DayFirst,
}

/// <summary>Reads dates in the usual spellings.</summary>
public static class DateText
{
    static readonly string[] Plain =
        ["yyyy-MM-dd", "yyyyMMdd", "yyyy/MM/dd", "yyyy.MM.dd", "yyyy-M-d", "yyyy/M/d", "yyyy.M.d", "d-MMM-yyyy", "d/MMM/yyyy", "dMMMyyyy"];

    /// <summary>As an option states it: <c>dmy</c>, <c>mdy</c> or <c>ymd</c>.</summary>
    public static bool TryParseOrder(string text, out DateOrder order)
    {
        order = text.ToLowerInvariant() switch { "dmy" => DateOrder.DayFirst, "mdy" => DateOrder.MonthFirst, _ => DateOrder.YearFirst };
        return order != DateOrder.YearFirst || text.Equals("ymd", StringComparison.OrdinalIgnoreCase);
    }

    /// <param name="problem">A clause that says why there is none, where it is not just unreadable.</param>
    public static bool TryParse(ReadOnlySpan<char> text, DateOrder order, out DateTime date, out string? problem)
    {
        problem = null;
        if (DateTime.TryParseExact(text, Plain, CultureInfo.InvariantCulture, DateTimeStyles.None, out date)) return true;
        if (!TrySplit(text, out var first, out var second, out var year)) return false;
        if (order == DateOrder.YearFirst && first <= 12 && second <= 12 && first != second)
        {
            problem = $"day and month of '{text}' cannot be told apart";
            return false;
        }
        var (day, month) = order == DateOrder.DayFirst || order == DateOrder.YearFirst && first > 12 ? (first, second) : (second, first);
        if (month is < 1 or > 12 || year < 1 || day < 1 || day > DateTime.DaysInMonth(year, month)) return false;
        date = new(year, month, day);
        return true;
    }

    /// <summary>Where the time of day begins; -1 where there is none. The T of October separates nothing.</summary>
    internal static int TimeIn(ReadOnlySpan<char> text)
    {
        for (var i = 1; i < text.Length; i++)
            if (text[i] == ' ' || text[i] == 'T' && char.IsAsciiDigit(text[i - 1])) return i;
        return -1;
    }

    /// <summary>The numbers of 3/14/2024, 14.03.2024 or 14-3-2024.</summary>
    internal static bool TrySplit(ReadOnlySpan<char> text, out int first, out int second, out int year)
    {
        (first, second, year) = (0, 0, 0);
        var cut = text.IndexOfAny("/.-");
        if (cut is < 1 or > 2) return false;
        var rest = text[(cut + 1)..];
        var next = rest.IndexOf(text[cut]);
        if (next is < 1 or > 2 || rest.Length != next + 5) return false;
        return Number(text[..cut], out first) && Number(rest[..next], out second) && Number(rest[(next + 1)..], out year);

        static bool Number(ReadOnlySpan<char> digits, out int value) =>
            int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out value);
    }
}
