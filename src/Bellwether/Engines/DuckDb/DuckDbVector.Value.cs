using System.Text;

namespace Bellwether.Engines.DuckDb;

public readonly unsafe partial struct DuckDbVector
{
    /// <summary>
    /// The value in its nearest .NET type: DateTimeOffset (UTC) for TIMESTAMPTZ, DateTime (unspecified) for the others, decimal up to 28 digits
    /// and <see cref="DuckDbDecimal"/> above, Int128 for HUGEINT, string for VARCHAR, ENUM, BIT and times that .NET cannot hold,
    /// JSON text for lists, structs, maps and unions; null for NULL.
    /// </summary>
    /// <exception cref="NotSupportedException">BIGNUM, GEOMETRY, VARIANT: cast them to VARCHAR in the statement.</exception>
    public object? Value(int row)
    {
        if (IsNull(row)) return null;
        return Type.Type switch
        {
            DuckDbType.Boolean => At<bool>(row),
            DuckDbType.TinyInt => At<sbyte>(row),
            DuckDbType.SmallInt => At<short>(row),
            DuckDbType.Integer => At<int>(row),
            DuckDbType.BigInt => At<long>(row),
            DuckDbType.UTinyInt => At<byte>(row),
            DuckDbType.USmallInt => At<ushort>(row),
            DuckDbType.UInteger => At<uint>(row),
            DuckDbType.UBigInt => At<ulong>(row),
            DuckDbType.HugeInt => At<Int128>(row),
            DuckDbType.UHugeInt => At<UInt128>(row),
            DuckDbType.Float => At<float>(row),
            DuckDbType.Double => At<double>(row),
            DuckDbType.Decimal => Type.Width <= 28 ? Decimal(row).ToDecimal() : Decimal(row),
            DuckDbType.Varchar => Encoding.UTF8.GetString(Bytes(row)),
            DuckDbType.Blob => Bytes(row).ToArray(),
            DuckDbType.Uuid => Uuid(row),
            DuckDbType.Interval => At<DuckDbInterval>(row),
            DuckDbType.Date when DuckDbText.HoldsDate(At<int>(row)) => DuckDbTime.Day(At<int>(row)),
            DuckDbType.Time when At<long>(row) < DuckDbTime.MicrosPerDay => new TimeOnly(At<long>(row) * TimeSpan.TicksPerMicrosecond),
            DuckDbType.Timestamp when DuckDbText.HoldsInstant(At<long>(row)) => DuckDbTime.Instant(At<long>(row)),
            DuckDbType.TimestampSeconds when DuckDbText.HoldsInstant(At<long>(row), 1_000_000) => DuckDbTime.Instant(At<long>(row) * 1_000_000),
            DuckDbType.TimestampMilliseconds when DuckDbText.HoldsInstant(At<long>(row), 1_000) => DuckDbTime.Instant(At<long>(row) * 1_000),
            // .NET counts in 100 ns: what is finer is in the text only.
            DuckDbType.TimestampNanoseconds when At<long>(row) is > -long.MaxValue and < long.MaxValue and var nanos && nanos % 100 == 0 =>
                new DateTime(DateTime.UnixEpoch.Ticks + nanos / 100),
            DuckDbType.TimestampTz when DuckDbText.HoldsInstant(At<long>(row)) =>
                new DateTimeOffset(DuckDbTime.Instant(At<long>(row)), TimeSpan.Zero),
            _ => Text(row),
        };
    }

    /// <summary>The value as text, see <see cref="WriteText"/>; null for NULL.</summary>
    public string? Text(int row)
    {
        if (IsNull(row)) return null;
        var buffer = new System.Buffers.ArrayBufferWriter<byte>(64);
        WriteText(row, buffer);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
