using Bellwether.Analytics.Options;
using Bellwether.Storage;
using Npgsql;

namespace Bellwether.Market.OptionChains;

/// <param name="Quoted">When the chain was quoted.</param>
/// <param name="KnownAt">Since when the last of its rows is known.</param>
/// <param name="LeftOut">Rows that are kept out: what they say cannot be.</param>
public sealed record StoredChain(string Ticker, DateTime Quoted, DateTime KnownAt, ChainMarket Market, IReadOnlyList<OptionQuote> Quotes, int LeftOut);

/// <summary>Quotes in <c>market.options_data</c>, with every version: writing the same again adds nothing, and nothing is ever changed.</summary>
public sealed class OptionStore(NpgsqlDataSource dataSource, TimeProvider time)
{
    internal const int Steps = 101;
    const int RowsPerStatement = 5_000;

    /// <summary>Formulas of Greeks and volatility.</summary>
    public const string European = "black-scholes-merton-v1", American = "leisen-reimer-101-v1";

    static readonly (string Name, string Type, Func<ComputedOption, object?> Value)[] Columns =
    [
        ("ticker", "text", c => c.Row.Ticker), ("option_type", "text", c => c.Row.Type == OptionType.Call ? "call" : "put"), ("strike_price", "float8", c => c.Row.Strike),
        ("expiration_date", "timestamptz", c => c.Row.Expires), ("fetch_timestamp", "timestamptz", c => c.Row.Quoted),
        Number("underlying_price", c => c.Row.Spot), Number("last_price", c => c.Row.Last), Number("bid", c => c.Row.Bid), Number("ask", c => c.Row.Ask),
        Whole("volume", c => c.Row.Volume), Whole("open_interest", c => c.Row.OpenInterest), Number("implied_volatility", c => c.Volatility), Number("delta", c => c.Greeks.Delta),
        Number("gamma", c => c.Greeks.Gamma), Number("theta", c => c.Greeks.Theta), Number("vega", c => c.Greeks.Vega), Number("rho", c => c.Greeks.Rho),
        Number("vendor_implied_volatility", c => c.Row.Vendor.Volatility), Number("vendor_delta", c => c.Row.Vendor.Delta), Number("vendor_gamma", c => c.Row.Vendor.Gamma),
        Number("vendor_theta", c => c.Row.Vendor.Theta), Number("vendor_vega", c => c.Row.Vendor.Vega), Number("vendor_rho", c => c.Row.Vendor.Rho), ("findings", "text", c => c.Findings),
    ];

    // What a vendor may restate; the rest follows from it.
    static readonly string[] Stated = ["underlying_price", "last_price", "bid", "ask", "volume", "open_interest", "vendor_implied_volatility"];

    static readonly string Insert = $"""
        INSERT INTO market.options_data (known_at, rate, yield, greeks_formula, data_source, {string.Join(", ", Columns.Select(c => c.Name))})
        SELECT $1, $2, $3, $4, $5, {string.Join(", ", Columns.Select(c => $"n.{c.Name}"))}
        FROM unnest({string.Join(", ", Columns.Select((c, i) => $"${i + 6}::{c.Type}[]"))}) AS n({string.Join(", ", Columns.Select(c => c.Name))})
        LEFT JOIN LATERAL (SELECT o.* FROM market.options_data AS o WHERE o.ticker = n.ticker AND o.expiration_date = n.expiration_date AND o.strike_price = n.strike_price
            AND o.option_type = n.option_type AND o.fetch_timestamp = n.fetch_timestamp AND o.known_at <= $1 ORDER BY o.known_at DESC LIMIT 1) AS there ON true
        WHERE there.ticker IS NULL OR ({string.Join(", ", Stated.Select(s => $"there.{s}"))}, there.rate, there.yield, there.greeks_formula)
            IS DISTINCT FROM ({string.Join(", ", Stated.Select(s => $"n.{s}"))}, $2, $3, $4)
        ON CONFLICT DO NOTHING
        """;

    /// <returns>How many were new or say something else than before.</returns>
    public async Task<int> WriteAsync(IReadOnlyList<ComputedOption> rows, OptionImportOptions options, CancellationToken cancellationToken)
    {
        var written = 0;
        foreach (var piece in rows.Chunk(RowsPerStatement))
        {
            await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            await using (var batch = new NpgsqlBatch(connection, transaction) { BatchCommands = { KnowledgeBarrier.Enter(), new("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))") { Parameters = { new() { Value = "market.options_data" } } } } })
                await batch.ExecuteNonQueryAsync(cancellationToken);
            var now = time.GetUtcNow();
            await using var insert = new NpgsqlCommand(Insert, connection, transaction) { CommandTimeout = 0 };
            foreach (var value in (object[])[(options.KnownAt is { } stated && stated < now ? stated : now).UtcDateTime, options.Rate, options.Yield, options.American ? American : European, options.Source])
                insert.Parameters.Add(new() { Value = value });
            foreach (var column in Columns) insert.Parameters.Add(new() { Value = Array(column.Type, piece.Select(column.Value)) });
            written += await insert.ExecuteNonQueryAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }
        return written;
    }

    /// <summary>The latest chain of a ticker as it is known, or was at a moment; null where there is none. Rows that cannot be are kept out.</summary>
    public async Task<StoredChain?> ChainAsync(string ticker, DateTimeOffset? asOf, CancellationToken cancellationToken)
    {
        if (asOf is { } moment) await KnowledgeBarrier.WaitAsync(dataSource, moment, time, cancellationToken);
        await using var command = dataSource.CreateCommand("""
            SELECT DISTINCT ON (expiration_date, strike_price, option_type) option_type, strike_price, expiration_date, fetch_timestamp, known_at, underlying_price, rate, yield, last_price, bid, ask,
                volume::float8, open_interest::float8, vendor_implied_volatility, findings
            FROM market.options_data
            WHERE ticker = $1 AND ($2::timestamptz IS NULL OR known_at <= $2 AND fetch_timestamp <= $2)
              AND fetch_timestamp = (SELECT max(fetch_timestamp) FROM market.options_data WHERE ticker = $1 AND ($2::timestamptz IS NULL OR known_at <= $2 AND fetch_timestamp <= $2))
            ORDER BY expiration_date, strike_price, option_type, known_at DESC
            """);
        command.Parameters.Add(new() { Value = ticker });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset?> { TypedValue = asOf?.ToUniversalTime() });
        var (quotes, market, quoted, known, leftOut) = (new List<OptionQuote>(), default(ChainMarket), default(DateTime), DateTime.MinValue, 0);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        double Value(int column) => row.IsDBNull(column) ? double.NaN : row.GetDouble(column);
        while (await row.ReadAsync(cancellationToken))
        {
            quoted = row.GetDateTime(3);
            if (row.GetDateTime(4) > known) known = row.GetDateTime(4);
            if (row.IsDBNull(5) || !row.IsDBNull(14) && IsUnusable(row.GetString(14)))
            {
                leftOut++;
                continue;
            }
            market = new(row.GetDouble(5), row.GetDouble(6), row.GetDouble(7));
            quotes.Add(new(row.GetString(0) == "call" ? OptionType.Call : OptionType.Put, row.GetDouble(1), (row.GetDateTime(2) - quoted).TotalDays / OptionGreeks.DaysPerYear)
            { Last = Value(8), Bid = Value(9), Ask = Value(10), Volume = Value(11), OpenInterest = Value(12), ImpliedVolatility = Value(13) });
        }
        return quotes.Count + leftOut == 0 ? null : new(ticker, quoted, known, market, quotes, leftOut);
    }

    /// <summary>A vendor's wrong volatility says nothing against the quotes that it was made from.</summary>
    static bool IsUnusable(string findings) => findings.Split("; ").Any(f => !f.StartsWith("vendor_volatility_off", StringComparison.Ordinal));

    static (string, string, Func<ComputedOption, object?>) Number(string name, Func<ComputedOption, double> value) => (name, "float8", c => double.IsFinite(value(c)) ? value(c) : null);

    static (string, string, Func<ComputedOption, object?>) Whole(string name, Func<ComputedOption, double> value) => (name, "bigint", c => double.IsFinite(value(c)) ? (long)value(c) : null);

    static object Array(string type, IEnumerable<object?> values) => type switch
    {
        "float8" => values.Select(v => (double?)v).ToArray(),
        "bigint" => values.Select(v => (long?)v).ToArray(),
        "timestamptz" => values.Select(v => (DateTime)v!).ToArray(),
        _ => values.Select(v => (string?)v).ToArray(),
    };
}
