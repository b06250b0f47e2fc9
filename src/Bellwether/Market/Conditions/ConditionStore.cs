using System.Globalization;
using Bellwether.Storage;
using Npgsql;
using NpgsqlTypes;

namespace Bellwether.Market.Conditions;

/// <param name="Symbols">Symbols whose rows were computed.</param>
/// <param name="Rows">Rows that are new or say something else than before.</param>
/// <param name="UpToDate">Symbols whose bars are those that their rows were computed from.</param>
public sealed record ConditionRefresh(int Symbols, int Rows, int UpToDate);

/// <summary>
/// Keeps <c>market.market_conditions</c> as the bars are known now. Where bars of a symbol, of market, volatility index or sector have come
/// or were restated, the rows from there on are computed again; all of them after a new formula, sector or split. Rows that retention has
/// summed up stay gone. Rows and what they were computed from commit together.
/// </summary>
public sealed class ConditionStore(NpgsqlDataSource dataSource, TimeProvider time, ConditionTickers? tickers = null)
{
    // Bars of a transaction carry the time at which it began, and are seen when it has ended.
    const string LongestWrite = "interval '1 hour'";

    // How known_at is told; rows from before it was told so are computed again.
    const string KnownSince = "known-since-first-traded-same";

    readonly ConditionTickers _tickers = tickers ?? new();
    readonly MonthlyPartitions _months = new(dataSource, "market.market_conditions", time);

    sealed record Due(string Symbol, string? Sector, DateTime SectorKnown, string Basis, string Inputs, DateTime Now, bool IsCurrent,
        DateTime? ComputedAt);

    /// <param name="symbols">Null for all that have daily bars.</param>
    public async Task<ConditionRefresh> RefreshAsync(IReadOnlyCollection<string>? symbols, IProgress<string>? progress,
        CancellationToken cancellationToken)
    {
        var reader = new ConditionReader(dataSource, time, _tickers);
        var (computed, rows, current) = (0, 0, 0);
        var shared = new Dictionary<string, ConditionSeries>(StringComparer.Ordinal);
        foreach (var due in await DueAsync(symbols, cancellationToken))
        {
            if (due.IsCurrent)
            {
                current++;
                continue;
            }
            var from = await FromAsync(due, cancellationToken);
            var own = await reader.SeriesAsync(due.Symbol, null, cancellationToken);
            var found = ConditionCalculator.Compute(due.Symbol, own, await SharedAsync(_tickers.Market),
                await SharedAsync(_tickers.Volatility),
                due.Sector is null ? ConditionSeries.Empty : ConditionReader.Since(await SharedAsync(due.Sector), due.SectorKnown), from);
            rows += await WriteAsync(due, found, from, cancellationToken);
            computed++;
            progress?.Report($"{due.Symbol}: {found.Count.ToString("n0", CultureInfo.InvariantCulture)} rows");
        }
        return new(computed, rows, current);

        async Task<ConditionSeries> SharedAsync(string ticker)
        {
            if (!shared.TryGetValue(ticker, out var series))
                shared.Add(ticker, series = await reader.SeriesAsync(ticker, null, cancellationToken));
            return series;
        }
    }

    /// <summary>
    /// Symbols, and when what goes into their rows last changed; read before the bars, so that these are never older than it says.
    /// </summary>
    async Task<List<Due>> DueAsync(IReadOnlyCollection<string>? symbols, CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand("""
            SELECT d.ticker, d.sector_symbol, d.sector_known, d.basis, d.inputs, now(),
                coalesce(c.basis = d.basis AND c.inputs = d.inputs, false), CASE WHEN c.basis = d.basis THEN c.computed_at END
            FROM (SELECT s.ticker, sector.sector_symbol, sector.known_at AS sector_known,
                    concat_ws(' ', $1::text, $2::text, $3::text, sector.sector_symbol, extract(epoch FROM sector.known_at),
                        hours.stated) AS basis,
                    concat_ws(' ', extract(epoch FROM s.changed_at), extract(epoch FROM m.changed_at), extract(epoch FROM v.changed_at),
                        extract(epoch FROM x.changed_at)) AS inputs
                FROM market.series AS s
                LEFT JOIN market.series AS m ON m.ticker = $2 AND m.bar_interval = '1d'
                LEFT JOIN market.series AS v ON v.ticker = $3 AND v.bar_interval = '1d'
                LEFT JOIN LATERAL (SELECT sector_symbol, known_at FROM market.sectors WHERE symbol = s.ticker
                    ORDER BY known_at DESC LIMIT 1) AS sector ON true
                LEFT JOIN LATERAL (
                    SELECT string_agg(concat_ws(' ', h.ticker, h.hours, extract(epoch FROM h.known_at)), ' '
                        ORDER BY h.ticker, h.known_at) AS stated
                    FROM market.trading_hours AS h WHERE h.ticker IN (s.ticker, $2, $3, sector.sector_symbol)) AS hours ON true
                LEFT JOIN market.series AS x ON x.ticker = sector.sector_symbol AND x.bar_interval = '1d'
                WHERE s.bar_interval = '1d' AND ($4::text[] IS NULL OR s.ticker = ANY($4))) AS d
            LEFT JOIN market.condition_states AS c ON c.symbol = d.ticker ORDER BY d.ticker
            """);
        command.Parameters.Add(new() { Value = $"{ConditionCalculator.Formula} {KnownSince}" });
        command.Parameters.Add(new() { Value = _tickers.Market });
        command.Parameters.Add(new() { Value = _tickers.Volatility });
        command.Parameters.Add(new()
        {
            Value = (object?)symbols?.ToArray() ?? DBNull.Value,
            NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text,
        });
        var found = new List<Due>();
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
            found.Add(new(
                row.GetString(0), row.IsDBNull(1) ? null : row.GetString(1), row.IsDBNull(2) ? DateTime.MinValue : row.GetDateTime(2),
                row.GetString(3), row.GetString(4), row.GetDateTime(5), row.GetBoolean(6), row.IsDBNull(7) ? null : row.GetDateTime(7)));
        return found;
    }

    /// <summary>The first moment whose row may be another now; null for all.</summary>
    async Task<DateTime?> FromAsync(Due due, CancellationToken cancellationToken)
    {
        DateTime? first = null;
        if (due.ComputedAt is { } computed)
        {
            string[] all = [.. new[] { due.Symbol, _tickers.Market, _tickers.Volatility, due.Sector }.OfType<string>()];
            await using var changed = dataSource.CreateCommand($"""
                SELECT CASE WHEN EXISTS (SELECT FROM market.corporate_actions
                        WHERE ticker = ANY($1) AND kind = 'split' AND created_at > $2 - {LongestWrite}) THEN NULL
                    ELSE (SELECT min(date) FROM market.price_history
                        WHERE ticker = ANY($1) AND bar_interval = '1d' AND created_at > $2 - {LongestWrite}) END
                """);
            changed.Parameters.Add(new() { Value = all });
            changed.Parameters.Add(new() { Value = computed });
            first = await changed.ExecuteScalarAsync(cancellationToken) as DateTime?;
        }
        await using var exists = dataSource.CreateCommand("SELECT to_regclass('market.market_conditions_daily') IS NOT NULL");
        if (!(bool)(await exists.ExecuteScalarAsync(cancellationToken))!) return first;
        await using var summed = dataSource.CreateCommand("SELECT max(day) FROM market.market_conditions_daily WHERE symbol = $1");
        summed.Parameters.Add(new() { Value = due.Symbol });
        return await summed.ExecuteScalarAsync(cancellationToken) is DateOnly day
            && day.AddDays(1).ToDateTime(default, DateTimeKind.Utc) is var after && !(first > after) ? after : first;
    }

    async Task<int> WriteAsync(Due due, IReadOnlyList<MarketCondition> rows, DateTime? from, CancellationToken cancellationToken)
    {
        await _months.EnsureAsync(rows.Select(r => r.Timestamp), cancellationToken);
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var batch = new NpgsqlBatch(connection, transaction);
        // Two refreshes at once would each undo what the other wrote.
        batch.BatchCommands.Add(new("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))")
        {
            Parameters = { new() { Value = $"market.market_conditions {due.Symbol}" } },
        });
        batch.BatchCommands.Add(new("""
            DELETE FROM market.market_conditions
            WHERE symbol = $1 AND ($2::timestamptz IS NULL OR timestamp >= $2) AND NOT timestamp = ANY($3)
            """)
        {
            Parameters = { new() { Value = due.Symbol }, new NpgsqlParameter<DateTime?> { TypedValue = from },
                new() { Value = rows.Select(r => r.Timestamp).ToArray() } },
        });
        batch.BatchCommands.Add(ConditionColumns.Upsert(due.Symbol, rows));
        batch.BatchCommands.Add(new("""
            INSERT INTO market.condition_states (symbol, basis, inputs, computed_at) VALUES ($1, $2, $3, $4)
            ON CONFLICT (symbol) DO UPDATE SET basis = excluded.basis, inputs = excluded.inputs, computed_at = excluded.computed_at
            """)
        {
            Parameters = { new() { Value = due.Symbol }, new() { Value = due.Basis }, new() { Value = due.Inputs },
            new() { Value = due.Now } }
        });
        await batch.ExecuteNonQueryAsync(cancellationToken);
        var written = (int)(batch.BatchCommands[1].RecordsAffected + batch.BatchCommands[2].RecordsAffected);
        await transaction.CommitAsync(cancellationToken);
        return written;
    }
}
