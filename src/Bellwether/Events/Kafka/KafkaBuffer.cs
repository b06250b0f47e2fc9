namespace Bellwether.Events.Kafka;

/// <summary>A stretch of offsets that a partition does not have: between them lie marks of transactions, or what compaction has removed.</summary>
readonly record struct OffsetGap(int Partition, long From, long To);

/// <summary>
/// What has come from the brokers and was not handed out yet, with the next offset to hand out of each owned partition. Entries of
/// partitions that are not owned, or from before a position, are let fall. Not thread-safe.
/// </summary>
sealed class KafkaBuffer
{
    readonly Queue<LogEntry> _entries = new();
    readonly Dictionary<int, long> _positions = [];
    readonly Dictionary<int, long> _ends = [];

    public int Count => _entries.Count;

    public long Bytes { get; private set; }

    public int[] Partitions => [.. _positions.Keys];

    /// <summary>Records that are not handed out yet, as far as the brokers have told.</summary>
    public long Lag
    {
        get
        {
            var lag = 0L;
            foreach (var (partition, position) in _positions) lag += Math.Max(0, _ends.GetValueOrDefault(partition) - position);
            return lag;
        }
    }

    public void Add(LogEntry entry)
    {
        _entries.Enqueue(entry);
        Bytes += entry.Value.Length;
        End(entry.Partition, entry.Offset + 1);
    }

    /// <summary>The offset behind the newest record of a partition, as it was told.</summary>
    public void End(int partition, long end) => _ends[partition] = Math.Max(end, _ends.GetValueOrDefault(partition));

    /// <summary>Begins anew at these positions; what waits of these partitions is let fall.</summary>
    public void Own(IReadOnlyCollection<PartitionOffset> positions)
    {
        Disown([.. positions.Select(p => p.Partition)]);
        foreach (var (partition, offset) in positions) _positions[partition] = offset;
    }

    public void Disown(IReadOnlyCollection<int> partitions)
    {
        foreach (var partition in partitions)
        {
            _positions.Remove(partition);
            _ends.Remove(partition);
        }
        for (var left = _entries.Count; left > 0; left--)
        {
            var entry = _entries.Dequeue();
            if (_positions.ContainsKey(entry.Partition)) _entries.Enqueue(entry);
            else Bytes -= entry.Value.Length;
        }
    }

    /// <summary>
    /// Takes the next entries, each where its partition's position stands. Before a gap the batch ends: it stays whole on both sides.
    /// </summary>
    /// <param name="gap">Set when the very next entry lies behind a gap and nothing could be taken.</param>
    public IReadOnlyList<LogEntry> Take(int maxRecords, long maxBytes, out OffsetGap? gap)
    {
        gap = null;
        var taken = new List<LogEntry>(Math.Min(maxRecords, _entries.Count));
        var bytes = 0L;
        while (taken.Count < maxRecords && bytes < maxBytes && _entries.TryPeek(out var entry))
        {
            if (_positions.TryGetValue(entry.Partition, out var position) && entry.Offset >= position)
            {
                if (entry.Offset > position)
                {
                    if (taken.Count == 0) gap = new(entry.Partition, position, entry.Offset);
                    break;
                }
                _positions[entry.Partition] = position + 1;
                taken.Add(entry);
                bytes += entry.Value.Length;
            }
            _entries.Dequeue();
            Bytes -= entry.Value.Length;
        }
        return taken;
    }

    /// <summary>Moves a position over a gap, if it still stands before it.</summary>
    public void Skip(OffsetGap gap)
    {
        if (_positions.TryGetValue(gap.Partition, out var position) && position == gap.From) _positions[gap.Partition] = gap.To;
    }
}
