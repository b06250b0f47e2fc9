using Bellwether.Counts;
using Bellwether.Counts.Events;
using Bellwether.Counts.Gaps;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Bellwether.App.Api.Counts;

static partial class CountsEndpoints
{
    static async Task<Results<Ok<IReadOnlyList<ExogenousEvent>>, ProblemHttpResult>> EventsAsync(
        [FromRoute] string account, string? from, string? to, string? category, RequestCheck check, DatabaseWait wait, Desk desk, CancellationToken cancellationToken)
    {
        var whose = check.Account(account);
        var (start, end) = (check.When("from", from, TimeZoneInfo.Utc, desk.Time), check.When("to", to, TimeZoneInfo.Utc, desk.Time));
        if (check.Failed) return check.Problem();
        return TypedResults.Ok(await wait.ForAsync(token => new EventStore(desk.DataSource, desk.Time).ListAsync(whose, start, end, category, token), cancellationToken));
    }

    static async Task<Results<Ok<EventAdded>, ProblemHttpResult>> AddEventAsync(
        [FromRoute] string account, [FromBody] EventBody body, RequestCheck check, DatabaseWait wait, Desk desk, CancellationToken cancellationToken)
    {
        var (whose, zone) = (check.Account(account), check.Zone(body.Tz));
        var start = check.Required("event_start", body.EventStart, zone, desk.Time);
        var added = new NewEvent(body.Name ?? "", start, check.When("event_end", body.EventEnd, zone, desk.Time) ?? start, body.Intensity, body.Category, body.Description, body.Source ?? "api",
            check.When("known_at", body.KnownAt, zone, desk.Time));
        if (!check.Failed) check.Try("event", body.Name, () => EventStore.Require(added), added);
        if (check.Failed) return check.Problem();
        var store = new EventStore(desk.DataSource, desk.Time);
        var done = await wait.ForAsync(token => store.AddAsync(whose, [added], token), cancellationToken);
        // An event of no length lies in every stretch that it begins in.
        var near = await wait.ForAsync(token => store.ListAsync(whose, added.EventStart, added.EventEnd.AddTicks(TimeSpan.TicksPerMicrosecond), null, token), cancellationToken);
        var stored = near.FirstOrDefault(e => e.Name == added.Name && e.EventStart == added.EventStart && e.EventEnd == added.EventEnd);
        return TypedResults.Ok(new EventAdded(done.Added, done.Updated, done.Unchanged, stored?.Id));
    }

    static async Task<Results<Ok<RemovedThing>, ProblemHttpResult>> RemoveEventAsync(
        [FromRoute] string account, [FromRoute] string id, RequestCheck check, DatabaseWait wait, Desk desk, CancellationToken cancellationToken)
    {
        var (whose, number) = (check.Account(account), check.Id(id));
        if (check.Failed) return check.Problem();
        await wait.ForAsync(async token => { await new EventStore(desk.DataSource, desk.Time).RemoveAsync(whose, number, token); return true; }, cancellationToken);
        return TypedResults.Ok(new RemovedThing(number));
    }

    static async Task<Results<Ok<IReadOnlyList<CountGap>>, ProblemHttpResult>> GapsAsync(
        [FromRoute] string account, RequestCheck check, DatabaseWait wait, Desk desk, CancellationToken cancellationToken)
    {
        var whose = check.Account(account);
        if (check.Failed) return check.Problem();
        return TypedResults.Ok(await wait.ForAsync(token => new GapStore(desk.DataSource, desk.Time).ListAsync(whose, token), cancellationToken));
    }

    static async Task<Results<Ok<IReadOnlyList<SuspiciousSilence>>, ProblemHttpResult>> SuspiciousAsync(
        [FromRoute] string account, string? atLeast, string? count, RequestCheck check, DatabaseWait wait, Desk desk, CancellationToken cancellationToken)
    {
        var (whose, profile, shortest) = (check.Account(account), check.Profile(count), check.Interval("atLeast", atLeast, TimeSpan.FromHours(12)));
        if (check.Failed) return check.Problem();
        return TypedResults.Ok(await wait.ForAsync(token => new StatusReader(desk.DataSource, desk.Time).SilencesAsync(whose, profile, shortest, token), cancellationToken));
    }

    static async Task<Results<Ok<GapAdded>, ProblemHttpResult>> AddGapAsync(
        [FromRoute] string account, [FromBody] GapBody body, RequestCheck check, DatabaseWait wait, Desk desk, CancellationToken cancellationToken)
    {
        var (whose, zone) = (check.Account(account), check.Zone(body.Tz));
        var gap = new NewGap(check.Required("gap_start", body.GapStart, zone, desk.Time), check.Required("gap_end", body.GapEnd, zone, desk.Time), body.Reason, body.Source ?? "api");
        if (!check.Failed && gap.GapEnd <= gap.GapStart) check.Fail("gap_end", body.GapEnd, "is not after gap_start");
        if (check.Failed) return check.Problem();
        var store = new GapStore(desk.DataSource, desk.Time);
        var added = await wait.ForAsync(token => store.AddAsync(whose, [gap], token), cancellationToken);
        var stored = (await wait.ForAsync(token => store.ListAsync(whose, token), cancellationToken)).FirstOrDefault(g => g.GapStart == gap.GapStart && g.GapEnd == gap.GapEnd);
        return TypedResults.Ok(new GapAdded(added, 1 - added, stored?.Id));
    }

    static async Task<Results<Ok<ObservedStretch>, ProblemHttpResult>> ObservedAsync(
        [FromRoute] string account, [FromBody] ObservedBody body, RequestCheck check, DatabaseWait wait, Desk desk, CancellationToken cancellationToken)
    {
        var (whose, zone) = (check.Account(account), check.Zone(body.Tz));
        var (from, to) = (check.Required("from", body.From, zone, desk.Time), check.Required("to", body.To, zone, desk.Time));
        if (!check.Failed && to <= from) check.Fail("to", body.To, "is not after from");
        if (check.Failed) return check.Problem();
        return TypedResults.Ok(new ObservedStretch(from, to, await wait.ForAsync(token => new GapStore(desk.DataSource, desk.Time).ConfirmAsync(whose, from, to, token), cancellationToken)));
    }

    static async Task<Results<Ok<RemovedThing>, ProblemHttpResult>> RemoveGapAsync(
        [FromRoute] string account, [FromRoute] string id, RequestCheck check, DatabaseWait wait, Desk desk, CancellationToken cancellationToken)
    {
        var (whose, number) = (check.Account(account), check.Id(id));
        if (check.Failed) return check.Problem();
        await wait.ForAsync(async token => { await new GapStore(desk.DataSource, desk.Time).RemoveAsync(whose, number, token); return true; }, cancellationToken);
        return TypedResults.Ok(new RemovedThing(number));
    }
}
