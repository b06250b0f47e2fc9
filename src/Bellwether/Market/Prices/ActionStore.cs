using Bellwether.Storage;
using Npgsql;

namespace Bellwether.Market.Prices;

/// <summary>Writes splits and dividends; one that is known with the same value already adds nothing.</summary>
public sealed class ActionStore(NpgsqlDataSource dataSource, TimeProvider time)
{
    // $1 ticker, $2 source, then by row.
    const string Insert = """
        WITH judged AS MATERIALIZED (
            SELECT n.*, CASE WHEN there.value IS NULL THEN 'new'
                WHEN (there.value, there.in_prices) IS NOT DISTINCT FROM (n.value, n.in_prices) THEN 'same'
                WHEN there.known_at = n.known_at THEN 'refused' ELSE 'new' END AS outcome
            FROM unnest($3::date[], $4::text[], $5::timestamptz[], $6::float8[], $7::boolean[])
                WITH ORDINALITY AS n(ex_date, kind, known_at, value, in_prices, place)
            LEFT JOIN LATERAL (SELECT a.value, a.in_prices, a.known_at FROM market.corporate_actions AS a
                WHERE a.ticker = $1 AND a.ex_date = n.ex_date AND a.kind = n.kind AND a.known_at <= n.known_at
                ORDER BY a.known_at DESC LIMIT 1) AS there ON true),
        written AS (
            INSERT INTO market.corporate_actions (ticker, ex_date, kind, known_at, value, in_prices, data_source)
            SELECT $1, ex_date, kind, known_at, value, in_prices, $2 FROM judged WHERE outcome = 'new')
        SELECT place, outcome = 'new' FROM judged WHERE outcome <> 'same' ORDER BY place
        """;

    /// <param name="known">Since when they are known; null for now.</param>
    /// <param name="refused">Gets those for which another value is known since the very same moment.</param>
    /// <returns>How many were new or say something else than before.</returns>
    public async Task<int> WriteAsync(
        string ticker, string source, IReadOnlyList<CorporateAction> actions, Func<CorporateAction, DateTime>? known,
            ICollection<CorporateAction>? refused,
        CancellationToken cancellationToken)
    {
        if (actions.Count == 0) return 0;
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await LockAsync(connection, transaction, ticker, cancellationToken);
        var now = time.GetUtcNow().UtcDateTime;
        // Of several of one day and kind in one file the last one counts.
        var last = actions.GroupBy(a => (a.ExDate, a.Kind)).Select(g => g.Last()).ToArray();
        var written = 0;
        await using (var insert = new NpgsqlCommand(Insert, connection, transaction))
        {
            insert.Parameters.Add(new() { Value = ticker });
            insert.Parameters.Add(new() { Value = source });
            insert.Parameters.Add(new() { Value = last.Select(a => a.ExDate).ToArray() });
            insert.Parameters.Add(new() { Value = last.Select(a => a.Kind == CorporateActionKind.Split ? "split" : "dividend").ToArray() });
            insert.Parameters.Add(
                new() { Value = last.Select(a => known?.Invoke(a) is { } stated && stated < now ? stated : now).ToArray() });
            insert.Parameters.Add(new() { Value = last.Select(a => a.Value).ToArray() });
            insert.Parameters.Add(new() { Value = last.Select(a => a.InPrices).ToArray() });
            await using var row = await insert.ExecuteReaderAsync(cancellationToken);
            while (await row.ReadAsync(cancellationToken))
            {
                if (row.GetBoolean(1)) written++;
                else refused?.Add(last[row.GetInt64(0) - 1]);
            }
        }
        if (written > 0) await new PriceStore(dataSource, time).TouchAsync(connection, [ticker], BarInterval.Day, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return written;
    }

    /// <summary>The same for those whom what is refused does not concern.</summary>
    public Task<int> WriteAsync(
        string ticker, string source, IReadOnlyList<CorporateAction> actions, Func<CorporateAction, DateTime>? known,
            CancellationToken cancellationToken) =>
        WriteAsync(ticker, source, actions, known, null, cancellationToken);

    static async Task LockAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, string ticker,
        CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection, transaction)
        {
            BatchCommands =
            {
                KnowledgeBarrier.Enter(),
                new("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))")
                { Parameters = { new() { Value = $"market.corporate_actions {ticker}" } } },
            },
        };
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }
}
