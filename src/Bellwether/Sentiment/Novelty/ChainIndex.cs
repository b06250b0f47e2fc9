namespace Bellwether.Sentiment.Novelty;

/// <summary>The first result of a story: what later ones are compared with.</summary>
/// <param name="Micros">Its time, microseconds since 1970 UTC.</param>
/// <param name="Chain">The story.</param>
/// <param name="KnownMicros">Since when it is known.</param>
sealed record StoryHead(TextSketch Sketch, long Micros, string ArticleId, string Chain, long KnownMicros)
{
    // Of equally good ones the earliest, so that the answer does not depend on the order in which they came in here.
    public bool ComesBefore(StoryHead other) => Micros != other.Micros ? Micros < other.Micros : string.CompareOrdinal(ArticleId, other.ArticleId) < 0;
}

/// <summary>The stories of one ticker by the bands of their sketches. Not thread-safe.</summary>
sealed class ChainIndex
{
    // So many are looked through one by one, which is as fast and takes less memory.
    const int Few = 64;

    readonly List<StoryHead> _heads = [];
    readonly HashSet<string> _chains = new(StringComparer.Ordinal);
    readonly List<(int Head, int Next)> _links = [];
    Dictionary<uint, int>? _buckets;

    public int Count => _heads.Count;

    public IReadOnlyList<StoryHead> Heads => _heads;

    /// <summary>The story that a text repeats, of those known at a moment; null where it is new.</summary>
    public StoryHead? Find(TextSketch sketch, long micros, long knownMicros, long windowMicros)
    {
        var (found, best) = ((StoryHead?)null, 0.0);
        if (_buckets is null)
        {
            foreach (var head in _heads) Try(head);
            return found;
        }
        foreach (var key in sketch.BandKeys)
            for (var link = _buckets.GetValueOrDefault(key, -1); link >= 0; link = _links[link].Next) Try(_heads[_links[link].Head]);
        return found;

        void Try(StoryHead head)
        {
            if (ReferenceEquals(head, found) || head.KnownMicros > knownMicros || Math.Abs(head.Micros - micros) > windowMicros || !head.Sketch.SharesBand(sketch)) return;
            var likeness = StoryRule.Likeness(head.Sketch, sketch);
            if (likeness > best || likeness == best && found is not null && head.ComesBefore(found)) (found, best) = (head, likeness);
        }
    }

    /// <returns>Whether it was not there yet.</returns>
    public bool Add(StoryHead head)
    {
        if (!_chains.Add(head.Chain)) return false;
        _heads.Add(head);
        if (_buckets is not null) Link(_heads.Count - 1);
        else if (_heads.Count > Few)
        {
            _buckets = [];
            for (var i = 0; i < _heads.Count; i++) Link(i);
        }
        return true;
    }

    /// <summary>Forgets what happened before a time; returns how many stories that were.</summary>
    public int Forget(long beforeMicros)
    {
        StoryHead[] kept = [.. _heads.Where(head => head.Micros >= beforeMicros)];
        var forgotten = _heads.Count - kept.Length;
        if (forgotten == 0) return 0;
        _heads.Clear();
        _chains.Clear();
        _links.Clear();
        _buckets = null;
        foreach (var head in kept) Add(head);
        return forgotten;
    }

    void Link(int head)
    {
        foreach (var key in _heads[head].Sketch.BandKeys)
        {
            _links.Add((head, _buckets!.GetValueOrDefault(key, -1)));
            _buckets![key] = _links.Count - 1;
        }
    }
}
