using Bellwether.Feeds;
using Bellwether.Market.Calendars;
using Bellwether.Market.Prices;
using Npgsql;

namespace Bellwether.Market.Import;

/// <summary>Since when imported bars are known.</summary>
public enum BarKnowledge
{
    /// <summary>The moment of the import: nothing else is certain.</summary>
    Import,

    /// <summary>The end of each bar, for a file that was recorded as it happened. A file that was adjusted later then shows its past what it could not know.</summary>
    BarEnd,

    /// <summary>A moment that the user states.</summary>
    Stated,
}

/// <param name="Source">Null for the name of the layout.</param>
/// <param name="TimeZone">Of times without an offset.</param>
public sealed record BarImportOptions(string Ticker, BarInterval Interval)
{
    public string? Source { get; init; }

    public string TimeZone { get; init; } = UnitedStatesCalendar.TimeZoneName;

    public BarKnowledge Knowledge { get; init; }

    public DateTimeOffset? KnownAt { get; init; }

    /// <summary>Sessions without a bar are told for daily bars of an exchange; not for what is traded every day.</summary>
    public bool ExchangeSessions { get; init; } = true;
}

/// <summary>A row that was not taken.</summary>
/// <param name="IsDuplicate">Another row of the file has its time, or it is known already.</param>
public sealed record BarRejection(long Line, string Reason, bool IsDuplicate, string Row);

/// <param name="Read">= accepted + duplicates + rejected.</param>
/// <param name="Restated">Of the accepted, new versions of bars that were known.</param>
/// <param name="Actions">Splits and dividends that were new.</param>
/// <param name="Gaps">Sessions between the first bar and the last that have none.</param>
/// <param name="OffSession">Bars on days without a session.</param>
public sealed record BarImportResult(
    long Read, long Accepted, long Duplicates, long Rejected, long Restated, int Actions, int Gaps, int OffSession, DateTime? From, DateTime? To, string Source,
    IReadOnlyList<BarRejection> Problems)
{
    /// <summary>The sessions without a bar.</summary>
    public IReadOnlyList<DateOnly> Missing { get; init; } = [];
}

/// <summary>Reads a file of bars of one ticker and stores those that are sound and new.</summary>
public sealed class BarImporter(NpgsqlDataSource dataSource, TimeProvider time, ParquetRows? parquet = null)
{
    /// <exception cref="FeedException">The file cannot be read, or is no file of bars; a time zone is unknown.</exception>
    public async Task<BarImportResult> ImportAsync(string path, BarImportOptions options, CancellationToken cancellationToken)
    {
        var file = await BarFile.OpenAsync(path, parquet, cancellationToken);
        var layout = BarLayout.Of(path, file.Header);
        var rows = new BarRowReader(layout, new(Zone(options.TimeZone), options.Interval, time.GetUtcNow().UtcDateTime), options.Ticker);
        var (problems, actions, read) = (new List<BarRejection>(), new List<CorporateAction>(), 0L);
        var taken = new Dictionary<DateTime, (PriceBar Bar, long Line)>();
        await foreach (var row in file.ReadAsync())
        {
            read++;
            if (rows.Read(row, out var bar, actions) is { } problem)
            {
                problems.Add(Refuse(row.Line, problem, false, row));
            }
            else if (taken.TryGetValue(bar.Date, out var first))
            {
                var same = first.Bar.Says(in bar);
                problems.Add(Refuse(row.Line, same ? $"repeats line {first.Line}" : $"line {first.Line} has the same time and other values; the first one counts", true, row));
            }
            else
            {
                taken.Add(bar.Date, (bar, row.Line));
            }
        }
        return await StoreAsync(layout, options, read, taken, actions, problems, cancellationToken);
    }

    async Task<BarImportResult> StoreAsync(
        BarLayout layout, BarImportOptions options, long read, Dictionary<DateTime, (PriceBar Bar, long Line)> taken, List<CorporateAction> actions,
        List<BarRejection> problems, CancellationToken cancellationToken)
    {
        var (source, interval) = (options.Source ?? layout.Source, options.Interval);
        var bars = taken.Values.Select(t => t.Bar).ToArray();
        Array.Sort(bars, (a, b) => a.Date.CompareTo(b.Date));
        var written = bars.Length == 0 ? new(0, 0, 0, [])
            : await new PriceStore(dataSource, time).WriteAsync(options.Ticker, interval, source, bars, KnownBy(options), cancellationToken);
        foreach (var index in written.Refused)
            problems.Add(new(taken[bars[index].Date].Line, "other values are known since the very same moment", false, ""));
        var refused = new List<CorporateAction>();
        var actionsWritten = await new ActionStore(dataSource, time).WriteAsync(options.Ticker, source, actions, ActionKnownBy(options), refused, cancellationToken);
        foreach (var action in refused)
            problems.Add(new(taken.GetValueOrDefault(action.ExDate.ToDateTime(default, DateTimeKind.Utc)).Line,
                $"{(action.Kind == CorporateActionKind.Split ? "split" : "dividend")} of {action.ExDate:yyyy-MM-dd}: another value is known since the very same moment", false, ""));
        var accepted = written.Added + written.Restated;
        var duplicates = problems.Count(p => p.IsDuplicate) + written.Unchanged;
        var (missing, off) = interval == BarInterval.Day && options.ExchangeSessions ? Sessions(bars) : ([], 0);
        return new(read, accepted, duplicates, read - accepted - duplicates, written.Restated, actionsWritten, missing.Count, off,
            bars.Length > 0 ? bars[0].Date : null, bars.Length > 0 ? bars[^1].Date : null, source, [.. problems.OrderBy(p => p.Line)])
        { Missing = missing };
    }

    static (IReadOnlyList<DateOnly> Missing, int Off) Sessions(PriceBar[] bars)
    {
        if (bars.Length == 0) return ([], 0);
        var days = bars.Select(b => DateOnly.FromDateTime(b.Date)).ToHashSet();
        return ([.. UnitedStatesCalendar.Sessions(days.Min(), days.Max()).Where(day => !days.Contains(day))], days.Count(day => !UnitedStatesCalendar.IsSession(day)));
    }

    static Func<PriceBar, DateTime>? KnownBy(BarImportOptions options) => options.Knowledge switch
    {
        BarKnowledge.Stated => _ => options.KnownAt!.Value.UtcDateTime,
        BarKnowledge.BarEnd when options.Interval.IsDaily => bar => UnitedStatesCalendar.End(DateOnly.FromDateTime(bar.Date).AddDays((int)options.Interval.Length.TotalDays - 1)),
        BarKnowledge.BarEnd => bar => bar.Date + options.Interval.Length,
        _ => null,
    };

    // An action is announced before its day, but how long before the file does not tell.
    static Func<CorporateAction, DateTime>? ActionKnownBy(BarImportOptions options) => options.Knowledge switch
    {
        BarKnowledge.Stated => _ => options.KnownAt!.Value.UtcDateTime,
        BarKnowledge.BarEnd => action => UnitedStatesCalendar.End(action.ExDate),
        _ => null,
    };

    static BarRejection Refuse(long line, string reason, bool duplicate, BarRow row) => new(line, reason, duplicate, string.Join(',', row.Fields));

    static TimeZoneInfo Zone(string name)
    {
        try
        {
            return TimeZoneInfo.FindSystemTimeZoneById(name);
        }
        catch (Exception error) when (error is TimeZoneNotFoundException or InvalidTimeZoneException or System.Security.SecurityException)
        {
            throw new FeedException("--timezone", $"'{name}' is not known here", "Use an IANA name such as America/New_York or UTC; on Debian the names come with the package tzdata.", inner: error);
        }
    }
}
