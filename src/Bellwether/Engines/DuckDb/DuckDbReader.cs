using System.Text;

namespace Bellwether.Engines.DuckDb;

/// <summary>A streamed answer: chunk by chunk, or row by row within them. Not thread-safe. Dispose before the connection runs anything else.</summary>
public sealed unsafe class DuckDbReader : IDisposable
{
    readonly DuckDbResultHandle _result;
    readonly CancellationTokenRegistration _interrupt;
    readonly CancellationToken _cancellationToken;
    readonly DuckDbVector[] _vectors;
    DuckDbChunkHandle? _chunk;
    int _row;
    bool _ended;

    internal DuckDbReader(DuckDbResultHandle result, CancellationTokenRegistration interrupt, CancellationToken cancellationToken)
    {
        _result = result;
        _interrupt = interrupt;
        _cancellationToken = cancellationToken;
        var columns = new DuckDbColumn[(int)DuckDbNative.duckdb_column_count(result.Value)];
        for (var i = 0; i < columns.Length; i++)
        {
            var name = DuckDbNative.Borrowed(DuckDbNative.duckdb_column_name(result.Value, (nuint)i));
            columns[i] = new(name, DuckDbTypeInfo.Take(DuckDbNative.duckdb_column_logical_type(result.Value, (nuint)i)));
        }
        Columns = columns;
        _vectors = new DuckDbVector[columns.Length];
    }

    public IReadOnlyList<DuckDbColumn> Columns { get; }

    /// <summary>Rows in the current chunk.</summary>
    public int RowCount { get; private set; }

    /// <summary>Index of the current row within the chunk.</summary>
    public int Row => _row;

    /// <summary>Rows that an INSERT, UPDATE or DELETE touched.</summary>
    public long RowsChanged => (long)DuckDbNative.duckdb_rows_changed(_result.Value);

    internal nint Chunk => _chunk?.Value ?? throw new InvalidOperationException("no chunk has been read");

    /// <summary>Fetches the next chunk; false at the end.</summary>
    /// <exception cref="DuckDbException">The statement failed on the way.</exception>
    /// <exception cref="OperationCanceledException">It was interrupted.</exception>
    public bool ReadChunk()
    {
        _cancellationToken.ThrowIfCancellationRequested();
        ObjectDisposedException.ThrowIf(_result.IsClosed, this);
        _chunk?.Dispose();
        _chunk = null;
        RowCount = 0;
        _row = -1;
        if (_ended) return false;
        while (DuckDbNative.duckdb_fetch_chunk(*_result.Value) is var chunk && chunk != 0)
        {
            var handle = new DuckDbChunkHandle(chunk);
            RowCount = (int)DuckDbNative.duckdb_data_chunk_get_size(chunk);
            if (RowCount == 0)
            {
                handle.Dispose();
                continue;
            }
            _chunk = handle;
            for (var i = 0; i < _vectors.Length; i++)
                _vectors[i] = new(DuckDbNative.duckdb_data_chunk_get_vector(chunk, (nuint)i), Columns[i].Type);
            return true;
        }
        _ended = true;
        var error = DuckDbNative.Borrowed(DuckDbNative.duckdb_result_error(_result.Value));
        if (error.Length > 0) throw DuckDbConnection.Failure(error, _cancellationToken);
        return false;
    }

    /// <summary>Moves to the next row, fetching chunks as needed; false at the end.</summary>
    public bool Read()
    {
        if (_chunk is not null && ++_row < RowCount) return true;
        if (!ReadChunk()) return false;
        _row = 0;
        return true;
    }

    /// <summary>A column of the current chunk.</summary>
    public ref readonly DuckDbVector Vector(int column)
    {
        if (_chunk is null) throw new InvalidOperationException("no chunk has been read");
        return ref _vectors[column];
    }

    public bool IsNull(int column) => Vector(column).IsNull(CheckedRow());

    /// <summary>The value of the current row, see <see cref="DuckDbVector.Value"/>.</summary>
    public object? GetValue(int column) => Vector(column).Value(CheckedRow());

    public bool GetBoolean(int column) => Typed(column, DuckDbType.Boolean).At<bool>(_row);

    public double GetDouble(int column) => Typed(column, DuckDbType.Double).At<double>(_row);

    /// <summary>Any integer type that fits.</summary>
    public long GetInt64(int column)
    {
        ref readonly var vector = ref NotNull(column);
        return vector.Type.Type switch
        {
            DuckDbType.TinyInt => vector.At<sbyte>(_row),
            DuckDbType.SmallInt => vector.At<short>(_row),
            DuckDbType.Integer => vector.At<int>(_row),
            DuckDbType.BigInt => vector.At<long>(_row),
            DuckDbType.UTinyInt => vector.At<byte>(_row),
            DuckDbType.USmallInt => vector.At<ushort>(_row),
            DuckDbType.UInteger => vector.At<uint>(_row),
            DuckDbType.UBigInt => checked((long)vector.At<ulong>(_row)),
            DuckDbType.HugeInt => checked((long)vector.At<Int128>(_row)),
            var type => throw WrongType(column, type, "an integer"),
        };
    }

    public string GetString(int column) => Encoding.UTF8.GetString(GetUtf8(column));

    /// <summary>The UTF-8 bytes of a VARCHAR in DuckDB's memory, valid until the next chunk.</summary>
    public ReadOnlySpan<byte> GetUtf8(int column) => Typed(column, DuckDbType.Varchar).Bytes(_row);

    /// <summary>The bytes of a BLOB in DuckDB's memory, valid until the next chunk.</summary>
    public ReadOnlySpan<byte> GetBlob(int column) => Typed(column, DuckDbType.Blob).Bytes(_row);

    /// <summary>Microseconds since 1970-01-01 UTC of a TIMESTAMPTZ.</summary>
    public long GetTimestampMicros(int column) => Typed(column, DuckDbType.TimestampTz).At<long>(_row);

    /// <exception cref="ArgumentOutOfRangeException">Outside the years 1–9999.</exception>
    public DateTimeOffset GetTimestamp(int column) => new(DuckDbTime.Instant(GetTimestampMicros(column)), TimeSpan.Zero);

    public void Dispose()
    {
        _interrupt.Dispose();
        _chunk?.Dispose();
        _chunk = null;
        _result.Dispose();
    }

    int CheckedRow() => (uint)_row < (uint)RowCount ? _row : throw new InvalidOperationException("the reader stands on no row");

    ref readonly DuckDbVector NotNull(int column)
    {
        ref readonly var vector = ref Vector(column);
        if (vector.IsNull(CheckedRow())) throw new InvalidOperationException($"column {column} ({Columns[column].Name}) is NULL");
        return ref vector;
    }

    ref readonly DuckDbVector Typed(int column, DuckDbType expected)
    {
        ref readonly var vector = ref NotNull(column);
        if (vector.Type.Type != expected) throw WrongType(column, vector.Type.Type, expected.ToString());
        return ref vector;
    }

    InvalidCastException WrongType(int column, DuckDbType actual, string wanted) =>
        new($"column {column} ({Columns[column].Name}) is {actual}, not {wanted}");
}
