using Bellwether.Feeds;

namespace Bellwether.Market.Import;

/// <param name="Written">The clock of its row.</param>
readonly record struct TakenBar(PriceBar Bar, long Line, DateTime Written);

/// <summary>What a file of bars says, taken apart row by row and judged as a whole; nothing of it is stored yet.</summary>
sealed class BarSheet
{
    public required BarLayout Layout { get; init; }

    public Dictionary<DateTime, TakenBar> Taken { get; } = [];

    public List<BarRejection> Problems { get; } = [];

    public List<CorporateAction> Actions { get; } = [];

    /// <summary>Where each of them stands.</summary>
    public Dictionary<(DateOnly ExDate, CorporateActionKind Kind), long> ActionLines { get; } = [];

    public long Read { get; private set; }

    // Beside those that are taken: the times of rows that have one all the same.
    readonly List<BarMoment> _others = [];

    IEnumerable<BarMoment> Moments => Taken.Select(t => new BarMoment(t.Key, t.Value.Written, true)).Concat(_others);

    /// <param name="Dates">Null to find out from the file.</param>
    /// <param name="AnySpacing">Takes rows whose times say that they are bars of another length.</param>
    public sealed record Rules(string Ticker, BarInterval Interval, TimeZoneInfo Zone, DateTime Now, BarLimit Limit)
    {
        public DateOrder? Dates { get; init; }

        public bool AnySpacing { get; init; }

        /// <summary>What is known of the vendor; null to go by the layout.</summary>
        public bool? SplitsInPrices { get; init; }
    }

    /// <param name="open">Opens the file, perhaps more than once.</param>
    /// <exception cref="FeedException">It cannot be read, holds bars of another length, or dates that nobody can tell.</exception>
    public static async Task<BarSheet> ReadAsync(Func<Task<BarFile>> open, Rules rules)
    {
        var dates = rules.Dates ?? await DateSurvey.OrderOfAsync(open, header => [BarLayout.Of("", header).Date]);
        // Of a daily bar the date alone counts, which no clock shows twice.
        var descends = !rules.Interval.IsDaily && await FileDirection.DescendsAsync(open, rules, dates);
        await using var file = await open();
        var layout = BarLayout.Of(file.Name, file.Header);
        layout = layout with { SplitInPrices = rules.SplitsInPrices ?? layout.SplitInPrices };
        var sheet = new BarSheet { Layout = layout };
        var reader = new BarRowReader(layout, new(rules.Zone, rules.Interval, rules.Now, dates, descends), rules.Ticker, rules.Limit);
        var rhythm = new BarRhythm(rules.Interval);
        await foreach (var row in file.ReadAsync())
        {
            sheet.Read++;
            var actions = sheet.Actions.Count;
            var problem = reader.Read(row, out var bar, out var moment, sheet.Actions);
            foreach (var action in sheet.Actions.Skip(actions)) sheet.ActionLines[(action.ExDate, action.Kind)] = row.Line;
            if (moment is { } known) rhythm.Add(in known);
            var taken = problem is null && sheet.Take(row, bar, moment!.Value.Written, rules.Interval);
            if (problem is not null) sheet.Problems.Add(new(row.Line, problem, false, row.Raw));
            if (!taken && moment is { } other) sheet._others.Add(other);
        }
        if (!rules.AnySpacing && rhythm.Fault(() => sheet.Moments) is { } fault)
            throw new FeedException(file.Name, fault.Problem(rules.Interval), fault.Mend);
        return sheet;
    }

    bool Take(BarRow row, PriceBar bar, DateTime written, BarInterval interval)
    {
        if (Taken.TryAdd(bar.Date, new(bar, row.Line, written))) return true;
        var first = Taken[bar.Date];
        if (interval.IsDaily && first.Written != written)
            Problems.Add(new(row.Line, $"line {first.Line} has the same date at another time of day ({first.Written:HH:mm:ss}, this one "
                + $"{written:HH:mm:ss}): a bar of {interval} is all of its date", false, row.Raw));
        else
            Problems.Add(new(row.Line, first.Bar.Says(in bar) ? $"repeats line {first.Line}"
                : $"line {first.Line} has the same time and other values; the first one counts", true, row.Raw));
        return false;
    }
}
