using System.Buffers.Binary;
using System.Text;
using Bellwether.Engines.DuckDb;

namespace Bellwether.Lake;

/// <summary>Writes a row as <see cref="LakeDigest"/> defines it, from any side: as PostgreSQL sent it, as the Parquet file gives it back, or as it is to be stored.</summary>
/// <remarks>Booleans and dates (days since 1970-01-01) are numbers of 8 bytes, identities and blobs bytes behind their length.</remarks>
/// <param name="kinds">Of the columns, in order; null for those of the lake.</param>
sealed class LakeRowEncoder(IEnumerable<LakeKind>? kinds = null)
{
    readonly LakeKind[] _kinds = [.. kinds ?? LakeSchema.Columns.Select(column => column.Kind)];

    // Of a row of the lake the columns that came later count only where one of them has a value: rows of before keep their hash.
    readonly int _later = kinds is null ? LakeSchema.First : int.MaxValue;
    byte[] _buffer = new byte[4096];
    int _length;

    public ReadOnlySpan<byte> Row => _buffer.AsSpan(0, _length);

    public void Encode(PostgresCopyReader source)
    {
        _length = 0;
        for (var i = 0; i < _kinds.Length; i++)
        {
            if (i == _later && IsNullFrom(source)) return;
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
                case LakeKind.Boolean:
                    Value(field[0] == 0 ? 0 : 1);
                    break;
                case LakeKind.Date:
                    Value(PostgresToDuckDb.Date(field));
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
    /// <param name="firstColumn">Where the columns start.</param>
    public void Encode(DuckDbReader source, int row, int firstColumn = 0)
    {
        _length = 0;
        Span<byte> uuid = stackalloc byte[16];
        for (var i = 0; i < _kinds.Length; i++)
        {
            if (i == _later && IsNullFrom(source, row, firstColumn)) return;
            ref readonly var vector = ref source.Vector(firstColumn + i);
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
                case LakeKind.Boolean:
                    Value(vector.At<byte>(row) == 0 ? 0 : 1);
                    break;
                case LakeKind.Uuid:
                    vector.Uuid(row).TryWriteBytes(uuid, bigEndian: true, out _);
                    Text(uuid);
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

    /// <param name="row">Its payload as PostgreSQL spells it.</param>
    public void Encode(LakeRow row)
    {
        _length = 0;
        Value(Micros(row.Timestamp));
        Text(row.Ticker);
        Text(row.ArticleTitle);
        Value(BitConverter.DoubleToInt64Bits(row.Sentiment));
        Value(BitConverter.DoubleToInt64Bits(row.Confidence));
        Text(row.Source);
        Text(row.SourceUrl);
        Text(row.Model);
        Text(row.ArticleId);
        Text(row.Text);
        Value(Micros(row.FetchedAt));
        Value(Micros(row.KnownAt));
        Text(row.RawPayload);
        Text(row.EventId);
        Text(row.EventType);
        Text(row.Priority);
        Value(BitConverter.DoubleToInt64Bits(row.Weight));
        Text(row.ModelVersion);
        Value(BitConverter.DoubleToInt64Bits(row.Positive));
        Value(BitConverter.DoubleToInt64Bits(row.Negative));
        Value(row.SchemaVersion);
        if (row.ChainId is null && row.NoveltyWeight is null) return;
        Text(row.ChainId);
        if (row.NoveltyWeight is { } novelty) Value(BitConverter.DoubleToInt64Bits(novelty));
        else Null();
    }

    bool IsNullFrom(PostgresCopyReader source)
    {
        for (var i = _later; i < _kinds.Length; i++)
            if (!source.IsNull(i)) return false;
        return true;
    }

    bool IsNullFrom(DuckDbReader source, int row, int firstColumn)
    {
        for (var i = _later; i < _kinds.Length; i++)
            if (!source.Vector(firstColumn + i).IsNull(row)) return false;
        return true;
    }

    public static long Micros(DateTimeOffset time) => (time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

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

    void Text(string? text)
    {
        if (text is null)
        {
            Null();
            return;
        }
        var length = Encoding.UTF8.GetByteCount(text);
        Reserve(5 + length);
        _buffer[_length] = 1;
        BinaryPrimitives.WriteInt32LittleEndian(_buffer.AsSpan(_length + 1), length);
        Encoding.UTF8.GetBytes(text, _buffer.AsSpan(_length + 5));
        _length += 5 + length;
    }

    void Reserve(int more)
    {
        if (_buffer.Length - _length < more) Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _length + more));
    }
}
