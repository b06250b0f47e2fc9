using Npgsql;

namespace Bellwether.Lake;

/// <summary>
/// Which days a query reads from files. Each file is held open: DuckDB reads it through the descriptor, so a writer that replaces the file
/// meanwhile changes nothing, and a link put into the lake leads nowhere.
/// </summary>
sealed class LakeSnapshot : IDisposable
{
    readonly List<FileStream> _files = [];

    /// <summary>Days that are read from their file; all others come from PostgreSQL.</summary>
    public List<DateOnly> CleanDays { get; } = [];

    /// <summary>What DuckDB opens.</summary>
    public IReadOnlyList<string> Paths => [.. _files.Select(file => $"/proc/self/fd/{file.SafeFileHandle.DangerousGetHandle()}")];

    /// <summary>Opens the file of every clean day that the manifest of this PostgreSQL snapshot describes.</summary>
    /// <exception cref="LakeException">A file is not what the manifest says, and its rows are no longer in PostgreSQL either.</exception>
    public static async Task<LakeSnapshot> OpenAsync(NpgsqlConnection source, string root, CancellationToken cancellationToken)
    {
        var snapshot = new LakeSnapshot();
        try
        {
            var missing = new List<(DateOnly Day, string Path, long Rows, string Reason)>();
            await using (var command = new NpgsqlCommand("""
                SELECT f.day, f.path, f.rows, f.bytes FROM ops.lake_files f LEFT JOIN ops.lake_days d ON d.day = f.day
                WHERE d.day IS NULL OR d.revision <= d.written_revision ORDER BY f.day
                """, source))
            {
                await using var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
                while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    var day = reader.GetFieldValue<DateOnly>(0);
                    var path = reader.GetString(1);
                    if (snapshot.TryHold(root, path, reader.GetInt64(3), out var reason)) snapshot.CleanDays.Add(day);
                    else missing.Add((day, path, reader.GetInt64(2), reason));
                }
            }
            foreach (var (day, path, rows, reason) in missing)
                await RequireHotAsync(source, day, path, rows, reason, cancellationToken).ConfigureAwait(false);
            return snapshot;
        }
        catch
        {
            snapshot.Dispose();
            throw;
        }
    }

    public void Dispose() => _files.ForEach(file => file.Dispose());

    bool TryHold(string root, string path, long bytes, out string reason)
    {
        FileStream? file = null;
        try
        {
            var full = Path.Combine(root, path);
            file = new FileStream(full, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            // The kernel's own name of what was opened shows every link on the way.
            var opened = File.ResolveLinkTarget($"/proc/self/fd/{file.SafeFileHandle.DangerousGetHandle()}", returnFinalTarget: false)?.FullName;
            reason = opened != full ? "is reached through a link" : file.Length != bytes ? $"has {file.Length} bytes, not {bytes}" : "";
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            reason = "is missing";
        }
        if (reason.Length == 0) _files.Add(file!);
        else file?.Dispose();
        return reason.Length == 0;
    }

    // A writer may just have replaced the file: its rows are then in this snapshot of PostgreSQL.
    static async Task RequireHotAsync(
        NpgsqlConnection source, DateOnly day, string path, long rows, string reason, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand($"SELECT count(*) FROM {HotRows.Table} WHERE {HotRows.In([day])}", source);
        var hot = (long)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
        if (hot < rows)
            throw new LakeException($"the lake file {path} {reason}, and of its {rows} rows PostgreSQL has {hot}; restore the file from a backup");
    }
}
