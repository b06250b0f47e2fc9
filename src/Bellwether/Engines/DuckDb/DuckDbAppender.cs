namespace Bellwether.Engines.DuckDb;

/// <summary>
/// Fills a table. Finish with <see cref="Complete"/>: without it, Dispose drops the rows since the last hand-over to the table (some MiB); where
/// it must be all or nothing, open a transaction around.
/// </summary>
public sealed unsafe class DuckDbAppender : DuckDbRows
{
    const long HandOverBytes = 16 << 20;
    const int HandOverChunks = 100;
    const int HandOverForeignChunks = 8;

    readonly DuckDbAppenderHandle _handle;
    long _pendingBytes;
    int _pendingChunks;
    bool _completed;

    internal DuckDbAppender(DuckDbConnection connection, string? schema, string table)
    {
        if (DuckDbNative.duckdb_appender_create(connection.Handle, schema, table, out _handle) != 0)
        {
            var message = _handle.IsInvalid ? "" : DuckDbNative.Borrowed(DuckDbNative.duckdb_appender_error(_handle));
            _handle.Dispose();
            throw DuckDbException.Native(message, $"appending to {table}");
        }
        var types = new nint[(int)DuckDbNative.duckdb_appender_column_count(_handle)];
        for (var i = 0; i < types.Length; i++) types[i] = DuckDbNative.duckdb_appender_column_type(_handle, (nuint)i);
        Start(types);
    }

    /// <summary>Ends the row.</summary>
    /// <exception cref="InvalidOperationException">Not every column was given a value.</exception>
    public void EndRow()
    {
        if (FinishRow()) Flush();
    }

    /// <summary>Appends the chunk that <paramref name="reader"/> stands on, which must have the columns of the table.</summary>
    public void AppendChunk(DuckDbReader reader)
    {
        Flush();
        Check(DuckDbNative.duckdb_append_data_chunk(_handle, reader.Chunk));
        Rows += reader.RowCount;
        HandOver(++_pendingChunks >= HandOverForeignChunks);
    }

    /// <summary>Makes all rows visible in the table.</summary>
    public void Complete()
    {
        Flush();
        HandOver(due: true);
        _completed = true;
    }

    private protected override void Dispose(bool disposing)
    {
        if (!_handle.IsClosed && !_completed) _ = DuckDbNative.duckdb_appender_clear(_handle);
        _handle.Dispose();
        base.Dispose(disposing);
    }

    void Flush()
    {
        using var chunk = TakeChunk(out var bytes);
        if (chunk is null) return;
        _completed = false;
        Check(DuckDbNative.duckdb_append_data_chunk(_handle, chunk.Value));
        _pendingBytes += bytes;
        HandOver(++_pendingChunks >= HandOverChunks || _pendingBytes >= HandOverBytes);
    }

    // What is not handed over yet lies outside of DuckDB's memory limit.
    void HandOver(bool due)
    {
        if (!due) return;
        Check(DuckDbNative.duckdb_appender_flush(_handle));
        (_pendingBytes, _pendingChunks) = (0, 0);
    }

    void Check(int state)
    {
        if (state != 0) throw DuckDbException.Native(DuckDbNative.Borrowed(DuckDbNative.duckdb_appender_error(_handle)), "appending rows");
    }
}
