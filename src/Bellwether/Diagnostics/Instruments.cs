using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Bellwether.Diagnostics;

/// <summary>Every metric and span of the program by name. Units are base units; counters end in <c>_total</c> when exported.</summary>
public static class Instruments
{
    public const string Name = "Bellwether";

    public static readonly ActivitySource Spans = new(Name);
    static readonly Meter Meter = new(Name);

    public static readonly Counter<long> FeedRecords = Meter.CreateCounter<long>("bellwether_feed_records", null,
        "Records read from feeds, by outcome");
    public static readonly Counter<long> EventsAppended = Meter.CreateCounter<long>("bellwether_events_appended", null,
        "Events written to the event log, by topic");
    public static readonly Counter<long> EventsScored = Meter.CreateCounter<long>("bellwether_events_scored", null,
        "Events whose results were committed, by topic");
    public static readonly Counter<long> ResultsCommitted = Meter.CreateCounter<long>("bellwether_results_committed", null,
        "Results committed, one for each event and ticker, by model");
    public static readonly Gauge<long> ModelFallback = Meter.CreateGauge<long>("bellwether_model_fallback", null,
        "1 while another model scores in the place of this one, which cannot be used, else 0; by model");
    public static readonly Counter<long> LlmRequests = Meter.CreateCounter<long>("bellwether_llm_requests", null,
        "Requests to language models, by model and outcome; each try counts");
    public static readonly Counter<long> LlmTokens = Meter.CreateCounter<long>("bellwether_llm_tokens", null,
        "Tokens that servers of language models counted, by model and kind: input or output");
    public static readonly Counter<long> RoutedTexts = Meter.CreateCounter<long>("bellwether_routed_texts", null,
        "Texts that rules sent to a model, by model and reason: first, deferred, failed, fallback");
    public static readonly Counter<long> Redelivered = Meter.CreateCounter<long>("bellwether_events_redelivered", null,
        "Events recognised as already scored, by topic");
    public static readonly Counter<long> DeadLetters = Meter.CreateCounter<long>("bellwether_dead_letters", null,
        "Records put aside, by stage");
    public static readonly Counter<long> BatchFailures = Meter.CreateCounter<long>("bellwether_batch_failures", null,
        "Batches rolled back and tried again, by topic");
    public static readonly Histogram<double> StageSeconds = Meter.CreateHistogram<double>(
        "bellwether_stage_seconds", "s", "Time of one batch in a stage of the pipeline", null,
        new InstrumentAdvice<double>
        {
            HistogramBucketBoundaries = [.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10],
        });
    public static readonly Histogram<double> EventLatencySeconds = Meter.CreateHistogram<double>(
        "bellwether_event_latency_seconds", "s", "From the event log to the hot store, by topic", null,
        new InstrumentAdvice<double> { HistogramBucketBoundaries = [.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 60] });
    public static readonly Histogram<double> StandardYieldSeconds = Meter.CreateHistogram<double>(
        "bellwether_standard_yield_seconds", "s",
        "How long a standard batch stood back for high priority; never above the starvation bound", null,
        new InstrumentAdvice<double> { HistogramBucketBoundaries = [.001, .005, .01, .05, .1, .25, .5, 1, 5] });
    public static readonly Gauge<long> ConsumerLag = Meter.CreateGauge<long>("bellwether_consumer_lag_records", null,
        "Records that this process has still to read of its partitions, by topic and priority");
    public static readonly Gauge<long> GroupLag = Meter.CreateGauge<long>("bellwether_group_lag_records", null,
        "Records that the whole desk has still to read, by topic and priority, whether workers run or not; told by those that play the scheduler");
    public static readonly Counter<long> EventTexts = Meter.CreateCounter<long>("bellwether_event_texts", null,
        "Events scored by type, and whether they came with their text or with a title alone");
    public static readonly Histogram<double> EventTextCharacters = Meter.CreateHistogram<double>(
        "bellwether_event_text_characters", null, "Length of the texts scored, by type of event", null,
        new InstrumentAdvice<double> { HistogramBucketBoundaries = [50, 100, 280, 500, 1_000, 2_000, 5_000, 10_000, 50_000] });
    public static readonly Counter<long> EventSchemas = Meter.CreateCounter<long>("bellwether_event_schemas", null,
        "Events scored by the version of their envelope");
    public static readonly Counter<long> LakeFiles = Meter.CreateCounter<long>("bellwether_lake_files_written", null,
        "Lake files written and verified");
    public static readonly Counter<long> LakeRows = Meter.CreateCounter<long>("bellwether_lake_rows_written", null,
        "Rows in lake files written");
    public static readonly Gauge<long> BreakerState = Meter.CreateGauge<long>("bellwether_breaker_state", null,
        "Breakers by name: 0 closed, 1 trying, 2 open");
    public static readonly Counter<long> HotStoreFailures = Meter.CreateCounter<long>("bellwether_hot_store_failures", null,
        "Calls of the shared hot store that failed or were not made because it was away, by operation");
    public static readonly Counter<long> HotStoreRestored = Meter.CreateCounter<long>("bellwether_hot_store_restored", null,
        "Snapshots that the shared hot store had missed and got later from the database");
    public static readonly Gauge<long> HotStoreBehind = Meter.CreateGauge<long>("bellwether_hot_store_behind", null,
        "1 while the shared hot store may lack writes, else 0");
    public static readonly Gauge<long> LakeFilesKept = Meter.CreateGauge<long>("bellwether_lake_files", null, "Files in the lake");
    public static readonly Gauge<long> LakeBytes = Meter.CreateGauge<long>("bellwether_lake_bytes", "By", "Size of the files in the lake");
    public static readonly Gauge<long> LakeRowsKept = Meter.CreateGauge<long>("bellwether_lake_rows", null, "Rows in the lake");
    public static readonly Gauge<long> LakeSealedDays = Meter.CreateGauge<long>("bellwether_lake_sealed_partitions", null,
        "Days whose rows are in the lake only");
    public static readonly Gauge<long> LakeColdRows = Meter.CreateGauge<long>("bellwether_lake_cold_rows", null, "Rows that are in the lake only");
    public static readonly Gauge<long> LakeDirtyDays = Meter.CreateGauge<long>("bellwether_lake_dirty_partitions", null,
        "Days with changes that are not in the lake yet");
    public static readonly Gauge<double> LakeWaitSeconds = Meter.CreateGauge<double>("bellwether_lake_wait_seconds", "s",
        "How long the oldest change waits for the lake; 0 when none does");
    public static readonly Gauge<long> OpenDeadLetters = Meter.CreateGauge<long>("bellwether_dead_letters_open", null,
        "Records that are put aside and wait for a decision, by stage");
    public static readonly Gauge<long> Tickers = Meter.CreateGauge<long>("bellwether_tickers", null,
        "Tickers by the time since their last result was stored: up to 1m, 5m, 1h, 1d, 7d, or older");
    public static readonly Gauge<double> TickerAgeSeconds = Meter.CreateGauge<double>("bellwether_ticker_age_seconds", "s",
        "Time since the last result of a watched ticker was stored");
    public static readonly Gauge<long> SchemaRevision = Meter.CreateGauge<long>("bellwether_schema_revision", null,
        "Revision of the database's schema");
    public static readonly Counter<long> RetentionRows = Meter.CreateCounter<long>("bellwether_retention_rows", null,
        "Rows that retention moved or deleted, by table and action");
    public static readonly Counter<long> ArchiveDrills = Meter.CreateCounter<long>("bellwether_archive_drills", null,
        "Restore drills of the archive, by outcome");
    public static readonly Gauge<double> LakeMigrationRatio = Meter.CreateGauge<double>("bellwether_lake_migration_ratio", null,
        "How far the migration of old files into the lake has come, 0 to 1; 1 when none is under way");
    public static readonly Gauge<long> SchemaPending = Meter.CreateGauge<long>("bellwether_schema_pending", null,
        "Revisions of the schema that this program brings and the database lacks; below 0 when the database is ahead of the program");
    public static readonly Gauge<double> StateReadTime = Meter.CreateGauge<double>("bellwether_state_read_timestamp_seconds", "s",
        "When the scheduler last read the state of the desk for these metrics, since the Unix epoch, by source");
    public static readonly UpDownCounter<long> StreamClients = Meter.CreateUpDownCounter<long>("bellwether_stream_clients", null,
        "Clients of the live stream");

    /// <summary>Records the time from <paramref name="started"/> (a <see cref="Stopwatch"/> timestamp) as one stage.</summary>
    public static void Stage(string stage, long started) =>
        StageSeconds.Record(Stopwatch.GetElapsedTime(started).TotalSeconds, new KeyValuePair<string, object?>("stage", stage));
}
