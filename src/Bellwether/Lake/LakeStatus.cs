using Npgsql;

namespace Bellwether.Lake;

/// <summary>What lies in the lake and what still has to go there.</summary>
/// <param name="Bytes">Size of all files.</param>
/// <param name="SealedDays">Days whose rows lie in the lake only.</param>
/// <param name="HotRows">Rows in PostgreSQL.</param>
/// <param name="ColdRows">Rows that lie in the lake only.</param>
/// <param name="DirtySince">Since when the oldest unwritten change waits; null when nothing does.</param>
public sealed record LakeStatus(
    long Files, long Rows, long Bytes, DateOnly? FirstDay, DateOnly? LastDay, long SealedDays, long DirtyDays, long HotRows, long ColdRows,
    DateTimeOffset? DirtySince)
{
    public static async Task<LakeStatus> ReadAsync(NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("""
            SELECT f.files, f.rows, f.bytes, f.first_day, f.last_day, d.days, (SELECT count(*) FROM sentiment.sentiment_data), d.since, s.days, s.rows
            FROM (SELECT count(*) AS files, coalesce(sum(rows), 0)::bigint AS rows, coalesce(sum(bytes), 0)::bigint AS bytes,
                         min(day) AS first_day, max(day) AS last_day FROM ops.lake_files) f,
                 (SELECT count(*) AS days, min(dirty_since) AS since FROM ops.lake_days WHERE revision > written_revision) d,
                 (SELECT count(*) AS days, coalesce(sum(f.rows), 0)::bigint AS rows
                  FROM ops.lake_days d LEFT JOIN ops.lake_files f USING (day) WHERE d.sealed_at IS NOT NULL) s
            """);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        return new(reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2), Optional<DateOnly>(3), Optional<DateOnly>(4), reader.GetInt64(8),
            reader.GetInt64(5), reader.GetInt64(6), reader.GetInt64(9), Optional<DateTimeOffset>(7));

        T? Optional<T>(int column) where T : struct => reader.IsDBNull(column) ? null : reader.GetFieldValue<T>(column);
    }
}
