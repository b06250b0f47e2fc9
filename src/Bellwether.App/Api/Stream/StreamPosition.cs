using System.Globalization;
using Bellwether.Events;

namespace Bellwether.App.Api.Stream;

/// <summary>
/// How far a client has come: the offset to read next in every partition of the topic, joined by dots. It is the id of a stream event, so
/// that a client can resume anywhere, on any process of the desk.
/// </summary>
sealed class StreamPosition
{
    readonly long[] _next;

    StreamPosition(long[] next) => _next = next;

    public static StreamPosition Of(IEnumerable<PartitionState> states) =>
        new([.. states.OrderBy(s => s.Partition).Select(s => s.NextOffset)]);

    /// <summary>Null when the text is no id of a topic with so many partitions.</summary>
    public static StreamPosition? Parse(string text, int partitions)
    {
        var parts = text.Split('.');
        if (parts.Length != partitions) return null;
        var next = new long[partitions];
        for (var i = 0; i < next.Length; i++)
            if (!long.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out next[i])) return null;
        return new(next);
    }

    public StreamPosition Copy() => new([.. _next]);

    public int Partitions => _next.Length;

    public IReadOnlyList<PartitionOffset> Offsets => [.. _next.Select((n, p) => new PartitionOffset(p, n))];

    /// <summary>Moves behind a record; false when it was passed before.</summary>
    public bool Pass(int partition, long offset)
    {
        if (offset < _next[partition]) return false;
        _next[partition] = offset + 1;
        return true;
    }

    public void Set(int partition, long next) => _next[partition] = next;

    public void Skip(int partition, long to) => _next[partition] = Math.Max(_next[partition], to);

    /// <summary>Records between here and there.</summary>
    public long Behind(StreamPosition other)
    {
        var behind = 0L;
        for (var i = 0; i < _next.Length; i++) behind += Math.Max(0, other._next[i] - _next[i]);
        return behind;
    }

    public override string ToString() => string.Join('.', _next.Select(n => n.ToString(CultureInfo.InvariantCulture)));
}
