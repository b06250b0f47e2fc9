using Bellwether.Market.Prices;
using Bellwether.Storage;
using Npgsql;

namespace Bellwether.Market.Conditions;

/// <summary>
/// Tells the conditions of a symbol as they are known, or were at any moment: computed from the bars that were known then.
/// </summary>
public sealed class ConditionReader(NpgsqlDataSource dataSource, TimeProvider time, ConditionTickers? tickers = null)
{
    readonly ConditionTickers _tickers = tickers ?? new();
    readonly PriceReader _prices = new(dataSource, time);

    /// <summary>Rows in order of time; none where the symbol has no bars.</summary>
    /// <param name="from">First moment, included.</param>
    /// <param name="to">End, excluded.</param>
    public async Task<IReadOnlyList<MarketCondition>> ReadAsync(
        string symbol, DateTimeOffset? from, DateTimeOffset? to, DateTimeOffset? asOf, CancellationToken cancellationToken)
    {
        var own = await SeriesAsync(symbol, asOf, cancellationToken);
        if (own.Bars.Count == 0) return [];
        var market = symbol == _tickers.Market ? own : await SeriesAsync(_tickers.Market, asOf, cancellationToken);
        var volatility = symbol == _tickers.Volatility ? own : await SeriesAsync(_tickers.Volatility, asOf, cancellationToken);
        var sector = await SectorSeriesAsync(symbol, asOf, cancellationToken);
        return ConditionCalculator.Compute(symbol, own, market, volatility, sector, from?.UtcDateTime, to?.UtcDateTime);
    }

    public async Task<ConditionSeries> SeriesAsync(string ticker, DateTimeOffset? asOf, CancellationToken cancellationToken)
    {
        var actions = await _prices.KnownActionsAsync(ticker, asOf, cancellationToken);
        var bars = await _prices.BarsSinceAsync(ticker, asOf, [.. actions.Select(a => a.Action).Where(a => a.IsSplit)],
            cancellationToken);
        if (bars.Count == 0) return ConditionSeries.Empty;
        var hours = await new TradingHoursStore(dataSource, time).ReadAsync(ticker, asOf, cancellationToken);
        return new(bars, [.. actions.Where(a => a.Action.IsSplit).Select(a => new KnownSplit(a.Action.ExDate, a.Action.Value, a.KnownAt))])
        { Hours = hours.Hours, KnownAt = hours.KnownAt };
    }

    /// <summary>The series by which the symbol's sector is measured, known no earlier than that it is.</summary>
    public async Task<ConditionSeries> SectorSeriesAsync(string symbol, DateTimeOffset? asOf, CancellationToken cancellationToken)
    {
        if (await StatedSectorAsync(symbol, asOf, cancellationToken) is not ({ } named, var since)) return ConditionSeries.Empty;
        return Since(await SeriesAsync(named, asOf, cancellationToken), since);
    }

    /// <summary>What the symbol's sector is measured by; null where nothing was stated.</summary>
    public async Task<string?> SectorAsync(string symbol, DateTimeOffset? asOf, CancellationToken cancellationToken) =>
        (await StatedSectorAsync(symbol, asOf, cancellationToken)).Symbol;

    internal static ConditionSeries Since(ConditionSeries series, DateTime known) =>
        known > series.KnownAt ? series with { KnownAt = known } : series;

    async Task<(string? Symbol, DateTime KnownAt)> StatedSectorAsync(string symbol, DateTimeOffset? asOf,
        CancellationToken cancellationToken)
    {
        if (asOf is { } moment) await KnowledgeBarrier.WaitAsync(dataSource, moment, time, cancellationToken);
        await using var command = dataSource.CreateCommand("""
            SELECT sector_symbol, known_at FROM market.sectors WHERE symbol = $1 AND ($2::timestamptz IS NULL OR known_at <= $2)
            ORDER BY known_at DESC LIMIT 1
            """);
        command.Parameters.Add(new() { Value = symbol });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset?> { TypedValue = asOf?.ToUniversalTime() });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) ? (row.IsDBNull(0) ? null : row.GetString(0), row.GetDateTime(1))
            : (null, DateTime.MinValue);
    }

    /// <summary>States by which series the sector of a symbol is measured, or takes it back with null.</summary>
    public async Task SetSectorAsync(string symbol, string? sector, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using (var enter = new NpgsqlBatch(connection, transaction) { BatchCommands = { KnowledgeBarrier.Enter() } })
            await enter.ExecuteNonQueryAsync(cancellationToken);
        await using var insert = new NpgsqlCommand("""
            INSERT INTO market.sectors (symbol, known_at, sector_symbol)
            SELECT $1, $3, $2
            WHERE (SELECT sector_symbol FROM market.sectors WHERE symbol = $1 ORDER BY known_at DESC LIMIT 1) IS DISTINCT FROM $2
            ON CONFLICT (symbol, known_at) DO UPDATE SET sector_symbol = excluded.sector_symbol
            """, connection, transaction);
        insert.Parameters.Add(new() { Value = symbol });
        insert.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = sector });
        // Within the barrier: a reader that did not wait for this one has asked about an earlier moment.
        insert.Parameters.Add(new() { Value = time.GetUtcNow().UtcDateTime });
        await insert.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }
}
