namespace Bellwether.App.Commands;

/// <summary>A column of a listing.</summary>
/// <param name="Width">Longest text shown, characters; null for no limit.</param>
sealed record TextColumn(string Title, bool Right = false, int? Width = null);

/// <summary>Rows for a person: drawn and coloured on a terminal, aligned plain text elsewhere.</summary>
sealed class TextTable(params TextColumn[] columns)
{
    readonly List<string[]> _rows = [];

    public void Add(params string?[] cells) => _rows.Add([.. cells.Select((c, i) => Cut(OneLine(c ?? ""), columns[i].Width))]);

    public void Write(Screen screen)
    {
        if (screen.OutIsTerminal) SpectreTable.Write(columns, _rows);
        else WritePlain(screen.Out);
    }

    void WritePlain(TextWriter output)
    {
        var widths = columns.Select((c, i) => _rows.Select(r => r[i].Length).Append(c.Title.Length).Max()).ToArray();
        Line(columns.Select(c => c.Title));
        Line(widths.Select(w => new string('─', w)));
        foreach (var row in _rows) Line(row);

        void Line(IEnumerable<string> cells) =>
            output.WriteLine(string.Join("  ", cells.Select((cell, i) => columns[i].Right ? cell.PadLeft(widths[i]) : cell.PadRight(widths[i]))).TrimEnd());
    }

    static string OneLine(string text) => text.AsSpan().ContainsAny("\r\n\t\u001b") ? string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c)) : text;

    static string Cut(string text, int? width) =>
        width is not { } w || text.Length <= w ? text : text[..(char.IsHighSurrogate(text[w - 2]) ? w - 2 : w - 1)] + "…";
}
