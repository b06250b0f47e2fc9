using System.Runtime.InteropServices;

namespace Bellwether.Sentiment.Novelty;

/// <summary>The first result of a story that a text repeats.</summary>
/// <param name="Chain">The story.</param>
/// <param name="Micros">Its time, microseconds since 1970 UTC.</param>
readonly record struct StoryHead(ulong Chain, long Micros)
{
    // Of equally good ones the earliest, so that the answer does not depend on the order in which they came in here.
    public bool ComesBefore(StoryHead other) => Micros != other.Micros ? Micros < other.Micros : Chain < other.Chain;
}

/// <summary>A story that begins: what later results are compared with.</summary>
/// <param name="KnownMicros">Since when it is known.</param>
readonly record struct NewStory(TextSketch Sketch, long Micros, ulong Chain, long KnownMicros);

/// <summary>
/// The stories of one ticker by the bands of their sketches. Everything lies side by side in a few arrays: an object for each story would
/// be copied and looked at by the garbage collector again and again. Not thread-safe.
/// </summary>
sealed class ChainIndex
{
    // So many are looked through one by one, which is faster and takes less memory.
    const int Few = 256;

    // Of a feed that fills in one form again and again very many share a band. Those that share a rare one are looked at first: it holds what
    // is a text's own, such as its numbers.
    const int MostCompared = 16, MostPassed = 1_024;

    const int Bands = TextSketch.Bands;

    List<Entry> _entries = [];
    List<Story> _stories = [];
    List<uint> _features = [];
    List<uint> _bandKeys = [];

    // For each band of each story the next one that shares its key; those that share one begin with the newest, at Link.
    readonly List<int> _next = [];
    Dictionary<uint, (int Link, int Count)>? _buckets;

    // What tells most of them off: 64 bytes.
    struct Entry
    {
        public TextGist Gist;
        public long Micros, KnownMicros;
    }

    struct Story
    {
        public SketchFacts Facts;
        public ulong Chain;
        public int Start, Count;
    }

    public int Count => _entries.Count;

    /// <summary>The story that a text repeats, of those known at a moment, and how alike they are; null where it is new.</summary>
    public (StoryHead? Head, double Likeness) Find(TextSketch sketch, long micros, long knownMicros, long windowMicros)
    {
        var (found, best) = ((StoryHead?)null, 0.0);
        var own = sketch.Gist;
        var view = sketch.View;
        var entries = CollectionsMarshal.AsSpan(_entries);
        if (_buckets is null)
        {
            for (var i = 0; i < entries.Length; i++)
                if (IsNear(entries[i]) && StoryRule.MayRepeat(entries[i].Gist, own) && TextSketch.ShareBand(BandKeysOf(i), sketch.BandKeys)) Try(i, view);
            return (found, best);
        }
        Span<(int Count, int Link)> bands = stackalloc (int, int)[Bands];
        var filled = 0;
        foreach (var key in sketch.BandKeys)
            if (_buckets.TryGetValue(key, out var bucket)) bands[filled++] = (bucket.Count, bucket.Link);
        bands[..filled].Sort();
        Span<int> compared = stackalloc int[MostCompared];
        var (count, passed) = (0, 0);
        foreach (var (_, first) in bands[..filled])
            for (var link = first; link >= 0 && count < MostCompared && passed++ < MostPassed; link = _next[link])
            {
                var place = link / Bands;
                ref var entry = ref entries[place];
                if (!IsNear(entry) || compared[..count].Contains(place)) continue;
                compared[count++] = place;
                if (StoryRule.MayRepeat(entry.Gist, own)) Try(place, view);
            }
        return (found, best);

        bool IsNear(in Entry entry) => entry.KnownMicros <= knownMicros && Math.Abs(entry.Micros - micros) <= windowMicros;

        void Try(int place, in SketchView text)
        {
            ref var story = ref CollectionsMarshal.AsSpan(_stories)[place];
            var likeness = StoryRule.Likeness(new(FeaturesOf(story), story.Facts), text);
            var head = new StoryHead(story.Chain, _entries[place].Micros);
            if (likeness > best || likeness == best && found is { } other && head.ComesBefore(other)) (found, best) = (head, likeness);
        }
    }

    /// <summary>Adds a story. One that is added twice, as two commits that overlap may do, changes no answer.</summary>
    public void Add(in NewStory story)
    {
        var sketch = story.Sketch;
        Append(new() { Gist = sketch.Gist, Micros = story.Micros, KnownMicros = story.KnownMicros },
            new() { Facts = sketch.View.Facts, Chain = story.Chain }, sketch.View.Features, sketch.BandKeys);
        if (_buckets is not null) Link(Count - 1);
        else if (Count > Few) LinkAll();
    }

    /// <summary>The time of the latest story; the earliest of all times where there is none.</summary>
    public long LatestMicros()
    {
        var latest = long.MinValue;
        foreach (ref var entry in CollectionsMarshal.AsSpan(_entries)) latest = Math.Max(latest, entry.Micros);
        return latest;
    }

    /// <summary>Forgets what happened before a time.</summary>
    public void Forget(long beforeMicros)
    {
        if (!_entries.Exists(entry => entry.Micros < beforeMicros)) return;
        var (entries, stories, features, bandKeys) = (_entries, _stories, _features, _bandKeys);
        (_entries, _stories, _features, _bandKeys, _buckets) = ([], [], [], [], null);
        for (var i = 0; i < entries.Count; i++)
            if (entries[i].Micros >= beforeMicros)
                Append(entries[i], stories[i], CollectionsMarshal.AsSpan(features).Slice(stories[i].Start, stories[i].Count),
                    CollectionsMarshal.AsSpan(bandKeys).Slice(i * Bands, Bands));
        if (Count > Few) LinkAll();
    }

    ReadOnlySpan<uint> FeaturesOf(in Story story) => CollectionsMarshal.AsSpan(_features).Slice(story.Start, story.Count);

    ReadOnlySpan<uint> BandKeysOf(int place) => CollectionsMarshal.AsSpan(_bandKeys).Slice(place * Bands, Bands);

    void Append(Entry entry, Story story, ReadOnlySpan<uint> features, ReadOnlySpan<uint> bandKeys)
    {
        (story.Start, story.Count) = (_features.Count, features.Length);
        _entries.Add(entry);
        _stories.Add(story);
        _features.AddRange(features);
        _bandKeys.AddRange(bandKeys);
    }

    void LinkAll()
    {
        _next.Clear();
        _buckets = new(Count * Bands * 2);
        for (var place = 0; place < Count; place++) Link(place);
    }

    void Link(int place)
    {
        foreach (var key in BandKeysOf(place))
        {
            ref var bucket = ref CollectionsMarshal.GetValueRefOrAddDefault(_buckets!, key, out var isThere);
            _next.Add(isThere ? bucket.Link : -1);
            bucket = (_next.Count - 1, bucket.Count + 1);
        }
    }
}
