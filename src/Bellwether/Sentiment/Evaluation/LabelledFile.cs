using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Bellwether.Feeds;

namespace Bellwether.Sentiment.Evaluation;

/// <summary>
/// Reads labelled sets: CSV with a header, JSON (an array of objects, an object of them, or an object a line), and lines of the form
/// <c>sentence@label</c>. UTF-8, else Latin-1. Labels are classes, scores from −1 to 1, or a dictionary of entities and their classes.
/// </summary>
public static partial class LabelledFile
{
    static readonly string[] TextNames = ["text", "sentence", "title", "headline", "tweet", "news"];
    static readonly string[] LabelNames = ["label", "sentiment", "decisions", "sentiment_score", "score", "info.sentiment_score"];

    /// <exception cref="FeedException">The file cannot be read, or a row is not understood; the message names the line.</exception>
    public static LabelledSet Read(string path, LabelledOptions? options = null)
    {
        options ??= new();
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new FeedException(path, "the labelled file cannot be read", error.Message, inner: error);
        }
        var text = Decode(bytes);
        // Some headlines begin with a bracket.
        var raw = IsAtForm(text) && options is { Text: null or "sentence" or "text", Label: null or "label" or "sentiment" }
            ? ReadLines(path, text)
            : text.AsSpan().TrimStart() is ['{' or '[', ..] ? ReadJson(path, text, options)
            : ReadCsv(path, text, options);
        if (raw.Count == 0) throw new FeedException(path, "there is no labelled row in it", "A file needs a header and at least one row.");
        return new(path, Convert.ToHexStringLower(SHA256.HashData(bytes)), Understand(path, raw, options)) { FileRows = raw.Count };
    }

    /// <summary>A text and its labels as the file spells them.</summary>
    readonly record struct RawRow(string Text, IReadOnlyList<string> Labels, int Line);

    static string Decode(byte[] bytes)
    {
        var skip = bytes.AsSpan().StartsWith("\uFEFF"u8) ? 3 : 0;
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes, skip, bytes.Length - skip);
        }
        catch (DecoderFallbackException)
        {
            return Encoding.Latin1.GetString(bytes);
        }
    }

    static List<LabelledRow> Understand(string path, List<RawRow> raw, LabelledOptions options)
    {
        var rows = new List<LabelledRow>(raw.Count);
        if (raw[0].Labels is [var first] && IsEntities(first))
        {
            foreach (var row in raw) AddEntities(path, row, options, () => HintOf([]), rows);
            return rows;
        }
        foreach (var row in raw)
            if (row.Labels.Any(string.IsNullOrWhiteSpace)) throw Bad(path, row, "has no label", "Every row needs one.");
        // By what most rows have: what is wrong is then the row that has something else.
        var isScored = options.Labels.Count == 0 && 2 * raw.Count(r => r.Labels.All(l => TryNumber(l, out _))) >= raw.Count
            && raw.Any(r => r.Labels.Any(l => TryNumber(l, out var n) && n != Math.Floor(n)));
        foreach (var row in raw)
        {
            if (!isScored && row.Labels.Count != 1)
                throw Bad(path, row, $"has {row.Labels.Count} labels", "Only scores may be several; their mean counts.");
            rows.Add((isScored ? new LabelledRow(row.Text, null, Score(path, row))
                : new(row.Text, Class(path, row, row.Labels[0], options, () => HintOf(raw)), null)) with
            { Line = row.Line });
        }
        return rows;
    }

    static double Score(string path, RawRow row)
    {
        var mean = row.Labels.Average(l => TryNumber(l, out var n) ? n : double.NaN);
        return mean is >= -1 and <= 1 ? mean
            : throw Bad(path, row, $"has the score {string.Join(", ", row.Labels)}",
                "Half of the rows or more have numbers, so all are read as scores; these lie between −1 and 1.");
    }

    static byte Class(string path, RawRow row, string label, LabelledOptions options, Func<string> hint) =>
        options.Labels.TryGetValue(label.Trim(), out var known) ? known
        : options.Labels.Count > 0 && TryNumber(label, out var n)
            && options.Labels.TryGetValue(n.ToString(CultureInfo.InvariantCulture), out known) ? known
        : LabelledOptions.ClassOf(label)
            ?? throw Bad(path, row, $"has the label '{label}'", hint());

    // What stands for which class only the user knows: nothing here may look like an answer to copy.
    static string HintOf(IReadOnlyList<RawRow> raw)
    {
        const int Most = 8;
        string[] found = [.. raw.Select(r => r.Labels[0].Trim()).Distinct(StringComparer.OrdinalIgnoreCase).Order(StringComparer.Ordinal)];
        const string Form = "say what each means: --labels negative=…,neutral=…,positive=…, as the file's own description has it.";
        if (found.Length == 0) return $"Where it is no name of a class, {Form}";
        var others = found.Length > Most ? $" and {found.Length - Most:n0} others" : "";
        return $"The file has the labels {string.Join(", ", found.Take(Most))}{others}; {Form}";
    }

    static bool TryNumber(string text, out double number) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out number) && double.IsFinite(number);

    static FeedException Bad(string path, RawRow row, string problem, string mend) => new(path, problem, mend, row.Line);

    static bool IsAtForm(string text)
    {
        foreach (var line in text.AsSpan().EnumerateLines())
            if (!line.IsWhiteSpace())
                return line.LastIndexOf('@') is var at and > 0 && LabelledOptions.ClassOf(line[(at + 1)..].ToString()) is not null;
        return false;
    }

    static List<RawRow> ReadLines(string path, string text)
    {
        var rows = new List<RawRow>();
        var number = 0;
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            number++;
            if (line.IsWhiteSpace()) continue;
            var at = line.LastIndexOf('@');
            if (at <= 0)
                throw new FeedException(path, "the line has no @label at its end", "Every line is a sentence, an @ and its class.", number);
            rows.Add(new(line[..at].Trim().ToString(), [line[(at + 1)..].Trim().ToString()], number));
        }
        return rows;
    }
}
