using Bellwether.Engines.DuckDb;

namespace Bellwether.Lake.Legacy;

/// <summary>The columns of one old file: which carry a field, which are kept beside, and the SELECT that reads them in forms that can be parsed.</summary>
sealed class LegacyColumns
{
    readonly int[][] _byField;

    /// <exception cref="LegacyFileException">A mapped column is missing.</exception>
    public LegacyColumns(IReadOnlyList<DuckDbColumn> columns, IReadOnlyDictionary<string, string> map)
    {
        var mapped = map.ToDictionary(pair => pair.Value, pair => LegacyNames.Fields[pair.Key], StringComparer.Ordinal);
        if (mapped.Keys.FirstOrDefault(name => columns.All(column => column.Name != name)) is { } missing)
            throw new LegacyFileException($"has no column '{missing}', which is mapped to {map.First(pair => pair.Value == missing).Key}; it has {string.Join(", ", columns.Select(c => c.Name))}");
        var found = new List<(LegacyField Field, int Rank, int Column)>();
        var extras = new List<int>();
        var select = new List<string>();
        for (var i = 0; i < columns.Count; i++)
        {
            var (name, type) = (columns[i].Name, columns[i].Type);
            if (mapped.TryGetValue(name, out var field) || LegacyNames.TryGuess(name, out field, out _) && !mapped.ContainsValue(field))
            {
                _ = LegacyNames.TryGuess(name, out _, out var rank);
                found.Add((field, mapped.ContainsKey(name) ? 0 : rank, select.Count));
                select.Add(Read(name, type, field));
            }
            else if (!LegacyNames.IsNoise(name))
            {
                extras.Add(select.Count);
                select.Add($"CAST(to_json({LakeColumn.Quote(name)}) AS VARCHAR)");
            }
            else
            {
                continue;
            }
            Names.Add(name);
        }
        _byField = [.. Enum.GetValues<LegacyField>().Select(field => found.Where(f => f.Field == field).OrderBy(f => f.Rank).Select(f => f.Column).ToArray())];
        Extras = extras;
        Select = string.Concat(select.Select(expression => $"{expression}, "));
        if (this[LegacyField.Timestamp].Length == 0) throw new LegacyFileException($"has no column that could be its timestamp; name it with --map timestamp=COLUMN");
    }

    /// <summary>Columns of the answer that may carry a field, best first.</summary>
    public ReadOnlySpan<int> this[LegacyField field] => _byField[(int)field];

    /// <summary>Columns without a field; they are kept in the payload.</summary>
    public IReadOnlyList<int> Extras { get; }

    /// <summary>Names in the file, by column of the answer.</summary>
    public List<string> Names { get; } = [];

    /// <summary>Expressions, each followed by a comma.</summary>
    public string Select { get; }

    /// <summary>Column of the answer that holds the number of the row in the file.</summary>
    public int RowNumber => Names.Count;

    // Numbers stay numbers, so that none is rounded on the way through text; text that should be one is parsed later.
    static string Read(string name, DuckDbTypeInfo type, LegacyField field)
    {
        var column = LakeColumn.Quote(name);
        if (type.Type == DuckDbType.Varchar) return column;
        if (field is LegacyField.Sentiment or LegacyField.Confidence or LegacyField.Positive or LegacyField.Negative or LegacyField.Weight)
            return $"CAST({column} AS DOUBLE)";
        return field == LegacyField.Payload || type.Children.Count > 0 ? $"CAST(to_json({column}) AS VARCHAR)" : $"CAST({column} AS VARCHAR)";
    }
}
