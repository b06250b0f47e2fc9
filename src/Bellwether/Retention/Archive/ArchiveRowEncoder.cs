using System.Buffers.Binary;
using Bellwether.Engines.DuckDb;
using Bellwether.Lake;

namespace Bellwether.Retention.Archive;

/// <summary>
/// Writes a row as <see cref="LakeDigest"/> defines it, from either side: as PostgreSQL sends it, or as the Parquet file gives it back. Beside
/// the kinds of the lake there are booleans and dates (days since 1970-01-01) as 8 bytes, and identities and blobs as bytes behind their length.
/// </summary>
sealed class ArchiveRowEncoder(IReadOnlyList<ArchiveColumn> columns)
{
    readonly LakeKind[] _kinds = [.. columns.Select(column => column.Kind)];
    byte[] _buffer = new byte[1024];
    int _length;

    public ReadOnlySpan<byte> Row => _buffer.AsSpan(0, _length);

    public void Encode(PostgresCopyReader source)
    {
        _length = 0;
        for (var i = 0; i < _kinds.Length; i++)
        {
            if (source.IsNull(i))
            {
                Null();
                continue;
            }
            var field = source.Field(i);
            switch (_kinds[i])
            {
                case LakeKind.Timestamp:
                    Value(PostgresToDuckDb.Timestamp(field));
                    break;
                case LakeKind.Double or LakeKind.BigInt:
                    Value(BinaryPrimitives.ReadInt64BigEndian(field));
                    break;
                case LakeKind.Integer:
                    Value(BinaryPrimitives.ReadInt32BigEndian(field));
                    break;
                case LakeKind.SmallInt:
                    Value(BinaryPrimitives.ReadInt16BigEndian(field));
                    break;
                case LakeKind.Boolean:
                    Value(field[0] == 0 ? 0 : 1);
                    break;
                case LakeKind.Date:
                    Value(PostgresToDuckDb.Date(field));
                    break;
                case LakeKind.Json:
                    Bytes(PostgresToDuckDb.Json(field));
                    break;
                default:
                    Bytes(field);
                    break;
            }
        }
    }

    /// <param name="source">Stands on a chunk of the file's columns, in order.</param>
    public void Encode(DuckDbReader source, int row)
    {
        _length = 0;
        Span<byte> uuid = stackalloc byte[16];
        for (var i = 0; i < _kinds.Length; i++)
        {
            ref readonly var vector = ref source.Vector(i);
            if (vector.IsNull(row))
            {
                Null();
                continue;
            }
            switch (_kinds[i])
            {
                case LakeKind.Timestamp or LakeKind.Double or LakeKind.BigInt:
                    Value(vector.At<long>(row));
                    break;
                case LakeKind.Integer or LakeKind.Date:
                    Value(vector.At<int>(row));
                    break;
                case LakeKind.SmallInt:
                    Value(vector.At<short>(row));
                    break;
                case LakeKind.Boolean:
                    Value(vector.At<byte>(row) == 0 ? 0 : 1);
                    break;
                case LakeKind.Uuid:
                    vector.Uuid(row).TryWriteBytes(uuid, bigEndian: true, out _);
                    Bytes(uuid);
                    break;
                default:
                    Bytes(vector.Bytes(row));
                    break;
            }
        }
    }

    void Null()
    {
        Reserve(1);
        _buffer[_length++] = 0;
    }

    void Value(long bits)
    {
        Reserve(9);
        _buffer[_length] = 1;
        BinaryPrimitives.WriteInt64LittleEndian(_buffer.AsSpan(_length + 1), bits);
        _length += 9;
    }

    void Bytes(ReadOnlySpan<byte> value)
    {
        Reserve(5 + value.Length);
        _buffer[_length] = 1;
        BinaryPrimitives.WriteInt32LittleEndian(_buffer.AsSpan(_length + 1), value.Length);
        value.CopyTo(_buffer.AsSpan(_length + 5));
        _length += 5 + value.Length;
    }

    void Reserve(int more)
    {
        if (_buffer.Length - _length < more) Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _length + more));
    }
}
