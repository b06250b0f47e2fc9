using System.Buffers;
using Npgsql;

namespace Bellwether.Backup;

/// <summary>Moves whole tables in PostgreSQL's binary form and hashes their rows on the way.</summary>
static class CopyTables
{
    const int BufferBytes = 256 * 1024;

    public static async Task OutAsync(
        NpgsqlConnection connection, string schema, string name, IEnumerable<string> columns, CopyDigest digest, Stream? target, CancellationToken cancellationToken)
    {
        var sql = $"COPY (SELECT {List(columns)} FROM {BackupCatalog.Quote(schema)}.{BackupCatalog.Quote(name)}) TO STDOUT (FORMAT binary)";
        await using var rows = await connection.BeginRawBinaryCopyAsync(sql, cancellationToken).ConfigureAwait(false);
        await PumpAsync(rows, digest, target, cancellationToken).ConfigureAwait(false);
    }

    public static async Task InAsync(
        NpgsqlConnection connection, string schema, string name, IEnumerable<string> columns, CopyDigest digest, Stream source, CancellationToken cancellationToken)
    {
        var sql = $"COPY {BackupCatalog.Quote(schema)}.{BackupCatalog.Quote(name)} ({List(columns)}) FROM STDIN (FORMAT binary)";
        await using var rows = await connection.BeginRawBinaryCopyAsync(sql, cancellationToken).ConfigureAwait(false);
        try
        {
            await PumpAsync(source, digest, rows, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await rows.CancelAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <exception cref="InvalidDataException">The stream is damaged or cut off.</exception>
    public static async Task PumpAsync(Stream source, CopyDigest digest, Stream? target, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            while (await source.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is > 0 and var read)
            {
                digest.Append(buffer.AsSpan(0, read));
                if (target is not null) await target.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
            }
            if (!digest.IsComplete) throw new InvalidDataException("the copy of the table is cut off");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    static string List(IEnumerable<string> columns) => string.Join(", ", columns.Select(BackupCatalog.Quote));
}
