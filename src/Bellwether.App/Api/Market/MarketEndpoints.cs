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
    const int MostIndicators = 100;

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
        var stored = await wait.ForAsync(token => reader.BarsAsync(ticker, length, adjust ? null : start, adjust ? null : end, moment, token), cancellationToken);
        if (stored.Count == 0 && start is null && end is null) return Nothing(ticker, length, moment);
        var actions = adjust ? await wait.ForAsync(token => reader.ActionsAsync(ticker, moment, token), cancellationToken) : [];
        IReadOnlyList<PriceBar> bars = [.. stored.Select(s => s.Bar)];
        if (adjust) bars = Adjustment.Apply(bars, actions, length);
        var items = stored.Zip(bars, MarketBar.Of).Where(b => !(b.Timestamp < start?.UtcDateTime) && !(b.Timestamp >= end?.UtcDateTime));
        return TypedResults.Ok(new MarketBars(ticker, length.Name, adjust, moment ?? desk.Time.GetUtcNow(), [.. items.TakeLast(rows)]));
    }

    static async Task<Results<Ok<MarketIndicators>, ProblemHttpResult>> IndicatorsAsync(
        [FromRoute] string symbol, string? set, string? interval, string? from, string? to, string? asOf, string? adjusted, string? benchmark, string? limit, RequestCheck check,
        DatabaseWait wait, Desk desk, CancellationToken cancellationToken)
    {
        var ticker = check.Ticker("symbol", symbol);
        var (length, start, end, moment, rows) = (Interval(check, interval), check.Time("from", from), check.Time("to", to), check.AsOf(asOf), check.Limit(limit, Rows, MostRows));
        var (adjust, other, indicators) = (check.Flag("adjusted", adjusted), benchmark is null ? null : check.Ticker("benchmark", benchmark), Set(check, set));
        if (indicators is not null && other is null && indicators.Reads.HasFlag(BarFields.Benchmark)) check.Fail("benchmark", null, "beta and correlation need a ticker to compare with");
        if (check.Failed) return check.Problem();
        var series = new BarSeries(new(desk.DataSource, desk.Time));
        var bars = await wait.ForAsync(token => series.ReadAsync(ticker, length, end, moment, adjust, false, token), cancellationToken);
        if (bars.Count == 0) return Nothing(ticker, length, moment);
        var others = other is null ? [] : await wait.ForAsync(token => series.ReadAsync(other, length, end, moment, adjust, false, token), cancellationToken);
        if (other is not null && others.Count == 0) return Nothing(other, length, moment);
        var (inputs, values, items) = (BarSeries.Inputs(bars, others, length), new double[indicators!.Names.Count], new Queue<IndicatorRow>());
        for (var i = 0; i < inputs.Length; i++)
        {
            indicators.Next(in inputs[i], values);
            if (bars[i].Date < start?.UtcDateTime) continue;
            if (items.Count == rows) items.Dequeue();
            items.Enqueue(new(bars[i].Date, indicators.Names.Zip(values).Where(v => double.IsFinite(v.Second)).ToDictionary(v => v.First, v => v.Second)));
        }
        return TypedResults.Ok(new MarketIndicators(ticker, length.Name, adjust, moment ?? desk.Time.GetUtcNow(), [.. items]));
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
            if (names.Length <= MostIndicators) return IndicatorSet.Parse(names.Distinct());
            check.Fail("set", set, $"{names.Length} indicators; at most {MostIndicators} are allowed");
        }
        catch (FormatException error)
        {
            check.Fail("set", set, error.Message);
        }
        return null;
    }

    static ProblemHttpResult Nothing(string ticker, BarInterval interval, DateTimeOffset? asOf) => Problems.NotFound(asOf is { } then
        ? $"No bars of {ticker} with interval {interval} were known at {then:yyyy-MM-ddTHH:mm:ss.FFFFFFZ}."
        : $"No bars of {ticker} with interval {interval} are known yet.");
}
