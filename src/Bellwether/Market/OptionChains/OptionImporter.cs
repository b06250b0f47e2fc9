using Bellwether.Analytics.Options;
using Bellwether.Feeds;
using Bellwether.Market.Calendars;
using Bellwether.Market.Import;
using Npgsql;

namespace Bellwether.Market.OptionChains;

/// <param name="Ticker">Of rows that name none; a row of another one is kept out.</param>
/// <param name="Rate">Risk-free, a year, continuously compounded.</param>
public sealed record OptionImportOptions(string? Ticker, double Rate, double Yield)
{
    /// <summary>When rows without a time were quoted.</summary>
    public DateTimeOffset? Quoted { get; init; }

    /// <summary>Of times without an offset.</summary>
    public string TimeZone { get; init; } = UnitedStatesCalendar.TimeZoneName;

    /// <summary>Price of the underlying where rows state none; else that of the bars that are known.</summary>
    public double? Spot { get; init; }

    /// <summary>Whether days or months come first in dates that have both as numbers; null to find out from the file.</summary>
    public DateOrder? Dates { get; init; }

    /// <summary>Since when the quotes are known; null for now.</summary>
    public DateTimeOffset? KnownAt { get; init; }

    /// <summary>Exercise at any time.</summary>
    public bool American { get; init; }

    public string Source { get; init; } = "csv";

    internal DateTime Known(TimeProvider time) =>
        (KnownAt is { } stated && stated < time.GetUtcNow() ? stated : time.GetUtcNow()).UtcDateTime;
}

/// <param name="Read">= accepted + duplicates + rejected.</param>
/// <param name="Solved">Of the accepted, rows whose price implies a volatility.</param>
/// <param name="Flagged">Of the accepted, rows that checks found something wrong with.</param>
/// <param name="Findings">Of the accepted, how many rows for each kind.</param>
public sealed record OptionImportResult(
    long Read, long Accepted, long Duplicates, long Rejected, long Solved, long Flagged, IReadOnlyDictionary<string, int> Findings,
        IReadOnlyList<BarRejection> Problems)
{
    /// <summary>Every row was rejected.</summary>
    public bool IsUseless => Read > 0 && Rejected == Read;
}

/// <summary>
/// Reads a file of option quotes, computes volatilities and Greeks of its own, checks each chain, and stores what is sound and new.
/// </summary>
public sealed class OptionImporter(NpgsqlDataSource dataSource, TimeProvider time, ParquetRows? parquet = null)
{
    /// <exception cref="FeedException">The file cannot be read, or is no file of quotes; the zone is unknown.</exception>
    public async Task<OptionImportResult> ImportAsync(string path, OptionImportOptions options, CancellationToken cancellationToken)
    {
        Task<BarFile> OpenAsync() => BarFile.OpenAsync(path, parquet, "quotes", cancellationToken);
        var any = new QuoteTime(options.TimeZone, time);
        var dates = options.Dates
            ?? await DateSurvey.OrderOfAsync(OpenAsync, header => new OptionLayout(path, header, options, any).DateColumns);
        await using var file = await OpenAsync();
        var layout = new OptionLayout(path, file.Header, options, new(options.TimeZone, time, dates));
        var (problems, read, rows) = (new List<BarRejection>(), 0L, new Dictionary<(string, OptionType, double, DateTime, DateTime),
            (OptionRow Row, long Line)>());
        await foreach (var row in file.ReadAsync())
        {
            read++;
            void Refuse(string problem, bool duplicate) => problems.Add(new(row.Line, problem, duplicate, row.Raw));
            if (layout.Read(row, out var quote) is { } problem) Refuse(problem, false);
            else if (rows.TryGetValue(Key(quote), out var first))
                Refuse($"line {first.Line} is of the same option and time; the first one counts", true);
            else rows.Add(Key(quote), (quote, row.Line));
        }
        var computed = await ComputeAsync([.. rows.Values.Select(r => r.Row)], options, cancellationToken);
        var written = await new OptionStore(dataSource, time).WriteAsync(computed, options, cancellationToken);
        foreach (var index in written.Refused)
            problems.Add(new(rows[Key(computed[index].Row)].Line, "other values are known since the very same moment", false, ""));
        var accepted = written.Accepted.Select(index => computed[index]).ToArray();
        var findings = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach (var kind in accepted.SelectMany(c => OptionFindings.Kinds(c.Findings)))
            findings[kind] = findings.GetValueOrDefault(kind) + 1;
        var rejected = problems.Count(p => !p.IsDuplicate);
        return new(read, accepted.Length, read - accepted.Length - rejected, rejected, accepted.Count(c => !double.IsNaN(c.Volatility)),
            accepted.Count(c => c.Findings is not null), findings, [.. problems.OrderBy(p => p.Line)]);
    }

    static (string, OptionType, double, DateTime, DateTime) Key(OptionRow row) =>
        (row.Ticker, row.Type, row.Strike, row.Expires, row.Quoted);

    async Task<IReadOnlyList<ComputedOption>> ComputeAsync(
        IReadOnlyList<OptionRow> rows, OptionImportOptions options, CancellationToken cancellationToken)
    {
        var computed = new List<ComputedOption>(rows.Count);
        foreach (var chain in rows.GroupBy(r => (r.Ticker, r.Quoted)))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var (spot, known) = (chain.Select(r => r.Spot).FirstOrDefault(s => s > 0), options.Known(time));
            UnderlyingPrice? price = null;
            if (!(spot > 0))
            {
                price = await UnderlyingPrice.AtAsync(dataSource, time, chain.Key.Ticker, chain.Key.Quoted, known, cancellationToken)
                    ?? await UnderlyingPrice.OfQuotesAsync(dataSource, chain.Key.Ticker, chain.Key.Quoted, known, cancellationToken);
                spot = price?.Close ?? double.NaN;
            }
            OptionRow[] members = [.. chain.Select(r => r.Spot > 0 ? r : r with { Spot = spot })];
            var market = new ChainMarket(spot, options.Rate, options.Yield);
            var found = double.IsNaN(spot) ? [] : ChainQuality.Check([.. members.Select(m => m.Quote)], market, options.American);
            var byRow = found.ToLookup(f => f.Row);
            for (var i = 0; i < members.Length; i++)
            {
                var said = byRow[i].Select(f => (OptionFindings.NameOf(f.Problem), f.Detail)).ToList();
                if (double.IsNaN(spot)) said.Add((OptionFindings.NoSpot, "no price of the underlying is known"));
                else if (price?.KnownAt > known)
                    said.Add((OptionFindings.SpotKnownLater,
                        $"the price of the underlying is known since {price.Value.KnownAt:yyyy-MM-dd HH:mm:ss} UTC"));
                computed.Add(Compute(members[i], market, options.American, said) with { InputsKnownAt = price?.KnownAt });
            }
        }
        return computed;
    }

    static ComputedOption Compute(OptionRow row, ChainMarket market, bool american, List<(string Kind, string Detail)> said)
    {
        var quote = row.Quote;
        var contract = (market with { Spot = row.Spot }).Contract(in quote);
        var volatility = american ? AmericanOption.ImpliedVolatility(in contract, quote.Mid, out var problem, OptionStore.Steps)
            : ImpliedVolatility.Solve(in contract, quote.Mid, out problem);
        // Where nothing else says why there is none.
        if (double.IsNaN(volatility) && said.All(s => OptionFindings.Harmless.Contains(s.Kind)))
            said.Add((OptionFindings.NoVolatility, problem switch
            {
                ImpliedProblem.NoInformation => "the price is the intrinsic value, which tells nothing of volatility",
                ImpliedProblem.BelowIntrinsic => "the price is below the intrinsic value",
                ImpliedProblem.AboveMaximum => "the price is at or above the most that the option can be worth",
                _ => "no volatility gives the price",
            }));
        var greeks = double.IsNaN(volatility) ? OptionGreeks.Undefined
            : american ? AmericanOption.Greeks(in contract, volatility, OptionStore.Steps) : BlackScholes.Greeks(in contract, volatility);
        return new(row, volatility, greeks, OptionFindings.Text(said));
    }
}
