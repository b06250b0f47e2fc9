using Npgsql;

namespace Bellwether.Storage;

/// <summary>
/// Transactions that take what others wait for. A process that stops in the midst of one, or whose machine loses its power, tells the server
/// nothing: without a limit its locks would hold up every worker until the operating system of the server gives the connection up, which by
/// default takes two hours. Whoever was silent for longer finds its transaction gone, and does the work again.
/// </summary>
static class SilenceLimit
{
    // Between two statements, as long as a member of a group may be silent by default; within one a little longer, since these take
    // milliseconds. While it waits for the rows of a COPY the server heeds neither; that a peer is gone is then found by the keepalives of
    // TCP, within eleven seconds (on a Unix socket they mean nothing and are not needed: the kernel itself closes it).
    const string Begin = """
        SET LOCAL idle_in_transaction_session_timeout = '10s'; SET LOCAL statement_timeout = '15s';
        SET LOCAL tcp_keepalives_idle = 5; SET LOCAL tcp_keepalives_interval = 2; SET LOCAL tcp_keepalives_count = 3
        """;

    public static async Task<NpgsqlTransaction> BeginAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var transaction = await connection.BeginTransactionAsync(cancellationToken);
        try
        {
            await using var limit = new NpgsqlCommand(Begin, connection, transaction);
            await limit.ExecuteNonQueryAsync(cancellationToken);
            return transaction;
        }
        catch
        {
            await transaction.DisposeAsync();
            throw;
        }
    }
}
