namespace Bellwether.Engines.DuckDb;

/// <summary>A connection to a database. One statement at a time; not thread-safe, except that cancellation may come from anywhere.</summary>
public sealed unsafe partial class DuckDbConnection : IDisposable
{
    readonly DuckDbConnectionHandle _handle;

    internal DuckDbConnection(DuckDbConnectionHandle handle) => _handle = handle;

    internal DuckDbConnectionHandle Handle => _handle;

    /// <summary>Runs all statements of <paramref name="sql"/> and drops what they answer; returns the rows changed by the last one.</summary>
    /// <exception cref="DuckDbException">A statement failed; those before it have run.</exception>
    /// <exception cref="OperationCanceledException">The running statement was interrupted.</exception>
    public long Execute(string sql, CancellationToken cancellationToken = default)
    {
        using var statements = Extract(sql, out var count);
        var changed = 0L;
        for (var i = 0; i < count; i++)
        {
            using var reader = Run(statements, i, [], cancellationToken);
            while (reader.ReadChunk()) { }
            changed = reader.RowsChanged;
        }
        return changed;
    }

    /// <summary>
    /// Starts one statement and streams its answer. Parameters are written <c>$1</c>, <c>$2</c> … or <c>?</c>; they may be null, bool, int, long,
    /// double, string, byte[], DateOnly, DateTime (taken as it stands) or DateTimeOffset.
    /// </summary>
    /// <exception cref="DuckDbException">Not exactly one statement, a wrong number of parameters, or DuckDB failed.</exception>
    public DuckDbReader Query(string sql, IReadOnlyList<object?>? parameters = null, CancellationToken cancellationToken = default)
    {
        using var statements = Extract(sql, out var count);
        if (count != 1) throw new DuckDbException($"one statement is expected here, not {count}");
        return Run(statements, 0, parameters ?? [], cancellationToken);
    }

    /// <summary>Starts one statement if it is of an allowed type, which DuckDB tells after binding it and before running it.</summary>
    /// <exception cref="DuckDbException">It is of another type, not exactly one statement, or DuckDB failed.</exception>
    public DuckDbReader Query(string sql, IReadOnlyCollection<DuckDbStatementType> allowed, CancellationToken cancellationToken)
    {
        using var statements = Extract(sql, out var count);
        if (count != 1) throw new DuckDbException($"one statement is expected here, not {count}");
        return Run(statements, 0, [], cancellationToken, allowed);
    }

    /// <summary>The first value of the first row as <see cref="DuckDbReader.GetValue"/> gives it; null if there is no row.</summary>
    public object? Scalar(string sql, IReadOnlyList<object?>? parameters = null, CancellationToken cancellationToken = default)
    {
        using var reader = Query(sql, parameters, cancellationToken);
        return reader.Read() ? reader.GetValue(0) : null;
    }

    /// <summary>An appender to a table of this connection's database.</summary>
    public DuckDbAppender CreateAppender(string table, string? schema = null) => new(this, schema, table);

    public void Dispose() => _handle.Dispose();

    DuckDbReader Run(
        DuckDbStatementsHandle statements, int index, IReadOnlyList<object?> parameters, CancellationToken cancellationToken,
        IReadOnlyCollection<DuckDbStatementType>? allowed = null)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var prepared = Prepare(statements, index);
        if (allowed is not null && DuckDbNative.duckdb_prepared_statement_type(prepared) is var type && !allowed.Contains(type))
            throw new DuckDbException($"a statement of type {type} is not allowed here, only {string.Join(" and ", allowed)}");
        Bind(prepared, parameters);

        // DuckDB forgets interrupts when a query starts, that is when it becomes pending. Registered before and looked at after,
        // a cancellation cannot fall between.
        var interrupt = cancellationToken.Register(() => DuckDbNative.duckdb_interrupt(_handle));
        var result = new DuckDbResultHandle();
        try
        {
            var state = DuckDbNative.duckdb_pending_prepared_streaming(prepared, out var pending);
            using (pending)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (state != 0) throw Failure(DuckDbNative.Borrowed(DuckDbNative.duckdb_pending_error(pending)), cancellationToken);
                if (DuckDbNative.duckdb_execute_pending(pending, result.Value) != 0)
                    throw Failure(DuckDbNative.Borrowed(DuckDbNative.duckdb_result_error(result.Value)), cancellationToken);
            }
            return new DuckDbReader(result, interrupt, cancellationToken);
        }
        catch
        {
            interrupt.Dispose();
            result.Dispose();
            throw;
        }
    }

    internal static Exception Failure(string message, CancellationToken cancellationToken)
    {
        var error = DuckDbException.Native(message, "running a statement");
        if (cancellationToken.IsCancellationRequested) return new OperationCanceledException(message, error, cancellationToken);
        // One thread failed and this is what another, stopped because of it, said first: the reason is lost in DuckDB.
        return error.ErrorClass == "INTERRUPT"
            ? new DuckDbException($"{error.Message} A thread of the statement failed, and DuckDB did not keep its reason; after SET threads = 1 it is told.", error) : error;
    }
}
