using System.Data;
using Npgsql;

namespace Bellwether.Lake;

/// <summary>A file of the manifest with what it holds.</summary>
/// <param name="Digest">As <see cref="LakeDigest.ToString"/> writes it.</param>
/// <param name="Sealed">Its rows are in no other place.</param>
readonly record struct LakeEntry(LakeFile File, string Digest, bool Sealed);

/// <summary>Reads the manifest.</summary>
static class LakeManifest
{
    /// <param name="days">Null for all.</param>
    public static async Task<List<LakeEntry>> ReadAsync(NpgsqlConnection connection, DateOnly[]? days, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("""
            SELECT f.day, f.path, f.rows, f.bytes, f.file_sha256, f.content_hash, extract(epoch FROM f.min_timestamp) * 1000000,
                   extract(epoch FROM f.max_timestamp) * 1000000, d.sealed_at IS NOT NULL
            FROM ops.lake_files f LEFT JOIN ops.lake_days d USING (day) WHERE $1::date[] IS NULL OR f.day = ANY($1) ORDER BY f.day
            """, connection);
        command.Parameters.Add(new NpgsqlParameter<DateOnly[]?> { TypedValue = days });
        await using var row = await command.ExecuteReaderAsync(CommandBehavior.SingleResult, cancellationToken).ConfigureAwait(false);
        var entries = new List<LakeEntry>();
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
            entries.Add(new(
                new(row.GetFieldValue<DateOnly>(0), row.GetString(1), row.GetInt64(2), row.GetInt64(3), row.IsDBNull(4) ? null : row.GetString(4)),
                LakeDigest.Text(row.GetInt64(2), (long)row.GetDecimal(6), (long)row.GetDecimal(7), row.GetString(5)), row.GetBoolean(8)));
        return entries;
    }

    /// <summary>Sealed days that the manifest has no file of: there should be none.</summary>
    public static async Task<List<DateOnly>> SealedWithoutFileAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("""
            SELECT day FROM ops.lake_days d WHERE sealed_at IS NOT NULL AND NOT EXISTS (SELECT FROM ops.lake_files f WHERE f.day = d.day) ORDER BY day
            """, connection);
        await using var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        var days = new List<DateOnly>();
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false)) days.Add(row.GetFieldValue<DateOnly>(0));
        return days;
    }
}
