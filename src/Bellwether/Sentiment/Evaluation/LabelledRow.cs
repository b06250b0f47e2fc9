namespace Bellwether.Sentiment.Evaluation;

/// <summary>
/// A text with what people say of it: a class, or a score from −1 to 1; for the whole text, or for one entity that it names.
/// </summary>
/// <param name="Label">0 negative, 1 neutral, 2 positive; null in a set of scores.</param>
/// <param name="Score">−1 to 1; null in a set of classes.</param>
/// <param name="Entity">Which entity is meant and where it stands; null for the whole text.</param>
public sealed record LabelledRow(string Text, byte? Label, double? Score, EntityText? Entity = null)
{
    /// <summary>Where it stands in its file, from 1; null where it came from elsewhere.</summary>
    public int? Line { get; init; }
}

/// <summary>A labelled set as it was read.</summary>
/// <param name="Sha256">Of the file's bytes, hexadecimal.</param>
public sealed record LabelledSet(string Path, string Sha256, IReadOnlyList<LabelledRow> Rows)
{
    public static IReadOnlyList<string> ClassNames { get; } = ["negative", "neutral", "positive"];

    /// <summary>Rows of the file; one that names several entities is several rows here.</summary>
    public int FileRows { get; init; } = Rows.Count;

    public bool HasScores => Rows.Count > 0 && Rows[0].Score is not null;

    public bool HasEntities => Rows.Any(r => r.Entity is not null);
}

/// <summary>How a labelled file is read.</summary>
public sealed record LabelledOptions
{
    /// <summary>Column or path of the text; null to look for a usual name.</summary>
    public string? Text { get; init; }

    /// <summary>Column or path of the label; null to look for a usual name.</summary>
    public string? Label { get; init; }

    /// <summary>What the file's labels mean, beside the usual names of classes: spelling to class.</summary>
    public IReadOnlyDictionary<string, byte> Labels { get; init; } = new Dictionary<string, byte>();

    /// <summary>Reads <c>negative=0,positive=1,neutral=2</c>; several spellings of one class may be given.</summary>
    /// <exception cref="FormatException">It is of another form.</exception>
    public static IReadOnlyDictionary<string, byte> ParseLabels(string text)
    {
        var labels = new Dictionary<string, byte>(StringComparer.OrdinalIgnoreCase);
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (part.Split('=', 2, StringSplitOptions.TrimEntries) is not [var name, { Length: > 0 } spelling]
                || ClassOf(name) is not { } label)
                throw new FormatException($"'{part}' is not of the form negative=0, where the class is negative, neutral or positive");
            if (!labels.TryAdd(spelling, label)) throw new FormatException($"'{spelling}' is given twice");
        }
        return labels;
    }

    internal static byte? ClassOf(string name) => name.Trim().ToLowerInvariant() switch
    {
        "negative" or "bearish" or "neg" => 0,
        "neutral" or "neu" => 1,
        "positive" or "bullish" or "pos" => 2,
        _ => null,
    };
}
