using System.Globalization;
using Bellwether.Sentiment;
using Bellwether.Sentiment.HotStore;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Npgsql;

namespace Bellwether.App.Api.Sentiment;

/// <summary>GET /sentiment…: live and past sentiment.</summary>
static partial class SentimentEndpoints
{
    const int MostTickers = 500, MostTickersAsOf = 50, MostPage = 1_000;

    public static void Map(RouteGroupBuilder api)
    {
        var sentiment = api.MapGroup("/sentiment").AnswersHead().Answers("application/json");
        sentiment.MapGet("/", ManyAsync).WithName("listSentiment").WithSummary("Sentiment of many tickers, or of all in pages")
            .ProducesProblem(400);
        sentiment.MapGet("/{ticker}", OneAsync).WithName("getSentiment").WithSummary("Sentiment of a ticker, now or as of a past moment")
            .Produces(StatusCodes.Status304NotModified).ProducesProblem(400).ProducesProblem(404);
        sentiment.MapGet("/{ticker}/history", HistoryAsync).WithName("getSentimentHistory").WithSummary("Mean sentiment by interval")
            .ProducesProblem(400);
        sentiment.MapGet("/{ticker}/chains", ChainsAsync).WithName("listChains").WithSummary("Stories that were told again, biggest first")
            .ProducesProblem(400);
        sentiment.MapGet("/{ticker}/articles", ArticlesAsync).WithName("listArticles").WithSummary("Scored articles, newest first")
            .ProducesProblem(400);
    }

    static async Task<Results<Ok<TickerSentiment>, StatusCodeHttpResult, ProblemHttpResult>> OneAsync(
        [FromRoute] string ticker, string? asOf, HttpContext context, RequestCheck check, DatabaseWait wait, SentimentReader reader, TimeProvider time,
        CancellationToken cancellationToken)
    {
        ticker = check.Ticker("ticker", ticker);
        var moment = check.AsOf(asOf);
        if (check.Failed) return check.Problem();
        var found = moment is { } at
            ? await wait.ForAsync(token => reader.AsOfAsync(ticker, at, token), cancellationToken)
            : (await wait.ForAsync(token => reader.LatestAsync([ticker], token), cancellationToken))[0];
        if (found is null)
            return Problems.NotFound(moment is { } then
                ? $"Nothing was known about {ticker} at {then:yyyy-MM-ddTHH:mm:ss.FFFFFFZ}."
                : $"Nothing is known about {ticker} yet.");
        // Weak: as_of tells the time of the answer, and so differs where the state does not.
        var tag = $"W/\"{found.Revision.ToString(CultureInfo.InvariantCulture)}\"";
        context.Response.Headers.ETag = tag;
        context.Response.Headers.CacheControl = "no-cache";
        if (Matches(context.Request.Headers.IfNoneMatch, tag)) return TypedResults.StatusCode(StatusCodes.Status304NotModified);
        return TypedResults.Ok(TickerSentiment.Of(found, moment ?? time.GetUtcNow()));
    }

    static bool Matches(IEnumerable<string?> given, string tag) =>
        given.SelectMany(g => g?.Split(',', StringSplitOptions.TrimEntries) ?? []).Any(g => g == "*" || g == tag || $"W/{g}" == tag);

    static async Task<Results<Ok<TickerSentimentPage>, ProblemHttpResult>> ManyAsync(
        string? tickers, string? asOf, string? cursor, string? limit, RequestCheck check, DatabaseWait wait, SentimentReader reader,
        NpgsqlDataSource dataSource, TimeProvider time, CancellationToken cancellationToken)
    {
        var wanted = check.Tickers("tickers", tickers, asOf is null ? MostTickers : MostTickersAsOf);
        var moment = check.AsOf(asOf);
        var page = check.Limit(limit, 100, MostPage);
        var after = check.Cursor(cursor, "t", 1);
        if (asOf is not null && tickers is null) check.Fail("asOf", asOf, "needs tickers to be named");
        if (tickers is not null && limit is not null) check.Fail("limit", limit, "does not go with tickers, which are answered all at once");
        if (tickers is not null && cursor is not null) check.Fail("cursor", cursor, "does not go with tickers, which are answered all at once");
        if (check.Failed) return check.Problem();
        if (wanted is null)
            return TypedResults.Ok(await wait.ForAsync(token => PageAsync(after?[0] ?? "", page, reader, dataSource, time, token), cancellationToken));

        var found = await wait.ForAsync(
            token => moment is { } at ? PastAsync(wanted, at, reader, token) : reader.LatestAsync(wanted, token), cancellationToken);
        var now = moment ?? time.GetUtcNow();
        return TypedResults.Ok(new TickerSentimentPage(
            now, [.. found.Where(s => s is not null).Select(s => TickerSentiment.Of(s!, now))],
            [.. wanted.Where((_, i) => found[i] is null)], null));
    }

    static async Task<IReadOnlyList<TickerSnapshot?>> PastAsync(
        IReadOnlyList<string> tickers, DateTimeOffset at, SentimentReader reader, CancellationToken cancellationToken)
    {
        var found = new List<TickerSnapshot?>(tickers.Count);
        foreach (var ticker in tickers) found.Add(await reader.AsOfAsync(ticker, at, cancellationToken));
        return found;
    }

    static async Task<TickerSentimentPage> PageAsync(
        string after, int limit, SentimentReader reader, NpgsqlDataSource dataSource, TimeProvider time,
        CancellationToken cancellationToken)
    {
        var names = new List<string>();
        await using (var command = dataSource.CreateCommand("""
            SELECT ticker FROM sentiment.ticker_sentiment
            WHERE count > 0 AND ticker > $1 COLLATE "C" ORDER BY ticker COLLATE "C" LIMIT $2
            """))
        {
            command.Parameters.Add(new() { Value = after });
            command.Parameters.Add(new() { Value = limit + 1 });
            await using var row = await command.ExecuteReaderAsync(cancellationToken);
            while (await row.ReadAsync(cancellationToken)) names.Add(row.GetString(0));
        }
        var more = names.Count > limit;
        if (more) names.RemoveAt(limit);
        var found = await reader.LatestAsync(names, cancellationToken);
        var now = time.GetUtcNow();
        return new(now, [.. found.Select(s => TickerSentiment.Of(s!, now))], [], more ? RequestCheck.CursorOf("t", names[^1]) : null);
    }
}
