using System.Globalization;
using Npgsql;
using NpgsqlTypes;

namespace Bellwether.Market.Conditions;

/// <param name="Symbols">Symbols whose rows were computed.</param>
/// <param name="Rows">Rows that are new or say something else than before.</param>
/// <param name="UpToDate">Symbols whose bars are those that their rows were computed from.</param>
public sealed record ConditionRefresh(int Symbols, int Rows, int UpToDate);

/// <summary>
/// Keeps <c>market.market_conditions</c> as the bars are known now. A symbol is computed again when its bars, those of market, volatility index or
/// sector, or the formula have changed. Its rows and what they were computed from commit together.
/// </summary>
public sealed class ConditionStore(NpgsqlDataSource dataSource, TimeProvider time, ConditionTickers? tickers = null)
{
    readonly ConditionTickers _tickers = tickers ?? new();

    /// <param name="symbols">Null for all that have daily bars.</param>
    /// <param name="before">Rows before it are left alone: retention has moved them. Null where it moves none.</param>
    public async Task<ConditionRefresh> RefreshAsync(IReadOnlyCollection<string>? symbols, DateTimeOffset? before, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        var reader = new ConditionReader(dataSource, time, _tickers);
        var (computed, rows, current) = (0, 0, 0);
        var shared = new Dictionary<string, ConditionSeries>(StringComparer.Ordinal);
        foreach (var (symbol, sector, inputs, known) in await SymbolsAsync(symbols, cancellationToken))
        {
            if (inputs == known)
            {
                current++;
                continue;
            }
            var own = await reader.SeriesAsync(symbol, null, cancellationToken);
            var found = ConditionCalculator.Compute(symbol, own, await SharedAsync(_tickers.Market), await SharedAsync(_tickers.Volatility),
                sector is null ? ConditionSeries.Empty : await SharedAsync(sector), before?.UtcDateTime);
            rows += await WriteAsync(symbol, found, before, inputs, cancellationToken);
            computed++;
            progress?.Report($"{symbol}: {found.Count.ToString("n0", CultureInfo.InvariantCulture)} rows");
        }
        return new(computed, rows, current);

        async Task<ConditionSeries> SharedAsync(string ticker)
        {
            if (!shared.TryGetValue(ticker, out var series)) shared.Add(ticker, series = await reader.SeriesAsync(ticker, null, cancellationToken));
            return series;
        }
    }

    /// <summary>Symbols, and when what goes into their rows last changed; read before the bars, so that these are never older than it says.</summary>
    async Task<List<(string Symbol, string? Sector, string Inputs, string? Known)>> SymbolsAsync(IReadOnlyCollection<string>? symbols, CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand("""
            SELECT s.ticker, sector.sector_symbol, concat_ws(' ', $1::text, s.changed_at AT TIME ZONE 'UTC', m.changed_at AT TIME ZONE 'UTC', v.changed_at AT TIME ZONE 'UTC',
                sector.sector_symbol, x.changed_at AT TIME ZONE 'UTC'), c.inputs
            FROM market.series AS s
            LEFT JOIN market.series AS m ON m.ticker = $2 AND m.bar_interval = '1d'
            LEFT JOIN market.series AS v ON v.ticker = $3 AND v.bar_interval = '1d'
            LEFT JOIN LATERAL (SELECT sector_symbol FROM market.sectors WHERE symbol = s.ticker ORDER BY known_at DESC LIMIT 1) AS sector ON true
            LEFT JOIN market.series AS x ON x.ticker = sector.sector_symbol AND x.bar_interval = '1d'
            LEFT JOIN market.condition_states AS c ON c.symbol = s.ticker
            WHERE s.bar_interval = '1d' AND ($4::text[] IS NULL OR s.ticker = ANY($4)) ORDER BY s.ticker
            """);
        command.Parameters.Add(new() { Value = ConditionCalculator.Formula });
        command.Parameters.Add(new() { Value = _tickers.Market });
        command.Parameters.Add(new() { Value = _tickers.Volatility });
        command.Parameters.Add(new() { Value = (object?)symbols?.ToArray() ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text });
        var found = new List<(string, string?, string, string?)>();
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
            found.Add((row.GetString(0), row.IsDBNull(1) ? null : row.GetString(1), row.GetString(2), row.IsDBNull(3) ? null : row.GetString(3)));
        return found;
    }

    async Task<int> WriteAsync(string symbol, IReadOnlyList<MarketCondition> rows, DateTimeOffset? before, string inputs, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var batch = new NpgsqlBatch(connection, transaction);
        // Two refreshes at once would each undo what the other wrote.
        batch.BatchCommands.Add(new("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))") { Parameters = { new() { Value = $"market.market_conditions {symbol}" } } });
        batch.BatchCommands.Add(new("""
            DELETE FROM market.market_conditions WHERE symbol = $1 AND ($2::timestamptz IS NULL OR timestamp >= $2) AND NOT timestamp = ANY($3)
            """)
        {
            Parameters = { new() { Value = symbol }, new NpgsqlParameter<DateTimeOffset?> { TypedValue = before?.ToUniversalTime() }, new() { Value = rows.Select(r => r.Timestamp).ToArray() } },
        });
        batch.BatchCommands.Add(ConditionColumns.Upsert(symbol, rows));
        batch.BatchCommands.Add(new("""
            INSERT INTO market.condition_states (symbol, inputs, computed_at) VALUES ($1, $2, $3)
            ON CONFLICT (symbol) DO UPDATE SET inputs = excluded.inputs, computed_at = excluded.computed_at
            """)
        { Parameters = { new() { Value = symbol }, new() { Value = inputs }, new() { Value = time.GetUtcNow().UtcDateTime } } });
        await batch.ExecuteNonQueryAsync(cancellationToken);
        var written = (int)(batch.BatchCommands[1].RecordsAffected + batch.BatchCommands[2].RecordsAffected);
        await transaction.CommitAsync(cancellationToken);
        return written;
    }
}
