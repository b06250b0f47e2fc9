using System.Data;
using System.Runtime.CompilerServices;
using Bellwether.Engines.DuckDb;
using Npgsql;

namespace Bellwether.Lake;

/// <summary>
/// Rows of sealed days for those who read hot rows from PostgreSQL themselves: in one snapshot, so that each row is seen exactly once. PostgreSQL
/// could read these days too, but for one ticker over thousands of days that is thousands of programs, where DuckDB opens only what it needs.
/// </summary>
/// <param name="options">Asked for when the first sealed day is read.</param>
public sealed class LakeColdRows(Func<CancellationToken, Task<LakeOptions>> options)
{
    /// <summary>A transaction of one snapshot in which no day changes its tier.</summary>
    public static async Task<NpgsqlTransaction> HoldAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken).ConfigureAwait(false);
        try
        {
            await using var hold = new NpgsqlCommand(TierSwitch.Hold, connection, transaction);
            await hold.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
            return transaction;
        }
        catch
        {
            await transaction.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Sealed days between two days, both inclusive, newest first.</summary>
    public static async Task<IReadOnlyList<DateOnly>> DaysAsync(NpgsqlConnection held, DateOnly from, DateOnly to, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT day FROM ops.lake_days WHERE sealed_at IS NOT NULL AND day BETWEEN $1 AND $2 ORDER BY day DESC", held);
        command.Parameters.Add(new() { Value = from });
        command.Parameters.Add(new() { Value = to });
        var days = new List<DateOnly>();
        await using var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false)) days.Add(row.GetFieldValue<DateOnly>(0));
        return days;
    }

    /// <summary>For those who have no reader and found that they need one.</summary>
    public static LakeException Unreadable(IReadOnlyList<DateOnly> days) =>
        new($"{days.Count} days are sealed, {days[^1]:O} to {days[0]:O}, and the lake that has their rows was not given");

    /// <summary>
    /// The rows of sealed days that a filter lets through, by time, ticker and article; without those of the same days that came late and are hot.
    /// </summary>
    /// <param name="held">In a transaction of <see cref="HoldAsync"/>; free again when this returns.</param>
    /// <exception cref="LakeException">A file is missing, or not the one that the manifest names.</exception>
    public async Task<LakeQuery> OpenAsync(NpgsqlConnection held, LakeFilter filter, CancellationToken cancellationToken)
    {
        var statement = filter.ToSql();
        var lake = await options(cancellationToken).ConfigureAwait(false);
        var scratch = new LakeQuery.Scratch();
        try
        {
            scratch.SpillFolder = LakeScratch.Make(lake.ScratchDirectory);
            scratch.Database = DuckDbDatabase.Open(lake.DuckDbLibrary, new DuckDbOptions
            {
                MemoryLimitMb = lake.MemoryLimitMb,
                Threads = lake.Threads,
                TempDirectory = scratch.SpillFolder,
            });
            scratch.Connection = scratch.Database.Connect();
            scratch.Connection.Execute($"SET TimeZone = 'UTC'; {LakeScratch.Limit(lake)}; SET streaming_buffer_size = '1KB'; CREATE SCHEMA sentiment; CREATE SCHEMA data", cancellationToken);
            scratch.Files = await LakeSnapshot.OpenAsync(held, new(lake, TimeProvider.System), filter.Days, cancellationToken, sealedOnly: true).ConfigureAwait(false);
            var columns = LakeSchema.Columns;
            var rows = scratch.Files.Paths.Count > 0
                ? await LakeTables.SelectFilesAsync(held, scratch.Connection, scratch.Files, columns, cancellationToken).ConfigureAwait(false)
                : $"SELECT {string.Join(", ", columns.Select(column => $"NULL::{column.DuckDbType} AS {column.Quoted}"))} LIMIT 0";
            LakeTables.Publish(scratch.Connection, LakeTables.AllSentiment, rows);
            return await Task.Run(() => new LakeQuery(scratch, scratch.Connection.Query(statement, cancellationToken: cancellationToken)), cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            scratch.Dispose();
            throw;
        }
    }

    /// <summary>The rows one by one.</summary>
    /// <inheritdoc cref="OpenAsync"/>
    public async IAsyncEnumerable<LakeRow> ReadAsync(
        NpgsqlConnection held, LakeFilter filter, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var query = await OpenAsync(held, filter, cancellationToken).ConfigureAwait(false);
        await foreach (var row in LakeReader.RowsAsync(query, cancellationToken).ConfigureAwait(false)) yield return row;
    }
}
