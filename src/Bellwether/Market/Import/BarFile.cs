using System.Globalization;
using System.Runtime.CompilerServices;
using Bellwether.Feeds;
using CsvHelper;
using CsvHelper.Configuration;

namespace Bellwether.Market.Import;

/// <summary>A file of bars as rows of columns: delimited text, gzip or not, or Parquet.</summary>
sealed class BarFile : IAsyncDisposable
{
    readonly IAsyncEnumerator<BarRow> _rows;

    BarFile(string name, string[] header, IAsyncEnumerator<BarRow> rows) => (Name, Header, _rows) = (name, header, rows);

    /// <summary>As messages call it.</summary>
    public string Name { get; }

    public string[] Header { get; }

    /// <param name="parquet">Reads Parquet; null where nothing can.</param>
    /// <param name="of">What it holds, in messages.</param>
    /// <exception cref="FeedException">The file cannot be read, or is empty.</exception>
    public static Task<BarFile> OpenAsync(string path, ParquetRows? parquet, string of, CancellationToken cancellationToken) =>
        BeginAsync(path, of, IsParquet(path) ? ParquetAsync(path, parquet, cancellationToken) : TextAsync(path, cancellationToken));

    /// <summary>Delimited text that is there already.</summary>
    public static Task<BarFile> OfTextAsync(string name, string text, CancellationToken cancellationToken) =>
        BeginAsync(name, "bars", RowsAsync(name, new StringReader(text), cancellationToken));

    static async Task<BarFile> BeginAsync(string name, string of, IAsyncEnumerable<BarRow> all)
    {
        var rows = all.GetAsyncEnumerator();
        if (await rows.MoveNextAsync()) return new(name, rows.Current.Fields, rows);
        await rows.DisposeAsync();
        throw new FeedException(name, "the file is empty", $"A file of {of} begins with a header.");
    }

    /// <summary>What follows the header.</summary>
    public async IAsyncEnumerable<BarRow> ReadAsync()
    {
        await using (_rows)
            while (await _rows.MoveNextAsync()) yield return _rows.Current;
    }

    /// <summary>Closes the file, which one that was read is already.</summary>
    public ValueTask DisposeAsync() => _rows.DisposeAsync();

    static bool IsParquet(string path)
    {
        using var file = InputFile.Open(path);
        Span<byte> head = stackalloc byte[4];
        return file.ReadAtLeast(head, 4, throwOnEndOfStream: false) == 4 && head.SequenceEqual("PAR1"u8);
    }

    static async IAsyncEnumerable<BarRow> TextAsync(string path, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var file = InputFile.Open(path);
        await using var bytes = await InputFile.UnpackAsync(file, cancellationToken);
        using var text = new StreamReader(bytes);
        await foreach (var row in RowsAsync(path, text, cancellationToken)) yield return row;
    }

    static async IAsyncEnumerable<BarRow> RowsAsync(string path, TextReader text,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
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
            if (parser.Record is { } record) yield return new(parser.RawRow, record, parser);
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

    static async IAsyncEnumerable<BarRow> ParquetAsync(string path, ParquetRows? parquet,
        [EnumeratorCancellation] CancellationToken cancellationToken)
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
        DateTime time => time.ToString("yyyy-MM-dd HH:mm:ss.FFFFFF", CultureInfo.InvariantCulture)
            + (time.Kind == DateTimeKind.Utc ? "Z" : ""),
        DateTimeOffset time => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.FFFFFF'Z'", CultureInfo.InvariantCulture),
        DateOnly day => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        double number => number.ToString("R", CultureInfo.InvariantCulture),
        float number => number.ToString("R", CultureInfo.InvariantCulture),
        IFormattable other => other.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };
}
