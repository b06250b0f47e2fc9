using System.Buffers;
using Bellwether.Engines.DuckDb;

namespace Bellwether.Lake;

/// <summary>How an answer is written.</summary>
public enum LakeFormat
{
    /// <summary>Aligned columns for a terminal; long values are cut.</summary>
    Table,

    /// <summary>RFC 4180 with a header line; NULL is empty, an empty text is quoted.</summary>
    Csv,

    /// <summary>An array of objects. Numbers are exact, NaN and infinities null, times ISO 8601.</summary>
    Json,

    /// <summary>One Parquet file, zstd; only by <see cref="LakeQueryWriter.WriteParquetAsync"/>.</summary>
    Parquet,
}

/// <summary>Writes answers chunk by chunk, in UTF-8.</summary>
public static partial class LakeQueryWriter
{
    const int FlushBytes = 64 * 1024;

    /// <summary>Writes the whole answer; returns the number of rows.</summary>
    /// <exception cref="ArgumentException">Parquet, which goes to a file only.</exception>
    public static Task<long> WriteAsync(LakeQuery query, LakeFormat format, Stream output, CancellationToken cancellationToken) => format switch
    {
        LakeFormat.Table => WriteTableAsync(query, output, cancellationToken),
        LakeFormat.Csv => WriteCsvAsync(query, output, cancellationToken),
        LakeFormat.Json => WriteJsonAsync(query, output, cancellationToken),
        LakeFormat.Parquet => throw new ArgumentException("Parquet is written to a file: name one", nameof(format)),
        _ => throw new ArgumentOutOfRangeException(nameof(format), format, "not a format"),
    };

    /// <summary>Names of the columns, with a counter behind those that occur again.</summary>
    static string[] UniqueNames(IReadOnlyList<DuckDbColumn> columns)
    {
        var taken = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        return [.. columns.Select(column =>
        {
            var name = column.Name;
            for (var i = 1; !taken.Add(name); i++) name = $"{column.Name}_{i}";
            return name;
        })];
    }

    static async ValueTask FlushAsync(ArrayBufferWriter<byte> buffer, Stream output, bool force, CancellationToken cancellationToken)
    {
        if (buffer.WrittenCount == 0 || !force && buffer.WrittenCount < FlushBytes) return;
        await output.WriteAsync(buffer.WrittenMemory, cancellationToken).ConfigureAwait(false);
        buffer.ResetWrittenCount();
        if (force) await output.FlushAsync(cancellationToken).ConfigureAwait(false);
    }
}
