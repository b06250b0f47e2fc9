using System.Runtime.CompilerServices;
using System.Text;

namespace Bellwether.Engines.DuckDb;

/// <summary>One column of the current chunk, in DuckDB's own memory: valid until the reader moves to the next chunk.</summary>
public readonly unsafe partial struct DuckDbVector
{
    readonly nint _vector;
    readonly byte* _data;
    readonly ulong* _validity;

    internal DuckDbVector(nint vector, DuckDbTypeInfo type)
    {
        _vector = vector;
        _data = (byte*)DuckDbNative.duckdb_vector_get_data(vector);
        _validity = DuckDbNative.duckdb_vector_get_validity(vector);
        Type = type;
    }

    public DuckDbTypeInfo Type { get; }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsNull(int row) =>
        _validity != null && (_validity[row >> 6] & (1UL << (row & 63))) == 0 || Type.Type == DuckDbType.SqlNull;

    /// <summary>The values as stored; what stands at a null is undefined. The size of <typeparamref name="T"/> must be that of the type.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal T At<T>(int row) where T : unmanaged => ((T*)_data)[row];

    /// <summary>The bytes of a VARCHAR (UTF-8), BLOB or BIT value, in place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ReadOnlySpan<byte> Bytes(int row)
    {
        // duckdb_string_t: a length, then up to 12 bytes in place, else 4 bytes of prefix and a pointer.
        var entry = _data + row * 16L;
        var length = *(int*)entry;
        return length <= 12 ? new(entry + 4, length) : new(*(byte**)(entry + 8), length);
    }

    internal DuckDbVector ListChild => new(DuckDbNative.duckdb_list_vector_get_child(_vector), Type.Children[0]);

    internal DuckDbVector ArrayChild => new(DuckDbNative.duckdb_array_vector_get_child(_vector), Type.Children[0]);

    internal DuckDbVector StructChild(int index, DuckDbTypeInfo type) =>
        new(DuckDbNative.duckdb_struct_vector_get_child(_vector, (nuint)index), type);

    // A map is a list of structs of key and value.
    internal (DuckDbVector Keys, DuckDbVector Values) MapChildren
    {
        get
        {
            var entries = DuckDbNative.duckdb_list_vector_get_child(_vector);
            return (new(DuckDbNative.duckdb_struct_vector_get_child(entries, 0), Type.Children[0]),
                new(DuckDbNative.duckdb_struct_vector_get_child(entries, 1), Type.Children[1]));
        }
    }

    internal (int Offset, int Length) ListEntry(int row) => ((int)((ulong*)_data)[row * 2], (int)((ulong*)_data)[row * 2 + 1]);

    internal DuckDbDecimal Decimal(int row) => new(Type.Storage switch
    {
        DuckDbType.SmallInt => At<short>(row),
        DuckDbType.Integer => At<int>(row),
        DuckDbType.BigInt => At<long>(row),
        _ => At<Int128>(row),
    }, Type.Scale);

    internal string EnumName(int row) => Type.Names[Type.Storage switch
    {
        DuckDbType.UTinyInt => At<byte>(row),
        DuckDbType.USmallInt => At<ushort>(row),
        _ => (int)At<uint>(row),
    }];

    // Stored as a signed 128-bit number whose top bit is flipped, so that numbers order as the text does.
    internal Guid Uuid(int row)
    {
        Span<byte> bytes = stackalloc byte[16];
        System.Buffers.Binary.BinaryPrimitives.WriteInt128BigEndian(bytes, At<Int128>(row) ^ Int128.MinValue);
        return new Guid(bytes, bigEndian: true);
    }

    // The first byte counts the padding bits at the front of the second.
    internal string Bits(int row)
    {
        var bytes = Bytes(row);
        var bits = new StringBuilder();
        for (var i = bytes[0]; i < (bytes.Length - 1) * 8; i++) bits.Append((bytes[1 + i / 8] >> (7 - i % 8) & 1) == 1 ? '1' : '0');
        return bits.ToString();
    }
}
