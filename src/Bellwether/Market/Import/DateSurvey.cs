using Bellwether.Feeds;

namespace Bellwether.Market.Import;

/// <summary>
/// Finds out for a file as a whole whether days or months come first in it. Row by row, 25/03 would be refused and 03/04 be taken for the
/// fourth of March.
/// </summary>
sealed class DateSurvey
{
    /// <summary>Files whose first rows have no such date have none.</summary>
    const int FirstRows = 100;

    (long Line, string Text)? _dayFirst, _monthFirst, _either;
    bool _any;

    /// <param name="open">Opens the file anew: it is read to its end only where it has dates of this kind.</param>
    /// <param name="columns">Which columns hold dates, by the header.</param>
    /// <exception cref="FeedException">Rows contradict each other, or none tells.</exception>
    public static async Task<DateOrder> OrderOfAsync(Func<Task<BarFile>> open, Func<string[], int[]> columns)
    {
        await using var file = await open();
        var (places, survey, rows) = (columns(file.Header), new DateSurvey(), 0L);
        await foreach (var row in file.ReadAsync())
        {
            foreach (var place in places)
                if (place >= 0 && place < row.Fields.Length) survey.Add(row.Line, row.Fields[place]);
            if (++rows == FirstRows && !survey._any) break;
        }
        return survey.Order(file.Name);
    }

    void Add(long line, string text)
    {
        text = text.Trim();
        var cut = DateText.TimeIn(text);
        var date = cut < 0 ? text : text[..cut];
        if (!DateText.TrySplit(date, out var first, out var second, out _)) return;
        // The first of January tells nothing, and minutes of it may go on for long.
        _any = true;
        if (first > 12 && second <= 12) _dayFirst ??= (line, date);
        else if (second > 12 && first <= 12) _monthFirst ??= (line, date);
        else if (first != second && first <= 12) _either ??= (line, date);
    }

    DateOrder Order(string name) => (_dayFirst, _monthFirst, _either) switch
    {
        ({ } days, { } months, _) => throw new FeedException(name,
            $"the day comes first in '{days.Text}' of line {days.Line}, the month in '{months.Text}' of line {months.Line}",
            "Say with --date-format dmy or mdy which it is; the rows of the other kind are then rejected."),
        ({ }, null, _) => DateOrder.DayFirst,
        (null, { }, _) => DateOrder.MonthFirst,
        (null, null, { } either) => throw new FeedException(name,
            $"no row tells whether '{either.Text}' begins with the day or with the month",
            "Say it with --date-format dmy or mdy.", either.Line),
        _ => DateOrder.YearFirst,
    };
}
