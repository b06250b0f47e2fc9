using System.Security.Cryptography;
using Bellwether.Engines.DuckDb;
using Bellwether.Feeds;
using Npgsql;

namespace Bellwether.Lake.Legacy;

/// <summary>What old files and the lake answer to the same questions.</summary>
/// <param name="Rows">Old rows that are results.</param>
/// <param name="Same">Results that the lake has with the same value in every column.</param>
/// <param name="Repeated">Further old rows that say the same of the same article and ticker.</param>
/// <param name="Live">Results whose article came by a feed before; the feed's own score stands.</param>
/// <param name="Different">Results that the lake has with other values.</param>
/// <param name="Missing">Results that the lake does not have.</param>
/// <param name="Rejected">Old rows that cannot be results.</param>
/// <param name="Groups">Tickers and days that were compared.</param>
/// <param name="OnlyInLake">Results of the same tickers and days that come from elsewhere.</param>
/// <param name="Examples">The first differences.</param>
public sealed record LegacyDifferences(
    int Files, long Rows, long Same, long Repeated, long Live, long Different, long Missing, long Rejected, long Groups, long OnlyInLake, double Seconds,
    IReadOnlyList<LegacyDifference> Examples, IReadOnlyList<LegacyBadFile> BadFiles)
{
    [System.Text.Json.Serialization.JsonIgnore] public bool Agree => Different == 0 && Missing == 0 && BadFiles.Count == 0;
}

/// <param name="Row">Number of the row in its file, from 0.</param>
/// <param name="Fields">What differs; empty for a row that the lake does not have.</param>
public sealed record LegacyDifference(string File, long Row, string Ticker, string ArticleId, string Kind, IReadOnlyList<LegacyFieldDifference> Fields);

public sealed record LegacyFieldDifference(string Field, string? Old, string? Lake);

/// <summary>
/// Reads the old files again, row by row, and compares every value with what the lake answers now. Both sides go through a table of hashes on
/// disk, so that memory does not grow with them.
/// </summary>
public sealed partial class LegacyDiff(NpgsqlDataSource database, LakeOptions lake, TimeProvider time)
{
    const int MostExamples = 20;

    readonly LakeReader _lakeReader = new(new LakeSql(database, lake), database, time);

    /// <exception cref="LegacyException">There are no old files.</exception>
    public async Task<LegacyDifferences> RunAsync(LegacyOptions options, IProgress<LegacyGauge>? progress, CancellationToken cancellationToken)
    {
        options.Validate();
        var started = time.GetTimestamp();
        var files = LegacyFile.Find(options.From, lake.Directory, time);
        if (files.Count == 0) throw new LegacyException($"there is no Parquet file in {Path.GetFullPath(options.From)}");
        var spill = LakeScratch.Make(lake.ScratchDirectory);
        try
        {
            using var engine = LegacyReader.OpenEngine(lake, spill);
            using var reading = LegacyReader.Connect(engine);
            using var tables = engine.Connect();
            tables.Execute($"""
                {LakeScratch.Limit(lake)};
                CREATE TABLE old_rows (key UUID, alias UUID, ticker VARCHAR, day DATE, hash UUID, says UUID, file INTEGER, row BIGINT);
                CREATE TABLE lake_rows (key UUID, ticker VARCHAR, day DATE, hash UUID, says UUID, micros BIGINT);
                """, cancellationToken);
            var scan = new Scan(options, files, reading, tables, progress);
            await ReadOldAsync(scan, cancellationToken).ConfigureAwait(false);
            if (scan.Last >= scan.First) await ReadLakeAsync(scan, cancellationToken).ConfigureAwait(false);
            var counts = await Task.Run(() => Compare(tables, cancellationToken), cancellationToken).ConfigureAwait(false);
            var examples = await ExamplesAsync(scan, cancellationToken).ConfigureAwait(false);
            return new(files.Count, scan.Rows, counts["same"], counts["repeated"], counts["live"], counts["different"], counts["missing"], scan.Rejected, counts["groups"],
                counts["elsewhere"], Math.Round(time.GetElapsedTime(started).TotalSeconds, 3), examples, scan.Bad);
        }
        finally
        {
            Directory.Delete(spill, recursive: true);
        }
    }

    async Task ReadOldAsync(Scan scan, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        var known = await KnownAsync(cancellationToken).ConfigureAwait(false);
        using var appender = scan.Tables.CreateAppender("old_rows");
        var hash = new RowHash();
        for (var i = 0; i < scan.Files.Count; i++)
        {
            try
            {
                using var open = scan.Files[i].Open();
                var sha256 = LegacyFile.HashOf(open, cancellationToken);
                if (known.TryGetValue((scan.Files[i].Path, sha256), out var knownAt)) scan.Files[i] = scan.Files[i] with { KnownAt = knownAt };
                var (_, columns) = LegacyFile.Describe(scan.Reading, LegacyFile.PathOf(open), scan.Options);
                using var reader = new LegacyReader(scan.Reading, scan.Files[i], open, sha256, columns, scan.Options, time, 0, null, cancellationToken);
                while (await Task.Run(reader.ReadBatch, cancellationToken).ConfigureAwait(false) is { Count: > 0 } batch)
                {
                    foreach (var outcome in await LegacyPayload.CanonicalAsync(connection, batch, cancellationToken).ConfigureAwait(false))
                    {
                        if (outcome.Problem is not null) scan.Rejected++;
                        foreach (var result in outcome.Results.Where(result => result.IsIn(scan.Options.Sample))) Append(appender, scan, hash, result, i);
                    }
                    scan.Report("old rows");
                }
            }
            catch (Exception error) when (error is LegacyFileException or DuckDbException or IOException or UnauthorizedAccessException)
            {
                scan.Bad.Add(new(scan.Files[i].Path, error.Message));
            }
        }
        appender.Complete();
    }

    static void Append(DuckDbAppender appender, Scan scan, RowHash hash, LegacyResult result, int file)
    {
        var micros = LakeRowEncoder.Micros(result.Row.Timestamp);
        (scan.First, scan.Last) = (Math.Min(scan.First, micros), Math.Max(scan.Last, micros));
        scan.Rows++;
        appender.Append(result.Key);
        appender.Append(result.Alias);
        appender.Append(result.Row.Ticker);
        appender.Append(DateOnly.FromDateTime(result.Row.Timestamp.UtcDateTime));
        appender.Append(hash.Of(result.Row));
        appender.Append(hash.Says(result.Row));
        appender.Append(file);
        appender.Append(result.SourceRow);
        appender.EndRow();
    }

    async Task ReadLakeAsync(Scan scan, CancellationToken cancellationToken)
    {
        using var appender = scan.Tables.CreateAppender("lake_rows");
        var hash = new RowHash();
        var rows = 0L;
        var filter = new LakeFilter { From = At(scan.First - (scan.First % MicrosPerDay + MicrosPerDay) % MicrosPerDay), To = At(scan.Last + 1), WithText = true, Unordered = true };
        await foreach (var row in _lakeReader.ReadAsync(filter, cancellationToken).ConfigureAwait(false))
        {
            appender.Append(EventKey.Of(row.ArticleId, row.Ticker));
            appender.Append(row.Ticker);
            appender.Append(DateOnly.FromDateTime(row.Timestamp.UtcDateTime));
            appender.Append(hash.Of(row));
            appender.Append(hash.Says(row));
            appender.Append(LakeRowEncoder.Micros(row.Timestamp));
            appender.EndRow();
            if (++rows % 10_000 == 0) scan.Progress?.Report(new("lake rows", rows, 0));
        }
        appender.Complete();
    }

    const long MicrosPerDay = 86_400_000_000;

    static DateTimeOffset At(long micros) => DateTimeOffset.UnixEpoch.AddTicks(micros * TimeSpan.TicksPerMicrosecond);

    /// <summary>What rows without a time of their own were taken to be known at, by file.</summary>
    async Task<Dictionary<(string Path, string Sha256), DateTimeOffset>> KnownAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("""
            SELECT f.path, f.sha256, f.known_at FROM ops.lake_migration_files AS f JOIN ops.lake_migrations AS m ON m.id = f.migration_id
            WHERE m.status IN ('running', 'migrated') ORDER BY m.id DESC
            """);
        var known = new Dictionary<(string, string), DateTimeOffset>();
        await using var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false)) known[(row.GetString(0), row.GetString(1))] = row.GetFieldValue<DateTimeOffset>(2);
        return known;
    }

    /// <summary>One reading of both sides.</summary>
    sealed record Scan(LegacyOptions Options, List<LegacyFile> Files, DuckDbConnection Reading, DuckDbConnection Tables, IProgress<LegacyGauge>? Progress)
    {
        public List<LegacyBadFile> Bad { get; } = [];
        public long First { get; set; } = long.MaxValue;
        public long Last { get; set; } = long.MinValue;
        public long Rows { get; set; }
        public long Rejected { get; set; }

        public void Report(string stage) => Progress?.Report(new(stage, Rows + Rejected, 0));
    }

    /// <summary>Hashes of a row: of everything, and of what it says. Which row of which file brought it is no part of either.</summary>
    sealed class RowHash
    {
        readonly LakeRowEncoder _encoder = new();
        readonly byte[] _hash = new byte[SHA256.HashSizeInBytes];

        public Guid Of(LakeRow row) => Hash(row.EventId.StartsWith("legacy:", StringComparison.Ordinal) ? row with { EventId = "" } : row);

        public Guid Says(LakeRow row) => Hash(new(row.Timestamp, row.Ticker, row.ArticleTitle, row.Sentiment, row.Confidence, "", row.SourceUrl, row.Model, row.ArticleId,
            row.Text, default, default, null, "", "", "", 1, "", 0, 0, 0));

        Guid Hash(LakeRow row)
        {
            _encoder.Encode(row);
            SHA256.HashData(_encoder.Row, _hash);
            return new(_hash.AsSpan(0, 16), bigEndian: true);
        }
    }
}
