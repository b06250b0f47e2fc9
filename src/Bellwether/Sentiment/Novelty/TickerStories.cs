namespace Bellwether.Sentiment.Novelty;

/// <summary>
/// The stories of one ticker that this process remembers: all of the stretches of time that it covers, as of a revision of the ticker's
/// state. The revision grows with every result, so that it tells whether another process stored some meanwhile.
/// </summary>
sealed class TickerStories(long revision)
{
    // Below it nothing is forgotten one by one.
    const int Many = 1_024;

    readonly Dictionary<long, (long To, IReadOnlyList<NewStory> Stories)> _ahead = [];
    int _trimAt = Many;

    public ChainIndex Index { get; } = new();

    public TimeCover Cover { get; } = new();

    public long Revision { get; private set; } = revision;

    /// <summary>When it was last used.</summary>
    public long Used { get; set; }

    /// <summary>Takes what a commit stored. Two commits of this process may report in another order than they were made in.</summary>
    public void Learn(long from, long to, IReadOnlyList<NewStory> stories)
    {
        if (to <= Revision) return;
        _ahead[from] = (to, stories);
        while (_ahead.Remove(Revision, out var next))
        {
            foreach (var story in next.Stories) Index.Add(story);
            Revision = next.To;
        }
    }

    /// <summary>Of a ticker with very many stories those are forgotten that nothing new can repeat.</summary>
    /// <param name="always">Also of one with few.</param>
    public void Trim(long windowMicros, bool always)
    {
        if (Index.Count == 0 || !always && Index.Count < _trimAt) return;
        // Half a window for what comes late; what comes later still is compared with what is read again.
        var before = Index.LatestMicros() - windowMicros * 3 / 2;
        Index.Forget(before);
        Cover.Forget(before);
        _trimAt = Math.Max(Many, Index.Count * 2);
    }
}
