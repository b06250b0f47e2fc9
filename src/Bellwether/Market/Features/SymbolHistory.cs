using Bellwether.Market.Calendars;
using Bellwether.Market.Prices;
using Npgsql;

namespace Bellwether.Market.Features;

/// <summary>All that was ever known of the daily bars of a symbol: every version of every bar, split and dividend.</summary>
sealed record SymbolHistory(IReadOnlyList<StoredBar> Versions, IReadOnlyList<KnownAction> Actions, TradingHours Hours)
{
    /// <summary>Each bar as it is known now, in order of time.</summary>
    public StoredBar[] Latest() => [.. Complete().GroupBy(v => v.Bar.Date).Select(g => g.MaxBy(v => v.KnownAt)).OrderBy(v => v.Bar.Date)];

    /// <summary>Each split and dividend as it is known now, in order of time.</summary>
    public KnownAction[] LatestActions() =>
        [.. Actions.GroupBy(a => (a.Action.ExDate, a.Action.Kind)).Select(g => g.MaxBy(a => a.KnownAt)).OrderBy(a => a.Action.ExDate)];

    /// <summary>Versions of whole bars: one that was known before its bar was over tells of a part.</summary>
    public IEnumerable<StoredBar> Complete() => Versions.Where(v => v.KnownAt >= EndOf(v.Bar.Date));

    public DateTime EndOf(DateTime date) => BarEnd.Of(Hours, BarInterval.Day, date);

    public static async Task<SymbolHistory> LoadAsync(NpgsqlDataSource dataSource, string symbol, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        var hours = TradingHoursStore.At(await TradingHoursStore.VersionsAsync(connection, symbol, cancellationToken), null).Hours;
        var actions = await PriceReader.ActionVersionsAsync(connection, symbol, null, cancellationToken);
        await using var command = new NpgsqlCommand(
            $"SELECT {PriceReader.Columns} FROM {PriceStore.Table} WHERE ticker = $1 AND bar_interval = '1d' ORDER BY date, known_at",
            connection);
        command.Parameters.Add(new() { Value = symbol });
        var versions = new List<StoredBar>();
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken)) versions.Add(PriceReader.Read(row));
        return new(versions, actions, hours);
    }
}
