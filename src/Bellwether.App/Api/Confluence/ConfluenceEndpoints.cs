using Bellwether.Confluence;
using Bellwether.Sentiment.Aggregation;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Bellwether.App.Api.Confluence;

/// <summary>GET /confluence/{symbol} and /sentiment/{ticker}/aggregate: computed from what was known, now or at a past moment.</summary>
static class ConfluenceEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        api.MapGet("/confluence/{symbol}", ConfluenceAsync).AnswersHead().Answers("application/json").WithName("getConfluence")
            .WithSummary("Confluence of a symbol, now or as of a past moment").ProducesProblem(400).ProducesProblem(404);
        api.MapGet("/sentiment/{ticker}/aggregate", AggregateAsync).AnswersHead().Answers("application/json").WithName("getAggregatedSentiment")
            .WithSummary("Sentiment across the sources of a ticker, now or as of a past moment").ProducesProblem(400).ProducesProblem(404);
    }

    static async Task<Results<Ok<ConfluenceScore>, ProblemHttpResult>> ConfluenceAsync(
        [FromRoute] string symbol, string? asOf, RequestCheck check, DatabaseWait wait, Desk desk, TimeProvider time, CancellationToken cancellationToken)
    {
        symbol = check.Ticker("symbol", symbol);
        var moment = check.AsOf(asOf) ?? time.GetUtcNow();
        if (check.Failed) return check.Problem();
        return await wait.ForAsync(token => desk.Confluence.ReadAsync(symbol, moment, moment, token), cancellationToken) is { } found
            ? TypedResults.Ok(found) : Unknown(symbol, moment);
    }

    static async Task<Results<Ok<AggregatedSentiment>, ProblemHttpResult>> AggregateAsync(
        [FromRoute] string ticker, string? asOf, RequestCheck check, DatabaseWait wait, Desk desk, TimeProvider time, CancellationToken cancellationToken)
    {
        ticker = check.Ticker("ticker", ticker);
        var moment = check.AsOf(asOf) ?? time.GetUtcNow();
        if (check.Failed) return check.Problem();
        return await wait.ForAsync(token => desk.Aggregates.ReadAsync(ticker, moment, moment, token), cancellationToken) is { } found
            ? TypedResults.Ok(found) : Unknown(ticker, moment);
    }

    static ProblemHttpResult Unknown(string symbol, DateTimeOffset moment) => Problems.NotFound($"Nothing that could count was known about {symbol} at {moment:yyyy-MM-ddTHH:mm:ss.FFFFFFZ}.");
}
