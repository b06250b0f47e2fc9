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
public sealed record BackupManifest(
    int Format, DateTimeOffset TakenAt, string Program, string Server, IReadOnlyList<BackupRevision> Schema, IReadOnlyList<BackupTable> Tables,
    IReadOnlyList<BackupPartition> Partitions, IReadOnlyList<BackupSequence> Sequences, BackupLake Lake)
{
    public const int CurrentFormat = 1;
    public const string FileName = "backup.json";

    [JsonIgnore] public long Rows => Tables.Sum(table => table.Rows);

    [JsonIgnore] public long Bytes => Tables.Sum(table => table.Bytes) + (Lake.Copied ? Lake.Files.Sum(file => file.Bytes) : 0);

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
            return manifest.Format <= CurrentFormat ? manifest
                : throw new BackupException($"the backup {folder} was made by a newer program ({manifest.Program})", "Use that version or a newer one.");
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
public sealed record BackupTable(string Schema, string Name, IReadOnlyList<string> Columns, long Rows, string ContentHash, string File, long Bytes, string Sha256)
{
    [JsonIgnore] public string FullName => $"{BackupCatalog.Quote(Schema)}.{BackupCatalog.Quote(Name)}";
}

/// <param name="Bound">As PostgreSQL writes it: <c>FOR VALUES …</c>.</param>
/// <param name="Key">By what it is partitioned itself; null for one that holds rows.</param>
public sealed record BackupPartition(string Schema, string Name, string ParentSchema, string Parent, string Bound, string? Key);

public sealed record BackupSequence(string Schema, string Name, long LastValue);

/// <param name="Place">Folder or bucket.</param>
/// <param name="Copied">Whether the files are in the backup.</param>
public sealed record BackupLake(string Place, bool Copied, IReadOnlyList<BackupLakeFile> Files);

/// <param name="Sealed">Its rows are in no other place.</param>
public sealed record BackupLakeFile(DateOnly Day, string Path, long Rows, long Bytes, string? Sha256, string ContentHash, bool Sealed);

/// <summary>A backup cannot be made or restored. The message says why; <see cref="Mend"/> what to do.</summary>
public sealed class BackupException(string message, string mend, Exception? inner = null) : Exception(message, inner)
{
    public string Mend { get; } = mend;
}
