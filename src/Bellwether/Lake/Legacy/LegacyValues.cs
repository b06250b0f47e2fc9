using System.Globalization;
using System.Text;
using System.Text.Json;
using Bellwether.Engines.DuckDb;
using Bellwether.Feeds;

namespace Bellwether.Lake.Legacy;

/// <summary>The values of one row of the current chunk, by field.</summary>
readonly ref struct LegacyValues(DuckDbReader reader, LegacyColumns columns, int row)
{
    // What stands for nothing in files that went through scripts; the first is what the founding plan's migration wrote.
    static readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> Placeholders = new HashSet<string>(StringComparer.OrdinalIgnoreCase)
    {
        "[HISTORICAL DATA - TEXT NOT AVAILABLE]", "[TEXT NOT AVAILABLE]", "nan", "none", "null", "n/a", "<na>", "nat", "undefined",
    }.GetAlternateLookup<ReadOnlySpan<char>>();

    readonly DuckDbReader _reader = reader;
    readonly LegacyColumns _columns = columns;
    readonly int _row = row;

    public long RowNumber => _reader.Vector(_columns.RowNumber).At<long>(_row);

    /// <summary>The first value that says something, without NUL; null if there is none.</summary>
    public string? Text(LegacyField field)
    {
        foreach (var column in _columns[field])
            if (Usable(column) is { } text) return text;
        return null;
    }

    /// <summary>The same, without blanks around it: for names, not for prose.</summary>
    public string? Name(LegacyField field) => Text(field)?.Trim();

    /// <summary>The first finite number; null with <paramref name="wrong"/> for text that is none.</summary>
    public double? Number(LegacyField field, out string? wrong)
    {
        wrong = null;
        foreach (var column in _columns[field])
        {
            ref readonly var vector = ref _reader.Vector(column);
            if (vector.IsNull(_row)) continue;
            if (vector.Type.Type == DuckDbType.Double)
            {
                if (double.IsFinite(vector.At<double>(_row))) return vector.At<double>(_row);
            }
            else if (Usable(column) is { } text)
            {
                if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)) return number;
                wrong ??= text;
            }
        }
        return null;
    }

    /// <summary>
    /// What has no place of its own, as JSON members: columns without a field, and values that another column of their field was preferred to and
    /// that say something else.
    /// </summary>
    public List<(string Name, string Json)> Rest(params ReadOnlySpan<LegacyField> prose)
    {
        var rest = new List<(string, string)>();
        foreach (var column in _columns.Extras)
        {
            ref readonly var vector = ref _reader.Vector(column);
            if (!vector.IsNull(_row) && Encoding.UTF8.GetString(vector.Bytes(_row)) is var json && json != "null") rest.Add((_columns.Names[column], json));
        }
        foreach (var field in prose)
        {
            string? chosen = null;
            foreach (var column in _columns[field])
            {
                if (Usable(column) is not { } other) continue;
                if (chosen is null) chosen = other;
                // A cut copy of the whole text says nothing more.
                else if (!chosen.StartsWith(other, StringComparison.Ordinal)) rest.Add((_columns.Names[column], JsonSerializer.Serialize(other)));
            }
        }
        return rest;
    }

    string? Usable(int column)
    {
        ref readonly var vector = ref _reader.Vector(column);
        if (vector.IsNull(_row) || vector.Type.Type != DuckDbType.Varchar) return null;
        var text = PlainText.Clean(Encoding.UTF8.GetString(vector.Bytes(_row)));
        var trimmed = text.AsSpan().Trim();
        return trimmed.IsEmpty || Placeholders.Contains(trimmed) ? null : text;
    }
}
