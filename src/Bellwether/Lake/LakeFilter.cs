using System.ComponentModel.DataAnnotations;
using System.Globalization;

namespace Bellwether.Lake;

/// <summary>Which rows are read; what is null or empty does not matter. Conditions reach into the files: days, row groups and columns that cannot
/// matter are not read.</summary>
public sealed record LakeFilter
{
    /// <summary>First moment, inclusive.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Last moment, exclusive.</summary>
    public DateTimeOffset? To { get; init; }

    public IReadOnlyList<string> Tickers { get; init; } = [];

    /// <summary>Publishers.</summary>
    public IReadOnlyList<string> Sources { get; init; } = [];

    /// <summary>Least score, −1 to 1, inclusive.</summary>
    public double? MinSentiment { get; init; }

    /// <summary>Greatest score, −1 to 1, inclusive.</summary>
    public double? MaxSentiment { get; init; }

    /// <summary>Only what was known at this moment.</summary>
    public DateTimeOffset? AsOf { get; init; }

    /// <summary>The whole text and the payload of the source; by far the largest part of a row.</summary>
    public bool WithText { get; init; }

    /// <summary>So many characters of the text, where not all of it is asked for.</summary>
    [Range(0, int.MaxValue)] public int TextPreview { get; init; }

    /// <summary>The rows in any order, which is cheaper.</summary>
    public bool Unordered { get; init; }

    internal IEnumerable<LakeColumn> Columns => LakeSchema.Columns.Where(column => WithText || column.Name switch
    {
        "text" => TextPreview > 0,
        "raw_source_payload_json" => false,
        _ => true,
    });

    /// <summary>Only so many rows, the newest ones, newest first.</summary>
    [Range(1, int.MaxValue)] public int? Newest { get; init; }

    /// <summary>Only rows that come behind this one when the newest come first: a time, and of rows of that time those with a smaller article id.</summary>
    public (DateTimeOffset Timestamp, string ArticleId)? Behind { get; init; }

    /// <summary>Days that rows can be of.</summary>
    internal LakeDays Days => new(
        From is { } from ? DateOnly.FromDateTime(from.UtcDateTime) : null,
        To is { } to ? DateOnly.FromDateTime(new DateTime(Math.Max(to.UtcTicks - 1, 0), DateTimeKind.Utc)) : null);

    /// <exception cref="ArgumentException">The conditions contradict each other, or cannot be true of any row.</exception>
    internal string ToSql()
    {
        if (From >= To) throw new ArgumentException($"the time from {From:O} is not before the time to {To:O}");
        if (MinSentiment is not null and not (>= -1 and <= 1)) throw new ArgumentException($"the least sentiment {MinSentiment} is outside -1..1");
        if (MaxSentiment is not null and not (>= -1 and <= 1)) throw new ArgumentException($"the greatest sentiment {MaxSentiment} is outside -1..1");
        if (MinSentiment > MaxSentiment) throw new ArgumentException($"the least sentiment {MinSentiment} is above the greatest, {MaxSentiment}");
        var conditions = new List<string>();
        if (From is { } from) conditions.Add($"timestamp >= {Time(from)}");
        if (To is { } to) conditions.Add($"timestamp < {Time(to)}");
        if (Tickers.Count > 0) conditions.Add($"ticker IN ({string.Join(", ", Tickers.Select(Text))})");
        if (Sources.Count > 0) conditions.Add($"source IN ({string.Join(", ", Sources.Select(Text))})");
        if (MinSentiment is { } least) conditions.Add($"sentiment >= {Number(least)}");
        if (MaxSentiment is { } most) conditions.Add($"sentiment <= {Number(most)}");
        if (Behind is var (time, article)) conditions.Add($"(timestamp < {Time(time)} OR timestamp = {Time(time)} AND article_id < {Text(article)})");
        if (AsOf is { } asOf) conditions.Add($"processing_timestamp_utc <= {Time(asOf)}");
        var columns = Columns.Select(column => column.Name == "text" && !WithText
            ? string.Create(CultureInfo.InvariantCulture, $"left({column.Quoted}, {TextPreview}) AS {column.Quoted}") : column.Quoted);
        return $"SELECT {string.Join(", ", columns)} FROM {LakeTables.AllSentiment}"
            + (conditions.Count > 0 ? $" WHERE {string.Join(" AND ", conditions)}" : "") + (Newest is { } newest ? string.Create(CultureInfo.InvariantCulture, $" ORDER BY timestamp DESC, article_id DESC LIMIT {newest}")
                : Unordered ? "" : " ORDER BY timestamp, ticker, article_id");
    }

    static string Time(DateTimeOffset time) =>
        string.Create(CultureInfo.InvariantCulture, $"TIMESTAMPTZ '{time.UtcDateTime:yyyy-MM-dd HH:mm:ss.ffffff}+00'");

    static string Text(string value) => value.Contains('\0') ? throw new ArgumentException("a text holds the character NUL") : $"'{value.Replace("'", "''", StringComparison.Ordinal)}'";

    static string Number(double value) => $"CAST({value.ToString("R", CultureInfo.InvariantCulture)} AS DOUBLE)";
}
