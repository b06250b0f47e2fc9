using Npgsql;

namespace Bellwether.Retention.Archive;

/// <summary>Reads the manifest of the archive.</summary>
public static class ArchiveList
{
    /// <summary>Files in order of table and time whose ranges meet one; nulls do not matter.</summary>
    public static async Task<IReadOnlyList<ArchiveFile>> ReadAsync(
        NpgsqlDataSource database, string? table, DateTimeOffset? from, DateTimeOffset? to, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        return await ArchiveCatalog.ListAsync(connection, table, from, to, cancellationToken).ConfigureAwait(false);
    }
}
