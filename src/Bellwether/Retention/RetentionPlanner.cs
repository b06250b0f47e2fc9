using Npgsql;

namespace Bellwether.Retention;

/// <summary>Tells what would be done, and changes nothing.</summary>
public sealed class RetentionPlanner(
    NpgsqlDataSource database, RetentionPolicies policies, RetentionOptions options, IDaySealer sealer, TimeProvider time)
{
    /// <summary>An entry for each policy, in the order in which they are carried out.</summary>
    public async Task<IReadOnlyList<RetentionItem>> PlanAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        var items = new List<RetentionItem>();
        foreach (var policy in policies.All) items.Add(await PlanAsync(policy, connection, cancellationToken).ConfigureAwait(false));
        return items;
    }

    async Task<RetentionItem> PlanAsync(RetentionPolicy policy, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var (kept, scope) = await ScopeAsync(policy, connection, cancellationToken).ConfigureAwait(false);
        if (scope is null) return kept!;
        if (policy.Method == RetentionMethod.Seal) return await SealedAsync(scope, cancellationToken).ConfigureAwait(false);
        if (scope.Blocker is not null) return new(policy.Table, scope.Action, 0, 0, scope.Before, scope.Reason);
        var (rows, bytes) = (0L, 0L);
        foreach (var partition in scope.Partitions)
        {
            rows += (await CountAsync(connection, partition.Name, "true", cancellationToken).ConfigureAwait(false)).Old;
            bytes += partition.Bytes;
        }
        if (scope.RowsOf is { } table)
        {
            var (old, all) = await CountAsync(connection, table, scope.Condition, cancellationToken).ConfigureAwait(false);
            rows += old;
            bytes += Share(scope.Table.IsPartitioned ? scope.Table.Partitions.First(p => p.Name == table).Bytes : scope.Table.Bytes, old, all);
        }
        return new(policy.Table, scope.Action, rows, bytes, scope.Before, scope.Reason);
    }

    /// <summary>What a policy means now; an entry instead where nothing leaves the table.</summary>
    internal async Task<(RetentionItem? Kept, RetentionScope? Scope)> ScopeAsync(
        RetentionPolicy policy, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (policy.Before(now) is not { } before)
            return (new(policy.Table, "keep", 0, 0, null, policy.Period is null && policy.Method != RetentionMethod.Keep ? $"{policy.Reason}; kept forever" : policy.Reason), null);
        if (await LiveTable.FindAsync(connection, policy.Table, cancellationToken).ConfigureAwait(false) is not { } table)
            return (new(policy.Table, "keep", 0, 0, before, $"{policy.Reason}; the table is not there yet"), null);
        // Sealing takes nothing away: every query still finds the rows.
        return (null, policy.Method == RetentionMethod.Seal ? new(policy, table, before, [], [])
            : await RetentionScope.LookAsync(policy, table, before, options, now, connection, cancellationToken).ConfigureAwait(false));
    }

    async Task<RetentionItem> SealedAsync(RetentionScope scope, CancellationToken cancellationToken)
    {
        var plan = await sealer.PlanAsync(DateOnly.FromDateTime(scope.Before.UtcDateTime), cancellationToken).ConfigureAwait(false);
        return new(scope.Policy.Table, "seal", plan.Rows, plan.Bytes, scope.Before,
            plan.Blockers.Count == 0 ? scope.Policy.Reason : $"{scope.Policy.Reason}; held back: {string.Join(", ", plan.Blockers)}");
    }

    static async Task<(long Old, long All)> CountAsync(NpgsqlConnection connection, string table, string condition, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand($"SELECT count(*) FILTER (WHERE {condition}), count(*) FROM {table} AS t", connection) { CommandTimeout = 0 };
        await using var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await row.ReadAsync(cancellationToken).ConfigureAwait(false);
        return (row.GetInt64(0), row.GetInt64(1));
    }

    internal static long Share(long bytes, long part, long all) => all == 0 ? 0 : (long)((Int128)bytes * part / all);
}
