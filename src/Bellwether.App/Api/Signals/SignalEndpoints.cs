using System.Globalization;
using Bellwether.Analytics.Signals;
using Bellwether.App.Api.Counts;
using Bellwether.App.Commands;
using Bellwether.Signals;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Bellwether.App.Api.Signals;

/// <summary>GET /signals/report: whether a signal predicts returns.</summary>
static class SignalEndpoints
{
    public const int MostHorizons = 20, LongestHorizon = 250, MostSymbols = 200, UsualQuantiles = 5, MostQuantiles = 20;
    const int DefaultYears = 3, MostYears = 30;

    public static void Map(RouteGroupBuilder api) =>
        api.MapGet("/signals/report", ReportAsync).Answers("application/json").WithName("reportSignal")
            .WithSummary("Information coefficient, its decay, turnover and quantile spread of a signal, with intervals")
            .ProducesProblem(400).ProducesProblem(404).ProducesProblem(422);

    static async Task<Results<Ok<SignalAnswer>, ProblemHttpResult>> ReportAsync(
        string? signal, string? symbols, string? from, string? to, string? asOf, string? horizons, string? quantiles, string? hindsight,
        RequestCheck check, CountsWork work, Desk desk, CancellationToken cancellationToken)
    {
        var (kind, names) = (check.OneOf("signal", signal, [.. SignalKind.All]) ?? SignalKind.Sentiment, check.Tickers("symbols", symbols, MostSymbols));
        var steps = Horizons(check, horizons);
        var known = check.AsOf(asOf) ?? desk.Time.GetUtcNow();
        DateOnly? end = check.Time("to", to) is { } until ? Moments.SessionOf(until) : null;
        DateOnly? start = check.Time("from", from) is { } since ? Moments.SessionOf(since) : null;
        if (start is { } first && end is { } last && !IsRange(first, last)) check.Fail("from", from, RangeProblem(last));
        var parts = UsualQuantiles;
        if (quantiles is not null
            && (!int.TryParse(quantiles, NumberStyles.None, CultureInfo.InvariantCulture, out parts) || parts is < 2 or > MostQuantiles))
            check.Fail("quantiles", quantiles, $"is a whole number from 2 to {MostQuantiles}");
        var late = check.Flag("hindsight", hindsight);
        if (check.Failed) return check.Problem();
        return await work.ReportAsync<Results<Ok<SignalAnswer>, ProblemHttpResult>>(async token =>
        {
            names ??= await SignalReporter.SymbolsAsync(desk.DataSource, token);
            if (names.Count == 0)
                return Problems.Result(422, ProblemKind.Rejected, "There is too little data", "No symbol has both results and daily bars.");
            if (names.Count > MostSymbols)
                return Problems.Result(422, ProblemKind.Rejected, "There is too much data",
                    $"{names.Count} symbols have results and daily bars; name at most {MostSymbols} in symbols.");
            // As the command does: behind the last bar there is no return.
            if (await SignalReporter.LastSessionAsync(desk.DataSource, names, known, token) is not { } lastBar)
                return Problems.NotFound($"No daily bars of {string.Join(", ", names.Take(10))} were known at {RequestCheck.Text(known)}.");
            var last = end ?? lastBar;
            var first = start ?? last.AddYears(-DefaultYears);
            if (!IsRange(first, last))
                return Problems.Result(422, ProblemKind.Rejected, "There is nothing to report",
                    $"from {first:yyyy-MM-dd} {RangeProblem(last)}{(end is null ? ": it is the last session that has bars" : "")}.");
            var request = new SignalRequest(kind, names, first, last, known, late, new() { Horizons = steps, Quantiles = parts });
            var reporter = new SignalReporter(desk.DataSource, desk.Confluence, desk.Time);
            return TypedResults.Ok(SignalAnswer.Of(await reporter.RunAsync(request, null, token)));
        }, cancellationToken);
    }

    static bool IsRange(DateOnly first, DateOnly last) => first < last && first >= last.AddYears(-MostYears);

    static string RangeProblem(DateOnly last) => $"is to lie before {last:yyyy-MM-dd}, by at most {MostYears} years";

    static int[] Horizons(RequestCheck check, string? text)
    {
        if (text is null) return [1, 5, 10, 20];
        var steps = new SortedSet<int>();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            steps.Add(int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var step) && step <= LongestHorizon ? step : 0);
        if (steps.Count is 0 or > MostHorizons || steps.Contains(0))
            check.Fail("horizons", text, $"is a list of 1 to {MostHorizons} numbers from 1 to {LongestHorizon}, such as 1,5,20");
        return [.. steps];
    }
}
