namespace Bellwether.Sentiment.Novelty;

/// <summary>Stretches of time, half-open, in microseconds: what has been read already.</summary>
sealed class TimeCover
{
    readonly List<(long From, long To)> _parts = [];

    /// <summary>All of time.</summary>
    public void AddAll() => Add(long.MinValue, long.MaxValue);

    public void Add(long from, long to)
    {
        if (from >= to) return;
        foreach (var part in _parts)
            if (part.From <= to && from <= part.To) (from, to) = (Math.Min(from, part.From), Math.Max(to, part.To));
        _parts.RemoveAll(part => part.From >= from && part.To <= to);
        _parts.Add((from, to));
        _parts.Sort();
    }

    /// <summary>What of a stretch is not covered, in order.</summary>
    public IEnumerable<(long From, long To)> Missing(long from, long to)
    {
        foreach (var part in _parts)
        {
            if (part.To <= from) continue;
            if (part.From >= to) break;
            if (part.From > from) yield return (from, part.From);
            from = part.To;
        }
        if (from < to) yield return (from, to);
    }

    public void Forget(long before)
    {
        for (var i = _parts.Count - 1; i >= 0; i--)
            if (_parts[i].To <= before) _parts.RemoveAt(i);
            else if (_parts[i].From < before) _parts[i] = (before, _parts[i].To);
    }
}
