using Bellwether.Storage;
using Bellwether.Tests.Support;
using Npgsql;

namespace Bellwether.Tests.Storage;

/// <summary>That it helps is seen by the fault lab, whose network forgets connections; here, that it is there and no longer than it should be.</summary>
public sealed class SilenceLimitTests(TestServer server)
{
    [Fact]
    public async Task Limit_holds_for_the_transaction_and_not_beyond()
    {
        await using var database = await server.EmptyAsync(nameof(SilenceLimitTests));
        await using var connection = await database.DataSource.OpenConnectionAsync(Cancel);
        var before = await LimitsAsync(connection);
        await using (var transaction = await SilenceLimit.BeginAsync(connection, Cancel))
        {
            Assert.Equal("10s 15s", await LimitsAsync(connection));
            await transaction.CommitAsync(Cancel);
        }
        Assert.Equal(before, await LimitsAsync(connection));
        Assert.NotEqual("10s 15s", before);
    }

    [Fact]
    public async Task Statement_that_waits_for_what_a_silent_process_holds_gets_it()
    {
        await using var database = await server.EmptyAsync(nameof(SilenceLimitTests));
        await using var silent = await database.DataSource.OpenConnectionAsync(Cancel);
        await using var other = await database.DataSource.OpenConnectionAsync(Cancel);
        await ExecuteAsync(silent, "CREATE TABLE held (id int)");
        await using var transaction = await SilenceLimit.BeginAsync(silent, Cancel);
        // Shorter, so that nobody has to wait for the real one.
        await ExecuteAsync(silent, "SET LOCAL idle_in_transaction_session_timeout = '100ms'; LOCK TABLE held");

        await ExecuteAsync(other, "INSERT INTO held VALUES (1)");

        await Assert.ThrowsAnyAsync<NpgsqlException>(() => ExecuteAsync(silent, "SELECT 1"));
    }

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    static async Task<string> LimitsAsync(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand(
            "SELECT current_setting('idle_in_transaction_session_timeout') || ' ' || current_setting('statement_timeout')", connection);
        return (string)(await command.ExecuteScalarAsync(Cancel))!;
    }

    static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Cancel);
    }
}
