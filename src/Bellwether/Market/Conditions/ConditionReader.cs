using Bellwether.Market.Prices;
using Bellwether.Storage;
using Npgsql;

namespace Bellwether.Market.Conditions;

/// <summary>Tells the conditions of a symbol as they are known, or were at any moment: computed from the bars that were known then.</summary>
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
        var sector = await SectorAsync(symbol, asOf, cancellationToken) is { } named ? await SeriesAsync(named, asOf, cancellationToken) : ConditionSeries.Empty;
        return ConditionCalculator.Compute(symbol, own, market, volatility, sector, from?.UtcDateTime, to?.UtcDateTime);
    }

    public async Task<ConditionSeries> SeriesAsync(string ticker, DateTimeOffset? asOf, CancellationToken cancellationToken)
    {
        var bars = await _prices.BarsAsync(ticker, BarInterval.Day, null, null, asOf, cancellationToken);
        if (bars.Count == 0) return ConditionSeries.Empty;
        await using var command = dataSource.CreateCommand("""
            SELECT ex_date, value, known_at FROM (
                SELECT DISTINCT ON (ex_date) ex_date, value, known_at, in_prices FROM market.corporate_actions
                WHERE ticker = $1 AND kind = 'split' AND ($2::timestamptz IS NULL OR known_at <= $2) ORDER BY ex_date, known_at DESC) AS latest
            WHERE NOT in_prices ORDER BY ex_date
            """);
        command.Parameters.Add(new() { Value = ticker });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset?> { TypedValue = asOf?.ToUniversalTime() });
        var splits = new List<KnownSplit>();
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken)) splits.Add(new(row.GetFieldValue<DateOnly>(0), row.GetDouble(1), row.GetDateTime(2)));
        return new(bars, splits);
    }

    /// <summary>What the symbol's sector is measured by; null where nothing was stated.</summary>
    public async Task<string?> SectorAsync(string symbol, DateTimeOffset? asOf, CancellationToken cancellationToken)
    {
        if (asOf is { } moment) await KnowledgeBarrier.WaitAsync(dataSource, moment, time, cancellationToken);
        await using var command = dataSource.CreateCommand(
            "SELECT sector_symbol FROM market.sectors WHERE symbol = $1 AND ($2::timestamptz IS NULL OR known_at <= $2) ORDER BY known_at DESC LIMIT 1");
        command.Parameters.Add(new() { Value = symbol });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset?> { TypedValue = asOf?.ToUniversalTime() });
        return await command.ExecuteScalarAsync(cancellationToken) as string;
    }

    /// <summary>States by which series the sector of a symbol is measured, or takes it back with null.</summary>
    public async Task SetSectorAsync(string symbol, string? sector, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var batch = new NpgsqlBatch(connection, transaction)
        {
            BatchCommands =
            {
                KnowledgeBarrier.Enter(),
                new("""
                    INSERT INTO market.sectors (symbol, known_at, sector_symbol)
                    SELECT $1, $3, $2 WHERE (SELECT sector_symbol FROM market.sectors WHERE symbol = $1 ORDER BY known_at DESC LIMIT 1) IS DISTINCT FROM $2
                    ON CONFLICT (symbol, known_at) DO UPDATE SET sector_symbol = excluded.sector_symbol
                    """)
                {
                    Parameters = { new() { Value = symbol }, new NpgsqlParameter<string?> { TypedValue = sector }, new() { Value = time.GetUtcNow().UtcDateTime } },
                },
            },
        };
        await batch.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }
}
