using Npgsql;

namespace Bellwether.Lake;

public sealed partial class LakeWriter
{
    /// <summary>Puts recorded files into the places of their days, and tells the manifest so.</summary>
    internal async Task PlaceAsync(
        NpgsqlConnection owner, LakeFile[] files, Dictionary<DateOnly, LakeFile> old, bool kept, CancellationToken cancellationToken)
    {
        if (files.Length == 0) return;
        await _files.PlaceAsync(files, old, cancellationToken).ConfigureAwait(false);
        await MarkPlacedAsync(owner, files, cancellationToken).ConfigureAwait(false);
        // The rows of a sealed day are nowhere else: its new file stays under its hash too for as long as a replaced one.
        if (!kept) await _files.ForgetKeptAsync(files, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Looks at the places that are not known to be right: of files that were recorded by a run which was then cut off, and of those written last,
    /// over which a run that had lost its lock may have put an older one.
    /// </summary>
    async Task RepairAsync(NpgsqlConnection owner, bool lateToo, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("""
            SELECT day, path, rows, bytes, file_sha256 FROM ops.lake_files WHERE file_sha256 IS NOT NULL AND (placed_at IS NULL OR $1 AND placed_at > $2)
            """, owner);
        command.Parameters.Add(new() { Value = lateToo });
        command.Parameters.Add(new() { Value = (time.GetUtcNow() - LatePlacing).UtcDateTime });
        List<LakeFile> doubtful;
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false))
            doubtful = await LakeSnapshot.ReadFilesAsync(reader, cancellationToken).ConfigureAwait(false);
        if (doubtful.Count == 0) return;
        var sound = await _files.RepairAsync(doubtful, cancellationToken).ConfigureAwait(false);
        await MarkPlacedAsync(owner, [.. sound], cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A version that another has replaced meanwhile is not what belongs there: the next run looks at that place.</summary>
    async Task MarkPlacedAsync(NpgsqlConnection owner, IReadOnlyList<LakeFile> files, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("""
            UPDATE ops.lake_files AS f SET placed_at = CASE WHEN f.file_sha256 = p.hash THEN coalesce(f.placed_at, $3) END
            FROM unnest($1, $2) AS p (day, hash)
            WHERE f.day = p.day AND (f.file_sha256 <> p.hash OR f.placed_at IS NULL)
            """, owner);
        command.Parameters.Add(Days([.. files.Select(file => file.Day)]));
        command.Parameters.Add(new() { Value = files.Select(file => file.Sha256!).ToArray() });
        command.Parameters.Add(new() { Value = time.GetUtcNow().UtcDateTime });
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }
}
