using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Bellwether.App.Commands;

/// <summary>Rows of text cells in the form that was asked for; numbers are numbers in JSON, and empty cells null.</summary>
abstract class RowWriter : IAsyncDisposable
{
    public static RowWriter Of(Session session, string format, string[] header) => format switch
    {
        "json" => new JsonRows(session, header),
        "table" => new TableRows(session, header),
        _ => new CsvRows(session, header),
    };

    public abstract void Write(IReadOnlyList<string> cells);

    public abstract ValueTask DisposeAsync();

    sealed class CsvRows : RowWriter
    {
        readonly TextWriter _output;
        readonly StringBuilder _line = new();

        public CsvRows(Session session, string[] header)
        {
            _output = session.Screen.Out;
            Write(header);
        }

        public override void Write(IReadOnlyList<string> cells)
        {
            _line.Clear();
            for (var i = 0; i < cells.Count; i++)
            {
                if (i > 0) _line.Append(',');
                if (cells[i].AsSpan().ContainsAny(",\"\r\n")) _line.Append('"').Append(cells[i].Replace("\"", "\"\"", StringComparison.Ordinal)).Append('"');
                else _line.Append(cells[i]);
            }
            _output.Write(_line.Append('\n'));
        }

        public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    sealed class JsonRows : RowWriter
    {
        readonly Session _session;
        readonly MemoryStream _bytes = new();
        readonly Utf8JsonWriter _json;
        readonly string[] _header;

        public JsonRows(Session session, string[] header)
        {
            (_session, _header, _json) = (session, header, new(_bytes, new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));
            _json.WriteStartArray();
        }

        public override void Write(IReadOnlyList<string> cells)
        {
            _json.WriteStartObject();
            for (var i = 0; i < cells.Count; i++)
            {
                _json.WritePropertyName(_header[i]);
                if (cells[i].Length == 0) _json.WriteNullValue();
                else if (double.TryParse(cells[i], NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)) _json.WriteNumberValue(number);
                else _json.WriteStringValue(cells[i]);
            }
            _json.WriteEndObject();
        }

        public override async ValueTask DisposeAsync()
        {
            _json.WriteEndArray();
            await _json.DisposeAsync();
            _session.Screen.Out.WriteLine(Encoding.UTF8.GetString(_bytes.ToArray()));
        }
    }

    sealed class TableRows(Session session, string[] header) : RowWriter
    {
        readonly TextTable _table = new([.. header.Select(name => new TextColumn(name, Right: name is not ("timestamp" or "type" or "reason" or "source")))]);

        public override void Write(IReadOnlyList<string> cells) =>
            _table.Add([.. cells.Select(c => double.TryParse(c, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number.ToString("0.######", CultureInfo.InvariantCulture) : c)]);

        public override ValueTask DisposeAsync()
        {
            _table.Write(session.Screen);
            return ValueTask.CompletedTask;
        }
    }
}
