using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Unicode;

namespace Bellwether.Engines.DuckDb;

public abstract unsafe partial class DuckDbRows
{
    public void AppendNull()
    {
        var column = _column;
        if (column >= _types.Length) ThrowWrongColumn(column, DuckDbType.SqlNull);
        if (_validity[column] == null)
        {
            DuckDbNative.duckdb_vector_ensure_validity_writable(_vectors[column]);
            _validity[column] = DuckDbNative.duckdb_vector_get_validity(_vectors[column]);
        }
        _validity[column][_row >> 6] &= ~(1UL << (_row & 63));
        _column = column + 1;
    }

    public void Append(bool value) => Set(DuckDbType.Boolean, value);

    public void Append(short value) => Set(DuckDbType.SmallInt, value);

    public void Append(int value) => Set(DuckDbType.Integer, value);

    public void Append(long value) => Set(DuckDbType.BigInt, value);

    public void Append(float value) => Set(DuckDbType.Float, value);

    public void Append(double value) => Set(DuckDbType.Double, value);

    public void Append(DateOnly value) => Set(DuckDbType.Date, DuckDbTime.Days(value));

    public void Append(DateTimeOffset value) => Set(DuckDbType.TimestampTz, DuckDbTime.Micros(value));

    /// <summary>A TIMESTAMPTZ in microseconds since 1970-01-01 UTC; <see cref="long.MaxValue"/> is infinity.</summary>
    public void AppendTimestamp(long micros) => Set(DuckDbType.TimestampTz, micros);

    /// <summary>A DATE in days since 1970-01-01; <see cref="int.MaxValue"/> is infinity.</summary>
    public void AppendDate(int days) => Set(DuckDbType.Date, days);

    public void Append(Guid value)
    {
        Span<byte> bytes = stackalloc byte[16];
        value.TryWriteBytes(bytes, bigEndian: true, out _);
        Set(DuckDbType.Uuid, System.Buffers.Binary.BinaryPrimitives.ReadInt128BigEndian(bytes) ^ Int128.MinValue);
    }

    /// <summary>A VARCHAR; null is NULL. Lone surrogates become U+FFFD.</summary>
    public void Append(string? value)
    {
        if (value is null)
        {
            AppendNull();
            return;
        }
        var column = Next(DuckDbType.Varchar);
        var length = Encoding.UTF8.GetByteCount(value);
        if (length <= InlineLength)
        {
            Span<byte> text = stackalloc byte[InlineLength];
            SetBytes(column, text[..Encoding.UTF8.GetBytes(value, text)]);
            return;
        }
        var rented = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            SetBytes(column, rented.AsSpan(0, Encoding.UTF8.GetBytes(value, rented)));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    /// <summary>A VARCHAR from UTF-8 bytes, which are copied once.</summary>
    /// <exception cref="ArgumentException">The bytes are not UTF-8.</exception>
    public void AppendUtf8(ReadOnlySpan<byte> value)
    {
        var column = Next(DuckDbType.Varchar);
        if (!Utf8.IsValid(value)) throw new ArgumentException($"the value of column {column} is not UTF-8", nameof(value));
        SetBytes(column, value);
    }

    public void AppendBlob(ReadOnlySpan<byte> value) => SetBytes(Next(DuckDbType.Blob), value);

    const int InlineLength = 12;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    void Set<T>(DuckDbType type, T value) where T : unmanaged => ((T*)_data[Next(type)])[_row] = value;

    void SetBytes(int column, ReadOnlySpan<byte> value)
    {
        if (value.Length <= InlineLength)
        {
            var entry = _data[column] + _row * 16L;
            new Span<byte>(entry, 16).Clear();
            *(int*)entry = value.Length;
            value.CopyTo(new Span<byte>(entry + 4, InlineLength));
            return;
        }
        _bytes += value.Length;
        fixed (byte* text = value)
            DuckDbNative.duckdb_unsafe_vector_assign_string_element_len(_vectors[column], (nuint)_row, text, (nuint)value.Length);
    }
}
