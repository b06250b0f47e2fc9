using Npgsql;

namespace Bellwether.Storage;

/// <summary>
/// How a process that serves shows that it is there: a shared advisory lock of a connection that it keeps. It ends with the connection,
/// however that ends, and needs no clock.
/// </summary>
public static class DeskPresence
{
    // "bw.here" as a number.
    const long Key = 0x62_77_2E_68_65_72_65;

    const string Channel = "bellwether_presence";

    /// <summary>Shows it until disposed; a lost connection is opened again.</summary>
    public static IAsyncDisposable Show(NpgsqlDataSource dataSource, TimeProvider time) =>
        new NotificationListener(dataSource, Channel, static _ => { }, static () => { }, time, $"SELECT pg_advisory_lock_shared({Key})");

    /// <summary>How many processes serve this database at the moment.</summary>
    public static async Task<long> CountAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand("""
            SELECT count(DISTINCT pid) FROM pg_locks
            WHERE locktype = 'advisory' AND granted AND objsubid = 1 AND classid::bigint << 32 | objid::bigint = $1
                AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
            """);
        command.Parameters.Add(new() { Value = Key });
        return (long)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
    }
}
