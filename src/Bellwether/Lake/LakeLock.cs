using Npgsql;

namespace Bellwether.Lake;

/// <summary>One process at a time writes, seals or merges. A session lock: it ends with the connection, however that ends.</summary>
static class LakeLock
{
    // "bw.lake" as a number.
    const long Key = 0x62_77_2E_6C_61_6B_65;

    /// <summary>Waits for whoever has it.</summary>
    public static async Task TakeAsync(NpgsqlConnection owner, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT pg_advisory_lock($1)", owner) { CommandTimeout = 0 };
        command.Parameters.Add(new() { Value = Key });
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    public static async Task ReleaseAsync(NpgsqlConnection owner)
    {
        try
        {
            await using var command = new NpgsqlCommand("SELECT pg_advisory_unlock($1)", owner);
            command.Parameters.Add(new() { Value = Key });
            await command.ExecuteNonQueryAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception error) when (error is NpgsqlException or InvalidOperationException)
        {
            // The connection is gone, and the lock with it; what brought it down is on its way to the caller already.
        }
    }
}
