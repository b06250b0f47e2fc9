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
        var configuration = new CsvConfiguration(CultureInfo.InvariantCulture) { Delimiter = delimiter.ToString(), MissingFieldFound = null, BadDataFound = null };
        using var csv = new CsvReader(new StringReader(text), configuration);
        if (!csv.Read() || !csv.ReadHeader() || csv.HeaderRecord is not { } header) throw new FeedException(path, "the file is empty", "It needs a header and rows.");
        var (textColumn, labelColumn) = (Column(options.Text, TextNames, "text"), Column(options.Label, LabelNames, "label"));
        var rows = new List<RawRow>();
        while (csv.Read())
        {
            var row = new RawRow(csv.GetField(textColumn) ?? "", [csv.GetField(labelColumn) ?? ""], csv.Parser.RawRow);
            if (string.IsNullOrWhiteSpace(row.Text)) throw Bad(path, row, "has no text", $"Column {header[textColumn]} is blank.");
            rows.Add(row);
        }
        return rows;

        int Column(string? asked, string[] usual, string what)
        {
            foreach (var name in asked is null ? usual : [asked])
                if (Array.FindIndex(header, h => h.Trim().Equals(name, StringComparison.OrdinalIgnoreCase)) is var at and >= 0) return at;
            throw new FeedException(asked is null ? path : $"--{what}", asked is null ? $"no column of the {what} was recognised" : $"there is no column '{asked}'",
                $"It has the columns {string.Join(", ", header)}; name one with --{what}.");
        }
    }
}
