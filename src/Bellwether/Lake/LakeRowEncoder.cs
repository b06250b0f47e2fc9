using System.Buffers.Binary;
using Bellwether.Engines.DuckDb;

namespace Bellwether.Lake;

/// <summary>Writes a row as <see cref="LakeDigest"/> defines it, from either side: as PostgreSQL sent it, or as the Parquet file gives it back.</summary>
sealed class LakeRowEncoder
{
    byte[] _buffer = new byte[4096];
    int _length;

    public ReadOnlySpan<byte> Row => _buffer.AsSpan(0, _length);

    public void Encode(PostgresCopyReader source)
    {
        _length = 0;
        for (var i = 0; i < LakeSchema.Columns.Length; i++)
        {
            if (source.IsNull(i))
            {
                Null();
                continue;
            }
            var field = source.Field(i);
            switch (LakeSchema.Columns[i].Kind)
            {
                case LakeKind.Timestamp:
                    Value(PostgresToDuckDb.Timestamp(field));
                    break;
                case LakeKind.Double:
                    Value(BinaryPrimitives.ReadInt64BigEndian(field));
                    break;
                case LakeKind.SmallInt:
                    Value(BinaryPrimitives.ReadInt16BigEndian(field));
                    break;
                case LakeKind.Json:
                    Text(PostgresToDuckDb.Json(field));
                    break;
                default:
                    Text(field);
                    break;
            }
        }
    }

    /// <param name="source">Stands on a chunk.</param>
    /// <param name="row">Row within the chunk.</param>
    /// <param name="firstColumn">Where the columns of the lake schema start.</param>
    public void Encode(DuckDbReader source, int row, int firstColumn)
    {
        _length = 0;
        for (var i = 0; i < LakeSchema.Columns.Length; i++)
        {
            ref readonly var vector = ref source.Vector(firstColumn + i);
            if (vector.IsNull(row))
            {
                Null();
                continue;
            }
            switch (LakeSchema.Columns[i].Kind)
            {
                case LakeKind.Timestamp or LakeKind.Double:
                    Value(vector.At<long>(row));
                    break;
                case LakeKind.SmallInt:
                    Value(vector.At<short>(row));
                    break;
                default:
                    Text(vector.Bytes(row));
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

    void Text(ReadOnlySpan<byte> text)
    {
        Reserve(5 + text.Length);
        _buffer[_length] = 1;
        BinaryPrimitives.WriteInt32LittleEndian(_buffer.AsSpan(_length + 1), text.Length);
        text.CopyTo(_buffer.AsSpan(_length + 5));
        _length += 5 + text.Length;
    }

    void Reserve(int more)
    {
        if (_buffer.Length - _length < more) Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _length + more));
    }
}
