namespace Bellwether.Events;

/// <summary>
/// Which partitions a member is still working on: those of its batches that are neither acknowledged nor given back. As a caller may poll one
/// batch ahead, a batch that nobody acknowledges counts as done at the second poll after the one that brought it.
/// </summary>
sealed class BatchesInHand
{
    readonly Lock _sync = new();
    readonly List<(long Poll, int Partition, long End)> _open = [];
    TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    long _poll;

    public int[] Partitions
    {
        get { lock (_sync) return [.. _open.Select(o => o.Partition).Distinct()]; }
    }

    /// <summary>The caller asks for its next batch.</summary>
    public void Polled()
    {
        lock (_sync)
        {
            _poll++;
            End(o => o.Poll < _poll - 1);
        }
    }

    /// <summary>A batch goes to the caller.</summary>
    public void Handed(IReadOnlyList<LogEntry> entries)
    {
        lock (_sync)
            foreach (var move in ConsumerOffsets.MovesOf(entries)) _open.Add((_poll, move.Partition, move.To));
    }

    public void Acknowledged(IReadOnlyList<PartitionOffset> next)
    {
        lock (_sync) End(o => next.Any(n => n.Partition == o.Partition && n.Offset >= o.End));
    }

    /// <summary>Everything was given back: rolled back, or the member leaves.</summary>
    public void Returned()
    {
        lock (_sync) End(_ => true);
    }

    void End(Predicate<(long Poll, int Partition, long End)> done)
    {
        if (_open.RemoveAll(done) == 0) return;
        _changed.TrySetResult();
        _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>Completes at the next end of a batch when one of these partitions is in hand; null when none is.</summary>
    public Task? Ending(IReadOnlyCollection<int> partitions)
    {
        lock (_sync) return _open.Exists(o => partitions.Contains(o.Partition)) ? _changed.Task : null;
    }
}
