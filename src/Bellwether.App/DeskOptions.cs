using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Bellwether.App.Settings;
using Bellwether.Confluence;
using Bellwether.Events;
using Bellwether.Market;
using Bellwether.Retention;
using Bellwether.Sentiment;
using Bellwether.Sentiment.Aggregation;
using Bellwether.Sentiment.HotStore;
using Bellwether.Storage.Objects;
using Microsoft.Extensions.Configuration;

namespace Bellwether.App;

/// <summary>
/// All settings of a desk. Read from <c>bellwether.json</c> in the data folder, then from environment variables
/// (<c>BELLWETHER__SCORING__HALFLIFESECONDS=3600</c>), then from the command line; later ones win. An unknown key is an error.
/// </summary>
public sealed record DeskOptions
{
    public const string FileName = "bellwether.json";
    const string EnvironmentPrefix = "BELLWETHER__";

    /// <summary>Folder that holds everything of this desk: the private database, the lake, the settings.</summary>
    [Required] public string DataDirectory { get; init; } = "";

    /// <summary>Connection string of a PostgreSQL server to use in place of the private one. Never logged.</summary>
    public string? Postgres { get; init; }

    /// <summary>Folder with the PostgreSQL programs for the private server; null to search.</summary>
    public string? PostgresBin { get; init; }

    /// <summary>Path of libduckdb.so; null to search, and to fetch when it is nowhere.</summary>
    public string? DuckDb { get; init; }

    /// <summary>Folder of the lake, or <c>s3://bucket/prefix</c>; null for <c>lake</c> in the data folder.</summary>
    public string? Lake { get; init; }

    /// <summary>How to reach the bucket of the lake.</summary>
    [Required] public S3StoreOptions LakeObjects { get; init; } = new();

    /// <summary>Folder of this machine for files that queries read from a bucket; null for <c>lake-cache</c> in the data folder.</summary>
    public string? LakeCache { get; init; }

    /// <summary>Room for these files, MiB; those that were not asked for the longest go first.</summary>
    [Range(16, 1 << 30)] public int LakeCacheMegabytes { get; init; } = 4_096;

    /// <summary>How long a lake file that was replaced stays for queries that began before.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "30.00:00:00")] public TimeSpan LakeKeepReplaced { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How long after a migration of old files the lake files that it replaced stay, for a rollback to put back byte for byte.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "3650.00:00:00")] public TimeSpan LakeKeepMigrated { get; init; } = TimeSpan.FromDays(30);

    [Range(64, 1 << 20)] public int LakeMemoryMegabytes { get; init; } = 256;

    [Range(1, 256)] public int LakeThreads { get; init; } = 2;

    /// <summary>The most that one query may put aside on disk, MiB.</summary>
    [Range(1, 1 << 24)] public int LakeSpillMegabytes { get; init; } = 8_192;

    /// <summary>A day is written to the lake when it has been dirty for this long.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "7.00:00:00")] public TimeSpan LakeInterval { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Days of that age are sealed: their hot rows go, and PostgreSQL reads them from the lake. Null: only when asked to, or by retention.
    /// </summary>
    [Range(typeof(TimeSpan), "1.00:00:00", "36500.00:00:00")] public TimeSpan? LakeSealAfter { get; init; }

    /// <summary>Seal days on a PostgreSQL that is not the program's own too, where plain SQL then does not see them.</summary>
    public bool LakeSealExternal { get; init; }

    /// <summary>How often <c>sentiment.all_sentiment_mv</c>, the indexed copy of <c>all_sentiment</c>, is brought up to date; null for never.</summary>
    [Range(typeof(TimeSpan), "00:00:10", "365.00:00:00")] public TimeSpan? LakeViewRefresh { get; init; }

    /// <summary>Days that the copy goes back; null for all there are, sealed ones included.</summary>
    [Range(1, 36_500)] public int? LakeViewDays { get; init; }

    /// <summary>Folder of backups; null for <c>backups</c> in the data folder.</summary>
    public string? Backups { get; init; }

    /// <summary>Tickers whose age is a metric of its own; the ages of all others are counted by class.</summary>
    [Required, MaxLength(50)] public IReadOnlyList<string> WatchedTickers { get; init; } = [];

    [Required] public EventLogOptions EventLog { get; init; } = new();

    [Required] public DeadLetterOptions DeadLetters { get; init; } = new();

    [Required] public ScoringOptions Scoring { get; init; } = new();

    /// <summary>How the sources of a symbol are taken together.</summary>
    [Required] public AggregationOptions Aggregation { get; init; } = new();

    /// <summary>What each component of confluence weighs, and where its thresholds lie.</summary>
    [Required] public ConfluenceOptions Confluence { get; init; } = new();

    [Required] public HotStoreOptions HotStore { get; init; } = new();

    /// <summary>How long data stays in its tables. The <c>RETENTION_*</c> variables of <see cref="RetentionVariables"/> are read too.</summary>
    [Required] public RetentionOptions Retention { get; init; } = new();

    /// <summary>Prices, conditions, and where they are fetched from.</summary>
    [Required] public MarketOptions Market { get; init; } = new();

    /// <summary>
    /// Folder of the archive, or <c>s3://bucket/prefix</c>; null for <c>archive</c> in the data folder, or beside a lake that lies in a bucket.
    /// </summary>
    public string? Archive { get; init; }

    /// <summary>The bucket of the lake; null where it lies in a folder.</summary>
    public S3Location? LakeBucket => Lake is { } place && S3Location.IsS3(place) ? S3Location.Parse(place) : null;

    /// <summary>The bucket of the archive, reached like that of the lake; null where it lies in a folder.</summary>
    public S3Location? ArchiveBucket => Archive is { } place ? S3Location.IsS3(place) ? S3Location.Parse(place) : null
        : LakeBucket is { } lake ? lake with { Prefix = $"{(lake.Prefix.Length == 0 ? "" : lake.Prefix + "-")}archive" } : null;

    public string ArchiveDirectory => Archive is null || ArchiveBucket is not null ? Path.Combine(DataDirectory, "archive") : Archive;

    /// <summary>Where the archive lies, for people.</summary>
    public string ArchivePlace => ArchiveBucket?.ToString() ?? ArchiveDirectory;

    /// <summary>The folder of the lake, or the one in which files are made that then go to the bucket.</summary>
    public string LakeDirectory => Lake is null || LakeBucket is not null ? Path.Combine(DataDirectory, "lake") : Lake;

    public string LakeCacheDirectory => LakeCache ?? Path.Combine(DataDirectory, "lake-cache");

    public string BackupFolder => Backups ?? Path.Combine(DataDirectory, "backups");

    /// <summary>Where the lake lies, for people.</summary>
    public string LakePlace => LakeBucket?.ToString() ?? LakeDirectory;

    /// <summary>
    /// These options for a desk that is thrown away: its lake lies in its own folder, and a shared hot store keeps its entries apart from those of
    /// real desks, and not for long.
    /// </summary>
    public DeskOptions Passing() => this with
    {
        Lake = null,
        Archive = null,
        HotStore = HotStore with
        {
            TimeToLive = TimeSpan.FromMinutes(10),
            Redis = HotStore.Redis with { KeyPrefix = $"{HotStore.Redis.KeyPrefix}passing-{Guid.NewGuid():N}:" },
        },
    };

    /// <exception cref="DeskOptionsException">A key is unknown or a value is out of range.</exception>
    public static DeskOptions Load(string dataDirectory, IReadOnlyDictionary<string, string?> commandLine)
    {
        var root = Path.GetFullPath(dataDirectory);
        var file = Path.Combine(root, FileName);
        IConfigurationRoot settings;
        try
        {
            settings = new ConfigurationBuilder()
                .AddJsonFile(file, optional: true, reloadOnChange: false)
                .AddInMemoryCollection(RetentionVariables.Read(Environment.GetEnvironmentVariable))
                .AddEnvironmentVariables(EnvironmentPrefix)
                .AddInMemoryCollection(commandLine.Where(o => o.Value is not null).Append(new(nameof(DataDirectory), root)))
                .Build();
        }
        catch (Exception error) when (error.GetBaseException() is JsonException json)
        {
            throw SettingsSource.NoJson(file, json);
        }
        catch (Exception error) when (error is InvalidDataException or FormatException or IOException or UnauthorizedAccessException)
        {
            throw new DeskOptionsException($"{file}: {error.GetBaseException().Message.TrimEnd('.')}.");
        }
        catch (RetentionPolicyException error)
        {
            throw new DeskOptionsException(error.Message);
        }
        var source = new SettingsSource(settings, file, EnvironmentPrefix);
        Require(SettingsCheck.Problems(settings, typeof(DeskOptions), source));
        try
        {
            return Checked(settings.Get<DeskOptions>(binder => binder.ErrorOnUnknownConfiguration = true) ?? new(), root, source);
        }
        catch (Exception error) when (error is InvalidOperationException or InvalidDataException or FormatException or RetentionPolicyException)
        {
            throw new DeskOptionsException($"{error.Message} Look in {file} and in environment variables that begin with {EnvironmentPrefix}.");
        }
    }

    static DeskOptions Checked(DeskOptions options, string root, SettingsSource source)
    {
        string Beside(string path) => Path.IsPathRooted(path) ? path : Path.Combine(root, path);
        options = options with
        {
            Scoring = options.Scoring with
            {
                ModelsDirectory = Beside(options.Scoring.ModelsDirectory ?? "models"),
                // Where the settings lie, whichever folder the program was started in.
                ClassifierFile = options.Scoring.ClassifierFile is { } classifier ? Beside(classifier) : null,
            },
        };
        const string Kafka = $"{nameof(EventLog)}:{nameof(EventLogOptions.Kafka)}";
        Require(SettingsRange.Problems(options, source, path => path != Kafka || options.EventLog.Kind == EventLogKind.Kafka));
        const string Routing = $"{nameof(Scoring)}:{nameof(ScoringOptions.Routing)}";
        Require([
            .. SentimentModels.LlmProblems(options.Scoring).Select(p => $"{nameof(Scoring)}:{p}"),
            .. options.Scoring.Routing.Problems().Select(p => $"{Routing}:{p.Text}{(source.Of($"{Routing}:{p.Path}") is { } at ? $" ({at})" : "")}")]);
        _ = RetentionPolicies.Of(options.Retention);
        _ = (options.LakeBucket, options.ArchiveBucket);
        return options;
    }

    static void Require(IReadOnlyList<string> problems)
    {
        if (problems.Count > 0) throw new DeskOptionsException(string.Join(" ", problems));
    }
}

/// <summary>Settings that cannot be used. The message names the key.</summary>
public sealed class DeskOptionsException(string message) : Exception(message);
