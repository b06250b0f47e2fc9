using Bellwether.Storage.Objects;
using Npgsql;

namespace Bellwether.Lake;

/// <summary>
/// Which days a query reads from files. Each file is held open: DuckDB reads it through the descriptor, so a writer that replaces the file
/// meanwhile changes nothing, and a link put into the lake leads nowhere.
/// </summary>
sealed class LakeSnapshot : IDisposable
{
    readonly List<(FileStream File, bool IsOlder)> _files = [];

    /// <summary>Days with rows that no file has, and those whose file cannot be had: what is hot of them comes from PostgreSQL.</summary>
    public List<DateOnly> HotDays { get; } = [];

    /// <summary>Rows are to be taken out of the files of the run (<c>ops.lake_removals</c>).</summary>
    public bool HasRemovals { get; private set; }

    /// <summary>What DuckDB opens.</summary>
    public IReadOnlyList<string> Paths => [.. _files.Select(file => LakeVerifier.PathOf(file.File))];

    /// <summary>The same by the version of their columns.</summary>
    public IEnumerable<(int Version, string[] Paths)> ByVersion =>
        _files.GroupBy(file => file.IsOlder, file => LakeVerifier.PathOf(file.File)).Select(group => (group.Key ? LakeSchema.Version - 1 : LakeSchema.Version, group.ToArray()));

    /// <summary>
    /// Opens the file of every clean or sealed day of a run that the manifest of this PostgreSQL snapshot describes. A sealed day is its file
    /// and whatever came late, which is hot.
    /// </summary>
    /// <param name="source">In a transaction of one snapshot that began with <see cref="TierSwitch.Hold"/>.</param>
    /// <param name="sealedOnly">Leave out the days whose rows are all hot.</param>
    /// <exception cref="LakeException">A file is not what the manifest says, and its rows are no longer in PostgreSQL either.</exception>
    /// <exception cref="ObjectStoreException">The store cannot be asked.</exception>
    public static async Task<LakeSnapshot> OpenAsync(
        NpgsqlConnection source, LakeFiles files, LakeDays days, CancellationToken cancellationToken, bool sealedOnly = false)
    {
        var snapshot = new LakeSnapshot();
        try
        {
            var (named, older, cold, hot) = await ReadAsync(source, sealedOnly, cancellationToken).ConfigureAwait(false);
            snapshot.HotDays.AddRange(hot.Where(days.Contains));
            named.RemoveAll(file => !days.Contains(file.Day));
            if (cold.Except(named.Select(file => file.Day)).Where(days.Contains).Order().Cast<DateOnly?>().FirstOrDefault() is { } lost)
                throw new LakeException($"{lost:O} is sealed, and the manifest has no file of it; restore the database from a backup");
            var opened = await files.OpenAsync(named, cancellationToken).ConfigureAwait(false);
            foreach (var (wanted, (file, _)) in named.Zip(opened))
                if (file is not null) snapshot._files.Add((file, older.Contains(wanted.Day)));
            foreach (var (wanted, (file, reason)) in named.Zip(opened))
            {
                if (cold.Contains(wanted.Day))
                {
                    if (file is null) throw new LakeException($"the lake file {wanted.Path} {reason}, and its {wanted.Rows} rows are in no other place; restore the file from a backup");
                }
                else if (file is null)
                {
                    await RequireHotAsync(source, wanted, reason, cancellationToken).ConfigureAwait(false);
                    snapshot.HotDays.Add(wanted.Day);
                }
            }
            snapshot.HasRemovals = cold.Count > 0 && await HasRemovalsAsync(source, cancellationToken).ConfigureAwait(false);
            return snapshot;
        }
        catch
        {
            snapshot.Dispose();
            throw;
        }
    }

    static async Task<(List<LakeFile> Files, HashSet<DateOnly> Older, HashSet<DateOnly> Sealed, List<DateOnly> Hot)> ReadAsync(NpgsqlConnection source, bool sealedOnly, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand($"""
            SELECT f.day, f.path, f.rows, f.bytes, f.file_sha256 FROM ops.lake_files f LEFT JOIN ops.lake_days d ON d.day = f.day
            WHERE d.sealed_at IS NOT NULL OR {(sealedOnly ? "false" : "true")} AND (d.day IS NULL OR d.revision <= d.written_revision) ORDER BY f.day;
            SELECT day FROM ops.lake_files WHERE schema_version < {LakeSchema.Version};
            SELECT day FROM ops.lake_days WHERE sealed_at IS NOT NULL;
            SELECT d.day FROM ops.lake_days d WHERE d.revision > d.written_revision OR d.hot_rows > 0 AND NOT EXISTS (SELECT FROM ops.lake_files f WHERE f.day = d.day)
            """, source);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        var files = await ReadFilesAsync(reader, cancellationToken).ConfigureAwait(false);
        var older = await NextDaysAsync().ConfigureAwait(false);
        var cold = await NextDaysAsync().ConfigureAwait(false);
        return (files, [.. older], [.. cold], await NextDaysAsync().ConfigureAwait(false));

        async Task<List<DateOnly>> NextDaysAsync()
        {
            await reader.NextResultAsync(cancellationToken).ConfigureAwait(false);
            var found = new List<DateOnly>();
            while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false)) found.Add(reader.GetFieldValue<DateOnly>(0));
            return found;
        }
    }

    static async Task<bool> HasRemovalsAsync(NpgsqlConnection source, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT EXISTS (SELECT FROM ops.lake_removals)", source);
        return (bool)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
    }

    /// <summary>Day, path, rows, bytes and hash, as selected in this order.</summary>
    public static async Task<List<LakeFile>> ReadFilesAsync(NpgsqlDataReader reader, CancellationToken cancellationToken)
    {
        var files = new List<LakeFile>();
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
            files.Add(new(reader.GetFieldValue<DateOnly>(0), reader.GetString(1), reader.GetInt64(2), reader.GetInt64(3), reader.IsDBNull(4) ? null : reader.GetString(4)));
        return files;
    }

    public void Dispose() => _files.ForEach(file => file.File.Dispose());

    // Its rows may be in this snapshot of PostgreSQL all the same.
    static async Task RequireHotAsync(NpgsqlConnection source, LakeFile file, string reason, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand($"SELECT count(*) FROM {HotRows.Table} WHERE {HotRows.In([file.Day])}", source);
        var hot = (long)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
        if (hot < file.Rows)
            throw new LakeException($"the lake file {file.Path} {reason}, and of its {file.Rows} rows PostgreSQL has {hot}; restore the file from a backup");
    }
}
