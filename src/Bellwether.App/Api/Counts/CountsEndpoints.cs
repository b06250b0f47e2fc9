using Bellwether.Counts;
using Bellwether.Counts.Backtesting;
using Bellwether.Counts.Buckets;
using Bellwether.Counts.Events;
using Bellwether.Counts.Features;
using Bellwether.Counts.Gaps;
using Bellwether.Counts.Import;
using Bellwether.Counts.Ledger;
using Bellwether.Counts.Registry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Bellwether.App.Api.Counts;

/// <summary>/counts…: times of posts in, counts and forecasts out.</summary>
static partial class CountsEndpoints
{
    const int MostRows = 10_000;

    public static void Map(RouteGroupBuilder api)
    {
        var all = api.MapGroup("/counts").AnswersHead();
        var counts = all.MapGroup("").Answers("application/json");
        MapCharts(all.MapGroup("").Answers("application/json", ChartAnswer.Type, ChartAnswer.Png));
        counts.MapGet("/", ListAsync).WithName("listCountAccounts").WithSummary("Accounts whose posts are counted");
        counts.MapGet("/{account}", StatusAsync).WithName("getCountStatus").WithSummary("How fresh and whole the counts are, and whether the intervals held").ProducesProblem(400).ProducesProblem(404);
        counts.MapPost("/{account}/posts", ImportAsync).WithName("importPosts").WithSummary("Takes in ids and times of posts; sending them again adds nothing")
            .Accepts<PostBody>("application/json", "application/x-ndjson", "text/csv").ProducesProblem(400);
        counts.MapPost("/{account}/posts/from-sentiment", ImportSentimentAsync).WithName("importPostsFromSentiment").WithSummary("Takes in the account's posts that came in for sentiment").ProducesProblem(400);
        counts.MapDelete("/{account}/posts/{id}", DeleteAsync).WithName("deletePost").WithSummary("Marks a post as deleted: it stays, and no longer counts").ProducesProblem(400).ProducesProblem(404);
        counts.MapPost("/{account}/posts/{id}/undelete", UndeleteAsync).WithName("undeletePost").WithSummary("Lets a deleted post count again").ProducesProblem(400).ProducesProblem(404);
        counts.MapGet("/{account}/buckets", BucketsAsync).WithName("listBuckets").WithSummary("Counts of windows, by the clock of any time zone").ProducesProblem(400).ProducesProblem(404).ProducesProblem(422);
        counts.MapPost("/{account}/buckets", BuildBucketsAsync).WithName("buildBuckets").WithSummary("Brings hourly and daily counts up to date").ProducesProblem(400).ProducesProblem(404).ProducesProblem(422);
        counts.MapGet("/{account}/features", FeaturesAsync).WithName("listFeatures").WithSummary("What models learn from, hour by hour").ProducesProblem(400).ProducesProblem(404);
        counts.MapPost("/{account}/features", BuildFeaturesAsync).WithName("buildFeatures").WithSummary("Brings the features up to date with the buckets").ProducesProblem(400).ProducesProblem(404).ProducesProblem(422);
        counts.MapGet("/{account}/events", EventsAsync).WithName("listCountEvents").WithSummary("External events that overlap a stretch of time").ProducesProblem(400).ProducesProblem(404);
        counts.MapPost("/{account}/events", AddEventAsync).WithName("addCountEvent").WithSummary("Adds an event; again with other values changes it").ProducesProblem(400);
        counts.MapDelete("/{account}/events/{id}", RemoveEventAsync).WithName("removeCountEvent").WithSummary("Takes an event back").ProducesProblem(400).ProducesProblem(404);
        counts.MapGet("/{account}/gaps", GapsAsync).WithName("listGaps").WithSummary("When the collector was away").ProducesProblem(400).ProducesProblem(404);
        counts.MapGet("/{account}/gaps/suspicious", SuspiciousAsync).WithName("listSuspiciousSilences").WithSummary("Silences that look like outages and are not recorded").ProducesProblem(400).ProducesProblem(404);
        counts.MapPost("/{account}/gaps", AddGapAsync).WithName("addGap").WithSummary("Records when the collector was away").ProducesProblem(400).ProducesProblem(404);
        counts.MapPost("/{account}/gaps/observed", ObservedAsync).WithName("confirmObserved").WithSummary("Says that the collector was there, however long a silence looks").ProducesProblem(400).ProducesProblem(404);
        counts.MapDelete("/{account}/gaps/{id}", RemoveGapAsync).WithName("removeGap").WithSummary("Takes a recorded gap back").ProducesProblem(400).ProducesProblem(404);
        counts.MapGet("/{account}/models", ModelsAsync).WithName("listCountModels").WithSummary("Versions of models, newest first").ProducesProblem(400).ProducesProblem(404);
        counts.MapPost("/{account}/models", TrainAsync).WithName("trainCountModels").WithSummary("Fits models and records them; takes seconds to minutes").ProducesProblem(400).ProducesProblem(404).ProducesProblem(422);
    }

    static void MapCharts(RouteGroupBuilder charts)
    {
        charts.MapGet("/{account}/forecasts", LedgerAsync).WithName("listForecasts").WithSummary("What is believed, or was believed at a moment; as a chart too").ProducesProblem(400).ProducesProblem(404);
        charts.MapPost("/{account}/forecasts", ForecastAsync).WithName("makeForecasts").WithSummary("Forecasts hours, days and week, and records it; takes seconds; as a chart too")
            .ProducesProblem(400).ProducesProblem(404).ProducesProblem(422);
        charts.MapPost("/{account}/window", WindowAsync).WithName("forecastWindow").WithSummary("Forecasts the total of a window, also of one that has begun; takes seconds; as a chart too")
            .ProducesProblem(400).ProducesProblem(404).ProducesProblem(422);
        charts.MapPost("/{account}/backtest", BacktestAsync).WithName("backtestCounts").WithSummary("Forecasts at every midnight of a stretch and scores it; takes minutes for a year; as a chart too")
            .ProducesProblem(400).ProducesProblem(404).ProducesProblem(422);
    }

    static async Task<Ok<CountAccounts>> ListAsync(DatabaseWait wait, Desk desk, CancellationToken cancellationToken) =>
        TypedResults.Ok(new CountAccounts(await wait.ForAsync(token => CountAccount.ListAsync(desk.DataSource, token), cancellationToken)));

    static async Task<Results<Ok<CountsStatus>, ProblemHttpResult>> StatusAsync(
        [FromRoute] string account, string? count, RequestCheck check, DatabaseWait wait, Desk desk, CancellationToken cancellationToken)
    {
        var (whose, profile) = (check.Account(account), check.Profile(count));
        if (check.Failed) return check.Problem();
        return TypedResults.Ok(await wait.ForAsync(token => new StatusReader(desk.DataSource, desk.Time).ReadAsync(whose, profile, token), cancellationToken));
    }

    static async Task<Results<Ok<ImportResult>, ProblemHttpResult>> ImportAsync(
        [FromRoute] string account, string? source, string? since, string? until, HttpRequest request, RequestCheck check, Desk desk, CancellationToken cancellationToken)
    {
        var import = new PostImport
        {
            Account = check.Account(account),
            Source = source ?? "http",
            Since = check.When("since", since, TimeZoneInfo.Utc, desk.Time),
            Until = check.When("until", until, TimeZoneInfo.Utc, desk.Time),
        };
        if (check.Failed) return check.Problem();
        // No body at all is a slip, unless it comes with the word that there was nothing.
        if (request.ContentLength == 0 && import.Since is null && import.Until is null)
            return Problems.Result(400, ProblemKind.MalformedBody, "Nothing was sent", "The body is empty; where the collector found nothing new, say up to when it looked: ?until=now.");
        return TypedResults.Ok(await new PostImporter(desk.DataSource, desk.Time).RunAsync(import, request.Body, "the body", PostFormat.Auto, null, cancellationToken));
    }

    static async Task<Results<Ok<ImportResult>, ProblemHttpResult>> ImportSentimentAsync(
        [FromRoute] string account, string? source, string? since, string? until, RequestCheck check, Desk desk, CancellationToken cancellationToken)
    {
        var import = new PostImport
        {
            Account = check.Account(account),
            Source = source,
            Since = check.When("since", since, TimeZoneInfo.Utc, desk.Time),
            Until = check.When("until", until, TimeZoneInfo.Utc, desk.Time),
        };
        if (check.Failed) return check.Problem();
        return TypedResults.Ok(await new PostImporter(desk.DataSource, desk.Time).RunFromSentimentAsync(import, cancellationToken));
    }

    static Task<Results<Ok<DeletionResult>, ProblemHttpResult>> DeleteAsync(
        [FromRoute] string account, [FromRoute] string id, RequestCheck check, DatabaseWait wait, Desk desk, CancellationToken cancellationToken) =>
        MarkAsync(account, id, true, check, wait, desk, cancellationToken);

    static Task<Results<Ok<DeletionResult>, ProblemHttpResult>> UndeleteAsync(
        [FromRoute] string account, [FromRoute] string id, RequestCheck check, DatabaseWait wait, Desk desk, CancellationToken cancellationToken) =>
        MarkAsync(account, id, false, check, wait, desk, cancellationToken);

    static async Task<Results<Ok<DeletionResult>, ProblemHttpResult>> MarkAsync(
        string account, string id, bool deleted, RequestCheck check, DatabaseWait wait, Desk desk, CancellationToken cancellationToken)
    {
        var whose = check.Account(account);
        if (check.Failed) return check.Problem();
        var done = await wait.ForAsync(token => new PostDeletion(desk.DataSource, desk.Time).RunAsync(whose, [id], deleted, token), cancellationToken);
        return done.Unknown.Count > 0 ? Problems.NotFound($"{whose} has no post {id}.") : TypedResults.Ok(done);
    }

    static async Task<Results<Ok<BucketPage>, ProblemHttpResult>> BucketsAsync(
        [FromRoute] string account, string? from, string? to, string? every, string? tz, string? count, RequestCheck check, DatabaseWait wait, Desk desk, CancellationToken cancellationToken)
    {
        var (whose, profile, zone) = (check.Account(account), check.Profile(count), check.Zone(tz));
        var (start, end) = (check.Required("from", from, zone, desk.Time), check.When("to", to, zone, desk.Time));
        if (check.Failed) return check.Problem();
        var known = (await wait.ForAsync(token => CountAccount.ListAsync(desk.DataSource, token), cancellationToken)).FirstOrDefault(a => a.Account == whose);
        if (known is null) return Problems.NotFound($"Nothing is known about the account '{whose}'.");
        var windows = check.Try("every", every, () => ZoneWindows.Split(start, end ?? known.ObservedUntil ?? start.AddDays(1), every ?? "1d", zone), []);
        if (windows.Count > MostRows) check.Fail("every", every, $"{windows.Count} windows; at most {MostRows} are answered");
        if (check.Failed) return check.Problem();
        return TypedResults.Ok(new BucketPage(whose, profile.Name, await wait.ForAsync(token => new WindowCounts(desk.DataSource).RunAsync(whose, profile, windows, token), cancellationToken)));
    }

    static async Task<Results<Ok<BucketResult>, ProblemHttpResult>> BuildBucketsAsync(
        [FromRoute] string account, string? count, string? full, RequestCheck check, Desk desk, CancellationToken cancellationToken)
    {
        var (whose, profile, all) = (check.Account(account), check.Profile(count), check.Flag("full", full));
        if (check.Failed) return check.Problem();
        var built = await new BucketBuilder(desk.DataSource, desk.Time).RunAsync(whose, profile, all, cancellationToken);
        await new ForecastLedger(desk.DataSource, desk.Time).FillAsync(whose, cancellationToken);
        return TypedResults.Ok(built);
    }

    static async Task<Results<Ok<IReadOnlyList<FeatureRow>>, ProblemHttpResult>> FeaturesAsync(
        [FromRoute] string account, string? from, string? to, string? limit, string? count, RequestCheck check, DatabaseWait wait, Desk desk, CancellationToken cancellationToken)
    {
        var (whose, profile, page) = (check.Account(account), check.Profile(count), check.Limit(limit, 1_000, MostRows));
        var (start, end) = (check.When("from", from, TimeZoneInfo.Utc, desk.Time), check.When("to", to, TimeZoneInfo.Utc, desk.Time));
        if (check.Failed) return check.Problem();
        return TypedResults.Ok(await wait.ForAsync(token => FeatureTable.ReadAsync(desk.DataSource, whose, profile, start, end, page, token), cancellationToken));
    }

    static async Task<Results<Ok<FeatureResult>, ProblemHttpResult>> BuildFeaturesAsync(
        [FromRoute] string account, string? count, string? full, RequestCheck check, Desk desk, CancellationToken cancellationToken)
    {
        var (whose, profile, all) = (check.Account(account), check.Profile(count), check.Flag("full", full));
        if (check.Failed) return check.Problem();
        return TypedResults.Ok(await new FeatureBuilder(desk.DataSource, desk.Time).RunAsync(whose, profile, all, cancellationToken));
    }
}
