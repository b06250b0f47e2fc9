using System.Text.Json;
using System.Text.Json.Serialization;

namespace Bellwether.Backup;

/// <summary>What a backup holds. Written last: a folder without it is no backup.</summary>
/// <param name="Format">Version of this shape; a reader refuses a newer one.</param>
/// <param name="TakenAt">The moment that all of it is as of, by the clock of the database.</param>
/// <param name="Program">Version of the program that made it.</param>
/// <param name="Server">Version of PostgreSQL; it may be restored into another one.</param>
/// <param name="Schema">Revisions of the schema, in order.</param>
/// <param name="Partitions">Parents before children.</param>
/// <param name="Lake">The manifest of the lake at that moment.</param>
/// <param name="Archive">The manifest of the archive at that moment; null where the program that made the backup did not look at it.</param>
public sealed record BackupManifest(
    int Format, DateTimeOffset TakenAt, string Program, string Server, IReadOnlyList<BackupRevision> Schema, IReadOnlyList<BackupTable> Tables,
    IReadOnlyList<BackupPartition> Partitions, IReadOnlyList<BackupSequence> Sequences, BackupLake Lake, BackupArchive? Archive = null)
{
    public const int CurrentFormat = 2;
    public const string FileName = "backup.json";

    [JsonIgnore] public long Rows => Tables.Sum(table => table.Rows);

    [JsonIgnore] public long Bytes => Tables.Sum(table => table.Bytes) + CopiedLake.Sum(file => file.Bytes) + CopiedArchive.Sum(file => file.Bytes);

    /// <summary>Files of the lake that are in the backup.</summary>
    [JsonIgnore] public IReadOnlyList<BackupLakeFile> CopiedLake => Lake.Copied ? Lake.Files : [];

    /// <summary>Files of the archive that are in the backup.</summary>
    [JsonIgnore] public IReadOnlyList<BackupArchiveFile> CopiedArchive => Archive is { Copied: true } archive ? archive.Files : [];

    static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true };

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, Json);

    /// <exception cref="BackupException">There is none, or it cannot be read.</exception>
    public static BackupManifest Read(string folder)
    {
        var path = Path.Combine(folder, FileName);
        if (!File.Exists(path)) throw new BackupException($"{folder} is no backup: it has no {FileName}", "Name the folder of one backup; `bellwether backup list` shows them.");
        try
        {
            var manifest = JsonSerializer.Deserialize<BackupManifest>(File.ReadAllBytes(path), Json) ?? throw new JsonException("it is null");
            if (manifest.Format > CurrentFormat) throw new BackupException($"the backup {folder} was made by a newer program ({manifest.Program})", "Use that version or a newer one.");
            return manifest is { Schema: not null, Tables: not null, Partitions: not null, Sequences: not null, Lake.Files: not null } ? manifest
                : throw new JsonException("it names no schema, tables, partitions, sequences or lake files");
        }
        catch (JsonException error)
        {
            throw new BackupException($"{path} is damaged: {error.Message}", "Use another backup.", error);
        }
    }
}

public sealed record BackupRevision(int Revision, string Name, string Checksum);

/// <param name="Columns">In the order of the file.</param>
/// <param name="ContentHash">Sum modulo 2^256 of the SHA-256 of every row as PostgreSQL sends it: the same whatever their order.</param>
/// <param name="File">Relative to the backup.</param>
/// <param name="Sha256">Of the file.</param>
/// <param name="Shape">How it is made where no revision of the schema makes it; null in backups of older programs.</param>
public sealed record BackupTable(
    string Schema, string Name, IReadOnlyList<string> Columns, long Rows, string ContentHash, string File, long Bytes, string Sha256, BackupShape? Shape = null)
{
    [JsonIgnore] public string FullName => $"{BackupCatalog.Quote(Schema)}.{BackupCatalog.Quote(Name)}";
}

/// <param name="Bound">As PostgreSQL writes it: <c>FOR VALUES …</c>.</param>
/// <param name="Key">By what it is partitioned itself; null for one that holds rows.</param>
public sealed record BackupPartition(string Schema, string Name, string ParentSchema, string Parent, string Bound, string? Key);

/// <summary>A table as it is made, in the words of PostgreSQL.</summary>
/// <param name="PartitionBy">By what it is partitioned; null where it is not.</param>
/// <param name="Constraints">With their names, links to other tables aside.</param>
/// <param name="Indexes">Those that belong to no constraint.</param>
/// <param name="Links">Foreign keys, with their names.</param>
public sealed record BackupShape(
    IReadOnlyList<BackupColumn> Columns, string? PartitionBy, IReadOnlyList<string> Constraints, IReadOnlyList<string> Indexes, IReadOnlyList<string> Links);

/// <param name="Definition">Type and what follows it.</param>
public sealed record BackupColumn(string Name, string Definition);

/// <param name="LastValue">Null for one that was never asked.</param>
/// <param name="Definition">How it is made where no revision of the schema makes it; null in backups of older programs, and for one that its column makes.</param>
/// <param name="OwnedBy">Column that it goes with; null for none.</param>
public sealed record BackupSequence(string Schema, string Name, long? LastValue, string? Definition = null, string? OwnedBy = null);

/// <param name="Place">Folder or bucket.</param>
/// <param name="Copied">Whether the files are in the backup.</param>
public sealed record BackupLake(string Place, bool Copied, IReadOnlyList<BackupLakeFile> Files);

/// <param name="Sealed">Its rows are in no other place.</param>
public sealed record BackupLakeFile(DateOnly Day, string Path, long Rows, long Bytes, string? Sha256, string ContentHash, bool Sealed);

/// <param name="Place">Folder or bucket.</param>
/// <param name="Copied">Whether the files are in the backup.</param>
public sealed record BackupArchive(string Place, bool Copied, IReadOnlyList<BackupArchiveFile> Files);

/// <param name="Restored">Its rows are in their table, too.</param>
public sealed record BackupArchiveFile(string Table, string Key, long Rows, long Bytes, string Sha256, bool Restored);

/// <summary>A backup cannot be made or restored. The message says why; <see cref="Mend"/> what to do.</summary>
public sealed class BackupException(string message, string mend, Exception? inner = null) : Exception(message, inner)
{
    public string Mend { get; } = mend;
}
