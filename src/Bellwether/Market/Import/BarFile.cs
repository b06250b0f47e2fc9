using System.Globalization;
using System.IO.Compression;
using System.Runtime.CompilerServices;
using Bellwether.Feeds;
using CsvHelper;
using CsvHelper.Configuration;

namespace Bellwether.Market.Import;

/// <summary>A file of bars as rows of columns: delimited text, gzip or not, or Parquet.</summary>
sealed class BarFile
{
    readonly IAsyncEnumerator<BarRow> _rows;

    BarFile(string[] header, IAsyncEnumerator<BarRow> rows) => (Header, _rows) = (header, rows);

    public string[] Header { get; }

    /// <param name="parquet">Reads Parquet; null where nothing can.</param>
    /// <exception cref="FeedException">The file cannot be read, or is empty.</exception>
    public static async Task<BarFile> OpenAsync(string path, ParquetRows? parquet, CancellationToken cancellationToken)
    {
        var rows = (IsParquet(path) ? ParquetAsync(path, parquet, cancellationToken) : TextAsync(path, cancellationToken)).GetAsyncEnumerator(cancellationToken);
        if (await rows.MoveNextAsync()) return new(rows.Current.Fields, rows);
        await rows.DisposeAsync();
        throw new FeedException(path, "the file is empty", "A file of bars begins with a header.");
    }

    /// <summary>What follows the header.</summary>
    public async IAsyncEnumerable<BarRow> ReadAsync()
    {
        await using (_rows)
            while (await _rows.MoveNextAsync()) yield return _rows.Current;
    }

    static bool IsParquet(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            Span<byte> head = stackalloc byte[4];
            return file.ReadAtLeast(head, 4, throwOnEndOfStream: false) == 4 && head.SequenceEqual("PAR1"u8);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new FeedException(path, "cannot be read", error.Message, inner: error);
        }
    }

    static async IAsyncEnumerable<BarRow> TextAsync(string path, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var file = File.OpenRead(path);
        var head = new byte[2];
        var zipped = await file.ReadAtLeastAsync(head, 2, throwOnEndOfStream: false, cancellationToken) == 2 && head is [0x1f, 0x8b];
        file.Position = 0;
        await using var bytes = zipped ? new GZipStream(file, CompressionMode.Decompress) : (Stream)file;
        using var text = new StreamReader(bytes);
        using var parser = new CsvParser(text, new CsvConfiguration(CultureInfo.InvariantCulture)
        {
            DetectDelimiter = true,
            DetectDelimiterValues = [",", ";", "\t", "|"],
            BadDataFound = null,
            TrimOptions = TrimOptions.Trim,
        });
        while (await ReadAsync(path, parser))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (parser.Record is { } record) yield return new(parser.RawRow, record);
        }
    }

    static async Task<bool> ReadAsync(string path, CsvParser parser)
    {
        try
        {
            return await parser.ReadAsync();
        }
        catch (Exception error) when (error is InvalidDataException or IOException or CsvHelperException)
        {
            throw new FeedException(path, "cannot be read to its end", error.Message.Split('\n')[0], parser.RawRow, error);
        }
    }

    static async IAsyncEnumerable<BarRow> ParquetAsync(string path, ParquetRows? parquet, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (parquet is null) throw new FeedException(path, "is Parquet, which cannot be read here", "Convert it to CSV.");
        var line = 0L;
        await foreach (var row in parquet(path, cancellationToken))
        {
            if (line++ == 0) yield return new(0, [.. row.Keys]);
            yield return new(line, [.. row.Values.Select(Text)]);
        }
    }

    static string Text(object? value) => value switch
    {
        null => "",
        DateTime time => time.ToString("yyyy-MM-dd HH:mm:ss.FFFFFF", CultureInfo.InvariantCulture) + (time.Kind == DateTimeKind.Utc ? "Z" : ""),
        DateTimeOffset time => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.FFFFFF'Z'", CultureInfo.InvariantCulture),
        DateOnly day => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        double number => number.ToString("R", CultureInfo.InvariantCulture),
        float number => number.ToString("R", CultureInfo.InvariantCulture),
        IFormattable other => other.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };
}
