using Npgsql;

namespace Bellwether.Lake.Legacy;

/// <summary>Compares what a migration has sent with what the manifest says of the days' files, which were read back when they were written.</summary>
static class LegacyProofReader
{
    public static async Task<LegacyProof> ReadAsync(NpgsqlDataSource database, long migration, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("""
            SELECT m.day, m.rows, m.content_hash, m.mixed OR d.revision <> m.revision, coalesce((m.file_before->>'rows')::bigint, 0),
                m.file_before->>'content_hash', f.rows, f.content_hash, d.revision = d.written_revision
            FROM ops.lake_migration_days AS m JOIN ops.lake_days AS d USING (day) LEFT JOIN ops.lake_files AS f USING (day)
            WHERE m.migration_id = $1 ORDER BY m.day
            """);
        command.Parameters.Add(new() { Value = migration });
        var (days, proven, shared, wrong) = (0, 0, 0, new List<DateOnly>());
        await using var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            days++;
            if (row.GetBoolean(3))
            {
                shared++;
                continue;
            }
            var before = row.IsDBNull(5) ? LakeDigest.Nothing : row.GetString(5);
            var holds = row.GetBoolean(8) && !row.IsDBNull(6) && row.GetInt64(6) == row.GetInt64(4) + row.GetInt64(1)
                && row.GetString(7) == LakeDigest.Sum(before, row.GetString(2));
            if (holds) proven++;
            else wrong.Add(row.GetFieldValue<DateOnly>(0));
        }
        return new(days, proven, shared, wrong);
    }
}
