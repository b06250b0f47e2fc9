using Npgsql;

namespace Bellwether.Storage.Jobs;

/// <summary>
/// Scheduled work of all processes on one database: a job runs in one place at a time and no more often than its period, whatever the
/// number of schedulers. Time is that of the database.
/// </summary>
public sealed class JobTable(NpgsqlDataSource dataSource)
{
    /// <summary>Puts a job that was never seen on the schedule as if it had just begun, so that it is due one period from now.</summary>
    public async Task RegisterAsync(string name, CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand("INSERT INTO ops.jobs (name, last_started_at) VALUES ($1, clock_timestamp()) ON CONFLICT DO NOTHING");
        command.Parameters.Add(new() { Value = name });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>
    /// Takes a job that is due and that nobody holds, or whose holder has been silent for longer than its lease.
    /// Null when it is not due or somebody works on it.
    /// </summary>
    /// <param name="every">Time from one start to the next.</param>
    /// <param name="lease">How long the holder may be silent.</param>
    public async Task<JobLease?> TryAcquireAsync(string name, TimeSpan every, TimeSpan lease, CancellationToken cancellationToken)
    {
        var holder = Guid.NewGuid();
        await using var command = dataSource.CreateCommand("""
            INSERT INTO ops.jobs AS j (name, holder, fencing_token, lease_expires_at, last_started_at, last_status)
            VALUES ($1, $2, 1, clock_timestamp() + $3, clock_timestamp(), 'running')
            ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, fencing_token = j.fencing_token + 1, last_message = NULL,
                lease_expires_at = excluded.lease_expires_at, last_started_at = excluded.last_started_at, last_status = 'running'
            WHERE CASE WHEN j.holder IS NULL THEN j.last_started_at IS NULL OR j.last_started_at <= clock_timestamp() - $4
                       ELSE j.lease_expires_at < clock_timestamp() END
            RETURNING fencing_token
            """);
        command.Parameters.Add(new() { Value = name });
        command.Parameters.Add(new() { Value = holder });
        command.Parameters.Add(new() { Value = lease });
        command.Parameters.Add(new() { Value = every });
        return await command.ExecuteScalarAsync(cancellationToken) is long token ? new(dataSource, name, holder, token, lease) : null;
    }
}

/// <summary>The right to run one job. Its token is greater than that of every holder before.</summary>
public sealed class JobLease(NpgsqlDataSource dataSource, string name, Guid holder, long token, TimeSpan duration)
{
    public string Name => name;
    public long Token => token;
    public TimeSpan Duration => duration;

    /// <summary>Prolongs the lease from now; false when somebody else has taken the job.</summary>
    public Task<bool> RenewAsync(CancellationToken cancellationToken) =>
        UpdateAsync("lease_expires_at = clock_timestamp() + $4", cancellationToken, new NpgsqlParameter { Value = duration });

    /// <summary>Records the end and lets go; false, and nothing recorded, when somebody else has taken the job meanwhile.</summary>
    public Task<bool> FinishAsync(bool succeeded, string? message, CancellationToken cancellationToken) =>
        UpdateAsync(
            "holder = NULL, lease_expires_at = NULL, last_finished_at = clock_timestamp(), last_status = $4, last_message = $5",
            cancellationToken,
            new NpgsqlParameter { Value = succeeded ? "succeeded" : "failed" }, new NpgsqlParameter<string?> { TypedValue = message });

    async Task<bool> UpdateAsync(string changes, CancellationToken cancellationToken, params NpgsqlParameter[] values)
    {
        await using var command = dataSource.CreateCommand(
            $"UPDATE ops.jobs SET {changes} WHERE name = $1 AND holder = $2 AND fencing_token = $3");
        command.Parameters.Add(new() { Value = name });
        command.Parameters.Add(new() { Value = holder });
        command.Parameters.Add(new() { Value = token });
        foreach (var value in values) command.Parameters.Add(value);
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }
}
