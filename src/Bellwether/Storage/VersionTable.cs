using Npgsql;

namespace Bellwether.Storage;

/// <summary>
/// A table of versions: what was computed of a symbol for a moment, as it was known at another one, with its inputs, from which the rest
/// follows. Rows are appended and never changed; saying the same again adds nothing.
/// </summary>
/// <param name="table">With columns symbol, timestamp, known_at, formula and inputs.</param>
/// <param name="formula">Versions of other formulas are not read.</param>
sealed class VersionTable(NpgsqlDataSource dataSource, string table, string formula)
{
    /// <param name="beside">Rows of other tables that belong to them.</param>
    /// <returns>How many were new.</returns>
    public async Task<int> AppendAsync(
        IEnumerable<NpgsqlBatchCommand> rows, IEnumerable<NpgsqlBatchCommand> beside, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using (var enter = new NpgsqlBatch(connection, transaction) { BatchCommands = { KnowledgeBarrier.Enter() } })
        {
            foreach (var row in beside) enter.BatchCommands.Add(row);
            await enter.ExecuteNonQueryAsync(cancellationToken);
        }
        await using var batch = new NpgsqlBatch(connection, transaction);
        foreach (var row in rows) batch.BatchCommands.Add(row);
        var added = await batch.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return added;
    }

    /// <summary>The inputs of each moment between two (half-open), in the newest version known at another one, oldest first.</summary>
    /// <param name="latest">At most so many, the last ones.</param>
    public async Task<IReadOnlyList<string>> ReadAsync(
        string symbol, DateTimeOffset from, DateTimeOffset to, DateTimeOffset? knownBy, int latest, CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand($"""
            SELECT DISTINCT ON (timestamp) inputs FROM {table}
            WHERE symbol = $1 AND timestamp >= $2 AND timestamp < $3 AND ($4::timestamptz IS NULL OR known_at <= $4) AND formula = $5
            ORDER BY timestamp DESC, known_at DESC LIMIT $6
            """);
        command.Parameters.Add(new() { Value = symbol });
        command.Parameters.Add(new() { Value = from.ToUniversalTime() });
        command.Parameters.Add(new() { Value = to.ToUniversalTime() });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset?> { TypedValue = knownBy?.ToUniversalTime() });
        command.Parameters.Add(new() { Value = formula });
        command.Parameters.Add(new() { Value = latest });
        var found = new List<string>();
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken)) found.Add(row.GetString(0));
        found.Reverse();
        return found;
    }

    /// <summary>The version nearest before a moment, or of it, by what was known at another one; null where none is at most so old.</summary>
    public async Task<string?> LatestAsync(
        string symbol, DateTimeOffset at, TimeSpan age, DateTimeOffset knownBy, CancellationToken cancellationToken) =>
        (await ReadAsync(symbol, at - age, at.AddMicroseconds(1), knownBy, 1, cancellationToken)) is [var found] ? found : null;
}
