using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Bellwether.App.Commands;

/// <summary>A cell: text, a number, or nothing. What is a number is said by who writes it: a ticker 0700 and a form 10 are none.</summary>
/// <param name="Text">As it is written where all is text.</param>
readonly record struct RowCell(string Text, double? Number = null)
{
    public static implicit operator RowCell(string? text) => new(text ?? "");

    public static implicit operator RowCell(double number) => double.IsNaN(number)
        ? new("") : new(number.ToString("R", CultureInfo.InvariantCulture), number);

    public static implicit operator RowCell(double? number) => number is { } value ? value : new RowCell("");

    public static implicit operator RowCell(long? number) => number is { } value
        ? new RowCell(value.ToString(CultureInfo.InvariantCulture), value) : new RowCell("");

    /// <summary>A cell of another file: a number where it reads as one.</summary>
    public static RowCell Read(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
            ? new(text, number) : new(text);

    /// <summary>For people.</summary>
    public string Shown => Number is not { } number ? Text
        : number.ToString(number == 0 || Math.Abs(number) >= 1e-4 ? "0.######" : "0.#####E0", CultureInfo.InvariantCulture);
}

/// <summary>Rows in the form that was asked for; numbers are numbers in JSON, and empty cells null.</summary>
abstract class RowWriter : IAsyncDisposable
{
    public static RowWriter Of(Session session, string format, string[] header) => format switch
    {
        "json" => new JsonRows(session, header),
        "table" => new TableRows(session, header),
        _ => new CsvRows(session, header),
    };

    public abstract void Write(IReadOnlyList<RowCell> cells);

    public abstract ValueTask DisposeAsync();

    sealed class CsvRows : RowWriter
    {
        readonly TextWriter _output;
        readonly StringBuilder _line = new();

        public CsvRows(Session session, string[] header)
        {
            _output = session.Screen.Out;
            Write([.. header.Select(name => new RowCell(name))]);
        }

        public override void Write(IReadOnlyList<RowCell> cells)
        {
            _line.Clear();
            for (var i = 0; i < cells.Count; i++)
            {
                var text = cells[i].Text;
                if (i > 0) _line.Append(',');
                if (text.AsSpan().ContainsAny(",\"\r\n"))
                    _line.Append('"').Append(text.Replace("\"", "\"\"", StringComparison.Ordinal)).Append('"');
                else _line.Append(text);
            }
            _output.Write(_line.Append('\n'));
        }

        public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    sealed class JsonRows : RowWriter
    {
        // What is written is let go of every so often, so that memory does not grow with the answer.
        const int Piece = 1 << 16;

        readonly TextWriter _output;
        readonly MemoryStream _bytes = new();
        readonly Utf8JsonWriter _json;
        readonly string[] _header;

        public JsonRows(Session session, string[] header)
        {
            (_output, _header) = (session.Screen.Out, header);
            _json = new(_bytes, new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
            _json.WriteStartArray();
        }

        public override void Write(IReadOnlyList<RowCell> cells)
        {
            _json.WriteStartObject();
            for (var i = 0; i < cells.Count; i++)
            {
                _json.WritePropertyName(_header[i]);
                if (cells[i].Text.Length == 0) _json.WriteNullValue();
                else if (cells[i].Number is { } number && double.IsFinite(number)) _json.WriteNumberValue(number);
                else _json.WriteStringValue(cells[i].Text);
            }
            _json.WriteEndObject();
            if (_json.BytesPending + _bytes.Length >= Piece) Flush();
        }

        void Flush()
        {
            _json.Flush();
            _output.Write(Encoding.UTF8.GetString(_bytes.GetBuffer(), 0, (int)_bytes.Length));
            _bytes.SetLength(0);
        }

        public override async ValueTask DisposeAsync()
        {
            _json.WriteEndArray();
            Flush();
            await _json.DisposeAsync();
            await _output.WriteLineAsync();
        }
    }

    sealed class TableRows(Session session, string[] header) : RowWriter
    {
        readonly TextTable _table = new([.. header.Select(
            name => new TextColumn(name, Right: name is not ("timestamp" or "type" or "reason" or "source")))]);

        public override void Write(IReadOnlyList<RowCell> cells) => _table.Add([.. cells.Select(c => c.Shown)]);

        public override ValueTask DisposeAsync()
        {
            _table.Write(session.Screen);
            return ValueTask.CompletedTask;
        }
    }
}
