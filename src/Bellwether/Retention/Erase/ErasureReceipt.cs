using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Npgsql;
using NpgsqlTypes;

namespace Bellwether.Retention.Erase;

/// <summary>What was erased, without whose it was: the subject is a hash with a salt of its own, which only who knows the subject can compute again.</summary>
/// <param name="Counts">Rows or records by place.</param>
/// <param name="Notes">What lies beyond the reach of this program.</param>
/// <param name="Hash">SHA-256 over everything above; null until it is finished.</param>
public sealed record ErasureReceipt(
    Guid Id, string Platform, string SubjectSalt, string SubjectHash, DateTimeOffset StartedAt, DateTimeOffset? FinishedAt, IReadOnlyDictionary<string, long> Counts,
    IReadOnlyList<string> Notes, string? Hash)
{
    // Kept among the notes, in place of those that come at the end, and gone with the end.
    const string PostMark = "post ";

    /// <summary>Posts that have to be remembered until it is finished, since files that could not be read may hold scores of them.</summary>
    internal IReadOnlyList<string> Posts { get; init; } = [];

    /// <summary>Whether this is about somebody.</summary>
    public bool IsAbout(ErasureSubject subject) => HashOf(subject, Convert.FromHexString(SubjectSalt)) == SubjectHash;

    internal static ErasureReceipt Begin(ErasureSubject subject, DateTimeOffset now)
    {
        var salt = RandomNumberGenerator.GetBytes(16);
        return new(Guid.CreateVersion7(now), subject.Platform.ToString().ToLowerInvariant(), Convert.ToHexStringLower(salt), HashOf(subject, salt), now, null,
            new SortedDictionary<string, long>(), [], null);
    }

    internal ErasureReceipt Finish(IReadOnlyDictionary<string, long> counts, IReadOnlyList<string> notes, DateTimeOffset now)
    {
        // To the precision in which it is stored, so that the hash can be computed again.
        var done = this with { FinishedAt = new(now.UtcTicks - now.UtcTicks % TimeSpan.TicksPerMillisecond, TimeSpan.Zero), Counts = counts, Notes = notes, Posts = [] };
        return done with { Hash = done.ComputeHash() };
    }

    /// <summary>The hash as it should be.</summary>
    public string ComputeHash()
    {
        var text = string.Create(System.Globalization.CultureInfo.InvariantCulture,
            $"{Id:N}\n{Platform}\n{SubjectSalt}\n{SubjectHash}\n{FinishedAt?.ToUnixTimeMilliseconds()}\n")
            + string.Concat(Counts.OrderBy(c => c.Key, StringComparer.Ordinal).Select(c => $"{c.Key}={c.Value}\n")) + string.Join('\n', Notes);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }

    internal async Task StoreAsync(NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("""
            INSERT INTO ops.erasures (id, platform, subject_salt, subject_hash, started_at, finished_at, counts, notes, receipt_hash)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
            ON CONFLICT (id) DO UPDATE SET finished_at = excluded.finished_at, counts = excluded.counts, notes = excluded.notes, receipt_hash = excluded.receipt_hash
            """);
        command.Parameters.Add(new() { Value = Id });
        command.Parameters.Add(new() { Value = Platform });
        command.Parameters.Add(new() { Value = Convert.FromHexString(SubjectSalt) });
        command.Parameters.Add(new() { Value = SubjectHash });
        command.Parameters.Add(Archive.ArchiveCatalog.Time(StartedAt));
        command.Parameters.Add(Archive.ArchiveCatalog.Time(FinishedAt));
        command.Parameters.Add(new() { Value = JsonSerializer.Serialize(Counts, ErasureJson.Default.IReadOnlyDictionaryStringInt64), NpgsqlDbType = NpgsqlDbType.Jsonb });
        command.Parameters.Add(new() { Value = FinishedAt is null ? Posts.Select(post => PostMark + post).ToArray() : Notes.ToArray() });
        command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = Hash });
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A receipt as it is stored; null where there is none.</summary>
    public static async Task<ErasureReceipt?> ReadAsync(NpgsqlDataSource database, Guid id, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            "SELECT id, platform, subject_salt, subject_hash, started_at, finished_at, counts::text, notes, receipt_hash FROM ops.erasures WHERE id = $1");
        command.Parameters.Add(new() { Value = id });
        await using var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        if (!await row.ReadAsync(cancellationToken).ConfigureAwait(false)) return null;
        var (finished, notes) = (!row.IsDBNull(5), row.GetFieldValue<string[]>(7));
        return new(
            row.GetGuid(0), row.GetString(1), Convert.ToHexStringLower(row.GetFieldValue<byte[]>(2)), row.GetString(3), row.GetFieldValue<DateTimeOffset>(4),
            finished ? row.GetFieldValue<DateTimeOffset>(5) : null, JsonSerializer.Deserialize(row.GetString(6), ErasureJson.Default.IReadOnlyDictionaryStringInt64)!,
            finished ? notes : [], row.IsDBNull(8) ? null : row.GetString(8))
        { Posts = finished ? [] : [.. notes.Where(note => note.StartsWith(PostMark, StringComparison.Ordinal)).Select(note => note[PostMark.Length..])] };
    }

    /// <summary>An erasure of somebody's data that was cut off; null where there is none.</summary>
    internal static async Task<ErasureReceipt?> UnfinishedAsync(NpgsqlDataSource database, ErasureSubject subject, CancellationToken cancellationToken)
    {
        var ids = new List<Guid>();
        await using (var command = database.CreateCommand("SELECT id FROM ops.erasures WHERE finished_at IS NULL ORDER BY id DESC"))
        await using (var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false))
            while (await row.ReadAsync(cancellationToken).ConfigureAwait(false)) ids.Add(row.GetGuid(0));
        foreach (var id in ids)
            if (await ReadAsync(database, id, cancellationToken).ConfigureAwait(false) is { } receipt && receipt.IsAbout(subject)) return receipt;
        return null;
    }

    static string HashOf(ErasureSubject subject, byte[] salt) => Convert.ToHexStringLower(HMACSHA256.HashData(salt, Encoding.UTF8.GetBytes(subject.Text)));
}

[JsonSerializable(typeof(IReadOnlyDictionary<string, long>))]
sealed partial class ErasureJson : JsonSerializerContext;
