namespace Bellwether.Feeds;

/// <summary>
/// Whether a row has the columns of its header. One with more has a separator in a value, and every number behind it is another's: 1,234
/// unquoted would be a volume of 1.
/// </summary>
public static class RowShape
{
    /// <summary>A clause that tells what is too much, or null. Empty cells behind the last column are nothing.</summary>
    public static string? TooWide(ReadOnlySpan<string> fields, int columns)
    {
        for (var i = columns; i < fields.Length; i++)
            if (!string.IsNullOrWhiteSpace(fields[i])) return $"row has {fields.Length} columns where the header names {columns}";
        return null;
    }
}
