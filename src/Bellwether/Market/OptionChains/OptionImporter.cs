using Bellwether.Analytics.Options;
using Bellwether.Feeds;
using Bellwether.Market.Import;
using Npgsql;

namespace Bellwether.Market.OptionChains;

/// <param name="Ticker">Of rows that name none; a row of another one is kept out.</param>
/// <param name="Rate">Risk-free, a year, continuously compounded.</param>
public sealed record OptionImportOptions(string? Ticker, double Rate, double Yield)
{
    /// <summary>When rows without a time were quoted.</summary>
    public DateTimeOffset? Quoted { get; init; }

    /// <summary>Price of the underlying where rows state none; else that of the bars that are known.</summary>
    public double? Spot { get; init; }

    /// <summary>Since when the quotes are known; null for now.</summary>
    public DateTimeOffset? KnownAt { get; init; }

    /// <summary>Exercise at any time.</summary>
    public bool American { get; init; }

    public string Source { get; init; } = "csv";
}

/// <param name="Read">= accepted + duplicates + rejected.</param>
/// <param name="Solved">Of the accepted, rows whose price implies a volatility.</param>
/// <param name="Flagged">Of the accepted, rows that checks found something wrong with.</param>
/// <param name="Findings">How many rows for each kind.</param>
public sealed record OptionImportResult(
    long Read, long Accepted, long Duplicates, long Rejected, long Solved, long Flagged, IReadOnlyDictionary<string, int> Findings, IReadOnlyList<BarRejection> Problems);

/// <summary>Reads a file of option quotes, computes volatilities and Greeks of its own, checks each chain, and stores what is sound and new.</summary>
public sealed class OptionImporter(NpgsqlDataSource dataSource, TimeProvider time, ParquetRows? parquet = null)
{
    /// <exception cref="FeedException">The file cannot be read, or is no file of quotes.</exception>
    public async Task<OptionImportResult> ImportAsync(string path, OptionImportOptions options, CancellationToken cancellationToken)
    {
        var file = await BarFile.OpenAsync(path, parquet, cancellationToken);
        var layout = new OptionLayout(path, file.Header, options, time.GetUtcNow().UtcDateTime);
        var (problems, read, rows) = (new List<BarRejection>(), 0L, new Dictionary<(string, OptionType, double, DateTime, DateTime), (OptionRow Row, long Line)>());
        await foreach (var row in file.ReadAsync())
        {
            read++;
            if (layout.Read(row, out var quote) is { } problem) problems.Add(new(row.Line, problem, false, string.Join(',', row.Fields)));
            else if (rows.TryGetValue((quote.Ticker, quote.Type, quote.Strike, quote.Expires, quote.Quoted), out var first)) problems.Add(new(row.Line, $"line {first.Line} is of the same option and time; the first one counts", true, string.Join(',', row.Fields)));
            else rows.Add((quote.Ticker, quote.Type, quote.Strike, quote.Expires, quote.Quoted), (quote, row.Line));
        }
        var (computed, kinds) = await ComputeAsync([.. rows.Values.Select(r => r.Row)], options, cancellationToken);
        var written = await new OptionStore(dataSource, time).WriteAsync(computed, options, cancellationToken);
        var duplicates = problems.Count(p => p.IsDuplicate) + computed.Count - written;
        return new(read, written, duplicates, read - written - duplicates, computed.Count(c => !double.IsNaN(c.Volatility)), computed.Count(c => c.Findings is not null), kinds, [.. problems.OrderBy(p => p.Line)]);
    }

    async Task<(IReadOnlyList<ComputedOption> Rows, IReadOnlyDictionary<string, int> Kinds)> ComputeAsync(IReadOnlyList<OptionRow> rows, OptionImportOptions options, CancellationToken cancellationToken)
    {
        var (computed, kinds) = (new List<ComputedOption>(rows.Count), new SortedDictionary<string, int>(StringComparer.Ordinal));
        foreach (var chain in rows.GroupBy(r => (r.Ticker, r.Quoted)))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var spot = chain.Select(r => r.Spot).FirstOrDefault(s => s > 0);
            if (!(spot > 0)) spot = await SpotAsync(chain.Key.Ticker, chain.Key.Quoted, cancellationToken) ?? double.NaN;
            OptionRow[] members = [.. chain.Select(r => r.Spot > 0 ? r : r with { Spot = spot })];
            var market = new ChainMarket(spot, options.Rate, options.Yield);
            var findings = double.IsNaN(spot) ? [] : ChainQuality.Check([.. members.Select(m => m.Quote)], market, options.American);
            var byRow = findings.ToLookup(f => f.Row);
            for (var i = 0; i < members.Length; i++)
            {
                var said = byRow[i].Select(f => $"{NameOf(f.Problem)}: {f.Detail}").ToList();
                foreach (var kind in byRow[i].Select(f => NameOf(f.Problem)).Distinct()) kinds[kind] = kinds.GetValueOrDefault(kind) + 1;
                if (double.IsNaN(spot)) said.Add("no price of the underlying is known");
                computed.Add(Compute(members[i], market, options.American, said.Count == 0 ? null : string.Join("; ", said)));
            }
        }
        return (computed, kinds);
    }

    static ComputedOption Compute(OptionRow row, ChainMarket market, bool american, string? findings)
    {
        var quote = row.Quote;
        var contract = (market with { Spot = row.Spot }).Contract(in quote);
        var volatility = american ? AmericanOption.ImpliedVolatility(in contract, quote.Mid, out _, OptionStore.Steps) : ImpliedVolatility.Solve(in contract, quote.Mid, out _);
        var greeks = double.IsNaN(volatility) ? OptionGreeks.Undefined : american ? AmericanOption.Greeks(in contract, volatility, OptionStore.Steps) : BlackScholes.Greeks(in contract, volatility);
        return new(row, volatility, greeks, findings);
    }

    /// <summary>The last close before the quote, by what was known then, else by what is known now; null where there is none of the last days.</summary>
    async Task<double?> SpotAsync(string ticker, DateTime quoted, CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand("""
            SELECT close_price FROM market.price_history WHERE ticker = $1 AND bar_interval = '1d' AND date <= $2 AND date > $2 - interval '7 days'
            ORDER BY date DESC, known_at > $2, known_at DESC LIMIT 1
            """);
        command.Parameters.Add(new() { Value = ticker });
        command.Parameters.Add(new() { Value = quoted });
        return await command.ExecuteScalarAsync(cancellationToken) as double?;
    }

    public static string NameOf(QuoteProblem problem) => problem switch
    {
        QuoteProblem.BadNumber => "bad_number",
        QuoteProblem.Expired => "expired",
        QuoteProblem.Crossed => "crossed",
        QuoteProblem.NoPrice => "no_price",
        QuoteProblem.BelowIntrinsic => "below_intrinsic",
        QuoteProblem.AboveMaximum => "above_maximum",
        QuoteProblem.VolatilityOff => "vendor_volatility_off",
        QuoteProblem.ParityBroken => "parity_broken",
        QuoteProblem.VerticalArbitrage => "vertical_arbitrage",
        QuoteProblem.ButterflyArbitrage => "butterfly_arbitrage",
        _ => "calendar_arbitrage",
    };
}
