using System.Runtime.InteropServices;

namespace Bellwether.Sentiment.Novelty;

/// <summary>The first result of a story: what later ones are compared with.</summary>
/// <param name="Micros">Its time, microseconds since 1970 UTC.</param>
/// <param name="Chain">The story.</param>
/// <param name="KnownMicros">Since when it is known.</param>
sealed record StoryHead(TextSketch Sketch, long Micros, string ArticleId, string Chain, long KnownMicros)
{
    // Of equally good ones the earliest, so that the answer does not depend on the order in which they came in here.
    public bool ComesBefore(StoryHead other) =>
        Micros != other.Micros ? Micros < other.Micros : string.CompareOrdinal(ArticleId, other.ArticleId) < 0;
}

/// <summary>The stories of one ticker by the bands of their sketches. Not thread-safe.</summary>
sealed class ChainIndex
{
    // So many are looked through one by one, which is faster and takes less memory.
    const int Few = 256;

    // Of a feed that fills in one form again and again very many share a band. Those that share a rare one are looked at first: it holds what
    // is a text's own, such as its numbers.
    const int MostCompared = 16, MostPassed = 1_024;

    readonly List<StoryHead> _heads = [];
    readonly List<Entry> _entries = [];
    readonly HashSet<string> _chains = new(StringComparer.Ordinal);
    readonly List<(int Head, int Next)> _links = [];
    Dictionary<uint, (int Link, int Count)>? _buckets;

    // What tells most of them off, side by side in memory: 64 bytes.
    struct Entry
    {
        public TextGist Gist;
        public long Micros, KnownMicros;
    }

    public int Count => _heads.Count;

    public IReadOnlyList<StoryHead> Heads => _heads;

    /// <summary>The story that a text repeats, of those known at a moment, and how alike they are; null where it is new.</summary>
    public (StoryHead? Head, double Likeness) Find(TextSketch sketch, long micros, long knownMicros, long windowMicros)
    {
        var (found, best) = ((StoryHead?)null, 0.0);
        var own = sketch.Gist;
        var entries = CollectionsMarshal.AsSpan(_entries);
        if (_buckets is null)
        {
            for (var i = 0; i < entries.Length; i++)
                if (IsNear(entries[i]) && StoryRule.MayRepeat(entries[i].Gist, own) && _heads[i].Sketch.SharesBand(sketch)) Try(_heads[i]);
            return (found, best);
        }
        Span<(int Count, int Link)> bands = stackalloc (int, int)[TextSketch.Bands];
        var filled = 0;
        foreach (var key in sketch.BandKeys)
            if (_buckets.TryGetValue(key, out var bucket)) bands[filled++] = (bucket.Count, bucket.Link);
        bands[..filled].Sort();
        Span<int> compared = stackalloc int[MostCompared];
        var (count, passed) = (0, 0);
        foreach (var (_, first) in bands[..filled])
            for (var link = first; link >= 0 && count < MostCompared && passed++ < MostPassed; link = _links[link].Next)
            {
                var place = _links[link].Head;
                ref var entry = ref entries[place];
                if (!IsNear(entry) || compared[..count].Contains(place)) continue;
                compared[count++] = place;
                if (StoryRule.MayRepeat(entry.Gist, own)) Try(_heads[place]);
            }
        return (found, best);

        bool IsNear(in Entry head) =>
            head.KnownMicros <= knownMicros && Math.Abs(head.Micros - micros) <= windowMicros;

        void Try(StoryHead head)
        {
            var likeness = StoryRule.Likeness(head.Sketch, sketch);
            if (likeness > best || likeness == best && found is not null && head.ComesBefore(found)) (found, best) = (head, likeness);
        }
    }

    /// <returns>Whether it was not there yet.</returns>
    public bool Add(StoryHead head)
    {
        if (!_chains.Add(head.Chain)) return false;
        _heads.Add(head);
        _entries.Add(new() { Gist = head.Sketch.Gist, Micros = head.Micros, KnownMicros = head.KnownMicros });
        if (_buckets is not null) Link(_heads.Count - 1);
        else if (_heads.Count > Few)
        {
            _buckets = new(_heads.Count * TextSketch.Bands * 2);
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
        _entries.Clear();
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
            var (link, count) = _buckets!.GetValueOrDefault(key, (-1, 0));
            _links.Add((head, link));
            _buckets![key] = (_links.Count - 1, count + 1);
        }
    }
}
