using Bellwether.Diagnostics;
using Bellwether.Events;
using Bellwether.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Bellwether.App.Workers;

/// <summary>Metrics of what is stored, which belong to the desk and not to one process; read by those that play the scheduler.</summary>
sealed partial class StateMetricsService(Desk desk, ILogger<StateMetricsService> logger) : BackgroundService
{
    static readonly TimeSpan Every = TimeSpan.FromSeconds(15);
    static readonly (string Topic, string Priority)[] Inputs = [(Topics.HighPriority, "high"), (Topics.StandardPriority, "standard")];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, desk.Time);
        try
        {
            // Apart: brokers that are away, or slow, hide nothing of what the database says.
            do await Task.WhenAll(TryAsync("database", ReadAsync, stoppingToken), TryAsync("event log", ReadLagAsync, stoppingToken));
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // asked to stop
        }
    }

    async Task TryAsync(string source, Func<CancellationToken, Task> read, CancellationToken cancellationToken)
    {
        try
        {
            await read(cancellationToken);
            // The last values stand when reading fails: only this tells that they are old.
            Instruments.StateReadTime.Record(desk.Time.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0, Tag("source", source));
        }
        catch (Exception error) when (error is NpgsqlException or EventLogException or TimeoutException or IOException)
        {
            Failed(logger, source, error.Message);
        }
    }

    /// <summary>Lag of the whole group, from its stored offsets: it is there, and grows, also when no worker is.</summary>
    public async Task ReadLagAsync(CancellationToken cancellationToken)
    {
        var (options, group) = (desk.Options.EventLog, desk.Options.Scoring.Group);
        foreach (var (topic, priority) in Inputs)
        {
            var records = await LagAsync(desk.Log, topic, options.StoredGroup(group), cancellationToken);
            // From the time before the desk used Kafka: what was not carried over is still to be read.
            if (desk.Forwarder is not null) records += await LagAsync(desk.Announcements, topic, group, cancellationToken);
            Tell(topic, priority, records);
        }
        if (desk.Forwarder is null) return;
        Tell(Topics.AnalyzedSentiment, "none", await LagAsync(desk.Announcements, Topics.AnalyzedSentiment, LogForwarder.Group, cancellationToken));

        static void Tell(string topic, string priority, long records) => Instruments.GroupLag.Record(records, Tag("topic", topic), Tag("priority", priority));
    }

    async Task<long> LagAsync(IEventLog log, string topic, string storedGroup, CancellationToken cancellationToken) =>
        (await GroupLag.OfAsync(desk.DataSource, log, topic, storedGroup, cancellationToken)).Records;

    /// <summary>Reads everything in one round trip. Sizes come from the manifest, so that nothing large is counted.</summary>
    public async Task ReadAsync(CancellationToken cancellationToken)
    {
        await using var batch = desk.DataSource.CreateBatch();
        foreach (var sql in new[] { Lake, Letters, Ages, Revision }) batch.BatchCommands.Add(new(sql));
        batch.BatchCommands.Add(new(Watched) { Parameters = { new() { Value = desk.Options.WatchedTickers.ToArray() } } });
        await using var row = await batch.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        Instruments.LakeFilesKept.Record(row.GetInt64(0));
        Instruments.LakeRowsKept.Record(row.GetInt64(1));
        Instruments.LakeBytes.Record(row.GetInt64(2));
        Instruments.LakeDirtyDays.Record(row.GetInt64(3));
        Instruments.LakeWaitSeconds.Record(row.GetDouble(4));
        Instruments.LakeSealedDays.Record(row.GetInt64(5));
        Instruments.LakeColdRows.Record(row.GetInt64(6));
        Instruments.LakeMigrationRatio.Record(row.GetDouble(7));
        await row.NextResultAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken)) Instruments.OpenDeadLetters.Record(row.GetInt64(1), Tag("stage", row.GetString(0)));
        await row.NextResultAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken)) Instruments.Tickers.Record(row.GetInt64(1), Tag("age", row.GetString(0)));
        await row.NextResultAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        Instruments.SchemaRevision.Record(row.GetInt64(0));
        Instruments.SchemaPending.Record(Migration.Shipped.Count - row.GetInt64(0));
        await row.NextResultAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken)) Instruments.TickerAgeSeconds.Record(row.GetDouble(1), Tag("ticker", row.GetString(0)));
    }

    const string Lake = """
        SELECT (SELECT count(*) FROM ops.lake_files), (SELECT coalesce(sum(rows), 0)::bigint FROM ops.lake_files),
               (SELECT coalesce(sum(bytes), 0)::bigint FROM ops.lake_files), count(*), coalesce(extract(epoch FROM now() - min(dirty_since)), 0)::float8,
               (SELECT count(*) FROM ops.lake_days WHERE sealed_at IS NOT NULL),
               (SELECT coalesce(sum(f.rows), 0)::bigint FROM ops.lake_files f JOIN ops.lake_days d USING (day) WHERE d.sealed_at IS NOT NULL),
               (SELECT coalesce(sum(f.next_row) / nullif(sum(f.rows), 0), 1)::float8 FROM ops.lake_migration_files f
                JOIN ops.lake_migrations m ON m.id = f.migration_id WHERE m.status = 'running')
        FROM ops.lake_days WHERE revision > written_revision
        """;

    // A stage without letters is 0, not what it was before.
    const string Letters = """
        SELECT s.stage, count(d.id) FROM unnest(ARRAY['normalise', 'decode', 'score', 'store']) AS s(stage)
        LEFT JOIN ops.dead_letters d ON d.stage = s.stage AND d.status = 'open' GROUP BY s.stage
        """;

    const string Ages = """
        SELECT a.name, count(t.ticker)
        FROM (VALUES ('1m', interval '0', interval '1 minute'), ('5m', '1 minute', '5 minutes'), ('1h', '5 minutes', '1 hour'), ('1d', '1 hour', '1 day'),
                     ('7d', '1 day', '7 days'), ('older', '7 days', NULL)) AS a(name, youngest, oldest)
        LEFT JOIN sentiment.ticker_sentiment t ON t.last_updated <= now() - a.youngest AND (a.oldest IS NULL OR t.last_updated > now() - a.oldest)
        GROUP BY a.name
        """;

    const string Revision = "SELECT coalesce(max(revision), 0)::bigint FROM public.bellwether_migrations";

    const string Watched = """
        SELECT ticker, extract(epoch FROM now() - last_updated)::float8 FROM sentiment.ticker_sentiment WHERE ticker = ANY($1) AND count > 0
        """;

    static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);

    [LoggerMessage(EventId = 3601, Level = LogLevel.Debug, Message = "the state of the desk could not be read for the metrics from the {Source}: {Reason}")]
    static partial void Failed(ILogger logger, string source, string reason);
}
