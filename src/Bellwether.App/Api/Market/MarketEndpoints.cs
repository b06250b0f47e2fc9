using System.Globalization;
using Bellwether.Analytics.Indicators;
using Bellwether.App.Commands;
using Bellwether.Market;
using Bellwether.Market.Conditions;
using Bellwether.Market.Prices;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Bellwether.App.Api.Market;

/// <summary>GET /market…: bars, indicators and conditions, now and as of any past moment.</summary>
static class MarketEndpoints
{
    public const int Rows = 250, MostRows = 10_000;
    const int MostIndicators = 100, MostBars = 250_000;

    public static void Map(RouteGroupBuilder api)
    {
        var market = api.MapGroup("/market").AnswersHead().Answers("application/json");
        market.MapGet("/bars/{symbol}", BarsAsync).WithName("listBars")
            .WithSummary("Bars of a symbol, as they are known or were at a moment").ProducesProblem(400).ProducesProblem(404);
        market.MapGet("/indicators/{symbol}", IndicatorsAsync).WithName("listIndicators")
            .WithSummary("Indicators over the bars of a symbol").ProducesProblem(400).ProducesProblem(404);
        market.MapGet("/conditions/{symbol}", ConditionsAsync).WithName("listConditions")
            .WithSummary("Indicators, volatility, regime and correlations at the close of each session")
            .ProducesProblem(400).ProducesProblem(404);
    }

    static async Task<Results<Ok<MarketBars>, ProblemHttpResult>> BarsAsync(
        [FromRoute] string symbol, string? interval, string? from, string? to, string? asOf, string? adjusted, string? limit,
        RequestCheck check, DatabaseWait wait, Desk desk, CancellationToken cancellationToken)
    {
        var ticker = check.Symbol("symbol", symbol);
        var (length, range, moment) = (Interval(check, interval), check.Range(from, to), check.AsOf(asOf));
        var (rows, adjust) = (check.Limit(limit, Rows, MostRows), check.Flag("adjusted", adjusted));
        if (check.Failed) return check.Problem();
        var reader = new PriceReader(desk.DataSource, desk.Time);
        var pages = new BarPages(desk.DataSource, reader);
        var stored = await wait.ForAsync(
            token => pages.LastAsync(ticker, length, range.From, range.To, moment, rows, token), cancellationToken);
        KnownRange? known = null;
        if (stored.Count == 0 && (known = await KnownAsync(desk, wait, ticker, length, moment, cancellationToken)) is null)
            return Nothing(ticker, length, moment);
        IReadOnlyList<PriceBar> bars = [.. stored.Select(s => s.Bar)];
        if (adjust)
            bars = await wait.ForAsync(
                token => new AdjustedBars(pages, reader).ApplyAsync(ticker, length, stored, moment, token), cancellationToken);
        return TypedResults.Ok(new MarketBars(
            ticker, length.Name, adjust, moment ?? desk.Time.GetUtcNow(), [.. stored.Zip(bars, MarketBar.Of)], known));
    }

    static async Task<Results<Ok<MarketIndicators>, ProblemHttpResult>> IndicatorsAsync(
        [FromRoute] string symbol, string? set, string? interval, string? from, string? to, string? asOf, string? adjusted,
        string? benchmark, string? regular, string? limit, RequestCheck check, DatabaseWait wait, Desk desk,
        CancellationToken cancellationToken)
    {
        var ticker = check.Symbol("symbol", symbol);
        var (length, range, moment) = (Interval(check, interval), check.Range(from, to), check.AsOf(asOf));
        var (rows, adjust, within) = (check.Limit(limit, Rows, MostRows), check.Flag("adjusted", adjusted), check.Flag("regular", regular));
        var (other, indicators) = (benchmark is null ? null : check.Symbol("benchmark", benchmark), Set(check, set));
        if (indicators is not null && other is null && indicators.Reads.HasFlag(BarFields.Benchmark))
            check.Fail("benchmark", null, "beta and correlation need a ticker to compare with");
        if (check.Failed) return check.Problem();
        var history = new IndicatorHistory(desk, length, range.To, moment, adjust, within);
        var (found, items) = await wait.ForAsync(token => history.RunAsync(indicators!, ticker, other, range.From, rows, token), cancellationToken);
        KnownRange? known = null;
        if (found is { } missing && (known = await KnownAsync(desk, wait, missing, length, moment, cancellationToken)) is null)
            return Nothing(missing, length, moment);
        if (items.Count == 0) known ??= await KnownAsync(desk, wait, ticker, length, moment, cancellationToken);
        return TypedResults.Ok(new MarketIndicators(ticker, length.Name, adjust, within, moment ?? desk.Time.GetUtcNow(), items, known));
    }

    static async Task<Results<Ok<MarketConditions>, ProblemHttpResult>> ConditionsAsync(
        [FromRoute] string symbol, string? from, string? to, string? asOf, string? limit, RequestCheck check, DatabaseWait wait, Desk desk,
        CancellationToken cancellationToken)
    {
        var ticker = check.Symbol("symbol", symbol);
        var (range, moment, rows) = (check.Range(from, to), check.AsOf(asOf), check.Limit(limit, Rows, MostRows));
        if (check.Failed) return check.Problem();
        var reader = new ConditionReader(desk.DataSource, desk.Time, desk.Options.Market.Tickers);
        var found = await wait.ForAsync(token => reader.ReadAsync(ticker, range.From, range.To, moment, token), cancellationToken);
        KnownRange? known = null;
        if (found.Count == 0 && (known = await KnownAsync(desk, wait, ticker, BarInterval.Day, moment, cancellationToken)) is null)
            return Nothing(ticker, BarInterval.Day, moment);
        return TypedResults.Ok(new MarketConditions(ticker, moment ?? desk.Time.GetUtcNow(), [.. found.TakeLast(rows)], known));
    }

    /// <summary>Null for a ticker without bars.</summary>
    static async Task<KnownRange?> KnownAsync(
        Desk desk, DatabaseWait wait, string ticker, BarInterval interval, DateTimeOffset? asOf, CancellationToken cancellationToken) =>
        await wait.ForAsync(
            token => new KnownBars(desk, new PriceReader(desk.DataSource, desk.Time), interval, asOf).ReadAsync(ticker, token), cancellationToken)
            is var (first, last) ? new(ticker, first, last) : null;

    static BarInterval Interval(RequestCheck check, string? text)
    {
        if (text is null) return BarInterval.Day;
        if (BarInterval.TryParse(text, out var interval)) return interval;
        check.Fail("interval", text, "the length of a bar is a whole number and s, m, h, d or w, for example 1m, 1h or 1d");
        return BarInterval.Day;
    }

    static IndicatorSet? Set(RequestCheck check, string? set)
    {
        var names = (set ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        try
        {
            if (names.Length > MostIndicators) check.Fail("set", set, $"{names.Length} indicators; at most {MostIndicators} are allowed");
            else if (Bars(names) is var bars and > MostBars) check.Fail("set", set, $"looks back {bars:n0} bars in all; at most {MostBars:n0} are allowed");
            else return IndicatorSet.Parse(names.Distinct());
        }
        catch (FormatException error)
        {
            check.Fail("set", set, error.Message);
        }
        return null;
    }

    /// <summary>The numbers in the names, which are nearly all periods: each bar of one takes room.</summary>
    static double Bars(IEnumerable<string> names) => names.Distinct().SelectMany(name => name.Split('_'))
        .Sum(part => double.TryParse(part, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number > 0 ? number : 0);

    static ProblemHttpResult Nothing(string ticker, BarInterval interval, DateTimeOffset? asOf) => Problems.NotFound(asOf is { } then
        ? $"No bars of {ticker} with interval {interval} were known at {RequestCheck.Text(then)}."
        : $"No bars of {ticker} with interval {interval} are known yet.");
}
