using System.Globalization;
using Bellwether.Lake;

namespace Bellwether.Retention.Archive;

/// <summary>A file as the manifest has it.</summary>
/// <param name="Key">Name in the store.</param>
/// <param name="From">First moment of its range.</param>
/// <param name="To">End of its range, exclusive.</param>
/// <param name="Sha256">Of the file.</param>
/// <param name="VerifiedAt">When it was last read back and found equal.</param>
/// <param name="Problem">What the last verification found wrong; null for nothing.</param>
/// <param name="RestoredAt">Since when its rows are in their table again; null while they are here only.</param>
public sealed record ArchiveFile(
    long Id, string Table, string Key, DateTimeOffset From, DateTimeOffset To, long Rows, long Bytes, string ContentHash, string Sha256,
    IReadOnlyList<ArchiveColumn> Columns, DateTimeOffset CreatedAt, DateTimeOffset VerifiedAt, string? Problem, DateTimeOffset? RestoredAt)
{
    /// <summary>Column that the range is one of.</summary>
    public required string Time { get; init; }

    internal int TimePlace => Columns.Select(column => column.Name).ToList().IndexOf(Time);

    /// <summary>Whether a file holds what the manifest says.</summary>
    internal bool Is(LakeDigest digest) => digest.Rows == Rows && digest.ContentHash == ContentHash;

    /// <summary>A name that no file had before: the same rows may come twice, after a restore.</summary>
    internal static string KeyOf(string table, DateTimeOffset from, DateTimeOffset now) => string.Create(CultureInfo.InvariantCulture,
        $"{table}/year={from.UtcDateTime:yyyy}/month={from.UtcDateTime:MM}/{from.UtcDateTime:yyyyMMdd'T'HHmmss}-{Guid.CreateVersion7(now):N}.parquet");
}

/// <summary>A file that was written, read back and found equal, and is not recorded yet.</summary>
sealed record StagedFile(
    string Path, DateTimeOffset From, DateTimeOffset To, LakeDigest Digest, long Bytes, string Sha256, IReadOnlyList<ArchiveColumn> Columns, string Key);
