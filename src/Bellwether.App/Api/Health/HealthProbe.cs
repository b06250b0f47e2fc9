using Bellwether.App.Workers;
using Bellwether.Events;
using Bellwether.Sentiment.HotStore;
using Bellwether.Storage;
using Npgsql;

namespace Bellwether.App.Api.Health;

/// <summary>
/// Looks at the database and at the loops of this process. Answers are kept for a second: health is asked for without a token.
/// </summary>
sealed class HealthProbe(Desk desk, WorkerStatus workers, TimeProvider time)
{
    static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1), Patience = TimeSpan.FromSeconds(2);

    readonly SemaphoreSlim _once = new(1);
    Findings? _last;

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
            var now = time.GetUtcNow();
            if (_last is { } last && now - last.At < Fresh) return last;
            return _last = await ProbeAsync(now, cancellationToken);
        }
        finally
        {
            _once.Release();
        }
    }

    async Task<Findings> ProbeAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var checks = new List<HealthCheck>();
        int? revision = null;
        long? letters = null;
        IReadOnlyList<TopicLag> lag = [];
        using var limit = new CancellationTokenSource(Patience, time);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            var migrator = new Migrator(desk.DataSource);
            revision = (await migrator.AppliedAsync(patience.Token)).Count;
            checks.Add(new("database", true, null));
            checks.Add(new("schema", revision == migrator.Latest,
                revision == migrator.Latest ? null : $"at revision {revision}, this program needs {migrator.Latest}"));
            letters = await LettersAsync(patience.Token);
            lag = [.. (await GroupLag.OfEmbeddedAsync(desk.DataSource, patience.Token)).Select(Of)];
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested
            && error is NpgsqlException or OperationCanceledException or IOException)
        {
            checks.Add(new("database", false,
                error is OperationCanceledException ? $"no answer within {Patience.TotalSeconds:N0} s" : "cannot be reached"));
        }
        if (desk.Hot is GuardedHotStore shared) checks.Add(CheckOf(await shared.ProbeAsync(cancellationToken)));
        if (desk.Options.EventLog.Kind == EventLogKind.Kafka)
        {
            // Of the embedded log only what waits to be carried over is of interest.
            var (check, read) = await BrokersAsync(cancellationToken);
            checks.Add(check);
            lag = [.. read, .. lag.Where(l => l.Topic == Topics.AnalyzedSentiment || l.Records > 0)];
        }
        foreach (var (name, trouble) in workers.Loops) checks.Add(new(name, trouble is null, trouble));
        return new(now, checks, revision, lag, letters);
    }

    // Never a reason to take the service out: readers are served from the database.
    static HealthCheck CheckOf(HotStoreState state) => new("hot store", true,
        state.Problem ?? (state.IsDegraded ? "is left alone for a moment" : state.IsBehind ? "is being brought level with the database" : null), state.IsDegraded);

    async Task<(HealthCheck Check, IReadOnlyList<TopicLag> Lag)> BrokersAsync(CancellationToken cancellationToken)
    {
        const string Name = "event log";
        using var limit = new CancellationTokenSource(Patience, time);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            var group = desk.Options.EventLog.StoredGroup(desk.Options.Scoring.Group);
            var lag = await Task.WhenAll(new[] { Topics.HighPriority, Topics.StandardPriority }
                .Select(topic => GroupLag.OfAsync(desk.DataSource, desk.Log, topic, group, patience.Token)));
            return (new(Name, true, null), [.. lag.Select(Of)]);
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested
            && error is EventLogException or NpgsqlException or OperationCanceledException or IOException)
        {
            return (new(Name, false, error is OperationCanceledException ? $"no answer within {Patience.TotalSeconds:N0} s" : "cannot be reached"), []);
        }
    }

    static TopicLag Of(GroupLag lag) => new(lag.Topic, lag.Group, lag.Records);

    async Task<long> LettersAsync(CancellationToken cancellationToken)
    {
        await using var command = desk.DataSource.CreateCommand("SELECT count(*) FROM ops.dead_letters WHERE status = 'open'");
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }
}
