namespace Bellwether.Retention;

/// <summary>The policies as a graph, checked before anything is done.</summary>
static class RetentionGraph
{
    /// <summary>The policies, dependents first.</summary>
    /// <exception cref="RetentionPolicyException">A table has two policies, an arrow leads nowhere, the graph has a circle, or data would be orphaned.</exception>
    public static IReadOnlyList<RetentionPolicy> Order(IReadOnlyList<RetentionPolicy> policies)
    {
        var byTable = new Dictionary<string, RetentionPolicy>(StringComparer.Ordinal);
        foreach (var policy in policies)
            if (!byTable.TryAdd(policy.Table, policy)) throw new RetentionPolicyException($"{policy.Table} has two policies; leave one.");
        foreach (var policy in policies) Check(policy, byTable);
        var ordered = new List<RetentionPolicy>(policies.Count);
        var visited = new HashSet<string>(StringComparer.Ordinal);
        foreach (var policy in policies) Visit(policy, byTable, visited, [], ordered);
        return ordered;
    }

    static void Visit(
        RetentionPolicy policy, Dictionary<string, RetentionPolicy> byTable, HashSet<string> visited, string[] path, List<RetentionPolicy> ordered)
    {
        if (path.Contains(policy.Table))
            throw new RetentionPolicyException($"the policies depend on each other in a circle: {string.Join(" → ", path.SkipWhile(t => t != policy.Table))} → {policy.Table}.");
        if (!visited.Add(policy.Table)) return;
        foreach (var link in policy.Dependents) Visit(byTable[link.Dependent], byTable, visited, [.. path, policy.Table], ordered);
        ordered.Add(policy);
    }

    static void Check(RetentionPolicy policy, Dictionary<string, RetentionPolicy> byTable)
    {
        if (policy.Method != RetentionMethod.Keep && policy.Time.Length == 0) throw new RetentionPolicyException($"{policy.Table}: the policy names no time column.");
        if (policy.Method == RetentionMethod.Downsample && policy.Summary is null) throw new RetentionPolicyException($"{policy.Table}: there is no summary to sum it up in.");
        if (policy.Period <= TimeSpan.Zero) throw new RetentionPolicyException($"{policy.Table}: a period of {policy.Period} would remove everything at once.");
        if (policy.Summary is { } summary && !policy.Dependents.Any(link => link.Kind == RetentionLinkKind.Rollup && link.Dependent == summary.Target))
            throw new RetentionPolicyException($"{policy.Table}: its summary {summary.Target} is not among what depends on it.");
        foreach (var link in policy.Dependents)
        {
            if (!byTable.TryGetValue(link.Dependent, out var dependent))
                throw new RetentionPolicyException($"{policy.Table}: {link.Dependent}, which depends on it, has no policy.");
            var (source, period) = (EndOf(policy), EndOf(dependent));
            if (link.Kind == RetentionLinkKind.Owned && dependent.Method != RetentionMethod.Keep && period > source)
                throw new RetentionPolicyException(
                    $"{policy.Table} would go after {Text(source)} while {link.Dependent}, which means nothing without it, stays for {Text(period)}: " +
                    $"give {policy.Table} at least the period of {link.Dependent}.");
            if (link.Kind == RetentionLinkKind.Rollup && period < source)
                throw new RetentionPolicyException(
                    $"{link.Dependent} sums up {policy.Table} and would go after {Text(period)}, before what it sums up ({Text(source)}): " +
                    $"give {link.Dependent} at least the period of {policy.Table}.");
        }
    }

    static TimeSpan EndOf(RetentionPolicy policy) => policy.Method == RetentionMethod.Keep ? TimeSpan.MaxValue : policy.Period ?? TimeSpan.MaxValue;

    static string Text(TimeSpan period) => period == TimeSpan.MaxValue ? "ever" : $"{period.TotalDays:0.##} days";
}
