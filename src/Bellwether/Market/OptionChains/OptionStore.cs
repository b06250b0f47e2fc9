using Bellwether.Analytics.Options;
using Bellwether.Storage;
using Npgsql;

namespace Bellwether.Market.OptionChains;

/// <param name="Accepted">Indexes of rows that were new or say something else than before.</param>
/// <param name="Refused">Indexes of rows for which other values are known since the very same moment.</param>
public sealed record OptionWriteResult(IReadOnlyList<int> Accepted, IReadOnlyList<int> Refused);

/// <param name="Quoted">When the newest row of the chain was quoted; years of all rows count from there.</param>
/// <param name="KnownAt">Since when the last of its rows is known.</param>
/// <param name="Market">That of the newest row; null where no row can be used.</param>
/// <param name="LeftOut">Rows that are kept out: what they say cannot be.</param>
public sealed record StoredChain(string Ticker, DateTime Quoted, DateTime KnownAt, ChainMarket? Market, IReadOnlyList<OptionQuote> Quotes,
    int LeftOut);

/// <summary>
/// Quotes in <c>market.options_data</c>, with every version: writing the same again adds nothing, and nothing is ever changed.
/// </summary>
public sealed class OptionStore(NpgsqlDataSource dataSource, TimeProvider time)
{
    internal const int Steps = 101;
    const int RowsPerStatement = 5_000;
    const string Underlying = "underlying_price";

    /// <summary>Formulas of Greeks and volatility.</summary>
    public const string European = "black-scholes-merton-v1", American = "leisen-reimer-101-v1";

    /// <summary>Rows with times of their own belong to one chain as long as they are not further apart.</summary>
    public static readonly TimeSpan ChainSpan = TimeSpan.FromMinutes(15);

    static readonly (string Name, string Type, Func<ComputedOption, object?> Value)[] Columns =
    [
        ("ticker", "text", c => c.Row.Ticker), ("option_type", "text", c => c.Row.Type == OptionType.Call ? "call" : "put"),
        ("strike_price", "float8", c => c.Row.Strike), ("expiration_date", "timestamptz", c => c.Row.Expires),
        ("fetch_timestamp", "timestamptz", c => c.Row.Quoted), Number("underlying_price", c => c.Row.Spot),
            Number("last_price", c => c.Row.Last),
        Number("bid", c => c.Row.Bid), Number("ask", c => c.Row.Ask), Whole("volume", c => c.Row.Volume),
        Whole("open_interest", c => c.Row.OpenInterest),
        Number("implied_volatility", c => c.Volatility), Number("delta", c => c.Greeks.Delta), Number("gamma", c => c.Greeks.Gamma),
        Number("theta", c => c.Greeks.Theta), Number("vega", c => c.Greeks.Vega), Number("rho", c => c.Greeks.Rho),
        Number("vendor_implied_volatility", c => c.Row.Vendor.Volatility), Number("vendor_delta", c => c.Row.Vendor.Delta),
        Number("vendor_gamma", c => c.Row.Vendor.Gamma), Number("vendor_theta", c => c.Row.Vendor.Theta),
        Number("vendor_vega", c => c.Row.Vendor.Vega),
        Number("vendor_rho", c => c.Row.Vendor.Rho), ("findings", "text", c => c.Findings),
    ];

    // What a vendor may restate; the rest follows from it.
    static readonly string[] Stated =
    [
        Underlying, "last_price", "bid", "ask", "volume", "open_interest", "vendor_implied_volatility", "vendor_delta",
            "vendor_gamma", "vendor_theta",
        "vendor_vega", "vendor_rho",
    ];

    // A file that names no price of the underlying, at a time when none is known, says nothing against the one that was.
    static readonly string Restated = string.Join(", ", Stated.Select(s => s == Underlying ? $"coalesce(n.{s}, there.{s})" : $"n.{s}"));

    static readonly string Names = string.Join(", ", Columns.Select(c => c.Name));

    // $1 rate, $2 yield, $3 formula, $4 source, $5 since when each row is known, then the columns.
    static readonly string Insert = $"""
        WITH n AS MATERIALIZED (
            SELECT * FROM unnest($5::timestamptz[], {string.Join(", ", Columns.Select((c, i) => $"${i + 6}::{c.Type}[]"))})
                WITH ORDINALITY AS n(known_at, {Names}, place)),
        judged AS MATERIALIZED (
            SELECT n.*, CASE WHEN there.ticker IS NULL THEN 'new'
                WHEN ({string.Join(", ", Stated.Select(s => $"there.{s}"))}, there.rate, there.yield, there.greeks_formula)
                    IS NOT DISTINCT FROM ({Restated}, $1, $2, $3) THEN 'same'
                WHEN there.known_at = n.known_at THEN 'refused' ELSE 'new' END AS outcome
            FROM n LEFT JOIN LATERAL (SELECT o.* FROM market.options_data AS o
                WHERE o.ticker = n.ticker AND o.expiration_date = n.expiration_date AND o.strike_price = n.strike_price
                    AND o.option_type = n.option_type AND o.fetch_timestamp = n.fetch_timestamp AND o.known_at <= n.known_at
                ORDER BY o.known_at DESC LIMIT 1) AS there ON true),
        written AS (
            INSERT INTO market.options_data (rate, yield, greeks_formula, data_source, known_at, {Names})
            SELECT $1, $2, $3, $4, known_at, {Names} FROM judged WHERE outcome = 'new')
        SELECT place, outcome = 'new' FROM judged WHERE outcome <> 'same' ORDER BY place
        """;

    /// <summary>Writes quotes, each option and time once.</summary>
    public async Task<OptionWriteResult> WriteAsync(
        IReadOnlyList<ComputedOption> rows, OptionImportOptions options, CancellationToken cancellationToken)
    {
        var (accepted, refused, at) = (new List<int>(), new List<int>(), 0);
        foreach (var piece in rows.Chunk(RowsPerStatement))
        {
            await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            await LockAsync(connection, transaction, cancellationToken);
            var known = options.Known(time);
            await using (var insert = new NpgsqlCommand(Insert, connection, transaction) { CommandTimeout = 0 })
            {
                foreach (var value in (object[])[options.Rate, options.Yield, options.American ? American : European, options.Source])
                    insert.Parameters.Add(new() { Value = value });
                insert.Parameters.Add(new() { Value = piece.Select(c => KnownAt(in c, known)).ToArray() });
                foreach (var column in Columns) insert.Parameters.Add(new() { Value = Array(column.Type, piece.Select(column.Value)) });
                await using var row = await insert.ExecuteReaderAsync(cancellationToken);
                while (await row.ReadAsync(cancellationToken)) (row.GetBoolean(1) ? accepted : refused).Add(at + (int)row.GetInt64(0) - 1);
            }
            await transaction.CommitAsync(cancellationToken);
            at += piece.Length;
        }
        return new(accepted, refused);
    }

    /// <summary>Nobody knows a quote before it is made, nor what follows from it before all is known that it follows from.</summary>
    static DateTime KnownAt(in ComputedOption row, DateTime stated)
    {
        var known = stated > row.Row.Quoted ? stated : row.Row.Quoted;
        return row.InputsKnownAt is { } inputs && inputs > known ? inputs : known;
    }

    static async Task LockAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection, transaction)
        {
            BatchCommands =
            {
                KnowledgeBarrier.Enter(),
                new("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))") { Parameters = { new() { Value = "market.options_data" } } },
            },
        };
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>
    /// The latest chain of a ticker as it is known, or was at a moment; null where there is none. Of an option with several quotes the
    /// newest counts. Rows that cannot be are kept out.
    /// </summary>
    public async Task<StoredChain?> ChainAsync(string ticker, DateTimeOffset? asOf, CancellationToken cancellationToken)
    {
        if (asOf is { } moment) await KnowledgeBarrier.WaitAsync(dataSource, moment, time, cancellationToken);
        await using var command = dataSource.CreateCommand("""
            WITH newest AS (SELECT max(fetch_timestamp) AS quoted FROM market.options_data
                WHERE ticker = $1 AND ($2::timestamptz IS NULL OR known_at <= $2 AND fetch_timestamp <= $2))
            SELECT DISTINCT ON (expiration_date, strike_price, option_type)
                option_type, strike_price, expiration_date, fetch_timestamp, known_at, underlying_price, rate, yield, last_price,
                bid, ask, volume::float8, open_interest::float8, vendor_implied_volatility, findings, newest.quoted
            FROM market.options_data, newest
            WHERE ticker = $1 AND fetch_timestamp <= newest.quoted AND fetch_timestamp > newest.quoted - $3
              AND ($2::timestamptz IS NULL OR known_at <= $2)
            ORDER BY expiration_date, strike_price, option_type, fetch_timestamp DESC, known_at DESC
            """);
        command.Parameters.Add(new() { Value = ticker });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset?> { TypedValue = asOf?.ToUniversalTime() });
        command.Parameters.Add(new() { Value = ChainSpan });
        var (quotes, market, from) = (new List<OptionQuote>(), (ChainMarket?)null, (DateTime.MinValue, DateTime.MinValue));
        var (quoted, known, leftOut) = (default(DateTime), DateTime.MinValue, 0);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        double Value(int column) => row.IsDBNull(column) ? double.NaN : row.GetDouble(column);
        while (await row.ReadAsync(cancellationToken))
        {
            var (own, since) = (row.GetDateTime(3), row.GetDateTime(4));
            quoted = row.GetDateTime(15);
            if (since > known) known = since;
            var years = (row.GetDateTime(2) - quoted).TotalDays / OptionGreeks.DaysPerYear;
            if (row.IsDBNull(5) || !(years > 0) || OptionFindings.IsUnusable(row.IsDBNull(14) ? null : row.GetString(14)))
            {
                leftOut++;
                continue;
            }
            if (market is null || (own, since).CompareTo(from) > 0)
                (market, from) = (new(row.GetDouble(5), row.GetDouble(6), row.GetDouble(7)), (own, since));
            quotes.Add(new(row.GetString(0) == "call" ? OptionType.Call : OptionType.Put, row.GetDouble(1), years)
            {
                Last = Value(8),
                Bid = Value(9),
                Ask = Value(10),
                Volume = Value(11),
                OpenInterest = Value(12),
                ImpliedVolatility = Value(13)
            });
        }
        return quotes.Count + leftOut == 0 ? null : new(ticker, quoted, known, market, quotes, leftOut);
    }

    static (string, string, Func<ComputedOption, object?>) Number(string name, Func<ComputedOption, double> value) =>
        (name, "float8", c => double.IsFinite(value(c)) ? value(c) : null);

    static (string, string, Func<ComputedOption, object?>) Whole(string name, Func<ComputedOption, double> value) =>
        (name, "bigint", c => double.IsFinite(value(c)) ? (long)value(c) : null);

    static object Array(string type, IEnumerable<object?> values) => type switch
    {
        "float8" => values.Select(v => (double?)v).ToArray(),
        "bigint" => values.Select(v => (long?)v).ToArray(),
        "timestamptz" => values.Select(v => (DateTime)v!).ToArray(),
        _ => values.Select(v => (string?)v).ToArray(),
    };
}
