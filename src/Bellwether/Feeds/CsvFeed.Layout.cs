namespace Bellwether.Feeds;

sealed partial class CsvFeed
{
    const int SampleBytes = 64 * 1024;
    const int SampleRecords = 20;

    static readonly char[] Delimiters = [',', ';', '\t', '|'];

    /// <summary>What is known of a file before its first record.</summary>
    /// <param name="Meanings">By column; null for one that only the raw payload keeps.</param>
    sealed record CsvLayout(char Delimiter, bool HasHeader, string[] Columns, FieldMeaning?[] Meanings);

    async ValueTask<CsvLayout?> ReadLayoutAsync(CancellationToken cancellationToken)
    {
        // One complete line is enough; waiting for a full sample would stall a pipe that is written to slowly.
        while (window.Span.IndexOf((byte)'\n') < 0 && window.Length < SampleBytes
            && await Reading.FillAsync(window, input.Origin, 1, cancellationToken).ConfigureAwait(false)) { }
        SkipBlankLines();
        if (window.Length == 0) return null;
        var (delimiter, first) = Sample();
        var hasHeader = input.Options.Header switch
        {
            CsvHeader.Present => true,
            CsvHeader.Absent => false,
            _ => input.Options.Map.IsEmpty || !input.Options.Map.Columns.All(c => int.TryParse(c, out _)) || first.Any(Known),
        };
        var columns = hasHeader
            ? first.Select((name, i) => name.Length == 0 ? $"column{i + 1}" : PlainText.Clean(name)).ToArray()
            : first.Select((_, i) => $"{i + 1}").ToArray();
        input.Options.Map.RequireColumns(input.Origin, columns);
        var meanings = columns.Select(c => hasHeader || !input.Options.Map.IsEmpty ? Meaning(c) : null).ToArray();
        input.RequireFields(hasHeader ? first : columns, field => meanings.Any(m => m?.Field == field),
            "Name it with --map, for example --map text=COLUMN,timestamp=COLUMN" + (hasHeader ? "" : " with column numbers"));
        return new CsvLayout(delimiter, hasHeader, columns, meanings);
    }

    FieldMeaning? Meaning(string column) => input.Options.Map.TryResolve(column, out var meaning) ? meaning : null;

    bool Known(string column) => input.Options.Map.TryResolve(column, out _);

    void SkipBlankLines()
    {
        while (window.Span.IndexOf((byte)'\n') is var end && end >= 0 && window.Span[..end].IndexOfAnyExcept(" \t\r"u8) < 0)
        {
            window.Advance(end + 1);
            _line++;
        }
    }

    // The delimiter under which the first row names the most known columns; else under which the most rows have equally many fields.
    (char Delimiter, string[] First) Sample()
    {
        var best = (Score: -1, Delimiter: ',', First: Array.Empty<string>());
        foreach (var delimiter in input.Options.Delimiter is { } given ? [given] : Delimiters)
        {
            var rest = window.Span[..Math.Min(window.Length, SampleBytes)];
            var (first, same) = (Array.Empty<string>(), 0);
            for (var record = 0; record < SampleRecords && !rest.IsEmpty; record++)
            {
                var end = rest.IndexOf((byte)'\n');
                var whole = end >= 0 || window.AtEnd || record == 0;
                if (!whole) break;
                // The header may hold quoted line ends; later rows are only counted, so a quick cut by lines will do for them.
                if (record == 0 && Frame(delimiter) is { Kind: FrameKind.Record } frame && frame.Length <= rest.Length) end = frame.Length;
                var fields = Fields(rest[..(end < 0 ? rest.Length : end)], delimiter);
                if (record == 0) first = fields;
                else if (fields.Length == first.Length && first.Length > 1) same++;
                rest = end < 0 ? default : rest[Math.Min(end + 1, rest.Length)..];
            }
            var score = first.Count(Known) * 1000 + same * 10 + Math.Min(first.Length - 1, 9);
            if (score > best.Score) best = (score, delimiter, first);
        }
        return (best.Delimiter, best.First);
    }
}
