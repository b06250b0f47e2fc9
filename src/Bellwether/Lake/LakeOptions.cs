using System.ComponentModel.DataAnnotations;

namespace Bellwether.Lake;

/// <summary>Where the lake lies and what its engine may use.</summary>
public sealed record LakeOptions
{
    /// <summary>
    /// The folder that holds <c>year=…/month=…/day=…/sentiment.parquet</c>; made when the first day is written. With a store: the folder in which
    /// files are made before they go there.
    /// </summary>
    [Required] public required string Directory { get; init; }

    /// <summary>Where the files lie instead; null: in the folder.</summary>
    public LakeStore? Store { get; init; }

    /// <summary>How long a replaced file can still be read by queries that began before.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "30.00:00:00")] public TimeSpan KeepReplaced { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How long after a migration of old files the files that it replaced stay, for a rollback to put back byte for byte.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "3650.00:00:00")] public TimeSpan KeepMigrated { get; init; } = TimeSpan.FromDays(30);

    /// <summary>Folder for what a large query does not keep in memory; on the same disk as the data by default.</summary>
    [Required] public required string ScratchDirectory { get; init; }

    /// <summary>Path of <c>libduckdb.so</c>.</summary>
    [Required] public required string DuckDbLibrary { get; init; }

    /// <summary>Buffer memory of DuckDB in MiB, for each writer and each query; about 150 MB come on top in a process.</summary>
    [Range(128, 1_048_576)] public int MemoryLimitMb { get; init; } = 256;

    [Range(1, 256)] public int Threads { get; init; } = 2;

    /// <summary>The most that one query may put aside on disk, MiB; a query that needs more fails.</summary>
    [Range(1, 1 << 24)] public int SpillLimitMb { get; init; } = 8_192;
}

/// <summary>The lake and its manifest do not agree, or a written file does not hold what was sent.</summary>
public class LakeException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Others were in the way for too long; it is only a matter of trying again.</summary>
public sealed class LakeBusyException(string message) : LakeException(message);
