using System.Globalization;
using Bellwether.Feeds;
using CsvHelper;
using CsvHelper.Configuration;

namespace Bellwether.Sentiment.Evaluation;

public static partial class LabelledFile
{
    static List<RawRow> ReadCsv(string path, string text, LabelledOptions options)
    {
        var end = text.AsSpan().IndexOfAny('\r', '\n');
        var head = end < 0 ? text : text[..end];
        var delimiter = new[] { ',', '\t', ';', '|' }.MaxBy(d => head.Count(c => c == d));
        var isBroken = false;
        var configuration = new CsvConfiguration(CultureInfo.InvariantCulture)
        {
            Delimiter = delimiter.ToString(),
            MissingFieldFound = null,
            // A quote within a field is common and does no harm, unless it made one field of several lines.
            BadDataFound = bad => isBroken |= bad.Field.Contains('\n'),
        };
        using var csv = new CsvReader(new StringReader(text), configuration);
        if (!csv.Read() || !csv.ReadHeader() || csv.HeaderRecord is not { } header)
            throw new FeedException(path, "the file is empty", "It needs a header and rows.");
        var (textColumn, labelColumn) = (Column(options.Text, TextNames, "text"), Column(options.Label, LabelNames, "label"));
        var rows = new List<RawRow>();
        for (var before = csv.Parser.RawRow; csv.Read(); before = csv.Parser.RawRow)
        {
            // The parser tells where a record ends.
            var raw = csv.Parser.RawRecord.TrimEnd('\r', '\n');
            var line = csv.Parser.RawRow - raw.Count(c => c == '\n');
            // On the last line it swallows fields instead of lines.
            var runsOn = raw.Contains('\n') || csv.Parser.Count < header.Length;
            if (isBroken || (runsOn && raw.Count(c => c == '"') % 2 != 0))
                throw new FeedException(path, "a quote begins here that is not closed on this line nor rightly on another",
                    "Within a quoted field a quote is written twice.", before + 1);
            var row = new RawRow(csv.GetField(textColumn) ?? "", [csv.GetField(labelColumn) ?? ""], line);
            if (string.IsNullOrWhiteSpace(row.Text)) throw Bad(path, row, "has no text", $"Column {header[textColumn]} is blank.");
            rows.Add(row);
        }
        return rows;

        int Column(string? asked, string[] usual, string what)
        {
            foreach (var name in asked is null ? usual : [asked])
                if (Array.FindIndex(header, h => h.Trim().Equals(name, StringComparison.OrdinalIgnoreCase)) is var at and >= 0) return at;
            throw new FeedException(
                asked is null ? path : $"--{what}",
                asked is null ? $"no column of the {what} was recognised" : $"there is no column '{asked}'",
                $"It has the columns {string.Join(", ", header)}; name one with --{what}.");
        }
    }
}
