using Npgsql;

namespace Bellwether.Market.Hypertables;

/// <param name="Kind">native (partitions of PostgreSQL), hypertable, or plain.</param>
/// <param name="Parts">Partitions or chunks.</param>
/// <param name="Rows">About how many, as the server last counted.</param>
/// <param name="CompressAfter">As the policy says; null without one.</param>
public sealed record HypertableState(string Table, string Kind, long Parts, long Rows, long Bytes, string? CompressAfter,
    string? DropAfter);

/// <param name="Statements">In their order, of one transaction.</param>
public sealed record HypertableStep(string Table, string Kind, IReadOnlyList<string> Statements);

/// <summary>Turns the large tables of the market into hypertables of TimescaleDB, and tells what they are.</summary>
public sealed class HypertableStore(NpgsqlDataSource dataSource)
{
    /// <summary>The kind of a table that is a hypertable.</summary>
    public const string Converted = "hypertable";

    public async Task<TimescaleServer> ServerAsync(CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        return await TimescaleServer.FindAsync(connection, cancellationToken);
    }

    public async Task<IReadOnlyList<HypertableStep>> PlanAsync(TimescaleServer server, HypertablePolicy policy,
        CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        var steps = new List<HypertableStep>();
        foreach (var spec in HypertableSpec.All)
        {
            var (kind, compressed) = await KindAsync(connection, server, spec, cancellationToken);
            var convert = kind == Converted ? [] : spec.Convert(await KeysAsync(connection, spec, cancellationToken));
            var replace = kind == Converted && server.License != TimescaleServer.Apache;
            steps.Add(new(spec.Table, kind, [.. convert, .. spec.Policies(policy, replace, compressed)]));
        }
        return steps;
    }

    /// <summary>Readers and writers of a table wait while its rows move. A table that fails is as it was; those before it are
    /// done.</summary>
    public async Task<IReadOnlyList<HypertableStep>> ApplyAsync(HypertablePolicy policy, IProgress<string>? progress,
        CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        if ((await TimescaleServer.FindAsync(connection, cancellationToken)).Installed is null)
            await RunAsync(connection, "CREATE EXTENSION IF NOT EXISTS timescaledb", cancellationToken);
        var steps = await PlanAsync(await TimescaleServer.FindAsync(connection, cancellationToken), policy, cancellationToken);
        foreach (var step in steps)
        {
            progress?.Report($"{step.Table} …");
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            foreach (var statement in step.Statements) await RunAsync(connection, statement, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }
        return steps;
    }

    public async Task<IReadOnlyList<HypertableState>> StatusAsync(TimescaleServer server, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        var states = new List<HypertableState>();
        foreach (var spec in HypertableSpec.All)
        {
            var (kind, _) = await KindAsync(connection, server, spec, cancellationToken);
            await using var command = new NpgsqlCommand(kind == Converted ? Hypertable : Native, connection)
            {
                Parameters = { new() { Value = spec.Table } },
            };
            if (kind == Converted) command.Parameters.Add(new() { Value = spec.Name });
            await using var row = await command.ExecuteReaderAsync(cancellationToken);
            await row.ReadAsync(cancellationToken);
            string? Text(int column) => row.IsDBNull(column) ? null : row.GetString(column);
            states.Add(new(spec.Table, kind, row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), Text(3), Text(4)));
        }
        return states;
    }

    const string Native = """
        SELECT count(*) FILTER (WHERE c.oid <> to_regclass($1)),
            coalesce(sum(greatest(c.reltuples, 0)) FILTER (WHERE c.relkind = 'r'), 0)::bigint, sum(pg_total_relation_size(c.oid))::bigint,
            NULL::text, NULL::text
        FROM pg_class AS c WHERE c.oid = to_regclass($1) OR c.oid IN (SELECT relid FROM pg_partition_tree(to_regclass($1)))
        """;

    const string Hypertable = """
        SELECT h.num_chunks::bigint, approximate_row_count(to_regclass($1)), hypertable_size(to_regclass($1)),
            (SELECT config->>'compress_after' FROM timescaledb_information.jobs
                WHERE hypertable_schema = 'market' AND hypertable_name = $2
                    AND proc_name IN ('policy_compression', 'policy_columnstore') LIMIT 1),
            (SELECT config->>'drop_after' FROM timescaledb_information.jobs
                WHERE hypertable_schema = 'market' AND hypertable_name = $2 AND proc_name = 'policy_retention' LIMIT 1)
        FROM timescaledb_information.hypertables AS h WHERE h.hypertable_schema = 'market' AND h.hypertable_name = $2
        """;

    /// <summary>What a table is; and whether it is set to be compressed.</summary>
    static async Task<(string Kind, bool Compressed)> KindAsync(NpgsqlConnection connection, TimescaleServer server, HypertableSpec spec,
        CancellationToken cancellationToken)
    {
        if (server.Installed is not null)
        {
            await using var asked = new NpgsqlCommand("""
                SELECT compression_enabled FROM timescaledb_information.hypertables
                WHERE hypertable_schema = 'market' AND hypertable_name = $1
                """, connection)
            { Parameters = { new() { Value = spec.Name } } };
            if (await asked.ExecuteScalarAsync(cancellationToken) is bool compressed) return (Converted, compressed);
        }
        await using var command = new NpgsqlCommand("SELECT relkind = 'p' FROM pg_class WHERE oid = to_regclass($1)", connection)
        {
            Parameters = { new() { Value = spec.Table } },
        };
        return (await command.ExecuteScalarAsync(cancellationToken) is true ? "native" : "plain", false);
    }

    static async Task<IReadOnlyList<TableKey>> KeysAsync(NpgsqlConnection connection, HypertableSpec spec,
        CancellationToken cancellationToken)
    {
        // ONLY keeps an index from the partitions, which the new table does not have.
        await using var command = new NpgsqlCommand("""
            SELECT quote_ident(c.relname), k.oid IS NOT NULL,
                coalesce(pg_get_constraintdef(k.oid), replace(pg_get_indexdef(i.indexrelid), ' ON ONLY ', ' ON '))
            FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
            LEFT JOIN pg_constraint AS k ON k.conindid = i.indexrelid AND k.contype IN ('p', 'u')
            WHERE i.indrelid = to_regclass($1) ORDER BY k.oid IS NULL, c.relname
            """, connection)
        { Parameters = { new() { Value = spec.Table } } };
        var keys = new List<TableKey>();
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken)) keys.Add(new(row.GetString(0), row.GetBoolean(1), row.GetString(2)));
        return keys;
    }

    static async Task RunAsync(NpgsqlConnection connection, string statement, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(statement, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
