namespace Bellwether.Sentiment.Novelty;

/// <summary>The stories of all tickers that this process remembers. What it has forgotten is read again; under one lock.</summary>
sealed class StoryMemory(NoveltyOptions options)
{
    readonly Dictionary<string, TickerStories> _tickers = new(StringComparer.Ordinal);
    readonly long _window = options.Window.Ticks / TimeSpan.TicksPerMicrosecond;
    readonly Lock _lock = new();
    long _clock;
    int _known;

    /// <summary>To be held whenever stories are looked at or changed.</summary>
    public Lock.Scope Enter() => _lock.EnterScope();

    /// <summary>The stories of a ticker as of a revision; empty ones where those remembered are of another.</summary>
    public TickerStories Of(string ticker, long revision)
    {
        if (!_tickers.TryGetValue(ticker, out var stories) || stories.Revision != revision)
        {
            _tickers[ticker] = stories = new(revision);
            // Nothing was ever stored of it.
            if (revision == 0) stories.Cover.AddAll();
        }
        stories.Used = ++_clock;
        return stories;
    }

    /// <summary>So many stories were read into the tickers.</summary>
    public void Read(int heads) => _known += heads;

    public void Learn(string ticker, long from, long to, IReadOnlyList<NewStory> started)
    {
        if (!_tickers.TryGetValue(ticker, out var stories)) return;
        stories.Learn(from, to, started);
        stories.Trim(_window, always: false);
        if ((_known += started.Count) > options.MostRemembered) Shrink();
    }

    /// <summary>Forgets the tickers that were not used for longest, until a quarter of the room is free.</summary>
    void Shrink()
    {
        foreach (var stories in _tickers.Values) stories.Trim(_window, always: true);
        _known = _tickers.Values.Sum(stories => stories.Index.Count);
        foreach (var (ticker, stories) in _tickers.OrderBy(t => t.Value.Used).ToArray())
        {
            if (_known <= options.MostRemembered / 4 * 3) return;
            _known -= stories.Index.Count;
            _tickers.Remove(ticker);
        }
    }
}
