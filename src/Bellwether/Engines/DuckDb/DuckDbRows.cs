using System.Runtime.CompilerServices;

namespace Bellwether.Engines.DuckDb;

/// <summary>
/// Builds rows column by column in DuckDB's own chunks: one Append for each column in order, then the end of the row. Not thread-safe.
/// </summary>
public abstract unsafe partial class DuckDbRows : IDisposable
{
    /// <summary>A chunk is given on at this size even if it has few rows: text counts, whatever else is in them is small.</summary>
    protected const long ChunkBytes = 8 << 20;

    DuckDbType[] _types = [];
    nint[] _vectors = [];
    byte*[] _data = [];
    ulong*[] _validity = [];
    nint[] _logicalTypes = [];
    DuckDbChunkHandle? _chunk;
    int _capacity;
    int _row;
    int _column;
    long _bytes;

    /// <summary>Rows ended so far.</summary>
    public long Rows { get; private protected set; }

    private protected bool HasOpenRow => _column != 0;

    private protected int ColumnCount => _types.Length;

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    private protected virtual void Dispose(bool disposing)
    {
        _chunk?.Dispose();
        for (var i = 0; i < _logicalTypes.Length; i++) DuckDbNative.duckdb_destroy_logical_type(ref _logicalTypes[i]);
        _logicalTypes = [];
    }

    /// <summary>Takes over the column types, which are given back on Dispose.</summary>
    private protected void Start(nint[] logicalTypes)
    {
        var count = logicalTypes.Length;
        _logicalTypes = logicalTypes;
        _capacity = (int)DuckDbNative.duckdb_vector_size();
        _types = Array.ConvertAll(logicalTypes, DuckDbNative.duckdb_get_type_id);
        (_vectors, _data, _validity) = (new nint[count], new byte*[count], new ulong*[count]);
        NewChunk();
    }

    /// <summary>Ends the row; true when the chunk should be given on.</summary>
    /// <exception cref="InvalidOperationException">Not every column was given a value.</exception>
    private protected bool FinishRow()
    {
        if (_column != _types.Length) throw new InvalidOperationException($"the row has {_column} values, the table {_types.Length} columns");
        _column = 0;
        Rows++;
        return ++_row == _capacity || _bytes >= ChunkBytes;
    }

    /// <summary>The rows so far as a chunk, which the caller owns; null if there are none.</summary>
    private protected DuckDbChunkHandle? TakeChunk(out long bytes)
    {
        if (_column != 0) throw new InvalidOperationException("a row is open");
        bytes = _bytes;
        if (_row == 0) return null;
        DuckDbNative.duckdb_data_chunk_set_size(_chunk!.Value, (nuint)_row);
        var full = _chunk;
        NewChunk();
        return full;
    }

    // A new chunk each time: resetting one keeps the memory of its longest texts.
    void NewChunk()
    {
        fixed (nint* types = _logicalTypes) _chunk = new(DuckDbNative.duckdb_create_data_chunk(types, (nuint)_logicalTypes.Length));
        for (var i = 0; i < _vectors.Length; i++)
        {
            _vectors[i] = DuckDbNative.duckdb_data_chunk_get_vector(_chunk.Value, (nuint)i);
            _data[i] = (byte*)DuckDbNative.duckdb_vector_get_data(_vectors[i]);
            _validity[i] = null;
        }
        _row = 0;
        _bytes = 0;
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
