using System.Globalization;
using Bellwether.Analytics.Indicators;
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
        market.MapGet("/bars/{symbol}", BarsAsync).WithName("listBars").WithSummary("Bars of a symbol, as they are known or were at a moment").ProducesProblem(400).ProducesProblem(404);
        market.MapGet("/indicators/{symbol}", IndicatorsAsync).WithName("listIndicators").WithSummary("Indicators over the bars of a symbol").ProducesProblem(400).ProducesProblem(404);
        market.MapGet("/conditions/{symbol}", ConditionsAsync).WithName("listConditions").WithSummary("Indicators, volatility, regime and correlations at the close of each session")
            .ProducesProblem(400).ProducesProblem(404);
    }

    static async Task<Results<Ok<MarketBars>, ProblemHttpResult>> BarsAsync(
        [FromRoute] string symbol, string? interval, string? from, string? to, string? asOf, string? adjusted, string? limit, RequestCheck check, DatabaseWait wait, Desk desk,
        CancellationToken cancellationToken)
    {
        var ticker = check.Ticker("symbol", symbol);
        var (length, start, end, moment, rows) = (Interval(check, interval), check.Time("from", from), check.Time("to", to), check.AsOf(asOf), check.Limit(limit, Rows, MostRows));
        var adjust = check.Flag("adjusted", adjusted);
        if (check.Failed) return check.Problem();
        var reader = new PriceReader(desk.DataSource, desk.Time);
        // What comes after a bar decides how it is adjusted.
        var stored = await wait.ForAsync(token => new BarPages(desk.DataSource, reader).LastAsync(ticker, length, start, end, moment, rows, adjust, token), cancellationToken);
        if (stored.Count == 0 && start is null && end is null) return Nothing(ticker, length, moment);
        var actions = adjust ? await wait.ForAsync(token => reader.ActionsAsync(ticker, moment, token), cancellationToken) : [];
        IReadOnlyList<PriceBar> bars = [.. stored.Select(s => s.Bar)];
        if (adjust) bars = Adjustment.Apply(stored, actions, length);
        var items = stored.Zip(bars, MarketBar.Of).Where(b => !(b.Timestamp >= end?.UtcDateTime));
        return TypedResults.Ok(new MarketBars(ticker, length.Name, adjust, moment ?? desk.Time.GetUtcNow(), [.. items]));
    }

    static async Task<Results<Ok<MarketIndicators>, ProblemHttpResult>> IndicatorsAsync(
        [FromRoute] string symbol, string? set, string? interval, string? from, string? to, string? asOf, string? adjusted, string? benchmark, string? limit, RequestCheck check,
        DatabaseWait wait, Desk desk, CancellationToken cancellationToken)
    {
        var ticker = check.Ticker("symbol", symbol);
        var (length, start, end, moment, rows) = (Interval(check, interval), check.Time("from", from), check.Time("to", to), check.AsOf(asOf), check.Limit(limit, Rows, MostRows));
        var (adjust, other, indicators) = (check.Flag("adjusted", adjusted), benchmark is null ? null : check.Ticker("benchmark", benchmark), Set(check, set));
        if (indicators is not null && other is null && indicators.Reads.HasFlag(BarFields.Benchmark))
            check.Fail("benchmark", null, "beta and correlation need a ticker to compare with");
        if (check.Failed) return check.Problem();
        var history = new IndicatorHistory(desk, length, end, moment, adjust);
        var (found, items) = await wait.ForAsync(token => history.RunAsync(indicators!, ticker, other, start, rows, token), cancellationToken);
        return found is { } missing ? Nothing(missing, length, moment)
            : TypedResults.Ok(new MarketIndicators(ticker, length.Name, adjust, moment ?? desk.Time.GetUtcNow(), items));
    }

    static async Task<Results<Ok<MarketConditions>, ProblemHttpResult>> ConditionsAsync(
        [FromRoute] string symbol, string? from, string? to, string? asOf, string? limit, RequestCheck check, DatabaseWait wait, Desk desk, CancellationToken cancellationToken)
    {
        var ticker = check.Ticker("symbol", symbol);
        var (start, end, moment, rows) = (check.Time("from", from), check.Time("to", to), check.AsOf(asOf), check.Limit(limit, Rows, MostRows));
        if (check.Failed) return check.Problem();
        // Without a start only what can be in the answer is computed: sessions are fewer than days.
        var now = moment ?? desk.Time.GetUtcNow();
        var first = start ?? (end < now ? end.Value : now) - TimeSpan.FromDays(Math.Min(2 * rows + 14, 40_000));
        var found = await wait.ForAsync(token => new ConditionReader(desk.DataSource, desk.Time, desk.Options.Market.Tickers).ReadAsync(ticker, first, end, moment, token), cancellationToken);
        if (found.Count == 0 && (await wait.ForAsync(token => new PriceReader(desk.DataSource, desk.Time).BarsAsync(ticker, BarInterval.Day, null, end, moment, token), cancellationToken)).Count == 0)
            return Nothing(ticker, BarInterval.Day, moment);
        return TypedResults.Ok(new MarketConditions(ticker, now, [.. found.TakeLast(rows)]));
    }

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
        ? $"No bars of {ticker} with interval {interval} were known at {then:yyyy-MM-ddTHH:mm:ss.FFFFFFZ}."
        : $"No bars of {ticker} with interval {interval} are known yet.");
}
