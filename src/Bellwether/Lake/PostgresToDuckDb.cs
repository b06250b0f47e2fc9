using System.Buffers.Binary;
using Bellwether.Engines.DuckDb;
using Npgsql;

namespace Bellwether.Lake;

/// <summary>Moves the rows of a PostgreSQL query into a DuckDB table.</summary>
static class PostgresToDuckDb
{
    // PostgreSQL counts from 2000-01-01.
    const long EpochMicros = 946_684_800_000_000;
    const int EpochDays = 10_957;

    /// <summary>Copies all rows of a query into a table.</summary>
    /// <param name="query">Selects the columns in order and by <see cref="LakeColumn.PostgresExpression"/>.</param>
    public static async Task CopyAsync(
        NpgsqlConnection source, string query, IReadOnlyList<LakeColumn> columns, DuckDbAppender target, CancellationToken cancellationToken)
    {
        var kinds = columns.Select(column => column.Kind).ToArray();
        await using var stream = await source.BeginRawBinaryCopyAsync(Copy(query), cancellationToken).ConfigureAwait(false);
        using var reader = new PostgresCopyReader(stream, kinds.Length);
        while (await reader.FillAsync(cancellationToken).ConfigureAwait(false))
            while (reader.Next())
            {
                Append(target, kinds, reader);
                target.EndRow();
            }
        target.Complete();
    }

    public static string Copy(string query) => $"COPY ({query}) TO STDOUT (FORMAT binary)";

    /// <summary>Appends the row that <paramref name="source"/> stands on.</summary>
    public static void Append(DuckDbRows target, ReadOnlySpan<LakeKind> kinds, PostgresCopyReader source)
    {
        for (var i = 0; i < kinds.Length; i++) Append(target, kinds[i], source, i);
    }

    /// <summary>Microseconds since 1970-01-01 UTC; both infinities stay what they are.</summary>
    public static long Timestamp(ReadOnlySpan<byte> field) => BinaryPrimitives.ReadInt64BigEndian(field) switch
    {
        long.MaxValue => long.MaxValue,
        long.MinValue => -long.MaxValue,
        var micros => checked(micros + EpochMicros),
    };

    /// <summary>Days since 1970-01-01; both infinities stay what they are.</summary>
    public static int Date(ReadOnlySpan<byte> field) => BinaryPrimitives.ReadInt32BigEndian(field) switch
    {
        int.MaxValue => int.MaxValue,
        int.MinValue => -int.MaxValue,
        var days => checked(days + EpochDays),
    };

    /// <summary>The text of a jsonb value, which stands behind a version byte.</summary>
    public static ReadOnlySpan<byte> Json(ReadOnlySpan<byte> field) =>
        field is [1, .. var text] ? text : throw new LakeException("PostgreSQL sent a jsonb value of an unknown version");

    static void Append(DuckDbRows target, LakeKind kind, PostgresCopyReader source, int column)
    {
        if (source.IsNull(column))
        {
            target.AppendNull();
            return;
        }
        var field = source.Field(column);
        switch (kind)
        {
            case LakeKind.Text or LakeKind.BigIntList or LakeKind.UuidList:
                target.AppendUtf8(field);
                break;
            case LakeKind.Json:
                target.AppendUtf8(Json(field));
                break;
            case LakeKind.Double:
                target.Append(BinaryPrimitives.ReadDoubleBigEndian(field));
                break;
            case LakeKind.BigInt:
                target.Append(BinaryPrimitives.ReadInt64BigEndian(field));
                break;
            case LakeKind.Integer:
                target.Append(BinaryPrimitives.ReadInt32BigEndian(field));
                break;
            case LakeKind.SmallInt:
                target.Append(BinaryPrimitives.ReadInt16BigEndian(field));
                break;
            case LakeKind.Boolean:
                target.Append(field[0] != 0);
                break;
            case LakeKind.Date:
                target.AppendDate(Date(field));
                break;
            case LakeKind.Timestamp:
                target.AppendTimestamp(Timestamp(field));
                break;
            case LakeKind.Uuid:
                target.Append(new Guid(field, bigEndian: true));
                break;
            case LakeKind.Blob:
                target.AppendBlob(field);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(kind), kind, "not a kind of column");
        }
    }
}
