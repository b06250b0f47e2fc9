using System.Collections.Frozen;

namespace Bellwether.Feeds;

/// <summary>Which column or JSON property carries which field, as the user said it; the others are guessed by name.</summary>
public sealed class ColumnMap
{
    readonly FrozenDictionary<string, Field> _byColumn;

    ColumnMap(Dictionary<string, Field> byColumn) => _byColumn = byColumn.ToFrozenDictionary(StringComparer.Ordinal);

    public static ColumnMap Empty { get; } = new([]);

    /// <summary>Reads <c>text=col,title=col,…</c>. A property inside an object is named with a dot: <c>author=user.name</c>.</summary>
    /// <exception cref="FeedException">An unknown field, a field or column named twice, or no <c>=</c>.</exception>
    public static ColumnMap Parse(string map) => Parse([map]);

    /// <summary>Reads several maps as one.</summary>
    /// <exception cref="FeedException">As above.</exception>
    public static ColumnMap Parse(IEnumerable<string> maps)
    {
        var byColumn = new Dictionary<string, Field>(StringComparer.Ordinal);
        foreach (var pair in maps.SelectMany(m => m.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)))
        {
            var equals = pair.IndexOf('=');
            if (equals <= 0 || equals == pair.Length - 1) throw Bad($"'{pair}' is not of the form field=column");
            var (name, column) = (pair[..equals].Trim(), pair[(equals + 1)..].Trim());
            if (!KnownFields.Mappable.TryGetValue(name, out var field)) throw Bad($"'{name}' is not a field");
            if (byColumn.ContainsValue(field)) throw Bad($"field '{name}' is mapped twice");
            if (!byColumn.TryAdd(column, field)) throw Bad($"column '{column}' is mapped twice");
        }
        return new ColumnMap(byColumn);
    }

    internal bool IsEmpty => _byColumn.Count == 0;

    internal IEnumerable<string> Columns => _byColumn.Keys;

    /// <summary>Whether some properties must be looked for inside objects.</summary>
    internal bool HasPaths => _byColumn.Keys.Any(c => c.Contains('.'));

    /// <summary>What a column means: as mapped (rank 0), else as guessed unless another column is mapped to that field.</summary>
    internal bool TryResolve(ReadOnlySpan<char> column, out FieldMeaning meaning)
    {
        if (_byColumn.Count > 0 && _byColumn.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(column, out var field))
        {
            // What a mapped column holds is what the name would tell about markup and scope.
            meaning = KnownFields.TryGuess(column, out var guess) && guess.Field == field
                ? guess with { Rank = 0 }
                : new FieldMeaning(field, 0);
            return true;
        }
        return KnownFields.TryGuess(column, out meaning) && !_byColumn.Values.Contains(meaning.Field);
    }

    /// <summary>Refuses a file that lacks a mapped column.</summary>
    internal void RequireColumns(string origin, IReadOnlyList<string> columns)
    {
        foreach (var column in _byColumn.Keys)
            if (!columns.Contains(column, StringComparer.Ordinal))
                throw new FeedException(origin, $"has no column '{column}', to which --map gives {Describe(_byColumn[column])}",
                    $"The file has {List(columns)}.");
    }

    internal static string List(IReadOnlyList<string> columns)
    {
        var shown = columns.Take(40).Select(c => c.Length == 0 ? "(unnamed)" : c.Length > 60 ? c[..60] + "…" : c);
        return string.Join(", ", shown) + (columns.Count > 40 ? $" and {columns.Count - 40} more" : "");
    }

    static string Describe(Field field) => KnownFields.Mappable.First(p => p.Value == field).Key;

    static FeedException Bad(string problem) =>
        new("--map", problem,
            $"Write --map field=column,… with fields {string.Join(", ", KnownFields.Mappable.Keys.Order(StringComparer.Ordinal))}.");
}
