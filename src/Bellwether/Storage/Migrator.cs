using Dapper;
using Npgsql;

namespace Bellwether.Storage;

/// <summary>
/// Moves the schema up and down. One transaction a revision; a session advisory lock keeps two processes apart.
/// </summary>
public sealed class Migrator(NpgsqlDataSource dataSource, IReadOnlyList<Migration> migrations)
{
    const long LockKey = 0x42656C6C77657468; // "Bellweth"
    const string History = "public.bellwether_migrations";

    public Migrator(NpgsqlDataSource dataSource) : this(dataSource, Migration.Shipped) { }

    public int Latest => migrations.Count;

    /// <summary>Revisions in the database, ascending; empty for a database that was never migrated.</summary>
    public async Task<IReadOnlyList<AppliedMigration>> AppliedAsync(CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        return await AppliedAsync(connection, cancellationToken);
    }

    /// <summary>Applies revisions up to <paramref name="target"/> (null for the newest); returns what was done, oldest first.</summary>
    /// <param name="dryRun">Only tell what would be done.</param>
    public async Task<IReadOnlyList<Migration>> UpAsync(int? target, bool dryRun, CancellationToken cancellationToken)
    {
        var goal = Target(target ?? Latest);
        return await LockedAsync(dryRun, async (connection, applied) =>
        {
            var steps = migrations.Skip(applied.Count).Take(goal - applied.Count).ToList();
            if (!dryRun)
                foreach (var step in steps)
                    await ApplyAsync(connection, step, step.Up,
                        $"INSERT INTO {History} (revision, name, checksum) VALUES (@Revision, @Name, @Checksum)", cancellationToken);
            return steps;
        }, cancellationToken);
    }

    /// <summary>Undoes revisions above <paramref name="target"/>, newest first; returns what was undone.</summary>
    public async Task<IReadOnlyList<Migration>> DownAsync(int target, bool dryRun, CancellationToken cancellationToken)
    {
        var goal = Target(target);
        return await LockedAsync(dryRun, async (connection, applied) =>
        {
            var steps = migrations.Take(applied.Count).Skip(goal).Reverse().ToList();
            if (!dryRun)
                foreach (var step in steps)
                    await ApplyAsync(connection, step, step.Down, $"DELETE FROM {History} WHERE revision = @Revision", cancellationToken);
            return steps;
        }, cancellationToken);
    }

    /// <summary>Every way in which the database and the shipped scripts disagree; empty when they agree.</summary>
    public async Task<IReadOnlyList<string>> VerifyAsync(CancellationToken cancellationToken)
    {
        var applied = await AppliedAsync(cancellationToken);
        var problems = Disagreements(applied).ToList();
        if (applied.Count < Latest) problems.Add($"revisions {applied.Count + 1} to {Latest} are not applied: run `bellwether migrate up`");
        return problems;
    }

    int Target(int revision) => revision >= 0 && revision <= Latest
        ? revision
        : throw new MigrationException($"revision {revision} is outside 0..{Latest}, the revisions that this program knows");

    IEnumerable<string> Disagreements(IReadOnlyList<AppliedMigration> applied)
    {
        for (var i = 0; i < applied.Count; i++)
        {
            var row = applied[i];
            if (row.Revision != i + 1)
                yield return $"revision {i + 1} is missing from the history, which has {row.Revision} in its place";
            else if (row.Revision > Latest)
                yield return $"the database is at revision {row.Revision} ({row.Name}), this program knows only {Latest}: use a newer program";
            else if (row.Checksum != migrations[i].Checksum)
                yield return $"revision {row.Revision} ({row.Name}) was applied from another script (checksum {row.Checksum[..12]}, shipped {migrations[i].Checksum[..12]})";
        }
    }

    async Task<T> LockedAsync<T>(
        bool dryRun, Func<NpgsqlConnection, IReadOnlyList<AppliedMigration>, Task<T>> work, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(
            "SET lock_timeout = 0; SELECT pg_advisory_lock(@LockKey)", new { LockKey }, commandTimeout: 0, cancellationToken: cancellationToken));
        try
        {
            if (!dryRun)
                await connection.ExecuteAsync(new CommandDefinition($"""
                    CREATE TABLE IF NOT EXISTS {History} (
                        revision   int         PRIMARY KEY,
                        name       text        NOT NULL,
                        checksum   text        NOT NULL,
                        applied_at timestamptz NOT NULL DEFAULT now())
                    """, cancellationToken: cancellationToken));
            var applied = await AppliedAsync(connection, cancellationToken);
            if (Disagreements(applied).FirstOrDefault() is { } problem) throw new MigrationException(problem);
            return await work(connection, applied);
        }
        finally
        {
            await connection.ExecuteAsync("SELECT pg_advisory_unlock(@LockKey)", new { LockKey });
        }
    }

    static async Task ApplyAsync(NpgsqlConnection connection, Migration step, string script, string record, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        try
        {
            await connection.ExecuteAsync(new CommandDefinition(script, transaction: transaction, commandTimeout: 0, cancellationToken: cancellationToken));
            await connection.ExecuteAsync(new CommandDefinition(record, step, transaction, cancellationToken: cancellationToken));
            await transaction.CommitAsync(cancellationToken);
        }
        catch (PostgresException error)
        {
            throw new MigrationException($"revision {step.Revision} ({step.Name}) failed and was rolled back: {error.MessageText} (SQLSTATE {error.SqlState})");
        }
    }

    static async Task<IReadOnlyList<AppliedMigration>> AppliedAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var exists = await connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            "SELECT to_regclass(@History) IS NOT NULL", new { History }, cancellationToken: cancellationToken));
        if (!exists) return [];
        return (await connection.QueryAsync<AppliedMigration>(new CommandDefinition(
            $"SELECT revision, name, checksum, applied_at AS AppliedAt FROM {History} ORDER BY revision", cancellationToken: cancellationToken))).AsList();
    }
}
