using Bellwether.Analytics.Indicators;
using Bellwether.Market.Calendars;
using Bellwether.Storage;
using Npgsql;

namespace Bellwether.Market.Prices;

/// <summary>
/// All versions of the daily bars of one ticker over a stretch of time, held in memory: the series of any moment of the stretch is made
/// from it, with no more than what was known at another one.
/// </summary>
public sealed class BarVersions
{
    readonly StoredBar[][] _days;
    readonly IReadOnlyList<KnownAction> _actions;
    readonly IReadOnlyList<StatedHours> _hours;

    BarVersions(StoredBar[][] days, IReadOnlyList<KnownAction> actions, IReadOnlyList<StatedHours> hours) =>
        (_days, _actions, _hours) = (days, actions, hours);

    /// <summary>No bar at all.</summary>
    public bool IsEmpty => _days.Length == 0;

    /// <summary>Dates that have a bar, whenever it was known.</summary>
    public IEnumerable<DateTime> Dates => _days.Select(versions => versions[0].Bar.Date);

    /// <param name="from">First date; null for all.</param>
    /// <param name="knownBy">What became known later is not read.</param>
    public static async Task<BarVersions> LoadAsync(
        NpgsqlDataSource dataSource, string ticker, DateTimeOffset? from, DateTimeOffset to, DateTimeOffset knownBy, TimeProvider time,
        CancellationToken cancellationToken)
    {
        await KnowledgeBarrier.WaitAsync(dataSource, knownBy, time, cancellationToken);
        var bars = new List<StoredBar>();
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using (var command = new NpgsqlCommand($"""
            SELECT {PriceReader.Columns} FROM {PriceStore.Table}
            WHERE ticker = $1 AND bar_interval = '1d' AND ($2::timestamptz IS NULL OR date >= $2) AND date <= $3 AND known_at <= $4
            ORDER BY date, known_at
            """, connection))
        {
            command.Parameters.Add(new() { Value = ticker });
            foreach (var bound in (DateTimeOffset?[])[from, to, knownBy])
                command.Parameters.Add(new NpgsqlParameter<DateTimeOffset?> { TypedValue = bound?.ToUniversalTime() });
            await using var row = await command.ExecuteReaderAsync(cancellationToken);
            while (await row.ReadAsync(cancellationToken)) bars.Add(PriceReader.Read(row));
        }
        return new([.. bars.GroupBy(b => b.Bar.Date).Select(g => g.ToArray())],
            await PriceReader.ActionVersionsAsync(connection, ticker, knownBy, cancellationToken),
            await TradingHoursStore.VersionsAsync(connection, ticker, cancellationToken));
    }

    /// <summary>When the bar of a date is over, as it was known.</summary>
    public DateTime EndOf(DateTime date, DateTimeOffset knownBy) => BarEnd.Of(Hours(knownBy.UtcDateTime).Hours, BarInterval.Day, date);

    /// <summary>The newest bars whose sessions were over, as they were known, adjusted for what had happened by then.</summary>
    /// <param name="most">So many at most.</param>
    public IReadOnlyList<StoredBar> At(DateTimeOffset at, DateTimeOffset knownBy, int most)
    {
        var (moment, limit) = (at.UtcDateTime, knownBy.UtcDateTime);
        var (hours, found) = (Hours(limit), new List<StoredBar>());
        for (var i = Last(moment); i >= 0 && found.Count < most; i--)
            if (BarEnd.Of(hours.Hours, BarInterval.Day, _days[i][0].Bar.Date) <= moment && Version(_days[i], limit, hours) is { } bar)
                found.Add(bar);
        found.Reverse();
        var today = UnitedStatesCalendar.DateOf(moment);
        var actions = _actions.Where(a => a.KnownAt <= limit && a.Action.ExDate <= today)
            .GroupBy(a => (a.Action.ExDate, a.Action.Kind)).Select(g => g.Last().Action).OrderBy(a => a.ExDate).ToArray();
        var adjusted = Adjustment.Apply(found, actions, BarInterval.Day);
        return [.. found.Select((f, i) => f with { Bar = adjusted[i] })];
    }

    /// <summary>As input of indicators.</summary>
    public static Bar[] Inputs(IReadOnlyList<StoredBar> bars) =>
        [.. bars.Select(b => new Bar(b.Bar.Open, b.Bar.High, b.Bar.Low, b.Bar.Close, b.Bar.Volume ?? double.NaN))];

    StatedHours Hours(DateTime knownBy) => TradingHoursStore.At(_hours, knownBy);

    int Last(DateTime moment)
    {
        var (low, high) = (0, _days.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_days[middle][0].Bar.Date <= moment) low = middle + 1;
            else high = middle;
        }
        return low - 1;
    }

    // One that was known before the end of the bar tells of a part.
    static StoredBar? Version(StoredBar[] versions, DateTime knownBy, StatedHours hours)
    {
        for (var i = versions.Length - 1; i >= 0; i--)
            if (versions[i].KnownAt <= knownBy) return hours.IsComplete(in versions[i], BarInterval.Day) ? versions[i] : null;
        return null;
    }
}
