using Bellwether.Backup;
using Bellwether.Confluence;
using Bellwether.Engines;
using Bellwether.Engines.Postgres;
using Bellwether.Events;
using Bellwether.Events.Kafka;
using Bellwether.Feeds;
using Bellwether.Lake;
using Bellwether.Lake.Legacy;
using Bellwether.Retention;
using Bellwether.Retention.Archive;
using Bellwether.Retention.Erase;
using Bellwether.Sentiment;
using Bellwether.Sentiment.Aggregation;
using Bellwether.Sentiment.HotStore;
using Bellwether.Storage;
using Bellwether.Storage.Objects;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Bellwether.App;

/// <summary>
/// The parts of one desk, put together: commands and the server use the same. Parts are made when first asked for, so that a command
/// pays only for what it uses.
/// </summary>
public sealed class Desk : IAsyncDisposable
{
    readonly PostgresEngine _engine;
    readonly Lazy<PostgresEventLog> _embedded;
    readonly Lazy<KafkaEventLog>? _kafka;
    readonly Lazy<EventScorer> _scorer;
    readonly Lazy<ResultStore> _results;
    readonly Lazy<LakeStore?> _lakeStore;
    readonly Lazy<IObjectStore> _archive;
    readonly Lazy<ColdTier?> _cold;

    Desk(DeskOptions options, PostgresEngine engine, string? kafkaLibrary, ISentimentModel? model, ILoggerFactory loggers, TimeProvider time)
    {
        (Options, _engine, Loggers, Time) = (options, engine, loggers, time);
        _scorer = new(() => model is null ? EventScorer.Open(options.Scoring, loggers, time) : new(model, options.Scoring.ScoreEachTicker));
        DataSource = new NpgsqlDataSourceBuilder(engine.ConnectionString).UseLoggerFactory(loggers).Build();
        Hot = options.HotStore.Kind == HotStoreKind.Redis ? Shared() : new MemoryHotStore(options.HotStore, time);
        ColdRows = new(token => LakeOptionsAsync(null, token));
        Reader = new(DataSource, Hot, options.Scoring, time, ColdRows);
        _embedded = new(() => new(DataSource, options.EventLog, time));
        if (kafkaLibrary is not null)
            _kafka = new(() => new(DataSource, options.EventLog, kafkaLibrary, loggers.CreateLogger<KafkaEventLog>(), time));
        _results = new(() => new(DataSource, _embedded.Value.Appender, options.Scoring, time));
        _lakeStore = new(OpenLakeStore);
        _archive = new(() => options.ArchiveBucket is { } bucket ? new S3ObjectStore(bucket, options.LakeObjects, time) : new LocalObjectStore(options.ArchiveDirectory, time));
        _cold = new(() => engine.Programs is not { } programs ? null
            : ColdTier.Install(programs, new NpgsqlConnectionStringBuilder(engine.ConnectionString).Database!));
        Gate = new(options.Scoring.StarvationBound, time);
        Engines = new();
    }

    public DeskOptions Options { get; }
    public ILoggerFactory Loggers { get; }
    public TimeProvider Time { get; }
    public NpgsqlDataSource DataSource { get; }
    public EngineCache Engines { get; }
    public IHotStore Hot { get; }
    public SentimentReader Reader { get; }

    /// <summary>Sentiment of symbols across their sources.</summary>
    public AggregateReader Aggregates => new(DataSource, Reader, Options.Aggregation);

    public ConfluenceReader Confluence => new(DataSource, Aggregates, Options.Confluence, Time);

    public ConfluenceSaver ConfluenceSaver => new(DataSource, Aggregates, Confluence);

    /// <summary>Reads sealed days for those who read hot rows from PostgreSQL.</summary>
    public LakeColdRows ColdRows { get; }

    public PriorityGate Gate { get; }

    /// <summary>The log that events come in by.</summary>
    public IEventLog Log => _kafka is { } kafka ? kafka.Value : _embedded.Value;

    /// <summary>
    /// The log in which results are announced, inside the transaction that stores them: always the one in PostgreSQL. Where Kafka is the
    /// event log, <see cref="Forwarder"/> carries the announcements on.
    /// </summary>
    public IEventLog Announcements => _embedded.Value;

    /// <summary>Carries announcements from PostgreSQL to Kafka; null where there is no Kafka.</summary>
    public LogForwarder? Forwarder =>
        _kafka is { } kafka ? new(DataSource, _embedded.Value, kafka.Value, Time, Loggers.CreateLogger<LogForwarder>()) : null;

    /// <summary>Copies dead letters to the brokers; null where there is no Kafka.</summary>
    public DeadLetterTopics? DeadLetterTopics => _kafka is { } kafka ? new(DataSource, kafka.Value) : null;

    /// <summary>Scores events as the settings ask for; all workers of this process share it.</summary>
    public EventScorer Scorer => _scorer.Value;

    /// <summary>Models that this process has tried to use and cannot, so that others score in their place.</summary>
    public IEnumerable<string> MissedModels => _scorer.IsValueCreated ? _scorer.Value.Missed : [];

    public Ingestor Ingestor => new(DataSource, Log, Time);
    public DeadLetterReplay DeadLetterReplay => new(DataSource, Log, Time);

    /// <summary>How PostgreSQL reads sealed days; null where it is not ours, and does not.</summary>
    public ColdTier? Cold => _cold.Value;

    /// <summary>Answers PostgreSQL when it reads sealed days, until it is disposed; null where PostgreSQL is not ours.</summary>
    public ColdTierReader? CreateColdReader() => Cold is not { } cold ? null
        : ColdTierReader.Start(cold, DataSource, token => LakeOptionsAsync(null, token), Time, Loggers.CreateLogger<ColdTierReader>());

    /// <summary>Starts or attaches to the database and brings its schema up to date.</summary>
    /// <param name="migrate">False for commands that look at the schema itself.</param>
    /// <param name="model">Scores in place of the built-in model.</param>
    public static async Task<Desk> OpenAsync(
        DeskOptions options, IProgress<string>? progress, CancellationToken cancellationToken, ILoggerFactory? loggers = null, TimeProvider? time = null,
        bool migrate = true, ISentimentModel? model = null)
    {
        RedisHotStore.Require(options.HotStore);
        if (model is null && SentimentModels.NeedingOnnx(options.Scoring) is not null) await FetchOnnxAsync(options.Scoring.Onnx.Library, progress, cancellationToken);
        var engine = await PostgresEngine.StartAsync(new()
        {
            DataDirectory = options.DataDirectory,
            ConnectionString = options.Postgres,
            BinDirectory = options.PostgresBin,
        }, progress, cancellationToken);
        string? kafka;
        try
        {
            kafka = options.EventLog.Kind == EventLogKind.Kafka
                ? await new EngineCache().FindKafkaLibraryAsync(options.EventLog.Kafka.Library, progress, cancellationToken) : null;
        }
        catch
        {
            await engine.DisposeAsync();
            throw;
        }
        var desk = new Desk(options, engine, kafka, model, loggers ?? Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance, time ?? TimeProvider.System);
        try
        {
            if (migrate) await desk.MigrateAsync(progress, cancellationToken);
            return desk;
        }
        catch
        {
            await desk.DisposeAsync();
            throw;
        }
    }

    // Where it cannot be had, another model scores, and says so.
    internal static async Task FetchOnnxAsync(string? library, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        try
        {
            await new EngineCache().FindOnnxLibraryAsync(library, progress, cancellationToken);
        }
        catch (EngineException error)
        {
            progress?.Report(error.Message);
        }
    }

    /// <summary>Starts a private database that has died again; to be called after a connection failed.</summary>
    public Task RecoverAsync(CancellationToken cancellationToken)
    {
        // What one connection has met the others of the pool have too, and each would be waited for in its turn.
        DataSource.Clear();
        return _engine.EnsureRunningAsync(cancellationToken);
    }

    public ScoringWorker CreateWorker() =>
        new(Log, Scorer, _results.Value, Hot, Gate, Options.Scoring with { Group = Options.EventLog.StoredGroup(Options.Scoring.Group) }, Time, Loggers.CreateLogger<ScoringWorker>()) { Recover = RecoverAsync };

    /// <summary>Keeps a shared hot store level with the database; null where each process has its own.</summary>
    public HotStoreCatchUp? CreateCatchUp() => Hot is not GuardedHotStore shared ? null
        : new(Reader, shared, Options.HotStore, Time, Loggers.CreateLogger<HotStoreCatchUp>());

    GuardedHotStore Shared() => new(
        new(Options.HotStore, Time, Loggers.CreateLogger<RedisHotStore>()), Options.HotStore.Redis, Time, Loggers.CreateLogger<GuardedHotStore>());

    /// <summary>The lake's settings; DuckDB is found, and fetched where it is missing.</summary>
    public async Task<LakeOptions> LakeOptionsAsync(IProgress<string>? progress, CancellationToken cancellationToken) => new()
    {
        Directory = Options.LakeDirectory,
        Store = _lakeStore.Value,
        KeepReplaced = Options.LakeKeepReplaced,
        KeepMigrated = Options.LakeKeepMigrated,
        ScratchDirectory = Path.Combine(Options.DataDirectory, "scratch"),
        DuckDbLibrary = await Engines.FindDuckDbLibraryAsync(Options.DuckDb, progress, cancellationToken),
        MemoryLimitMb = Options.LakeMemoryMegabytes,
        Threads = Options.LakeThreads,
        SpillLimitMb = Options.LakeSpillMegabytes,
    };

    public async Task<LakeWriter> LakeWriterAsync(IProgress<string>? progress, CancellationToken cancellationToken) =>
        new(DataSource, await LakeOptionsAsync(progress, cancellationToken), Time, Cold);

    /// <summary>Takes hot rows away that the lake has.</summary>
    /// <exception cref="LakeException">PostgreSQL is not ours, and the options do not allow it.</exception>
    public async Task<LakeSealer> LakeSealerAsync(IProgress<string>? progress, CancellationToken cancellationToken) => Cold is not null || Options.LakeSealExternal
        ? new(DataSource, await LakeOptionsAsync(progress, cancellationToken), Cold, Time)
        : throw new LakeException("days are not sealed on a PostgreSQL that is not the program's own: plain SQL there would not see them any more. "
            + "Set LakeSealExternal to true if only `bellwether sql` and the API ask, or if you attach the files yourself (`bellwether lake ddl`)");

    public async Task<LakeSql> LakeSqlAsync(IProgress<string>? progress, CancellationToken cancellationToken) =>
        new(DataSource, await LakeOptionsAsync(progress, cancellationToken));

    /// <summary>Brings old files into the lake.</summary>
    public async Task<LegacyMigration> LegacyMigrationAsync(IProgress<string>? progress, CancellationToken cancellationToken) =>
        new(DataSource, await LakeOptionsAsync(progress, cancellationToken), await LakeWriterAsync(progress, cancellationToken), LegacyTickers(), Time);

    public async Task<LegacyRollback> LegacyRollbackAsync(IProgress<string>? progress, CancellationToken cancellationToken) =>
        new(DataSource, await LakeOptionsAsync(progress, cancellationToken), await LakeWriterAsync(progress, cancellationToken), LegacyTickers(), Time);

    public async Task<LegacyDiff> LegacyDiffAsync(IProgress<string>? progress, CancellationToken cancellationToken) =>
        new(DataSource, await LakeOptionsAsync(progress, cancellationToken), Time);

    public async Task<BackupWriter> BackupWriterAsync(IProgress<string>? progress, CancellationToken cancellationToken) =>
        new(DataSource, await LakeOptionsAsync(progress, cancellationToken), Options.LakePlace, _archive.Value, typeof(Desk).Assembly.GetName().Version!.ToString(3), Time);

    public async Task<BackupRestore> BackupRestoreAsync(IProgress<string>? progress, CancellationToken cancellationToken) =>
        new(DataSource, await LakeOptionsAsync(progress, cancellationToken), Cold, _archive.Value, Time) { KeepSuperseded = TimeSpan.FromDays(Options.Retention.KeepSupersededDays) };

    LegacyTickers LegacyTickers()
    {
        var (states, days) = (new TickerBackfill(Options.Scoring), new ResultDays(DataSource, Options.Scoring, Time));
        return new(
            (connection, rows, token) => states.AddAsync(connection, rows.Select(ResultOf), token),
            (connection, tickers, rows, token) => states.RefoldAsync(connection, tickers, rows.Select(ResultOf), token),
            days.EnsureAsync, days.Forget, TickerRebuild.Channel);

        static ForeignResult ResultOf(LakeRow row) =>
            new(row.Ticker, row.Model, row.Timestamp, row.Sentiment, row.Weight, row.ArticleId, row.ArticleTitle, row.SourceUrl, row.Text);
    }

    /// <summary>The archive's settings; DuckDB is found, and fetched where it is missing.</summary>
    public async Task<ArchiveOptions> ArchiveOptionsAsync(IProgress<string>? progress, CancellationToken cancellationToken) => new()
    {
        Objects = _archive.Value,
        ScratchDirectory = Path.Combine(Options.DataDirectory, "scratch"),
        DuckDbLibrary = await Engines.FindDuckDbLibraryAsync(Options.DuckDb, progress, cancellationToken),
        MemoryLimitMb = Options.LakeMemoryMegabytes,
        RowsPerFile = Options.Retention.RowsPerFile,
        KeepSuperseded = TimeSpan.FromDays(Options.Retention.KeepSupersededDays),
    };

    public RetentionPolicies Policies => RetentionPolicies.Of(Options.Retention);

    /// <param name="ages">Clock that ages are counted by; null for the desk's.</param>
    public async Task<RetentionPlanner> RetentionPlannerAsync(IProgress<string>? progress, CancellationToken cancellationToken, TimeProvider? ages = null) =>
        new(DataSource, Policies, Options.Retention, await DaySealerAsync(progress, cancellationToken), ages ?? Time);

    /// <inheritdoc cref="RetentionPlannerAsync"/>
    public async Task<RetentionEngine> RetentionEngineAsync(IProgress<string>? progress, CancellationToken cancellationToken, TimeProvider? ages = null) =>
        new(DataSource, Policies, Options.Retention, await ArchiveOptionsAsync(progress, cancellationToken), await DaySealerAsync(progress, cancellationToken), ages ?? Time);

    public async Task<ArchiveVerifier> ArchiveVerifierAsync(IProgress<string>? progress, CancellationToken cancellationToken) =>
        new(DataSource, await ArchiveOptionsAsync(progress, cancellationToken), Time);

    public async Task<ArchiveRestore> ArchiveRestoreAsync(IProgress<string>? progress, CancellationToken cancellationToken) =>
        new(DataSource, Policies, await ArchiveOptionsAsync(progress, cancellationToken), Time);

    public async Task<ArchiveForget> ArchiveForgetAsync(IProgress<string>? progress, CancellationToken cancellationToken) =>
        new(DataSource, await ArchiveOptionsAsync(progress, cancellationToken), Time);

    public async Task<ArchiveDrill> ArchiveDrillAsync(IProgress<string>? progress, CancellationToken cancellationToken) =>
        new(DataSource, await ArchiveOptionsAsync(progress, cancellationToken), Time);

    public async Task<Eraser> EraserAsync(IProgress<string>? progress, CancellationToken cancellationToken)
    {
        var lake = await LakeOptionsAsync(progress, cancellationToken);
        return new(DataSource, lake, new(DataSource, lake, Cold, Options.LakeViewDays, Time), ColdRows, await ArchiveOptionsAsync(progress, cancellationToken), Options.Scoring, Hot,
            Options.DataDirectory, _kafka is not null, Time);
    }

    async Task<IDaySealer> DaySealerAsync(IProgress<string>? progress, CancellationToken cancellationToken) => Cold is not null || Options.LakeSealExternal
        ? new LakeDaySealer(await LakeSealerAsync(progress, cancellationToken), await LakeWriterAsync(progress, cancellationToken))
        : new NoDaySealer("plain SQL on a PostgreSQL that is not the program's own would not see sealed days; LakeSealExternal allows it");

    LakeStore? OpenLakeStore() => Options.LakeBucket is not { } bucket ? null : new(
        new S3ObjectStore(bucket, Options.LakeObjects, Time),
        new(Options.LakeCacheDirectory, (long)Options.LakeCacheMegabytes << 20, Time, Loggers.CreateLogger<ObjectCache>()));

    async Task MigrateAsync(IProgress<string>? progress, CancellationToken cancellationToken)
    {
        var migrator = new Migrator(DataSource);
        var applied = await migrator.AppliedAsync(cancellationToken);
        // The common case asks once and takes no lock.
        if (applied.Count == migrator.Latest && applied.Zip(Migration.Shipped).All(p => p.First.Checksum == p.Second.Checksum)) return;
        foreach (var step in await migrator.UpAsync(null, false, cancellationToken)) progress?.Report($"migrated to revision {step.Revision} ({step.Name})");
    }

    public async ValueTask DisposeAsync()
    {
        if (_lakeStore is { IsValueCreated: true, Value: { } lake }) lake.Objects.Dispose();
        if (_archive.IsValueCreated) _archive.Value.Dispose();
        if (Hot is GuardedHotStore shared) await shared.DisposeAsync();
        if (_kafka is { IsValueCreated: true } kafka) await kafka.Value.DisposeAsync();
        if (_embedded.IsValueCreated) await _embedded.Value.DisposeAsync();
        if (_scorer.IsValueCreated) _scorer.Value.Dispose();
        await DataSource.DisposeAsync();
        await _engine.DisposeAsync();
    }
}
