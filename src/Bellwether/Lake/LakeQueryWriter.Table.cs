using System.Buffers;
using System.Globalization;
using System.Text;
using Bellwether.Engines.DuckDb;

namespace Bellwether.Lake;

public static partial class LakeQueryWriter
{
    const int MaxWidth = 48;
    const int MeasuredRows = 1000;

    /// <summary>Column widths come from the first thousand rows; the rest is fitted into them, so an answer of any length streams.</summary>
    static async Task<long> WriteTableAsync(LakeQuery query, Stream output, CancellationToken cancellationToken)
    {
        var buffer = new ArrayBufferWriter<byte>(FlushBytes * 2);
        var columns = query.Columns;
        var pending = new List<string[]>();
        int[]? widths = null;
        var rows = 0L;
        while (await query.ReadChunkAsync(cancellationToken).ConfigureAwait(false))
            for (var row = 0; row < query.RowCount; row++, rows++)
            {
                var cells = new string[columns.Count];
                for (var i = 0; i < cells.Length; i++) cells[i] = Cell(query.Vector(i), row);
                if (widths is null)
                {
                    pending.Add(cells);
                    if (pending.Count == MeasuredRows) widths = WriteHead();
                    continue;
                }
                WriteLine(buffer, cells, columns, widths);
                await FlushAsync(buffer, output, force: false, cancellationToken).ConfigureAwait(false);
            }
        if (widths is null) WriteHead();
        await FlushAsync(buffer, output, force: true, cancellationToken).ConfigureAwait(false);
        return rows;

        int[] WriteHead()
        {
            var names = columns.Select(column => Printable(column.Name)).ToArray();
            var measured = names.Select((name, i) => Math.Min(MaxWidth, pending.Select(cells => Width(cells[i])).Append(Width(name)).Max())).ToArray();
            WriteLine(buffer, names, columns, measured);
            Encoding.UTF8.GetBytes(string.Join("  ", measured.Select(width => new string('─', width))) + "\n", buffer);
            foreach (var cells in pending) WriteLine(buffer, cells, columns, measured);
            return measured;
        }
    }

    static string Cell(in DuckDbVector vector, int row) => vector.IsNull(row) ? "NULL" : Printable(vector.Text(row)!);

    static void WriteLine(ArrayBufferWriter<byte> output, string[] cells, IReadOnlyList<DuckDbColumn> columns, int[] widths)
    {
        var line = new StringBuilder();
        for (var i = 0; i < cells.Length; i++)
        {
            if (i > 0) line.Append("  ");
            var cell = Fit(cells[i], widths[i]);
            var padding = widths[i] - Width(cell);
            if (IsNumber(columns[i].Type.Type)) line.Append(' ', padding).Append(cell);
            else line.Append(cell).Append(' ', padding);
        }
        Encoding.UTF8.GetBytes(line.ToString().TrimEnd(' ') + "\n", output);
    }

    static bool IsNumber(DuckDbType type) =>
        type is (>= DuckDbType.TinyInt and <= DuckDbType.Double) or DuckDbType.HugeInt or DuckDbType.UHugeInt or DuckDbType.Decimal;

    // One line a row, and nothing that a terminal would obey.
    static string Printable(string text)
    {
        if (!text.Any(c => char.IsControl(c))) return text;
        return string.Create(text.Length, text, (span, source) =>
        {
            for (var i = 0; i < span.Length; i++) span[i] = char.IsControl(source[i]) ? source[i] is '\n' or '\r' or '\t' ? ' ' : '\uFFFD' : source[i];
        });
    }

    static string Fit(string text, int width)
    {
        if (Width(text) <= width) return text;
        var kept = new StringBuilder();
        var used = 0;
        foreach (var element in Elements(text))
        {
            var next = ElementWidth(element);
            if (used + next > width - 1) break;
            kept.Append(element);
            used += next;
        }
        return kept.Append('…').ToString();
    }

    static int Width(string text)
    {
        var width = 0;
        foreach (var element in Elements(text)) width += ElementWidth(element);
        return width;
    }

    static IEnumerable<string> Elements(string text)
    {
        var elements = StringInfo.GetTextElementEnumerator(text);
        while (elements.MoveNext()) yield return elements.GetTextElement();
    }

    // East Asian wide characters and pictographs take two cells.
    static int ElementWidth(string element) => element[0] < 0x1100 ? 1 : char.ConvertToUtf32(element.EnsurePaired(), 0) switch
    {
        <= 0x115F or (>= 0x2E80 and <= 0xA4CF) or (>= 0xAC00 and <= 0xD7A3) or (>= 0xF900 and <= 0xFAFF) or (>= 0xFE30 and <= 0xFE6F)
            or (>= 0xFF00 and <= 0xFF60) or (>= 0xFFE0 and <= 0xFFE6) or (>= 0x1F300 and <= 0x1FAFF) or (>= 0x20000 and <= 0x3FFFD) => 2,
        _ => 1,
    };

    static string EnsurePaired(this string element) => char.IsSurrogate(element[0]) && element.Length < 2 ? "\uFFFD" : element;
}
