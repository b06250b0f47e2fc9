using System.ComponentModel.DataAnnotations;
using Bellwether.Storage.Objects;

namespace Bellwether.Retention.Archive;

/// <summary>Where archives lie, and what their engine may use.</summary>
public sealed record ArchiveOptions
{
    [Required] public required IObjectStore Objects { get; init; }

    /// <summary>Folder for files on their way.</summary>
    [Required] public required string ScratchDirectory { get; init; }

    /// <summary>Path of <c>libduckdb.so</c>.</summary>
    [Required] public required string DuckDbLibrary { get; init; }

    /// <summary>Buffer memory of DuckDB, MiB.</summary>
    [Range(128, 1_048_576)] public int MemoryLimitMb { get; init; } = 256;

    /// <summary>How long a file that others have taken the place of stays, for backups whose manifest names it. An erasure does not wait.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "36500.00:00:00")] public TimeSpan KeepSuperseded { get; init; } = TimeSpan.FromDays(30);

    /// <summary>Most rows of a file; rows of one moment are never parted.</summary>
    [Range(1, 10_000_000)] public int RowsPerFile { get; init; } = 100_000;
}
