using System.Globalization;
using Bellwether.Sentiment;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Bellwether.App.Api.Sentiment;

static partial class SentimentEndpoints
{
    const int MostIntervals = 20_000;

    static async Task<Results<Ok<SentimentHistory>, ProblemHttpResult>> HistoryAsync(
        [FromRoute] string ticker, string? from, string? to, string? interval, string? asOf, RequestCheck check, DatabaseWait wait, SentimentReader reader,
        TimeProvider time, CancellationToken cancellationToken)
    {
        ticker = check.Ticker("ticker", ticker);
        var now = time.GetUtcNow();
        var moment = check.AsOf(asOf);
        var length = check.Interval("interval", interval, TimeSpan.FromHours(1));
        var end = check.Time("to", to) ?? moment ?? now;
        var start = check.Time("from", from) ?? end - length * 168;
        if (start >= end) check.Fail("from", from ?? $"{start:O}", $"must be before to ({end:yyyy-MM-ddTHH:mm:ssZ})");
        else if ((end - start) / length > MostIntervals)
            check.Fail("interval", interval, $"is too short for this range: at most {MostIntervals} intervals are answered at a time");
        if (check.Failed) return check.Problem();
        var items = await wait.ForAsync(token => reader.HistoryAsync(ticker, start, end, length, moment, token), cancellationToken);
        return TypedResults.Ok(new SentimentHistory(ticker, start, end, (long)length.TotalSeconds, moment ?? now, items));
    }

    static async Task<Results<Ok<ChainPage>, ProblemHttpResult>> ChainsAsync(
        [FromRoute] string ticker, string? from, string? to, string? limit, string? least, string? asOf, RequestCheck check, DatabaseWait wait, SentimentReader reader,
        TimeProvider time, CancellationToken cancellationToken)
    {
        ticker = check.Ticker("ticker", ticker);
        var now = time.GetUtcNow();
        var moment = check.AsOf(asOf);
        var most = check.Limit(limit, 50, 1_000);
        var size = check.Whole("least", least, 2, 1_000_000);
        var (first, past) = check.Range(from, to);
        if (check.Failed) return check.Problem();
        var end = past ?? await wait.ForAsync(token => LatestAsync(reader, ticker, moment, token), cancellationToken) ?? moment ?? now;
        var start = first ?? end - TimeSpan.FromDays(7);
        if (start >= end) check.Fail("from", from, $"is not before {RequestCheck.Text(end)}, the end");
        if (check.Failed) return check.Problem();
        var items = await wait.ForAsync(token => reader.ChainsAsync(ticker, start, end, moment, size, most, token), cancellationToken);
        return TypedResults.Ok(new ChainPage(ticker, start, end, moment ?? now, items));
    }

    /// <summary>The end, half-open, of what is known of a ticker; null where nothing is.</summary>
    static async Task<DateTimeOffset?> LatestAsync(SentimentReader reader, string ticker, DateTimeOffset? asOf, CancellationToken cancellationToken)
    {
        var latest = asOf is { } then ? await reader.AsOfAsync(ticker, then, cancellationToken)
            : (await reader.LatestAsync([ticker], cancellationToken))[0];
        return latest?.LatestTimestamp + TimeSpan.FromMicroseconds(1);
    }

    static async Task<Results<Ok<ArticlePage>, ProblemHttpResult>> ArticlesAsync(
        [FromRoute] string ticker, string? cursor, string? limit, string? text, string? asOf, RequestCheck check, DatabaseWait wait, SentimentReader reader,
        TimeProvider time, CancellationToken cancellationToken)
    {
        ticker = check.Ticker("ticker", ticker);
        var full = check.Flag("text", text);
        var page = check.Limit(limit, 50, full ? 200 : 1_000);
        var moment = check.AsOf(asOf);
        var after = After(check, cursor, ticker);
        if (check.Failed) return check.Problem();
        var found = await wait.ForAsync(token => reader.ArticlesAsync(ticker, after, page + 1, full, moment, token), cancellationToken);
        var next = found.Count > page ? CursorAfter(found[page - 1]) : null;
        return TypedResults.Ok(new ArticlePage(ticker, moment ?? time.GetUtcNow(), [.. found.Take(page)], next));
    }

    static string CursorAfter(Article article) =>
        RequestCheck.CursorOf("a", article.Ticker, article.Timestamp.UtcTicks.ToString(CultureInfo.InvariantCulture), article.ArticleId);

    static ArticleCursor? After(RequestCheck check, string? cursor, string ticker)
    {
        if (check.Cursor(cursor, "a", 3) is not [var of, var ticks, var article]) return null;
        if (of == ticker && long.TryParse(ticks, NumberStyles.None, CultureInfo.InvariantCulture, out var at) && at < DateTimeOffset.MaxValue.UtcTicks)
            return new(new DateTimeOffset(at, TimeSpan.Zero), article);
        check.Fail("cursor", cursor, "is not the next_cursor of an answer to this request");
        return null;
    }
}
