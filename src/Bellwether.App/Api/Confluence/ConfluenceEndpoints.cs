using Bellwether.App.Api.Counts;
using Bellwether.App.Commands;
using Bellwether.Confluence;
using Bellwether.Sentiment.Aggregation;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Bellwether.App.Api.Confluence;

/// <param name="AsOf">Nothing that became known later is in it.</param>
/// <param name="Items">Saved versions, of each moment the newest known by then; oldest first,
/// the latest where there are more than the limit.</param>
public sealed record ConfluenceHistory(string Symbol, DateTimeOffset AsOf, IReadOnlyList<ConfluenceScore> Items);

/// <param name="AsOf">Nothing that became known later is in it.</param>
/// <param name="Items">Saved versions, of each moment the newest known by then; oldest first,
/// the latest where there are more than the limit.</param>
public sealed record AggregateHistory(string Ticker, DateTimeOffset AsOf, IReadOnlyList<AggregatedSentiment> Items);

/// <summary>GET /confluence/{symbol} and /sentiment/{ticker}/aggregate: computed from what was known, now or at a past moment.</summary>
static class ConfluenceEndpoints
{
    public const int HistoryRows = 100, MostHistoryRows = 2_000;
    const int MostChartDays = 3_660;

    public static void Map(RouteGroupBuilder api)
    {
        api.MapGet("/confluence/{symbol}/chart", ChartAsync).AnswersHead().Answers(ChartAnswer.Type, ChartAnswer.Png)
            .WithName("drawConfluence")
            .WithSummary("Price, components and confluence of a symbol over time")
            .Produces<string>(200, ChartAnswer.Type, ChartAnswer.Png).ProducesProblem(400).ProducesProblem(404);
        api.MapGet("/confluence/{symbol}/history", ConfluenceHistoryAsync).AnswersHead().Answers("application/json")
            .WithName("listConfluence")
            .WithSummary("Confluence of a symbol as it was saved").ProducesProblem(400);
        api.MapGet("/sentiment/{ticker}/aggregate/history", AggregateHistoryAsync).AnswersHead().Answers("application/json")
            .WithName("listAggregatedSentiment")
            .WithSummary("Sentiment across the sources of a ticker as it was saved").ProducesProblem(400);
        api.MapGet("/confluence/{symbol}", ConfluenceAsync).AnswersHead().Answers("application/json").WithName("getConfluence")
            .WithSummary("Confluence of a symbol, now or as of a past moment").ProducesProblem(400).ProducesProblem(404);
        api.MapGet("/sentiment/{ticker}/aggregate", AggregateAsync).AnswersHead().Answers("application/json")
            .WithName("getAggregatedSentiment")
            .WithSummary("Sentiment across the sources of a ticker, now or as of a past moment").ProducesProblem(400).ProducesProblem(404);
    }

    static async Task<Results<FileContentHttpResult, ProblemHttpResult>> ChartAsync(
        [FromRoute] string symbol, string? from, string? to, string? asOf, string? format,
        HttpContext context, RequestCheck check, DatabaseWait wait, Desk desk, CancellationToken cancellationToken)
    {
        symbol = check.Symbol("symbol", symbol);
        var known = check.AsOf(asOf) ?? desk.Time.GetUtcNow();
        var range = check.Range(from, to);
        var end = range.To is { } last && last < known ? last : known;
        var start = range.From ?? end.AddDays(-ConfluenceChart.Days);
        var form = check.Picture(context, format);
        if (!check.Failed && (start >= end || start < end.AddDays(-MostChartDays)))
            check.Fail("from", from, $"is to lie before the end of the chart, by at most {MostChartDays:n0} days");
        if (check.Failed) return check.Problem();
        var evidence = await wait.ForAsync(token => desk.Confluence.LoadAsync(symbol, start, end, known, token), cancellationToken);
        if (evidence.IsEmpty) return await UnknownAsync(desk, wait, symbol, end, known, bars: true, cancellationToken);
        var scores = ConfluenceChart.Series(evidence, start, end, known);
        if (scores.Count == 0)
            return Problems.NotFound($"There is no session between {start:yyyy-MM-dd HH:mm} and {end:yyyy-MM-dd HH:mm}.");
        var chart = ConfluenceChart.Svg(symbol, known, scores);
        return ChartAnswer.Of(chart, form);
    }

    static async Task<Results<Ok<ConfluenceHistory>, ProblemHttpResult>> ConfluenceHistoryAsync(
        [FromRoute] string symbol, string? from, string? to, string? asOf, string? limit,
        RequestCheck check, DatabaseWait wait, Desk desk, CancellationToken cancellationToken)
    {
        symbol = check.Symbol("symbol", symbol);
        var (moment, start, end, rows) = Range(check, from, to, asOf, limit, desk.Time);
        if (check.Failed) return check.Problem();
        var found = await wait.ForAsync(
            token => new ConfluenceStore(desk.DataSource).ReadAsync(symbol, start, end, moment, token, rows), cancellationToken);
        return TypedResults.Ok(new ConfluenceHistory(symbol, moment, found));
    }

    static async Task<Results<Ok<AggregateHistory>, ProblemHttpResult>> AggregateHistoryAsync(
        [FromRoute] string ticker, string? from, string? to, string? asOf, string? limit,
        RequestCheck check, DatabaseWait wait, Desk desk, CancellationToken cancellationToken)
    {
        ticker = check.Ticker("ticker", ticker);
        var (moment, start, end, rows) = Range(check, from, to, asOf, limit, desk.Time);
        if (check.Failed) return check.Problem();
        var found = await wait.ForAsync(
            token => new AggregateStore(desk.DataSource).ReadAsync(ticker, start, end, moment, token, rows), cancellationToken);
        return TypedResults.Ok(new AggregateHistory(ticker, moment, found));
    }

    static (DateTimeOffset Moment, DateTimeOffset From, DateTimeOffset To, int Rows) Range(
        RequestCheck check, string? from, string? to, string? asOf, string? limit, TimeProvider time)
    {
        var (moment, range) = (check.AsOf(asOf) ?? time.GetUtcNow(), check.Range(from, to));
        // The moment itself is one that may have been saved.
        return (moment, range.From ?? DateTimeOffset.UnixEpoch, range.To ?? moment.AddMicroseconds(1),
            check.Limit(limit, HistoryRows, MostHistoryRows));
    }

    static async Task<Results<Ok<ConfluenceScore>, ProblemHttpResult>> ConfluenceAsync(
        [FromRoute] string symbol, string? at, string? asOf,
        RequestCheck check, DatabaseWait wait, Desk desk, CancellationToken cancellationToken)
    {
        symbol = check.Symbol("symbol", symbol);
        var (moment, known, past) = check.Moments(at, asOf);
        if (check.Failed) return check.Problem();
        return await wait.ForAsync(token => past ? desk.Confluence.AsOfAsync(symbol, moment, known, token)
            : desk.Confluence.ReadAsync(symbol, moment, known, token), cancellationToken) is { } found ? TypedResults.Ok(found)
            : await UnknownAsync(desk, wait, symbol, moment, known, bars: true, cancellationToken);
    }

    static async Task<Results<Ok<AggregatedSentiment>, ProblemHttpResult>> AggregateAsync(
        [FromRoute] string ticker, string? at, string? asOf,
        RequestCheck check, DatabaseWait wait, Desk desk, CancellationToken cancellationToken)
    {
        ticker = check.Ticker("ticker", ticker);
        var (moment, known, past) = check.Moments(at, asOf);
        if (check.Failed) return check.Problem();
        return await wait.ForAsync(token => past ? desk.Aggregates.AsOfAsync(ticker, moment, known, token)
            : desk.Aggregates.ReadAsync(ticker, moment, known, token), cancellationToken) is { } found ? TypedResults.Ok(found)
            : await UnknownAsync(desk, wait, ticker, moment, known, bars: false, cancellationToken);
    }

    static async Task<ProblemHttpResult> UnknownAsync(
        Desk desk, DatabaseWait wait, string symbol, DateTimeOffset at, DateTimeOffset known, bool bars,
        CancellationToken cancellationToken) =>
        Problems.NotFound((await wait.ForAsync(
            token => SilentSymbol.ReadAsync(desk, symbol, at, known, bars, token), cancellationToken)).Sentence);
}
