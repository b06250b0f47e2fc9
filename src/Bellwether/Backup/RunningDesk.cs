using System.Globalization;
using Bellwether.Storage;
using Npgsql;

namespace Bellwether.Backup;

/// <summary>Who works on a database at this moment: what such a process has in hand belongs to the data that a restore takes away.</summary>
static class RunningDesk
{
    /// <exception cref="BackupException">Somebody works on it.</exception>
    public static async Task RequireNoneAsync(NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        await using (var made = database.CreateCommand("SELECT to_regclass('ops.consumer_members') IS NOT NULL AND to_regclass('ops.jobs') IS NOT NULL"))
            if (await made.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is not true) return;
        var signs = new List<string>();
        var seconds = 0.0;
        var serving = await DeskPresence.CountAsync(database, cancellationToken).ConfigureAwait(false);
        if (serving > 0) signs.Add($"{serving} {(serving == 1 ? "process serves" : "processes serve")} it");
        // By the clock of the database, as those who renew them go by it.
        await using var command = database.CreateCommand("""
            SELECT count(*) || CASE count(*) WHEN 1 THEN ' consumer' ELSE ' consumers' END || ' of group ' || consumer_group || ' on ' || topic, max(expires_at - clock_timestamp())
                FROM ops.consumer_members WHERE expires_at > clock_timestamp() GROUP BY consumer_group, topic
            UNION ALL
            SELECT 'the job ' || name || ' runs', lease_expires_at - clock_timestamp() FROM ops.jobs WHERE holder IS NOT NULL AND lease_expires_at > clock_timestamp()
            ORDER BY 1
            """);
        await using (var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false))
            while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                signs.Add(row.GetString(0));
                seconds = Math.Max(seconds, row.GetTimeSpan(1).TotalSeconds);
            }
        if (signs.Count == 0) return;
        throw new BackupException($"a desk is running on this database: {string.Join(", ", signs)}. Nothing was changed",
            $"Stop it first{(seconds > 0 ? string.Create(CultureInfo.InvariantCulture, $"; what a killed process left runs out within {Math.Ceiling(seconds):0} s") : "")}. --force restores all the same.");
    }
}
