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

    /// <summary>In whatever order is at hand: nothing is sorted, so that memory does not grow with the answer.</summary>
    public bool Unordered { get; init; }

    static readonly string[] Large = ["text", "raw_source_payload_json"];

    internal IEnumerable<LakeColumn> Columns => LakeSchema.Columns.Where(column => WithText || !Large.Contains(column.Name));

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
        if (AsOf is { } asOf) conditions.Add($"processing_timestamp_utc <= {Time(asOf)}");
        return $"SELECT {LakeSchema.Names(Columns)} FROM {LakeTables.AllSentiment}"
            + (conditions.Count > 0 ? $" WHERE {string.Join(" AND ", conditions)}" : "") + (Unordered ? "" : " ORDER BY timestamp, ticker, article_id");
    }

    static string Time(DateTimeOffset time) =>
        string.Create(CultureInfo.InvariantCulture, $"TIMESTAMPTZ '{time.UtcDateTime:yyyy-MM-dd HH:mm:ss.ffffff}+00'");

    static string Text(string value) => value.Contains('\0') ? throw new ArgumentException("a text holds the character NUL") : $"'{value.Replace("'", "''", StringComparison.Ordinal)}'";

    static string Number(double value) => $"CAST({value.ToString("R", CultureInfo.InvariantCulture)} AS DOUBLE)";
}
