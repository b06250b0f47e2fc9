using Bellwether.Storage;
using Npgsql;
using NpgsqlTypes;

namespace Bellwether.Lake;

public sealed partial class LakeWriter
{
    internal static async Task<Dictionary<string, LakeFile>> ReadHashesAsync(NpgsqlConnection owner, LakeOptions options, CancellationToken cancellationToken)
    {
        // What days were before old files came into them, too: a rollback puts it back byte for byte.
        var named = await Legacy.LegacyRecords.FilesBeforeAsync(owner, options.KeepMigrated, cancellationToken).ConfigureAwait(false);
        foreach (var entry in await LakeManifest.ReadAsync(owner, null, cancellationToken).ConfigureAwait(false))
            if (entry.File.Sha256 is { } hash) named[hash] = entry.File;
        return named;
    }

    /// <summary>Manifest and revisions of a batch, in one transaction.</summary>
    async Task<HashSet<DateOnly>> RecordAsync(
        NpgsqlConnection owner, Batch batch, List<WrittenFile> files, DateOnly[] empty, CancellationToken cancellationToken)
    {
        await using var transaction = await SilenceLimit.BeginAsync(owner, cancellationToken).ConfigureAwait(false);
        await RecordAsync(owner, transaction, batch, files, empty, cancellationToken).ConfigureAwait(false);
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        return [.. batch.Revisions.Keys];
    }

    async Task RecordAsync(
        NpgsqlConnection owner, NpgsqlTransaction transaction, Batch batch, List<WrittenFile> files, DateOnly[] empty, CancellationToken cancellationToken)
    {
        await using (var manifest = new NpgsqlCommand("""
            INSERT INTO ops.lake_files (path, day, rows, min_timestamp, max_timestamp, bytes, content_hash, schema_version, written_at, file_sha256, placed_at)
            SELECT path, day, rows, min_timestamp, max_timestamp, bytes, content_hash, $8, $9, file_sha256, $9
            FROM unnest($1, $2, $3, $4, $5, $6, $7, $10) AS f (path, day, rows, min_timestamp, max_timestamp, bytes, content_hash, file_sha256)
            ON CONFLICT (path) DO UPDATE SET
                rows = excluded.rows, min_timestamp = excluded.min_timestamp, max_timestamp = excluded.max_timestamp, bytes = excluded.bytes,
                content_hash = excluded.content_hash, schema_version = excluded.schema_version, written_at = excluded.written_at,
                file_sha256 = excluded.file_sha256,
                placed_at = CASE WHEN lake_files.file_sha256 = excluded.file_sha256 THEN lake_files.placed_at END
            """, owner, transaction))
        {
            manifest.Parameters.Add(new() { Value = files.ConvertAll(file => LakePaths.OfDay(file.Day)) });
            manifest.Parameters.Add(Days([.. files.Select(file => file.Day)]));
            manifest.Parameters.Add(new() { Value = files.ConvertAll(file => file.Digest.Rows) });
            manifest.Parameters.Add(Times([.. files.Select(file => file.Digest.MinTimestamp)]));
            manifest.Parameters.Add(Times([.. files.Select(file => file.Digest.MaxTimestamp)]));
            manifest.Parameters.Add(new() { Value = files.ConvertAll(file => file.Bytes) });
            manifest.Parameters.Add(new() { Value = files.ConvertAll(file => file.Digest.ContentHash) });
            manifest.Parameters.Add(new() { Value = LakeSchema.Version });
            manifest.Parameters.Add(new() { Value = time.GetUtcNow().UtcDateTime });
            manifest.Parameters.Add(new() { Value = files.ConvertAll(file => file.Sha256) });
            await manifest.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
        await using (var gone = new NpgsqlCommand("DELETE FROM ops.lake_files WHERE day = ANY($1)", owner, transaction))
        {
            gone.Parameters.Add(Days(empty));
            await gone.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
        // The revision that was read, not the newest: rows that came since keep their day dirty.
        await using (var clean = new NpgsqlCommand("""
            UPDATE ops.lake_days AS d SET written_revision = r.revision
            FROM unnest($1, $2) AS r (day, revision)
            WHERE d.day = r.day AND d.written_revision < r.revision
            """, owner, transaction))
        {
            clean.Parameters.Add(Days([.. batch.Revisions.Keys]));
            clean.Parameters.Add(new() { Value = batch.Revisions.Values.ToArray() });
            await clean.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    static NpgsqlParameter Times(long[] micros) => new()
    {
        Value = Array.ConvertAll(micros, value => DateTime.UnixEpoch.AddTicks(value * TimeSpan.TicksPerMicrosecond)),
        NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.TimestampTz,
    };
}
