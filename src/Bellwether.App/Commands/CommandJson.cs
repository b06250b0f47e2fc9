using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Bellwether.App.Demo;

namespace Bellwether.App.Commands;

sealed record ErrorAnswer(ErrorDetail Error);

sealed record ErrorDetail(string Kind, string Message, string? Mend, int ExitCode);

/// <summary>The JSON that commands answer with: snake case, one line, no escapes beyond need.</summary>
[JsonSerializable(typeof(ErrorAnswer))]
[JsonSerializable(typeof(IngestAnswer))]
[JsonSerializable(typeof(SentimentAnswer))]
[JsonSerializable(typeof(IReadOnlyList<SentimentAnswer>))]
[JsonSerializable(typeof(HistoryAnswer))]
[JsonSerializable(typeof(ArticlesAnswer))]
[JsonSerializable(typeof(RebuildAnswer))]
[JsonSerializable(typeof(MigrationState))]
[JsonSerializable(typeof(MigrationAnswer))]
[JsonSerializable(typeof(VerifyAnswer))]
[JsonSerializable(typeof(IReadOnlyList<DeadLetterRow>))]
[JsonSerializable(typeof(DeadLetterDetail))]
[JsonSerializable(typeof(TopicsAnswer))]
[JsonSerializable(typeof(TopicsCreateAnswer))]
[JsonSerializable(typeof(IReadOnlyList<Events.DeadLetterCount>))]
[JsonSerializable(typeof(ReplayAnswer))]
[JsonSerializable(typeof(PurgeAnswer))]
[JsonSerializable(typeof(DoctorAnswer))]
[JsonSerializable(typeof(LakeStatusAnswer))]
[JsonSerializable(typeof(LakeWriteAnswer))]
[JsonSerializable(typeof(Lake.LakeVerifyResult))]
[JsonSerializable(typeof(IReadOnlyList<Retention.RetentionItem>))]
[JsonSerializable(typeof(RetentionStatusAnswer))]
[JsonSerializable(typeof(ErasureFindAnswer))]
[JsonSerializable(typeof(Retention.Erase.ErasureReceipt))]
[JsonSerializable(typeof(IReadOnlyList<ArchiveFileAnswer>))]
[JsonSerializable(typeof(Retention.Archive.ArchiveVerifyResult))]
[JsonSerializable(typeof(Retention.Archive.ArchiveRestoreResult))]
[JsonSerializable(typeof(Retention.Archive.ArchiveDrillResult))]
[JsonSerializable(typeof(MarketImportAnswer))]
[JsonSerializable(typeof(ConditionRefreshAnswer))]
[JsonSerializable(typeof(SectorAnswer))]
[JsonSerializable(typeof(OptionImportAnswer))]
[JsonSerializable(typeof(ChainAnswer))]
[JsonSerializable(typeof(IReadOnlyList<FetchAnswer>))]
[JsonSerializable(typeof(CacheAnswer))]
[JsonSerializable(typeof(PublishAnswer))]
[JsonSerializable(typeof(FactorsAnswer))]
[JsonSerializable(typeof(MatrixAnswer))]
[JsonSerializable(typeof(IReadOnlyList<Retention.Archive.ForgottenArchiveFile>))]
[JsonSerializable(typeof(LakeMigrateAnswer))]
[JsonSerializable(typeof(Backup.BackupReport))]
[JsonSerializable(typeof(IReadOnlyList<Backup.BackupInfo>))]
[JsonSerializable(typeof(BackupCheckAnswer))]
[JsonSerializable(typeof(Backup.RestoreReport))]
[JsonSerializable(typeof(Lake.Legacy.LegacyDifferences))]
[JsonSerializable(typeof(IReadOnlyList<Lake.Legacy.LegacyMigrationInfo>))]
[JsonSerializable(typeof(Lake.Legacy.LegacyRollbackReport))]
[JsonSerializable(typeof(LakeSealAnswer))]
[JsonSerializable(typeof(LakeUnsealAnswer))]
[JsonSerializable(typeof(LakeDdlAnswer))]
[JsonSerializable(typeof(Counts.Import.ImportResult))]
[JsonSerializable(typeof(Counts.Import.DeletionResult))]
[JsonSerializable(typeof(GapsAnswer))]
[JsonSerializable(typeof(RemovedAnswer))]
[JsonSerializable(typeof(IReadOnlyList<Counts.Gaps.CountGap>))]
[JsonSerializable(typeof(IReadOnlyList<Counts.Gaps.SuspiciousSilence>))]
[JsonSerializable(typeof(Counts.Buckets.BucketResult))]
[JsonSerializable(typeof(IReadOnlyList<Counts.Buckets.WindowCount>))]
[JsonSerializable(typeof(Counts.Features.FeatureResult))]
[JsonSerializable(typeof(IReadOnlyList<Counts.Features.FeatureRow>))]
[JsonSerializable(typeof(Counts.Events.EventsAdded))]
[JsonSerializable(typeof(IReadOnlyList<Counts.Events.ExogenousEvent>))]
[JsonSerializable(typeof(IReadOnlyList<Counts.Registry.ModelVersion>))]
[JsonSerializable(typeof(IReadOnlyList<Counts.Ledger.ForecastRow>))]
[JsonSerializable(typeof(Counts.Ledger.WindowForecast))]
[JsonSerializable(typeof(IReadOnlyList<Counts.Backtesting.BacktestResult>))]
[JsonSerializable(typeof(Counts.CountsStatus))]
[JsonSerializable(typeof(IReadOnlyList<Counts.CountsStatus>))]
[JsonSerializable(typeof(HotStoreRebuildAnswer))]
[JsonSerializable(typeof(HotStoreMemoryAnswer))]
[JsonSerializable(typeof(Bench.PipelineBenchAnswer))]
[JsonSerializable(typeof(Bench.LatencyBenchAnswer))]
[JsonSerializable(typeof(Bench.ScaleBenchAnswer))]
[JsonSerializable(typeof(Bench.MetricsBenchAnswer))]
[JsonSerializable(typeof(Bench.LakeBenchAnswer))]
[JsonSerializable(typeof(Bench.BarsBenchAnswer))]
[JsonSerializable(typeof(Bench.OptionsBenchAnswer))]
[JsonSerializable(typeof(Bench.FactorsBenchAnswer))]
[JsonSerializable(typeof(Bench.AsOfBenchAnswer))]
[JsonSerializable(typeof(Bench.RetentionBenchAnswer))]
[JsonSerializable(typeof(DemoAnswer))]
[JsonSerializable(typeof(ServeAnswer))]
[JsonSerializable(typeof(VersionAnswer))]
sealed partial class CommandJson : JsonSerializerContext
{
    public static CommandJson Relaxed { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
