using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Bellwether.Feeds;

/// <summary>
/// The fields of one record on their way to an envelope: which value carries which meaning, and all of them for the raw payload.
/// Reused from record to record; values are only borrowed.
/// </summary>
sealed class FieldBag : IDisposable
{
    readonly Slot[] _slots = new Slot[KnownFields.Count];
    readonly List<Entry> _entries = [];
    readonly ArrayBufferWriter<byte> _rawBytes = new(1024);
    readonly Utf8JsonWriter _raw;
    int _filled;

    public FieldBag() => _raw = new Utf8JsonWriter(_rawBytes, new JsonWriterOptions
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    });

    /// <summary>Items of a ticker array; null when tickers came as text or not at all.</summary>
    public List<string>? TickerItems { get; set; }

    /// <summary>Markup is to be expected in titles too, as in RSS.</summary>
    public bool Markup { get; set; }

    public void Clear()
    {
        if (_filled != 0) Array.Clear(_slots);
        _filled = 0;
        _entries.Clear();
        TickerItems = null;
        Markup = false;
    }

    public ReadOnlySpan<char> this[Field field] => _slots[(int)field].Value.Span;

    public bool Has(Field field) => (_filled & 1 << (int)field) != 0;

    public FieldMeaning MeaningOf(Field field) => _slots[(int)field].Meaning;

    /// <summary>The user mapped a column to this field.</summary>
    public bool IsMapped(Field field) => Has(field) && _slots[(int)field].Meaning.Rank == 0;

    /// <summary>Adds a text value; one that is blank counts as missing, but stays in the raw payload.</summary>
    public void Add(string name, ReadOnlyMemory<char> value, in FieldMeaning meaning)
    {
        Offer(meaning, value, _entries.Count);
        _entries.Add(new Entry(name, value, default));
    }

    /// <summary>Adds a value that means nothing to the normaliser.</summary>
    public void AddRaw(string name, ReadOnlyMemory<char> value) => _entries.Add(new Entry(name, value, default));

    /// <summary>Adds a JSON value for the raw payload.</summary>
    public void AddRaw(string name, in JsonElement value) => _entries.Add(new Entry(name, default, value));

    /// <summary>Gives a field a value that is not an entry of its own in the raw payload.</summary>
    public void Offer(in FieldMeaning meaning, ReadOnlyMemory<char> value, int entry = -1)
    {
        ref var slot = ref _slots[(int)meaning.Field];
        if (value.Span.IsWhiteSpace() || Has(meaning.Field) && slot.Meaning.Rank <= meaning.Rank) return;
        slot = new Slot(value, meaning, entry);
        _filled |= 1 << (int)meaning.Field;
    }

    /// <summary>Adds a JSON value of the record together with its text.</summary>
    public void Add(string name, in JsonElement value, ReadOnlyMemory<char> text, in FieldMeaning meaning)
    {
        Offer(meaning, text, _entries.Count);
        AddRaw(name, value);
    }

    /// <summary>The record as JSON without the entries of those fields; null when nothing is left.</summary>
    public string? RawWithout(params ReadOnlySpan<Field> verbatim)
    {
        _rawBytes.ResetWrittenCount();
        _raw.Reset(_rawBytes);
        _raw.WriteStartObject();
        var count = 0;
        for (var i = 0; i < _entries.Count; i++)
        {
            if (IsVerbatim(i, verbatim)) continue;
            var entry = _entries[i];
            if (entry.Json.ValueKind == JsonValueKind.Undefined) WriteText(entry.Name, entry.Value.Span);
            else
            {
                _raw.WritePropertyName(PlainText.Clean(entry.Name));
                JsonText.WriteClean(_raw, entry.Json);
            }
            count++;
        }
        _raw.WriteEndObject();
        _raw.Flush();
        return count == 0 ? null : Encoding.UTF8.GetString(_rawBytes.WrittenSpan);
    }

    void WriteText(string name, ReadOnlySpan<char> value)
    {
        _raw.WritePropertyName(name);
        if (value.Contains('\0') || value.ContainsAnyInRange('\uD800', '\uDFFF')) _raw.WriteStringValue(PlainText.Clean(value));
        else _raw.WriteStringValue(value);
    }

    bool IsVerbatim(int entry, ReadOnlySpan<Field> fields)
    {
        foreach (var field in fields)
            if (Has(field) && _slots[(int)field].Entry == entry) return true;
        return false;
    }

    public void Dispose() => _raw.Dispose();

    readonly record struct Slot(ReadOnlyMemory<char> Value, FieldMeaning Meaning, int Entry);

    readonly record struct Entry(string Name, ReadOnlyMemory<char> Value, JsonElement Json);
}
