namespace Bellwether.Counts.Ledger;

/// <summary>Beliefs of the ledger.</summary>
/// <param name="AsOf">The moment that was asked for; null for now.</param>
/// <param name="Truncated">There are more than these; ask for fewer targets, or for more rows.</param>
public sealed record LedgerPage(DateTimeOffset? AsOf, bool Truncated, IReadOnlyList<ForecastRow> Items)
{
    /// <summary>As many beliefs as the query's limit, and whether there are more.</summary>
    public static async Task<LedgerPage> ReadAsync(ForecastLedger ledger, LedgerQuery query, CancellationToken cancellationToken)
    {
        var rows = await ledger.ReadAsync(query with { Limit = query.Limit + 1 }, cancellationToken).ConfigureAwait(false);
        return new(query.AsOf, rows.Count > query.Limit, rows.Count > query.Limit ? [.. rows.Take(query.Limit)] : rows);
    }
}
