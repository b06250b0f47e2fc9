using Bellwether.Feeds;
using Bellwether.Lake;

namespace Bellwether.Market.Joins;

/// <summary>The columns that one side of a join goes by.</summary>
/// <param name="Fold">Whether letters of any case are the same in them, as in symbols.</param>
sealed record SideColumns(IReadOnlyList<string> By, string Time, string? Known, string? Version, bool Fold);

/// <summary>How two datasets meet.</summary>
sealed record JoinPlan(SideColumns Left, SideColumns Right)
{
    public static readonly string[] Symbols = ["symbol", "ticker"];

    // When a row was written says nothing of what it tells, where anything else does.
    static readonly string[] Times =
        ["timestamp", "date", "time", "datetime", "event_time", "fetch_timestamp", "ex_date", "created_at", "latest_timestamp"];

    // Results are known since they were scored, and posts since they were fetched.
    static readonly string[] Knowledge = ["known_at", "processing_timestamp_utc", "processed_at", "fetched_at", "last_updated"];

    public static JoinPlan Of(string left, IReadOnlyList<string> lefts, string right, IReadOnlyList<string> rights, JoinColumns asked)
    {
        var (leftBy, rightBy) = asked.By.Count > 0 ? (asked.By.Select(name => Named(left, lefts, name)).ToArray(),
            asked.By.Select(name => Named(right, rights, name)).ToArray())
            // A symbol is a symbol, whatever each side calls it.
            : (Usual(lefts, Symbols), Usual(rights, Symbols)) is ({ } l, { } r)
            ? ([l], [r]) : (Array.Empty<string>(), Array.Empty<string>());
        if (asked.By.Count == 0 && leftBy.Length == 0 && (Usual(lefts, Symbols) ?? Usual(rights, Symbols)) is { } alone)
            throw new FeedException(Usual(lefts, Symbols) is null ? left : right,
                $"has no symbol, and the other side's rows have one ({alone})",
                $"Name the columns that both have with {asked.Called("by")}, or rename one.");
        string Time(string dataset, IReadOnlyList<string> columns, string? name, string option) => name is not null
            ? Named(dataset, columns, name)
            : Usual(columns, Times) ?? throw new FeedException(
            dataset, $"has no column that is a time by its name ({string.Join(", ", Times)})",
                $"Name it with {option}; there are {string.Join(", ", columns)}.");
        var known = asked.RightKnown is null ? Usual(rights, Knowledge) : asked.RightKnown == "none"
            ? null : Named(right, rights, asked.RightKnown);
        var version = asked.RightVersion is null ? Usual(rights, ["version", "revision"]) : Named(right, rights, asked.RightVersion);
        var fold = asked.By.Count == 0;
        return new(
            new(leftBy, Time(left, lefts, asked.LeftTime, asked.Called("left-time")), null, null, fold),
            new(rightBy, Time(right, rights, asked.RightTime, asked.Called("right-time")), known, version, fold));
    }

    /// <summary>
    /// All columns of the left, then those of the right without the ones they meet by; a name that the left has gets <c>right_</c> in
    /// front.
    /// </summary>
    public string Select(IReadOnlyList<string> lefts, IReadOnlyList<string> rights)
    {
        var taken = lefts.ToHashSet(StringComparer.OrdinalIgnoreCase);
        var columns = lefts.Select(name => $"l.{LakeColumn.Quote(name)}").ToList();
        foreach (var name in rights.Except(Right.By))
        {
            var shown = name;
            while (!taken.Add(shown)) shown = $"right_{shown}";
            columns.Add($"r.{LakeColumn.Quote(name)} AS {LakeColumn.Quote(shown)}");
        }
        return $"SELECT {string.Join(", ", columns)} FROM l JOIN m ON m.l = l.rowid LEFT JOIN r ON r.rowid = m.r ORDER BY m.l";
    }

    public override string ToString() =>
        $"{(Left.By.Count == 0 ? "all rows" : $"by {string.Join(", ", Left.By.Zip(Right.By, (l, r) => l == r ? l : $"{l} = {r}"))}")}, {Right.Time} at or before {Left.Time}"
        + $"{(Right.Known is null ? "" : $", {Right.Known} at or before it")}{(Right.Version is null ? "" : $", highest {Right.Version}")}";

    static string? Usual(IReadOnlyList<string> columns, IReadOnlyList<string> names) =>
        names.Select(name => columns.FirstOrDefault(c => c.Equals(name, StringComparison.OrdinalIgnoreCase)))
            .FirstOrDefault(found => found is not null);

    static string Named(string dataset, IReadOnlyList<string> columns, string name) =>
        columns.FirstOrDefault(c => c.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? throw new FeedException(dataset, $"has no column '{name}'", $"It has {string.Join(", ", columns)}.");
}
