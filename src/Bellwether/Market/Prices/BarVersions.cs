using Bellwether.Analytics.Indicators;
using Bellwether.Market.Calendars;
using Bellwether.Storage;
using Npgsql;

namespace Bellwether.Market.Prices;

/// <summary>
/// All versions of the daily bars of one ticker over a stretch of time, held in memory: the series of any moment of the stretch is made from it, with
/// no more than what was known at another one.
/// </summary>
public sealed class BarVersions
{
    readonly StoredBar[][] _days;
    readonly (CorporateAction Action, DateTime KnownAt)[] _actions;

    BarVersions(StoredBar[][] days, (CorporateAction, DateTime)[] actions) => (_days, _actions) = (days, actions);

    /// <summary>No bar at all.</summary>
    public bool IsEmpty => _days.Length == 0;

    /// <summary>Dates that have a bar, whenever it was known.</summary>
    public IEnumerable<DateTime> Dates => _days.Select(versions => versions[0].Bar.Date);

    /// <param name="from">First date; null for all.</param>
    /// <param name="knownBy">What became known later is not read.</param>
    public static async Task<BarVersions> LoadAsync(
        NpgsqlDataSource dataSource, string ticker, DateTimeOffset? from, DateTimeOffset to, DateTimeOffset knownBy, TimeProvider time, CancellationToken cancellationToken)
    {
        await KnowledgeBarrier.WaitAsync(dataSource, knownBy, time, cancellationToken);
        var (bars, actions) = (new List<StoredBar>(), new List<(CorporateAction, DateTime)>());
        await using (var command = dataSource.CreateCommand($"""
            SELECT {PriceReader.Columns} FROM {PriceStore.Table}
            WHERE ticker = $1 AND bar_interval = '1d' AND ($2::timestamptz IS NULL OR date >= $2) AND date <= $3 AND known_at <= $4 ORDER BY date, known_at
            """))
        {
            command.Parameters.Add(new() { Value = ticker });
            foreach (var bound in (DateTimeOffset?[])[from, to, knownBy]) command.Parameters.Add(new NpgsqlParameter<DateTimeOffset?> { TypedValue = bound?.ToUniversalTime() });
            await using var row = await command.ExecuteReaderAsync(cancellationToken);
            while (await row.ReadAsync(cancellationToken)) bars.Add(PriceReader.Read(row));
        }
        await using (var command = dataSource.CreateCommand("""
            SELECT ex_date, kind, value, in_prices, known_at FROM market.corporate_actions WHERE ticker = $1 AND known_at <= $2 ORDER BY ex_date, kind, known_at
            """))
        {
            command.Parameters.Add(new() { Value = ticker });
            command.Parameters.Add(new() { Value = knownBy.ToUniversalTime() });
            await using var row = await command.ExecuteReaderAsync(cancellationToken);
            while (await row.ReadAsync(cancellationToken))
                actions.Add((new(row.GetFieldValue<DateOnly>(0), row.GetString(1) == "split" ? CorporateActionKind.Split : CorporateActionKind.Dividend, row.GetDouble(2), row.GetBoolean(3)), row.GetDateTime(4)));
        }
        return new([.. bars.GroupBy(b => b.Bar.Date).Select(g => g.ToArray())], [.. actions]);
    }

    /// <summary>The newest bars whose sessions were over, as they were known, adjusted for what had happened by then.</summary>
    /// <param name="most">So many at most.</param>
    public IReadOnlyList<StoredBar> At(DateTimeOffset at, DateTimeOffset knownBy, int most)
    {
        var (moment, limit) = (at.UtcDateTime, knownBy.UtcDateTime);
        var found = new List<StoredBar>();
        for (var i = Last(moment); i >= 0 && found.Count < most; i--)
            if (UnitedStatesCalendar.End(DateOnly.FromDateTime(_days[i][0].Bar.Date)) <= moment && Version(_days[i], limit) is { } bar) found.Add(bar);
        found.Reverse();
        var today = UnitedStatesCalendar.DateOf(moment);
        var actions = _actions.Where(a => a.KnownAt <= limit && a.Action.ExDate <= today)
            .GroupBy(a => (a.Action.ExDate, a.Action.Kind)).Select(g => g.Last().Action).OrderBy(a => a.ExDate).ToArray();
        var adjusted = Adjustment.Apply([.. found.Select(f => f.Bar)], actions, BarInterval.Day);
        return [.. found.Select((f, i) => f with { Bar = adjusted[i] })];
    }

    /// <summary>As input of indicators.</summary>
    public static Bar[] Inputs(IReadOnlyList<StoredBar> bars) => [.. bars.Select(b => new Bar(b.Bar.Open, b.Bar.High, b.Bar.Low, b.Bar.Close, b.Bar.Volume ?? double.NaN))];

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

    static StoredBar? Version(StoredBar[] versions, DateTime knownBy)
    {
        for (var i = versions.Length - 1; i >= 0; i--)
            if (versions[i].KnownAt <= knownBy) return versions[i];
        return null;
    }
}
