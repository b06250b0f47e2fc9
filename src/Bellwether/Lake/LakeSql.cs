using System.Data;
using Bellwether.Engines.DuckDb;
using Npgsql;

namespace Bellwether.Lake;

/// <summary>
/// Read-only SQL over <c>all_sentiment</c> (hot rows and lake together, each row once) and the other product tables. Every query has a DuckDB
/// of its own, which holds only what the statement names, may open only the lake's files, and cannot be configured any more once it runs.
/// </summary>
public sealed class LakeSql(NpgsqlDataSource database, LakeOptions options)
{
    /// <summary>Runs one SELECT, EXPLAIN, DESCRIBE, SUMMARIZE or SHOW TABLES and streams its answer. The caller disposes it.</summary>
    /// <param name="cancellationToken">Interrupts the query as long as its answer is read.</param>
    /// <exception cref="LakeSqlException">The statement is refused, or DuckDB does not take it.</exception>
    /// <exception cref="LakeException">The lake does not agree with its manifest.</exception>
    public async Task<LakeQuery> QueryAsync(string sql, CancellationToken cancellationToken)
    {
        var scratch = new LakeQuery.Scratch();
        try
        {
            scratch.SpillFolder = LakeScratch.Make(options.ScratchDirectory);
            scratch.Database = DuckDbDatabase.Open(options.DuckDbLibrary, new DuckDbOptions
            {
                MemoryLimitMb = options.MemoryLimitMb,
                Threads = options.Threads,
                TempDirectory = scratch.SpillFolder,
            });
            scratch.Connection = scratch.Database.Connect();
            scratch.Connection.Execute("SET TimeZone = 'UTC'", cancellationToken);
            var statement = LakeStatement.Parse(scratch.Connection, sql);
            // Streaming ahead counts no text: with wide rows the default of 1 MB is gigabytes.
            scratch.Connection.Execute(LakeScratch.Limit(options), cancellationToken);
            scratch.Connection.Execute("SET streaming_buffer_size = '1KB'; CREATE SCHEMA sentiment; CREATE SCHEMA market; CREATE SCHEMA ops; CREATE SCHEMA data", cancellationToken);
            await PrepareAsync(statement, scratch, cancellationToken).ConfigureAwait(false);
            Lock(scratch);
            return await Task.Run(() => Start(statement, scratch, cancellationToken), cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            scratch.Dispose();
            throw;
        }
    }

    async Task PrepareAsync(LakeStatement statement, LakeQuery.Scratch scratch, CancellationToken cancellationToken)
    {
        var named = statement.Tables.Select(LakeTables.Resolve).Distinct().ToArray();
        if (named.Length == 0 && !statement.ReadsCatalogue) return;

        await using var source = await database.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using var snapshot = await source.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken).ConfigureAwait(false);
        if (named.Contains(LakeTables.AllSentiment))
        {
            // Before the first look, so that no day changes its tier between the looks at files and at hot rows.
            await using var hold = new NpgsqlCommand(TierSwitch.Hold, source, snapshot);
            await hold.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
        var columns = await LakeTables.DescribeAsync(source, statement.ReadsCatalogue ? LakeTables.Schemas.Keys : named, cancellationToken)
            .ConfigureAwait(false);
        foreach (var (name, all) in columns)
        {
            if (!named.Contains(name) || statement.DescribesOnly)
            {
                if (statement.ReadsCatalogue) LakeTables.CreateShape(scratch.Connection!, name, all);
                continue;
            }
            // Fewer columns are only ever too few for a statement that then fails to bind, never for a wrong answer.
            LakeColumn[] needed = [.. all.Where(column => statement.Needs(column.Name))];
            if (needed.Length == 0) needed = [all[0]];
            if (name == LakeTables.AllSentiment)
                await PrepareAllSentimentAsync(source, scratch, needed, statement.Days, cancellationToken).ConfigureAwait(false);
            else
            {
                var query = $"SELECT {string.Join(", ", needed.Select(column => column.PostgresExpression))} FROM {LakeTables.Schemas[name]}.{name}";
                await LakeTables.LoadAsync(source, query, scratch.Connection!, name, needed, cancellationToken).ConfigureAwait(false);
                LakeTables.Publish(scratch.Connection!, name, LakeTables.SelectLoaded(name, needed));
            }
        }
        await snapshot.CommitAsync(cancellationToken).ConfigureAwait(false);
    }

    async Task PrepareAllSentimentAsync(
        NpgsqlConnection source, LakeQuery.Scratch scratch, LakeColumn[] needed, LakeDays days, CancellationToken cancellationToken)
    {
        scratch.Files = await LakeSnapshot.OpenAsync(source, new(options, TimeProvider.System), days, cancellationToken).ConfigureAwait(false);
        await LakeTables.LoadAsync(source, HotRows.Select(needed, HotRows.In(scratch.Files.HotDays)), scratch.Connection!,
            LakeTables.AllSentiment, needed, cancellationToken).ConfigureAwait(false);
        var view = LakeTables.SelectLoaded(LakeTables.AllSentiment, needed);
        if (scratch.Files.Paths.Count > 0)
            view += $" UNION ALL {await LakeTables.SelectFilesAsync(source, scratch.Connection!, scratch.Files, needed, cancellationToken).ConfigureAwait(false)}";
        LakeTables.Publish(scratch.Connection!, LakeTables.AllSentiment, view);
    }

    static void Lock(LakeQuery.Scratch scratch)
    {
        var list = string.Join(", ", scratch.Files?.Paths.Select(file => $"'{file}'") ?? []);
        scratch.Connection!.Execute($"SET allowed_paths = [{list}]; SET enable_external_access = false; SET lock_configuration = true");
    }

    static readonly DuckDbStatementType[] ReadOnly = [DuckDbStatementType.Select, DuckDbStatementType.Explain];

    static LakeQuery Start(LakeStatement statement, LakeQuery.Scratch scratch, CancellationToken cancellationToken)
    {
        try
        {
            // The tree was checked; the type is DuckDB's own word on what it is about to run.
            return new LakeQuery(scratch, scratch.Connection!.Query(statement.Sql, ReadOnly, cancellationToken));
        }
        catch (DuckDbException error)
        {
            throw new LakeSqlException(error.Message, error);
        }
    }
}
