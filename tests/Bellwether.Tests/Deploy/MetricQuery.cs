using System.Text.Json;
using System.Text.RegularExpressions;

namespace Bellwether.Tests.Deploy;

/// <summary>A query of a dashboard or of an alert rule, and the names in it.</summary>
/// <param name="Words">What is shown beside its values, with labels in it.</param>
sealed partial record MetricQuery(string Where, string Expression, string Words)
{
    /// <summary>Every query of deploy/.</summary>
    public static IReadOnlyList<MetricQuery> All => [.. Panels().Concat(Rules())];

    static IEnumerable<MetricQuery> Panels() =>
        from file in Directory.EnumerateFiles(DeployFiles.Of("grafana", "dashboards"))
        from panel in JsonDocument.Parse(File.ReadAllText(file)).RootElement.GetProperty("panels").EnumerateArray()
        where panel.TryGetProperty("targets", out _)
        from target in panel.GetProperty("targets").EnumerateArray()
        select new MetricQuery($"{Path.GetFileName(file)}: {panel.GetProperty("title")}", target.GetProperty("expr").GetString()!, target.GetProperty("legendFormat").GetString()!);

    static IEnumerable<MetricQuery> Rules() =>
        from document in DeployFiles.Documents("prometheus/alerts.yml")
        from @group in (List<object>)document["groups"]
        from rule in (List<object>)((Dictionary<object, object>)@group)["rules"]
        let alert = (Dictionary<object, object>)rule
        select new MetricQuery($"{alert["alert"]}", $"{alert["expr"]}", string.Join(' ', DeployFiles.At(alert, "annotations").Values));

    // Values and ranges hold no names.
    string Bare => Quoted().Replace(Expression, "\"\"");

    /// <summary>Labels by which values are grouped or matched.</summary>
    public IEnumerable<string> Grouping => Group().Matches(Bare).SelectMany(m => Name().Matches(m.Groups["labels"].Value)).Select(m => m.Value).Distinct();

    /// <summary>Metrics with the labels by which each is chosen.</summary>
    public IEnumerable<(string Metric, string[] Labels)> Metrics => Metric().Matches(Range().Replace(Group().Replace(Bare, " "), ""))
        .Select(m => (m.Groups["name"].Value, Name().Matches(m.Groups["labels"].Value).Select(l => l.Value).ToArray()))
        .Where(m => m.Item1 is not ("and" or "or" or "unless"));

    /// <summary>Labels that are shown.</summary>
    public IEnumerable<string> Shown => Label().Matches(Words).Select(m => m.Groups["name"].Value);

    /// <summary>What is wrong with it beside a program that exports these families; null where nothing is.</summary>
    public string? Problem(IReadOnlyDictionary<string, HashSet<string>> families)
    {
        HashSet<string> known = ["job", "instance"];
        foreach (var (metric, labels) in Metrics)
        {
            if (!families.TryGetValue(metric, out var has)) return $"{Where}: there is no {metric}";
            if (Array.Find(labels, l => !has.Contains(l)) is { } wrong) return $"{Where}: {metric} has no {wrong}";
            known.UnionWith(has);
        }
        if (known.Count == 2 && !Metrics.Any()) return $"{Where}: names no metric";
        if (Grouping.FirstOrDefault(l => !known.Contains(l)) is { } unknown) return $"{Where}: nothing has {unknown}";
        // An aggregation keeps the labels of its groups alone.
        var kept = Grouping.Any() ? Grouping.ToHashSet() : Aggregation().IsMatch(Bare) ? [] : known;
        return Shown.FirstOrDefault(l => !kept.Contains(l)) is { } lost ? $"{Where}: shows {lost}, which its values do not have" : null;
    }

    [GeneratedRegex("\"[^\"]*\"")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"\b(?:by|on|without|ignoring)\s*\((?<labels>[^)]*)\)")]
    private static partial Regex Group();

    [GeneratedRegex(@"\[[^\]]*\]")]
    private static partial Regex Range();

    [GeneratedRegex(@"(?<![\w$])(?<name>[a-z_:][a-z0-9_:]*)\b(?!\s*\()(?:\{(?<labels>[^}]*)\})?")]
    private static partial Regex Metric();

    [GeneratedRegex(@"[a-z_][a-z0-9_]*")]
    private static partial Regex Name();

    [GeneratedRegex(@"\{\{\s*(?:\$labels\.)?(?<name>[a-z_][a-z0-9_]*)\s*\}\}")]
    private static partial Regex Label();

    [GeneratedRegex(@"\b(?:sum|max|min|count|avg|absent)\b")]
    private static partial Regex Aggregation();
}
