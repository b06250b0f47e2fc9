using Npgsql;

namespace Bellwether.Retention;

/// <summary>
/// The right to move data between tables and archive: one process at a time. It belongs to a connection, on which all that it protects is done,
/// so that whoever loses the one has lost the other.
/// </summary>
sealed class RetentionLock : IAsyncDisposable
{
    // "bw.keep" as a number.
    const long Key = 0x62_77_2E_6B_65_65_70;

    RetentionLock(NpgsqlConnection connection) => Connection = connection;

    public NpgsqlConnection Connection { get; }

    /// <summary>Waits until nobody else has it.</summary>
    public static async Task<RetentionLock> TakeAsync(NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        var connection = await database.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // Text that PostgreSQL makes of values must not depend on where the program runs.
            await using var command = new NpgsqlCommand("""
                SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres'; SET extra_float_digits = 1; SELECT pg_advisory_lock(@key)
                """, connection) { CommandTimeout = 0 };
            command.Parameters.AddWithValue("key", Key);
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
            return new(connection);
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await using var command = new NpgsqlCommand("SELECT pg_advisory_unlock($1)", Connection) { Parameters = { new() { Value = Key } } };
            await command.ExecuteNonQueryAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception error) when (error is NpgsqlException or InvalidOperationException)
        {
            // The connection is gone, and the lock with it.
        }
        await Connection.DisposeAsync().ConfigureAwait(false);
    }
}
