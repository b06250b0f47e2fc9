using System.Text.Json.Serialization;

namespace Bellwether.Lake.Legacy;

/// <summary>
/// What became of old files. read = migrated + skipped + duplicates + rejected, in rows of the files, over all runs of the migration.
/// </summary>
/// <param name="Migration">Number for <c>lake rollback</c>; null where there was nothing to do.</param>
/// <param name="Migrated">Rows that became results.</param>
/// <param name="Skipped">Rows outside of the sample, and rows of files that an earlier migration has taken whole.</param>
/// <param name="Duplicates">Rows whose article and ticker are stored already with the same values.</param>
/// <param name="Rejected">Rows that cannot become results; see <paramref name="Reasons"/>.</param>
/// <param name="Results">Stored results: a row that names several tickers gives several.</param>
/// <param name="TextCoverage">Share of the results that have a text, 0 to 1; null without results.</param>
/// <param name="FieldCoverage">Share of the results whose column came from the file, by column.</param>
/// <param name="MsPerRecord">Milliseconds for a row that was read, the writing of the lake included.</param>
/// <param name="BadFiles">Files that cannot be read, with the reason.</param>
public sealed record LegacyReport(
    long? Migration, string Source, int Files, long Read, long Migrated, long Skipped, long Duplicates, long Rejected, long Results, double? TextCoverage,
    IReadOnlyDictionary<string, double> FieldCoverage, IReadOnlyDictionary<string, long> Reasons, double Seconds, double? MsPerRecord, LegacyProof? Proof,
    IReadOnlyList<LegacyBadFile> BadFiles)
{
    /// <summary>Whether the files were only looked at.</summary>
    public bool DryRun { get; init; }

    internal static LegacyReport Of(
        long? migration, string source, IReadOnlyCollection<LegacyProgress> files, IReadOnlyCollection<LegacyProgress> earlier, double seconds, LegacyProof? proof)
    {
        var results = files.Sum(file => file.Results);
        var rows = files.Sum(file => file.Migrated + file.Duplicates + file.Rejected + file.LeftOut);
        var skipped = earlier.Sum(file => file.Rows);
        var bad = files.Where(file => file.Problem is not null).Select(file => new LegacyBadFile(file.Path, file.Problem!)).ToArray();
        var coverage = LegacyCoverage.Columns.ToDictionary(
            column => column, column => results == 0 ? 0 : Math.Round((double)files.Sum(file => file.Coverage.GetValueOrDefault(column)) / results, 6), StringComparer.Ordinal);
        var reasons = files.SelectMany(file => file.Reasons).GroupBy(pair => pair.Key, StringComparer.Ordinal).OrderByDescending(group => group.Sum(pair => pair.Value))
            .ToDictionary(group => group.Key, group => group.Sum(pair => pair.Value), StringComparer.Ordinal);
        return new(migration, source, files.Count + earlier.Count, rows + skipped, files.Sum(file => file.Migrated), files.Sum(file => file.LeftOut) + skipped,
            files.Sum(file => file.Duplicates), files.Sum(file => file.Rejected), results, results == 0 ? null : coverage["text"], coverage, reasons,
            Math.Round(seconds, 3), rows == 0 ? null : Math.Round(seconds * 1000 / rows, 6), proof, bad);
    }
}

public sealed record LegacyBadFile(string Path, string Reason);

/// <summary>
/// The days of a migration by content hash: what a day's file held before and what was added must together be what it holds now. Hashes of rows
/// add up, so that a changed, missing or doubled value shows.
/// </summary>
/// <param name="Days">Days that have migrated rows.</param>
/// <param name="Proven">Days whose file is exactly the file before and the migrated rows.</param>
/// <param name="Shared">Days that others wrote meanwhile; <c>lake diff</c> compares them row by row.</param>
/// <param name="Wrong">Days that hold something else.</param>
public sealed record LegacyProof(int Days, int Proven, int Shared, IReadOnlyList<DateOnly> Wrong)
{
    [JsonIgnore] public bool Holds => Wrong.Count == 0;
}

/// <summary>How far a migration is, for whoever watches.</summary>
public readonly record struct LegacyGauge(string Stage, long Done, long Total);
