using System.Text;
using Confluent.Kafka;

namespace Bellwether.Events.Kafka;

/// <summary>Records as the client library has them, and as the event log has them.</summary>
sealed class KafkaRecords(string topic, TimeProvider time)
{
    static readonly IReadOnlyDictionary<string, string> None = new Dictionary<string, string>();

    // A producer that stamps seconds or microseconds, as if they were milliseconds, falls out of this.
    static readonly DateTimeOffset Earliest = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);
    static readonly TimeSpan ClockSkew = TimeSpan.FromDays(1);

    // Events of one run carry the same headers: what equals the record before is shared with it.
    Headers? _lastRaw;
    IReadOnlyDictionary<string, string> _last = None;

    public static IDeserializer<string> Key { get; } = new Utf8Key();

    public static Message<string, byte[]> MessageOf(LogRecord record) => new()
    {
        Key = record.Key,
        Value = System.Runtime.InteropServices.MemoryMarshal.TryGetArray(record.Value, out var whole) && whole.Offset == 0 && whole.Count == whole.Array!.Length
            ? whole.Array
            : record.Value.ToArray(),
        Headers = HeadersOf(record.Headers),
    };

    static Headers? HeadersOf(IReadOnlyDictionary<string, string>? headers)
    {
        if (headers is not { Count: > 0 }) return null;
        var all = new Headers();
        foreach (var (name, value) in headers) all.Add(name, Encoding.UTF8.GetBytes(value));
        return all;
    }

    /// <summary>
    /// Takes every record, whatever another program wrote: one that was left out would look like a gap, and be gone. A key or header that
    /// PostgreSQL could not keep is made so that it can; a moment that cannot be is the present one.
    /// </summary>
    public LogEntry EntryOf(ConsumeResult<string, byte[]> result) => new(
        topic, result.Partition.Value, result.Offset.Value, Storable(result.Message.Key ?? ""), result.Message.Value ?? [], HeadersOf(result.Message.Headers),
        AppendedAt(result.Message.Timestamp));

    DateTimeOffset AppendedAt(Timestamp timestamp)
    {
        var now = time.GetUtcNow();
        if (timestamp.Type == TimestampType.NotAvailable) return now;
        var milliseconds = timestamp.UnixTimestampMs;
        return milliseconds >= Earliest.ToUnixTimeMilliseconds() && milliseconds <= (now + ClockSkew).ToUnixTimeMilliseconds()
            ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds)
            : now;
    }

    // PostgreSQL keeps no NUL in a text.
    static string Storable(string text) => text.Replace('\0', '\uFFFD');

    IReadOnlyDictionary<string, string> HeadersOf(Headers? raw)
    {
        if (raw is not { Count: > 0 }) return None;
        if (_lastRaw is { } last && Same(raw, last)) return _last;
        var headers = new Dictionary<string, string>(raw.Count, StringComparer.Ordinal);
        // Kafka allows a name twice; the last one counts.
        foreach (var header in raw) headers[Storable(header.Key)] = header.GetValueBytes() is { } value ? Storable(Encoding.UTF8.GetString(value)) : "";
        (_lastRaw, _last) = (raw, headers);
        return headers;
    }

    static bool Same(Headers a, Headers b)
    {
        if (a.Count != b.Count) return false;
        for (var i = 0; i < a.Count; i++)
            if (a[i].Key != b[i].Key || !a[i].GetValueBytes().AsSpan().SequenceEqual(b[i].GetValueBytes())) return false;
        return true;
    }

    /// <summary>A record of another program may have no key.</summary>
    sealed class Utf8Key : IDeserializer<string>
    {
        public string Deserialize(ReadOnlySpan<byte> data, bool isNull, SerializationContext context) => isNull ? "" : Encoding.UTF8.GetString(data);
    }
}
