using System.Globalization;
using Bellwether.App.Commands;
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
            Models = check.Models(body.Models),
            From = check.When("from", body.From, TimeZoneInfo.Utc, desk.Time),
            To = check.When("to", body.To, TimeZoneInfo.Utc, desk.Time),
            EvaluateDays = body.EvaluateDays ?? 60,
        };
        if (request.EvaluateDays is < 0 or > 3650) check.Fail("evaluate_days", $"{request.EvaluateDays}", "is 0 to 3650");
        if (check.Failed) return check.Problem();
        return TypedResults.Ok(await work.StudyAsync(token => new ModelTrainer(desk.DataSource, desk.Options.DataDirectory, desk.Time).RunAsync(request, null, token), cancellationToken));
    }

    static async Task<Results<Ok<LedgerPage>, FileContentHttpResult, ProblemHttpResult>> LedgerAsync(
        [FromRoute] string account, string? asOf, string? from, string? to, string? horizon, string? model, string? count, string? replayed, string? limit, string? tz, string? format,
        HttpContext context, RequestCheck check, DatabaseWait wait, Desk desk, CancellationToken cancellationToken)
    {
        var (moment, zone, drawn) = (check.AsOf(asOf), check.Zone(tz), check.Chart(context, format));
        var query = new LedgerQuery(check.Account(account), check.Profile(count), check.Model(model), check.LedgerHorizons(horizon), moment,
            check.When("from", from, zone, desk.Time) ?? moment, check.When("to", to, zone, desk.Time), check.Flag("replayed", replayed), Limit: check.Limit(limit, 1_000, MostRows));
        if (check.Failed) return check.Problem();
        var page = await wait.ForAsync(token => LedgerPage.ReadAsync(new ForecastLedger(desk.DataSource, desk.Time), query, token), cancellationToken);
        return drawn != ChartForm.Data ? ChartAnswer.Of(CountsCharts.Fan(query.Account, query.Model!, page.Items, zone, moment), drawn) : TypedResults.Ok(page);
    }

    static async Task<Results<Ok<IReadOnlyList<ForecastRow>>, FileContentHttpResult, ProblemHttpResult>> ForecastAsync(
        [FromRoute] string account, string? format, [FromBody] ForecastBody body, HttpContext context, RequestCheck check, CountsWork work, Desk desk, CancellationToken cancellationToken)
    {
        var (zone, drawn) = (check.Zone(body.Tz), check.Chart(context, format));
        var request = new ForecastRequest
        {
            Account = check.Account(account),
            Profile = check.Profile(body.Count),
            Model = check.Model(body.Model),
            Version = body.ModelVersion,
            Horizons = check.Horizons(body.Horizons),
            At = check.When("at", body.At, zone, desk.Time),
            Zone = zone,
            Record = body.Record ?? true,
        };
        if (check.Failed) return check.Problem();
        var rows = await work.ForecastAsync(token => new Forecaster(desk.DataSource, desk.Options.DataDirectory, desk.Time).RunAsync(request, token), cancellationToken);
        return drawn != ChartForm.Data ? ChartAnswer.Of(CountsCharts.Fan(request.Account, request.Model, rows, zone), drawn) : TypedResults.Ok(rows);
    }

    static async Task<Results<Ok<WindowForecast>, FileContentHttpResult, ProblemHttpResult>> WindowAsync(
        [FromRoute] string account, string? format, [FromBody] WindowBody body, HttpContext context, RequestCheck check, CountsWork work, Desk desk, CancellationToken cancellationToken)
    {
        var (zone, drawn) = (check.Zone(body.Tz), check.Chart(context, format));
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
        if (!check.Failed) check.Prices(body.Prices, request.Ranges);
        if (check.Failed) return check.Problem();
        var forecast = await work.ForecastAsync(token => new WindowForecaster(desk.DataSource, desk.Options.DataDirectory, desk.Time).RunAsync(request, token), cancellationToken);
        return drawn != ChartForm.Data ? ChartAnswer.Of(CountsCharts.Window(forecast, zone), drawn) : TypedResults.Ok(forecast);
    }

    static async Task<Results<Ok<IReadOnlyList<BacktestResult>>, FileContentHttpResult, ProblemHttpResult>> BacktestAsync(
        [FromRoute] string account, string? format, [FromBody] BacktestBody body, HttpContext context, RequestCheck check, CountsWork work, Desk desk, CancellationToken cancellationToken)
    {
        var drawn = check.Chart(context, format);
        var request = new BacktestRequest
        {
            Account = check.Account(account),
            Profile = check.Profile(body.Count),
            From = Day(check, "from", body.From),
            To = Day(check, "to", body.To),
            Horizons = check.Horizons(body.Horizons),
            RefitDays = body.RefitDays ?? 14,
            AllModels = body.AllModels ?? true,
        };
        if (!check.Failed && request.To < request.From) check.Fail("to", body.To, "is before from");
        if (request.RefitDays is < 1 or > 365) check.Fail("refit_days", $"{request.RefitDays}", "is 1 to 365");
        if (check.Failed) return check.Problem();
        BacktestTargets.Require(request);
        var rows = await work.StudyAsync(token => new BacktestRunner(desk.DataSource, desk.Time).RunAsync(request, null, token), cancellationToken);
        BacktestTargets.Without(request, rows);
        return drawn != ChartForm.Data ? ChartAnswer.Of(CountsCharts.Pit(request, rows), drawn) : TypedResults.Ok(rows);
    }

    static DateOnly Day(RequestCheck check, string field, string? text)
    {
        if (!DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) || !BacktestTargets.IsInRange(day))
            check.Fail(field, text, "is no date such as 2025-06-30, from 1900 to 2199");
        return day;
    }
}
