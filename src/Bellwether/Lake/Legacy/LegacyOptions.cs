using System.ComponentModel.DataAnnotations;
using System.Text.Json;

namespace Bellwether.Lake.Legacy;

/// <summary>Which old files are brought into the lake, and how they are read.</summary>
public sealed record LegacyOptions
{
    /// <summary>Folder that is searched for <c>*.parquet</c>, or one such file.</summary>
    [Required] public required string From { get; init; }

    /// <summary>Share of the results to take, above 0 and at most 1. Which ones depends on article and ticker alone.</summary>
    [Range(1e-6, 1)] public double Sample { get; init; } = 1;

    /// <summary>IANA name of the zone of times without an offset.</summary>
    [Required] public string TimeZone { get; init; } = "UTC";

    /// <summary>
    /// Rows that do not say when they were processed count as known this long after they happened. Null: when their file was last changed, which
    /// is never earlier than the truth.
    /// </summary>
    public TimeSpan? KnownAfter { get; init; }

    /// <summary>Columns that are not called as usual: field to column.</summary>
    public IReadOnlyDictionary<string, string> Map { get; init; } = new SortedDictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Rows in one transaction.</summary>
    [Range(1, 100_000)] public int BatchRows { get; init; } = 10_000;

    /// <summary>Text in one transaction, MiB; fewer rows than <see cref="BatchRows"/> where they are long.</summary>
    [Range(1, 256)] public int BatchMegabytes { get; init; } = 16;

    /// <summary>What decides how a row is read: a run that goes on must read as the one before.</summary>
    internal string Settings => JsonSerializer.Serialize(
        new SortedDictionary<string, string>(Map.ToDictionary(), StringComparer.Ordinal)
        {
            ["--timezone"] = TimeZone,
            ["--known-after"] = KnownAfter?.ToString() ?? "",
        });

    /// <exception cref="ArgumentException">A value is out of its range, or a mapped field is none.</exception>
    internal void Validate()
    {
        if (!(Sample is > 0 and <= 1)) throw new ArgumentException($"the sample {Sample} is outside 0..1 (0 % to 100 %)");
        if (KnownAfter < TimeSpan.Zero) throw new ArgumentException("a row cannot be known before it happened");
        foreach (var field in Map.Keys)
            if (!LegacyNames.Fields.ContainsKey(field))
                throw new ArgumentException($"'{field}' is not a field; fields are {string.Join(", ", LegacyNames.Fields.Keys.Order(StringComparer.Ordinal))}");
    }
}

/// <summary>The old files cannot be migrated as asked. The message says why and what to do.</summary>
public sealed class LegacyException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>One old file cannot be read; the others can. The message goes on from the file's name.</summary>
sealed class LegacyFileException(string message, Exception? inner = null) : Exception(message, inner);
