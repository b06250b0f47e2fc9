namespace Bellwether.Lake.Legacy;

/// <summary>How far one file is. Every row of it before <see cref="NextRow"/> is in exactly one of the counts.</summary>
/// <param name="Sha256">Of the file; a file that changed begins anew.</param>
/// <param name="KnownAt">When its rows count as known where they do not say it.</param>
/// <param name="Rows">That it holds.</param>
/// <param name="Migrated">Rows that became at least one result.</param>
/// <param name="LeftOut">Rows outside of the sample.</param>
/// <param name="Coverage">Results that have a column from the file, by column.</param>
/// <param name="Reasons">Rejected rows by reason.</param>
/// <param name="Problem">Why the file cannot be read.</param>
sealed record LegacyProgress(string Path, string Sha256, long Bytes, DateTimeOffset KnownAt, long Rows)
{
    public long NextRow { get; init; }
    public long Migrated { get; init; }
    public long Results { get; init; }
    public long Duplicates { get; init; }
    public long Rejected { get; init; }
    public long LeftOut { get; init; }
    public IReadOnlyDictionary<string, long> Coverage { get; init; } = new Dictionary<string, long>();
    public IReadOnlyDictionary<string, long> Reasons { get; init; } = new Dictionary<string, long>();
    public string? Problem { get; init; }

    public bool IsDone => Problem is null && NextRow >= Rows;

    /// <summary>This progress with a batch on top.</summary>
    /// <param name="stored">Results that were new.</param>
    /// <param name="refused">Rows that became nothing because another result of their article and ticker is stored.</param>
    public LegacyProgress Add(List<LegacyOutcome> batch, double sample, IReadOnlySet<LegacyResult> stored, IReadOnlySet<long> refused)
    {
        var (migrated, duplicates, rejected, leftOut) = (0L, 0L, 0L, 0L);
        var coverage = new LegacyCoverage();
        var reasons = new Dictionary<string, long>(Reasons, StringComparer.Ordinal);
        foreach (var outcome in batch)
        {
            var reason = outcome.Problem ?? (refused.Contains(outcome.SourceRow) ? LegacyStore.Conflict : null);
            if (reason is not null)
            {
                rejected++;
                var kind = Kind(reason);
                reasons[kind] = reasons.GetValueOrDefault(kind) + 1;
            }
            else if (!outcome.Results.Any(result => result.IsIn(sample)))
            {
                leftOut++;
            }
            else if (outcome.Results.Any(stored.Contains))
            {
                migrated++;
            }
            else
            {
                duplicates++;
            }
        }
        foreach (var result in stored) coverage.Add(result.Given);
        return this with
        {
            NextRow = batch[^1].SourceRow + 1,
            Migrated = Migrated + migrated,
            Results = Results + stored.Count,
            Duplicates = Duplicates + duplicates,
            Rejected = Rejected + rejected,
            LeftOut = LeftOut + leftOut,
            Coverage = coverage.ToDictionary().ToDictionary(pair => pair.Key, pair => pair.Value + Coverage.GetValueOrDefault(pair.Key), StringComparer.Ordinal),
            Reasons = reasons,
        };
    }

    /// <summary>The reason without the value that it quotes, so that reasons can be counted.</summary>
    internal static string Kind(string reason)
    {
        var (from, to) = (reason.IndexOf('\''), reason.LastIndexOf('\''));
        if (from >= 0 && to > from) reason = string.Concat(reason.AsSpan(0, from), reason.AsSpan(to + 1).TrimStart());
        var clock = reason.IndexOf(": it is ", StringComparison.Ordinal);
        return clock >= 0 ? reason[..clock] : reason;
    }
}
