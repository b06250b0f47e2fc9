using Dapper;
using Npgsql;

namespace Bellwether.Feeds;

/// <summary>One ingest with its account in <c>ops.ingest_runs</c>, which the scoring transaction completes.</summary>
public sealed class IngestRun
{
    /// <summary>Header of an event that names its run, so that the run can be accounted for exactly wherever it is scored.</summary>
    public const string Header = "ingest-run";

    readonly NpgsqlDataSource _dataSource;
    readonly TimeProvider _time;

    IngestRun(Guid id, NpgsqlDataSource dataSource, TimeProvider time) => (Id, _dataSource, _time) = (id, dataSource, time);

    public Guid Id { get; }

    public IngestCounts Counts { get; private set; }

    /// <summary>Sources that could not be read to their end.</summary>
    public IReadOnlyList<FeedException> Failures { get; internal set; } = [];

    internal static async Task<IngestRun> BeginAsync(NpgsqlDataSource dataSource, string source, TimeProvider time, CancellationToken cancellationToken)
    {
        var run = new IngestRun(Guid.NewGuid(), dataSource, time);
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(
            "INSERT INTO ops.ingest_runs (run_id, source, started_at) VALUES (@Id, @source, @now)",
            new { run.Id, source, now = time.GetUtcNow() }, cancellationToken: cancellationToken));
        return run;
    }

    internal async Task RecordAsync(IngestCounts counts, CancellationToken cancellationToken)
    {
        Counts = counts;
        await using var connection = await _dataSource.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition("""
            UPDATE ops.ingest_runs SET read = @Read, appended = @Appended, duplicates = @Duplicates, rejected = @Rejected, finished_at = @now
            WHERE run_id = @Id
            """, new { Id, counts.Read, counts.Appended, counts.Duplicates, counts.Rejected, now = _time.GetUtcNow() }, cancellationToken: cancellationToken));
    }

    /// <summary>The account as it stands: an appended record that proved to be known already counts as a duplicate.</summary>
    public async Task<IngestOutcome> OutcomeAsync(CancellationToken cancellationToken)
    {
        await using var connection = await _dataSource.OpenConnectionAsync(cancellationToken);
        var (scored, results, redelivered, dead) = await connection.QuerySingleAsync<(long, long, long, long)>(new CommandDefinition(
            "SELECT scored, results, redelivered, dead_lettered FROM ops.ingest_runs WHERE run_id = @Id", new { Id }, cancellationToken: cancellationToken));
        return new(Counts.Read, Counts.Appended - redelivered, Counts.Duplicates + redelivered, Counts.Rejected, scored, results, dead);
    }

    /// <summary>Tickers whose state this run has changed so far.</summary>
    public async Task<long> TickersAsync(CancellationToken cancellationToken)
    {
        await using var connection = await _dataSource.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<long>(new CommandDefinition(
            "SELECT count(*) FROM ops.ingest_run_tickers WHERE run_id = @Id", new { Id }, cancellationToken: cancellationToken));
    }
}

/// <summary>read = accepted + duplicates + rejected; accepted = scored + dead-lettered + pending.</summary>
/// <param name="Results">Stored results, one for each event and ticker.</param>
public sealed record IngestOutcome(long Read, long Accepted, long Duplicates, long Rejected, long Scored, long Results, long DeadLettered)
{
    public long Pending => Accepted - Scored - DeadLettered;
}
