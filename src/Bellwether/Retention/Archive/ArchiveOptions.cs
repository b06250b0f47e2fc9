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

    /// <summary>Most rows of a file; rows of one moment are never parted.</summary>
    [Range(1, 10_000_000)] public int RowsPerFile { get; init; } = 100_000;
}
