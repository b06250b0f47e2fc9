using Bellwether.App.Workers;
using Bellwether.Events;
using Bellwether.Sentiment.HotStore;
using Bellwether.Storage;
using Npgsql;

namespace Bellwether.App.Api.Health;

/// <summary>
/// Looks at the database and at the loops of this process. Answers are kept for a second: health is asked for without a token.
/// </summary>
sealed class HealthProbe(Desk desk, ServeOptions options, WorkerStatus workers, DatabaseWait wait, TimeProvider time)
{
    static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1), Patience = TimeSpan.FromSeconds(2);

    readonly SemaphoreSlim _once = new(1);
    (long At, Findings Findings)? _last;

    public sealed record Findings(
        DateTimeOffset At, IReadOnlyList<HealthCheck> Checks, int? Revision, IReadOnlyList<TopicLag> Lag, long? OpenDeadLetters)
    {
        public bool Ready => Checks.All(c => c.Ok);

        public bool Degraded => Checks.Any(c => c.Degraded);
    }

    public async Task<Findings> LookAsync(CancellationToken cancellationToken)
    {
        await _once.WaitAsync(cancellationToken);
        try
        {
            if (_last is { } last && time.GetElapsedTime(last.At) < Fresh) return last.Findings;
            var findings = await ProbeAsync(cancellationToken);
            _last = (time.GetTimestamp(), findings);
            return findings;
        }
        finally
        {
            _once.Release();
        }
    }

    async Task<Findings> ProbeAsync(CancellationToken cancellationToken)
    {
        // All at once: together they take no longer than the one that takes longest.
        var database = DatabaseAsync(cancellationToken);
        var brokers = desk.Options.EventLog.Kind == EventLogKind.Kafka ? BrokersAsync(cancellationToken) : null;
        var (checks, revision, lag, letters) = await database;
        if (desk.Hot is GuardedHotStore shared) checks.Add(CheckOf(await shared.ProbeAsync(cancellationToken)));
        if (brokers is not null)
        {
            // Of the embedded log only what waits to be carried over is of interest.
            var (check, read) = await brokers;
            checks.Add(check);
            lag = [.. read, .. lag.Where(l => l.Topic == Topics.AnalyzedSentiment || l.Records > 0)];
        }
        foreach (var model in desk.MissedModels)
            checks.Add(new($"model {model}", true, "cannot be used at this time; another one scores in its place", Degraded: true));
        foreach (var (name, trouble) in workers.Loops) checks.Add(new(name, trouble is null, trouble));
        return new(time.GetUtcNow(), checks, revision, lag, letters);
    }

    async Task<(List<HealthCheck> Checks, int? Revision, IReadOnlyList<TopicLag> Lag, long? Letters)> DatabaseAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await wait.ForAsync(Patience, async token =>
            {
                var migrator = new Migrator(desk.DataSource);
                var revision = (await migrator.AppliedAsync(token)).Count;
                List<HealthCheck> checks = [new("database", true, null), new("schema", revision == migrator.Latest,
                    revision == migrator.Latest ? null : $"at revision {revision}, this program needs {migrator.Latest}")];
                IReadOnlyList<TopicLag> lag = [.. (await GroupLag.OfEmbeddedAsync(desk.DataSource, token)).Select(Of)];
                return (checks, (int?)revision, lag, (long?)await LettersAsync(token));
            }, cancellationToken);
        }
        catch (Exception error) when (IsOutage(error, cancellationToken))
        {
            return ([new("database", false, Trouble(error))], null, [], null);
        }
    }

    static bool IsOutage(Exception error, CancellationToken cancellationToken) => !cancellationToken.IsCancellationRequested
        && error is EventLogException or NpgsqlException or TimeoutException or OperationCanceledException or IOException;

    static string Trouble(Exception error) =>
        error is TimeoutException or OperationCanceledException ? $"no answer within {Patience.TotalSeconds:N0} s" : "cannot be reached";

    // Never a reason to take the service out: readers are served from the database.
    static HealthCheck CheckOf(HotStoreState state) => new("hot store", true,
        state.Problem ?? (state.IsDegraded ? "is left alone for a moment" : state.IsBehind ? "is being brought level with the database" : null), state.IsDegraded);

    async Task<(HealthCheck Check, IReadOnlyList<TopicLag> Lag)> BrokersAsync(CancellationToken cancellationToken)
    {
        const string Name = "event log";
        try
        {
            var group = desk.Options.EventLog.StoredGroup(desk.Options.Scoring.Group);
            var lag = await wait.ForAsync(Patience, token => Task.WhenAll(new[] { Topics.HighPriority, Topics.StandardPriority }
                .Select(topic => GroupLag.OfAsync(desk.DataSource, desk.Log, topic, group, token))), cancellationToken);
            return (new(Name, true, null), [.. lag.Select(Of)]);
        }
        catch (Exception error) when (IsOutage(error, cancellationToken))
        {
            // A process that only serves goes on answering reads from the database; one that does the work cannot do it.
            var readsOnly = options.Roles == ServeRoles.Api;
            return (new(Name, readsOnly, Trouble(error), Degraded: readsOnly), []);
        }
    }

    static TopicLag Of(GroupLag lag) => new(lag.Topic, lag.Group, lag.Records);

    async Task<long> LettersAsync(CancellationToken cancellationToken)
    {
        await using var command = desk.DataSource.CreateCommand("SELECT count(*) FROM ops.dead_letters WHERE status = 'open'");
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }
}
