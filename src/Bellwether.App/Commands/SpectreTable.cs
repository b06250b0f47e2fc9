using Spectre.Console;

namespace Bellwether.App.Commands;

/// <summary>Draws a listing on a terminal; apart, so that Spectre is loaded only there.</summary>
static class SpectreTable
{
    public static void Write(IReadOnlyList<TextColumn> columns, IEnumerable<string[]> rows)
    {
        var table = new Table { Border = TableBorder.Rounded };
        foreach (var column in columns)
        {
            var drawn = new Spectre.Console.TableColumn(new Markup($"[bold]{Markup.Escape(column.Title)}[/]")) { NoWrap = column.Width is not null };
            table.AddColumn(column.Right ? drawn.RightAligned() : drawn);
        }
        foreach (var row in rows) table.AddRow(row.Select(Cell));
        AnsiConsole.Write(table);
    }

    static Text Cell(string text)
    {
        var colour = text switch
        {
            "bullish" or "very_bullish" or "ok" => Color.Green,
            "bearish" or "very_bearish" or "missing" => Color.Red,
            "neutral" or "warning" => Color.Yellow,
            _ when ScoreBar.Tell(text) is { } sign => sign > 0 ? Color.Green : Color.Red,
            _ => Color.Default,
        };
        return new(text, new Style(colour));
    }
}
