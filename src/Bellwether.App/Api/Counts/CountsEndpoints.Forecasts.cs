using System.Globalization;
using Bellwether.Counts;
using Bellwether.Counts.Backtesting;
using Bellwether.Counts.Ledger;
using Bellwether.Counts.Registry;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Bellwether.App.Api.Counts;

static partial class CountsEndpoints
{
    static async Task<Results<Ok<IReadOnlyList<ModelVersion>>, ProblemHttpResult>> ModelsAsync(
        [FromRoute] string account, string? model, RequestCheck check, DatabaseWait wait, Desk desk, CancellationToken cancellationToken)
    {
        var (whose, name) = (check.Account(account), model is null ? null : check.Model(model));
        if (check.Failed) return check.Problem();
        return TypedResults.Ok(await wait.ForAsync(token => new ModelRegistry(desk.DataSource).ListAsync(whose, name, token), cancellationToken));
    }

    static async Task<Results<Ok<IReadOnlyList<ModelVersion>>, ProblemHttpResult>> TrainAsync(
        [FromRoute] string account, [FromBody] TrainBody body, RequestCheck check, CountsWork work, Desk desk, CancellationToken cancellationToken)
    {
        var request = new TrainRequest
        {
            Account = check.Account(account),
            Profile = check.Profile(body.Count),
            Models = body.Models is { Count: > 0 } models ? [.. models.Distinct().Select(m => check.Model(m))] : [ModelCatalog.Default],
            From = check.When("from", body.From, TimeZoneInfo.Utc, desk.Time),
            To = check.When("to", body.To, TimeZoneInfo.Utc, desk.Time),
            EvaluateDays = body.EvaluateDays ?? 60,
        };
        if (request.EvaluateDays is < 0 or > 3650) check.Fail("evaluate_days", $"{request.EvaluateDays}", "is 0 to 3650");
        if (check.Failed) return check.Problem();
        return TypedResults.Ok(await work.RunAsync(token => new ModelTrainer(desk.DataSource, desk.Options.DataDirectory, desk.Time).RunAsync(request, null, token), cancellationToken));
    }

    static async Task<Results<Ok<IReadOnlyList<ForecastRow>>, ProblemHttpResult>> LedgerAsync(
        [FromRoute] string account, string? asOf, string? from, string? to, string? horizon, string? model, string? count, string? replayed, string? limit, RequestCheck check,
        DatabaseWait wait, Desk desk, CancellationToken cancellationToken)
    {
        var moment = check.AsOf(asOf);
        var query = new LedgerQuery(check.Account(account), check.Profile(count), check.Model(model), horizon, moment,
            check.When("from", from, TimeZoneInfo.Utc, desk.Time) ?? moment, check.When("to", to, TimeZoneInfo.Utc, desk.Time), check.Flag("replayed", replayed),
            Limit: check.Limit(limit, 1_000, MostRows));
        if (check.Failed) return check.Problem();
        return TypedResults.Ok(await wait.ForAsync(token => new ForecastLedger(desk.DataSource, desk.Time).ReadAsync(query, token), cancellationToken));
    }

    static async Task<Results<Ok<IReadOnlyList<ForecastRow>>, ProblemHttpResult>> ForecastAsync(
        [FromRoute] string account, [FromBody] ForecastBody body, RequestCheck check, CountsWork work, Desk desk, CancellationToken cancellationToken)
    {
        var zone = check.Zone(body.Tz);
        var request = new ForecastRequest
        {
            Account = check.Account(account),
            Profile = check.Profile(body.Count),
            Model = check.Model(body.Model),
            Horizons = Horizons(check, body.Horizons),
            At = check.When("at", body.At, zone, desk.Time),
            Zone = zone,
            Record = body.Record ?? true,
        };
        if (check.Failed) return check.Problem();
        return TypedResults.Ok(await work.RunAsync(token => new Forecaster(desk.DataSource, desk.Options.DataDirectory, desk.Time).RunAsync(request, token), cancellationToken));
    }

    static async Task<Results<Ok<WindowForecast>, ProblemHttpResult>> WindowAsync(
        [FromRoute] string account, [FromBody] WindowBody body, RequestCheck check, CountsWork work, Desk desk, CancellationToken cancellationToken)
    {
        var zone = check.Zone(body.Tz);
        var request = new WindowRequest
        {
            Account = check.Account(account),
            Profile = check.Profile(body.Count),
            Model = check.Model(body.Model),
            From = check.Required("from", body.From, zone, desk.Time),
            To = check.Required("to", body.To, zone, desk.Time),
            At = check.When("at", body.At, zone, desk.Time),
            Ranges = body.Ranges is { } ranges ? check.Try("ranges", ranges, () => CountRanges.Parse(ranges), null!) : null,
            Prices = body.Prices,
            Record = body.Record ?? true,
        };
        if (!check.Failed && request.To <= request.From) check.Fail("to", body.To, "is not after from");
        if (!check.Failed && request.Prices is { } prices && prices.Count != request.Ranges?.Names.Count) check.Fail("prices", null, $"{prices.Count} prices for {request.Ranges?.Names.Count ?? 0} ranges; give one each");
        if (check.Failed) return check.Problem();
        return TypedResults.Ok(await work.RunAsync(token => new WindowForecaster(desk.DataSource, desk.Options.DataDirectory, desk.Time).RunAsync(request, token), cancellationToken));
    }

    static async Task<Results<Ok<IReadOnlyList<BacktestResult>>, ProblemHttpResult>> BacktestAsync(
        [FromRoute] string account, [FromBody] BacktestBody body, RequestCheck check, CountsWork work, Desk desk, CancellationToken cancellationToken)
    {
        var request = new BacktestRequest
        {
            Account = check.Account(account),
            Profile = check.Profile(body.Count),
            From = Day(check, "from", body.From),
            To = Day(check, "to", body.To),
            Horizons = Horizons(check, body.Horizons),
            RefitDays = body.RefitDays ?? 14,
            AllModels = body.AllModels ?? true,
        };
        if (!check.Failed && request.To < request.From) check.Fail("to", body.To, "is before from");
        if (check.Failed) return check.Problem();
        return TypedResults.Ok(await work.RunAsync(token => new BacktestRunner(desk.DataSource, desk.Time).RunAsync(request, null, token), cancellationToken));
    }

    static IReadOnlyList<string> Horizons(RequestCheck check, IReadOnlyList<string>? horizons)
    {
        string[] named = horizons is { Count: > 0 } ? [.. horizons] : ["1h", "1d", "7d"];
        check.Try("horizons", string.Join(',', named), () => Forecaster.Horizons(named), []);
        return named;
    }

    static DateOnly Day(RequestCheck check, string field, string? text)
    {
        if (!DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)) check.Fail(field, text, "is no date such as 2025-06-30");
        return day;
    }
}
