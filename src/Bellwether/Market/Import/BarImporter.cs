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

    /// <summary>
    /// The end of each bar, for a file that was recorded as it happened. A file that was adjusted later then shows its past what it could
    /// not know.
    /// </summary>
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

    /// <summary>When the ticker is traded; null for what was stated before, and those of the exchange where nothing was.</summary>
    public TradingHours? Hours { get; init; }

    /// <summary>Whether the prices are adjusted for splits up to the day on which they were loaded; null to go by the layout.</summary>
    public bool? SplitsInPrices { get; init; }

    /// <summary>Whether days or months come first in dates that have both as numbers; null to find out from the file.</summary>
    public DateOrder? Dates { get; init; }

    /// <summary>Takes a file whose times say that its bars have another length.</summary>
    public bool AnySpacing { get; init; }
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
    long Read, long Accepted, long Duplicates, long Rejected, long Restated, int Actions, int Gaps, int OffSession, DateTime? From,
    DateTime? To, string Source,
    IReadOnlyList<BarRejection> Problems)
{
    /// <summary>Of the accepted, bars of which a version that is known since later says something else.</summary>
    public long Hidden { get; init; }

    /// <summary>Every row was rejected, and none told of a split or dividend.</summary>
    public bool IsUseless { get; init; }

    /// <summary>The sessions without a bar.</summary>
    public IReadOnlyList<DateOnly> Missing { get; init; } = [];
}

/// <summary>Reads a file of bars of one ticker and stores those that are sound and new.</summary>
public sealed class BarImporter(NpgsqlDataSource dataSource, TimeProvider time, ParquetRows? parquet = null)
{
    /// <exception cref="FeedException">The file cannot be read, or is no file of bars; a time zone is unknown.</exception>
    public async Task<BarImportResult> ImportAsync(string path, BarImportOptions options, CancellationToken cancellationToken)
    {
        var (zone, store) = (Zone(options.TimeZone), new TradingHoursStore(dataSource, time));
        var hours = options.Hours ?? (await store.ReadAsync(options.Ticker, null, cancellationToken)).Hours;
        var now = time.GetUtcNow().UtcDateTime;
        var loaded = options.Knowledge == BarKnowledge.Stated && options.KnownAt?.UtcDateTime is { } said && said < now ? said : now;
        DateTime End(DateTime start) => BarEnd.Of(hours, options.Interval, start);
        var sheet = await BarSheet.ReadAsync(() => BarFile.OpenAsync(path, parquet, "bars", cancellationToken),
            new(options.Ticker, options.Interval, zone, now, new(End, loaded)) { Dates = options.Dates, AnySpacing = options.AnySpacing });
        var carries = options.SplitsInPrices ?? sheet.Layout.SplitInPrices;
        var origin = new BarOrigin(options.Source ?? sheet.Layout.Source)
        {
            LoadedOn = carries || sheet.Layout.Adjusted >= 0 ? UnitedStatesCalendar.DateOf(loaded) : null,
            SplitsInPrices = carries,
        };
        CorporateAction[] actions = [.. sheet.Actions.Select(a => a with { InPrices = a.IsSplit && carries })];
        // Not before the file is known to be one of such bars: a refused one leaves nothing behind.
        if (options.Hours is { } stated) await store.StateAsync(options.Ticker, stated, onlyFirst: false, cancellationToken);
        return await StoreAsync(sheet, actions, origin, hours, options, cancellationToken);
    }

    async Task<BarImportResult> StoreAsync(
        BarSheet sheet, IReadOnlyList<CorporateAction> actions, BarOrigin origin, TradingHours hours, BarImportOptions options,
        CancellationToken cancellationToken)
    {
        var (interval, problems) = (options.Interval, sheet.Problems);
        var bars = sheet.Taken.Values.Select(t => t.Bar).ToArray();
        Array.Sort(bars, (a, b) => a.Date.CompareTo(b.Date));
        var impossible = await DividendCheck.ImpossibleAsync(dataSource, options.Ticker, actions, bars, cancellationToken);
        foreach (var (action, reason) in impossible) problems.Add(new(LineOf(action), reason, false, ""));
        actions = [.. actions.Except(impossible.Select(i => i.Action))];
        // First of all: what an action changes of the bars that are there tells which of the new ones say something else.
        var refused = new List<CorporateAction>();
        var actionsWritten = await new ActionStore(dataSource, time)
            .WriteAsync(options.Ticker, origin.Source, actions, ActionKnownBy(options, hours), refused, cancellationToken);
        var written = bars.Length == 0 ? new(0, 0, 0, 0, [])
            : await new PriceStore(dataSource, time).WriteAsync(options.Ticker, interval, origin, bars, KnownBy(options, hours),
                cancellationToken);
        foreach (var index in written.Refused)
            problems.Add(new(sheet.Taken[bars[index].Date].Line, "other values are known since the very same moment", false, ""));
        foreach (var action in refused)
            problems.Add(new(LineOf(action),
                $"{(action.Kind == CorporateActionKind.Split ? "split" : "dividend")} of {action.ExDate:yyyy-MM-dd}: "
                + "another value is known since the very same moment", false, ""));
        var accepted = written.Added + written.Restated;
        var duplicates = problems.Count(p => p.IsDuplicate) + written.Unchanged;
        var (missing, off) = interval == BarInterval.Day && hours != TradingHours.EveryDay ? Sessions(bars) : ([], 0);
        return new(sheet.Read, accepted, duplicates, sheet.Read - accepted - duplicates, written.Restated, actionsWritten, missing.Count,
            off, bars.Length > 0 ? bars[0].Date : null, bars.Length > 0 ? bars[^1].Date : null, origin.Source,
            [.. problems.OrderBy(p => p.Line)])
        { Missing = missing, Hidden = written.Hidden, IsUseless = sheet.Read > 0 && accepted + duplicates == 0 && actions.Count == 0 };

        long LineOf(CorporateAction action) => sheet.ActionLines.GetValueOrDefault((action.ExDate, action.Kind));
    }

    static (IReadOnlyList<DateOnly> Missing, int Off) Sessions(PriceBar[] bars)
    {
        if (bars.Length == 0) return ([], 0);
        var days = bars.Select(b => DateOnly.FromDateTime(b.Date)).ToHashSet();
        return ([.. UnitedStatesCalendar.Sessions(days.Min(), days.Max()).Where(day => !days.Contains(day))],
            days.Count(day => !UnitedStatesCalendar.IsSession(day)));
    }

    static Func<PriceBar, DateTime>? KnownBy(BarImportOptions options, TradingHours hours) => options.Knowledge switch
    {
        BarKnowledge.Stated => _ => options.KnownAt!.Value.UtcDateTime,
        BarKnowledge.BarEnd => bar => BarEnd.Of(hours, options.Interval, bar.Date),
        _ => null,
    };

    // An action is announced before its day, but how long before the file does not tell.
    static Func<CorporateAction, DateTime>? ActionKnownBy(BarImportOptions options, TradingHours hours) => options.Knowledge switch
    {
        BarKnowledge.Stated => _ => options.KnownAt!.Value.UtcDateTime,
        BarKnowledge.BarEnd => action => BarEnd.Of(hours, action.ExDate),
        _ => null,
    };

    static TimeZoneInfo Zone(string name)
    {
        try
        {
            return TimeZoneInfo.FindSystemTimeZoneById(name);
        }
        catch (Exception error) when (error is TimeZoneNotFoundException or InvalidTimeZoneException or System.Security.SecurityException)
        {
            throw new FeedException("--timezone", $"'{name}' is not known here",
                "Use an IANA name such as America/New_York or UTC; on Debian the names come with the package tzdata.", inner: error);
        }
    }
}
