using System.Buffers;
using System.Buffers.Binary;
using Bellwether.Engines.DuckDb;
using Bellwether.Lake;

namespace Bellwether.Retention.Archive;

/// <summary>Writes rows of a file as <c>COPY … FROM STDIN (FORMAT binary)</c> wants them. Source of the format: PostgreSQL manual, COPY, "Binary Format".</summary>
sealed class PostgresCopyWriter(Stream target, IReadOnlyList<ArchiveColumn> columns)
{
    const int FlushBytes = 1 << 20;

    // PostgreSQL counts from 2000-01-01.
    const long EpochMicros = 946_684_800_000_000;
    const int EpochDays = 10_957;

    // "PGCOPY\n", 0xFF, "\r\n", 0; then flags and the length of an extension, both 0.
    static ReadOnlySpan<byte> Header => [0x50, 0x47, 0x43, 0x4f, 0x50, 0x59, 0x0a, 0xff, 0x0d, 0x0a, 0, 0, 0, 0, 0, 0, 0, 0, 0];

    readonly LakeKind[] _kinds = [.. columns.Select(column => column.Kind)];
    readonly ArrayBufferWriter<byte> _buffer = new(FlushBytes + (1 << 16));

    public void Begin() => _buffer.Write(Header);

    /// <param name="source">Stands on a chunk of the columns, in order.</param>
    public void Write(DuckDbReader source, int row)
    {
        Int16((short)_kinds.Length);
        for (var i = 0; i < _kinds.Length; i++) Write(source.Vector(i), row, _kinds[i]);
    }

    /// <summary>Sends what is gathered when it is enough.</summary>
    public async ValueTask FlushAsync(bool all, CancellationToken cancellationToken)
    {
        if (!all && _buffer.WrittenCount < FlushBytes) return;
        await target.WriteAsync(_buffer.WrittenMemory, cancellationToken).ConfigureAwait(false);
        _buffer.ResetWrittenCount();
    }

    public void End() => Int16(-1);

    void Write(in DuckDbVector vector, int row, LakeKind kind)
    {
        if (vector.IsNull(row))
        {
            Int32(-1);
            return;
        }
        switch (kind)
        {
            case LakeKind.Timestamp:
                Int32(8);
                Int64(vector.At<long>(row) switch { long.MaxValue => long.MaxValue, -long.MaxValue => long.MinValue, var micros => micros - EpochMicros });
                break;
            case LakeKind.Double or LakeKind.BigInt:
                Int32(8);
                Int64(vector.At<long>(row));
                break;
            case LakeKind.Integer:
                Int32(4);
                Int32(vector.At<int>(row));
                break;
            case LakeKind.Date:
                Int32(4);
                Int32(vector.At<int>(row) switch { int.MaxValue => int.MaxValue, -int.MaxValue => int.MinValue, var days => days - EpochDays });
                break;
            case LakeKind.SmallInt:
                Int32(2);
                Int16(vector.At<short>(row));
                break;
            case LakeKind.Boolean:
                Int32(1);
                _buffer.Write((ReadOnlySpan<byte>)[vector.At<byte>(row)]);
                break;
            case LakeKind.Uuid:
                Int32(16);
                vector.Uuid(row).TryWriteBytes(_buffer.GetSpan(16), bigEndian: true, out _);
                _buffer.Advance(16);
                break;
            case LakeKind.Json:
                Int32(vector.Bytes(row).Length + 1);
                // Version of the form of jsonb.
                _buffer.Write((ReadOnlySpan<byte>)[1]);
                _buffer.Write(vector.Bytes(row));
                break;
            default:
                Int32(vector.Bytes(row).Length);
                _buffer.Write(vector.Bytes(row));
                break;
        }
    }

    void Int16(short value)
    {
        BinaryPrimitives.WriteInt16BigEndian(_buffer.GetSpan(2), value);
        _buffer.Advance(2);
    }

    void Int32(int value)
    {
        BinaryPrimitives.WriteInt32BigEndian(_buffer.GetSpan(4), value);
        _buffer.Advance(4);
    }

    void Int64(long value)
    {
        BinaryPrimitives.WriteInt64BigEndian(_buffer.GetSpan(8), value);
        _buffer.Advance(8);
    }
}
