using System.Runtime.CompilerServices;

namespace Bellwether.Engines.DuckDb;

/// <summary>
/// Fills a table chunk by chunk, column by column. Call one Append for each column in order, then <see cref="EndRow"/>; finish with
/// <see cref="Complete"/>. Without it, Dispose drops the rows since the last hand-over to the table (some MiB): where it must be all or
/// nothing, open a transaction around. Not thread-safe.
/// </summary>
public sealed unsafe partial class DuckDbAppender : IDisposable
{
    const long HandOverBytes = 16 << 20;
    const int HandOverChunks = 8;

    readonly DuckDbAppenderHandle _handle;
    readonly DuckDbChunkHandle _chunk;
    readonly DuckDbType[] _types;
    readonly nint[] _vectors;
    readonly byte*[] _data;
    readonly ulong*[] _validity;
    readonly int _capacity;
    int _row;
    int _column;
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
        _capacity = (int)DuckDbNative.duckdb_vector_size();
        var count = (int)DuckDbNative.duckdb_appender_column_count(_handle);
        (_types, _vectors, _data, _validity) = (new DuckDbType[count], new nint[count], new byte*[count], new ulong*[count]);
        var types = stackalloc nint[count];
        for (var i = 0; i < count; i++)
        {
            types[i] = DuckDbNative.duckdb_appender_column_type(_handle, (nuint)i);
            _types[i] = DuckDbNative.duckdb_get_type_id(types[i]);
        }
        _chunk = new(DuckDbNative.duckdb_create_data_chunk(types, (nuint)count));
        for (var i = 0; i < count; i++) DuckDbNative.duckdb_destroy_logical_type(ref types[i]);
        FetchVectors();
    }

    /// <summary>Rows appended so far.</summary>
    public long Rows { get; private set; }

    /// <summary>Ends the row.</summary>
    /// <exception cref="InvalidOperationException">Not every column was given a value.</exception>
    public void EndRow()
    {
        if (_column != _types.Length) throw new InvalidOperationException($"the row has {_column} values, the table {_types.Length} columns");
        _column = 0;
        Rows++;
        if (++_row == _capacity) Flush();
    }

    /// <summary>Appends the chunk that <paramref name="reader"/> stands on, which must have the columns of the table.</summary>
    public void AppendChunk(DuckDbReader reader)
    {
        if (_column != 0) throw new InvalidOperationException("a row is open");
        Flush();
        Check(DuckDbNative.duckdb_append_data_chunk(_handle, reader.Chunk));
        Rows += reader.RowCount;
        _pendingChunks++;
        HandOver(_pendingChunks >= HandOverChunks);
    }

    /// <summary>Makes all rows visible in the table.</summary>
    public void Complete()
    {
        if (_column != 0) throw new InvalidOperationException("a row is open");
        Flush();
        Check(DuckDbNative.duckdb_appender_flush(_handle));
        _completed = true;
    }

    public void Dispose()
    {
        if (!_handle.IsClosed && !_completed) _ = DuckDbNative.duckdb_appender_clear(_handle);
        _chunk.Dispose();
        _handle.Dispose();
    }

    void Flush()
    {
        if (_row == 0) return;
        DuckDbNative.duckdb_data_chunk_set_size(_chunk.Value, (nuint)_row);
        Check(DuckDbNative.duckdb_append_data_chunk(_handle, _chunk.Value));
        HandOver(_pendingBytes >= HandOverBytes);
        DuckDbNative.duckdb_data_chunk_reset(_chunk.Value);
        FetchVectors();
        _row = 0;
        _completed = false;
    }

    // DuckDB itself hands over to the table after 204,800 rows only, which it keeps outside of its memory limit.
    void HandOver(bool due)
    {
        if (!due) return;
        Check(DuckDbNative.duckdb_appender_flush(_handle));
        _pendingBytes = 0;
        _pendingChunks = 0;
    }

    void FetchVectors()
    {
        for (var i = 0; i < _vectors.Length; i++)
        {
            _vectors[i] = DuckDbNative.duckdb_data_chunk_get_vector(_chunk.Value, (nuint)i);
            _data[i] = (byte*)DuckDbNative.duckdb_vector_get_data(_vectors[i]);
            _validity[i] = null;
        }
    }

    void Check(int state)
    {
        if (state != 0) throw DuckDbException.Native(DuckDbNative.Borrowed(DuckDbNative.duckdb_appender_error(_handle)), "appending rows");
    }

    /// <summary>Claims the next column of the row, which must have the type.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    int Next(DuckDbType type)
    {
        var column = _column;
        if ((uint)column >= (uint)_types.Length || _types[column] != type) ThrowWrongColumn(column, type);
        _column = column + 1;
        return column;
    }

    void ThrowWrongColumn(int column, DuckDbType type) => throw new InvalidOperationException(
        column < _types.Length ? $"column {column} is {_types[column]}, not {type}" : $"the table has {_types.Length} columns only");
}
