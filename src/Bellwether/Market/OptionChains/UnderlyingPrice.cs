using Bellwether.Market.Calendars;
using Bellwether.Market.Prices;
using Npgsql;

namespace Bellwether.Market.OptionChains;

/// <param name="KnownAt">Since when the bar is known that it is the close of.</param>
readonly record struct UnderlyingPrice(double Close, DateTime KnownAt)
{
    /// <summary>How long ago the last session may have begun.</summary>
    static readonly TimeSpan Oldest = TimeSpan.FromDays(7);

    /// <summary>
    /// The close of the last session that had ended when a quote was made, by what is known at a moment: of several versions the last one
    /// that was known at the quote, else the last one known by the moment. Where the moment knows none, the first that became known after
    /// it. Null where there is none.
    /// </summary>
    /// <param name="knownBy">Since when the quote is known.</param>
    public static async Task<UnderlyingPrice?> AtAsync(
        NpgsqlDataSource dataSource, TimeProvider time, string ticker, DateTime quoted, DateTime knownBy,
        CancellationToken cancellationToken)
    {
        var traded = await new TradingHoursStore(dataSource, time).ReadAsync(ticker, knownBy, cancellationToken);
        await using var command = dataSource.CreateCommand("""
            SELECT date, close_price, known_at FROM market.price_history
            WHERE ticker = $1 AND bar_interval = '1d' AND date <= $2 AND date > $3
            ORDER BY date DESC, known_at
            """);
        command.Parameters.Add(new() { Value = ticker });
        command.Parameters.Add(new() { Value = quoted });
        command.Parameters.Add(new() { Value = quoted - Oldest });
        var (found, later, day) = ((UnderlyingPrice?)null, (UnderlyingPrice?)null, DateTime.MaxValue);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
        {
            var (date, price) = (row.GetDateTime(0), new UnderlyingPrice(row.GetDouble(1), row.GetDateTime(2)));
            if (found is not null && date != day) break;
            // A daily bar is told by its date, and known when its session is over.
            if (BarEnd.Of(traded.Hours, DateOnly.FromDateTime(date)) > quoted) continue;
            if (price.KnownAt > knownBy)
            {
                later ??= price;
                continue;
            }
            (found, day) = (price.KnownAt <= quoted || !(found?.KnownAt <= quoted) ? price : found, date);
        }
        return found ?? later;
    }

    /// <summary>
    /// The price that other versions of quotes of the same moment were computed with: what was good enough for them is not forgotten
    /// because a file leaves it out. Where the last of them differ, which vendors' rows do by cents, it is their median: one of the prices,
    /// of an even number the lower.
    /// </summary>
    public static async Task<UnderlyingPrice?> OfQuotesAsync(
        NpgsqlDataSource dataSource, string ticker, DateTime quoted, DateTime knownBy, CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand("""
            SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY underlying_price), known_at FROM market.options_data
            WHERE ticker = $1 AND fetch_timestamp = $2 AND known_at <= $3 AND underlying_price IS NOT NULL
            GROUP BY known_at ORDER BY known_at DESC LIMIT 1
            """);
        foreach (object value in (object[])[ticker, quoted, knownBy]) command.Parameters.Add(new() { Value = value });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) ? new(row.GetDouble(0), row.GetDateTime(1)) : null;
    }
}
