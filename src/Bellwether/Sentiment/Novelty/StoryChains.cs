using System.Buffers.Binary;
using System.Globalization;
using Npgsql;

namespace Bellwether.Sentiment.Novelty;

/// <summary>What a result adds to what is known of its ticker.</summary>
/// <param name="ChainId">The story, the same for all that tell it.</param>
/// <param name="Weight">1 for the first, less for repeats.</param>
public readonly record struct NoveltyOf(string ChainId, double Weight);

/// <summary>A result that a chain and a weight are wanted for.</summary>
readonly record struct NewResult(string Ticker, Guid Key, DateTimeOffset Timestamp, TextSketch Sketch);

/// <summary>
/// Finds what results repeat, as they are stored. A result repeats a story if it is nearly the same as the first result of that story, of
/// the same ticker, not further away in time than the window, and known before: stored in an earlier transaction, or before it in the same
/// batch. What is decided is stored and never changed, so that no later knowledge alters an answer about an earlier moment.
/// </summary>
public sealed partial class StoryChains(NoveltyOptions options)
{
    readonly StoryMemory _memory = new(options);
    readonly long _window = options.Window.Ticks / TimeSpan.TicksPerMicrosecond;

    /// <summary>Name of the story that begins with a result: the first 16 hexadecimal digits of the result's key, a hash, which tell nothing of
    /// the article.</summary>
    public static string ChainOf(Guid key) => NameOf(NumberOf(key));

    static ulong NumberOf(Guid key)
    {
        Span<byte> bytes = stackalloc byte[16];
        key.TryWriteBytes(bytes, bigEndian: true, out _);
        return BinaryPrimitives.ReadUInt64BigEndian(bytes);
    }

    static string NameOf(ulong chain) => chain.ToString("x16", CultureInfo.InvariantCulture);

    static bool TryChain(string name, out ulong chain) => ulong.TryParse(name, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out chain);

    /// <summary>Decides about results that are about to be stored.</summary>
    /// <param name="connection">In the transaction that stores them.</param>
    /// <param name="known">Since when they are known.</param>
    internal async Task<Decision> DecideAsync(
        NpgsqlConnection connection, IReadOnlyList<NewResult> results, DateTimeOffset known, CancellationToken cancellationToken)
    {
        var decision = new Decision(new NoveltyOf[results.Count]);
        if (results.Count == 0) return decision;
        var byTicker = Enumerable.Range(0, results.Count).GroupBy(i => results[i].Ticker, StringComparer.Ordinal).ToArray();
        var revisions = await RevisionsAsync(connection, [.. byTicker.Select(g => g.Key)], cancellationToken);
        var wanted = new List<(string Ticker, long From, long To)>();
        var stories = new Dictionary<string, TickerStories>(StringComparer.Ordinal);
        using (_memory.Enter())
            foreach (var group in byTicker)
            {
                stories[group.Key] = _memory.Of(group.Key, revisions.GetValueOrDefault(group.Key));
                wanted.AddRange(Stretches(group.Select(i => TickerState.MicrosOf(results[i].Timestamp)))
                    .SelectMany(s => stories[group.Key].Cover.Missing(s.From, s.To)).Select(s => (group.Key, s.From, s.To)));
            }
        var stored = wanted.Count == 0 ? [] : await ReadAsync(connection, wanted, cancellationToken);
        using (_memory.Enter())
        {
            // The newest comes last, as where they were learned one by one.
            foreach (var (ticker, story) in Enumerable.Reverse(stored)) stories[ticker].Index.Add(story);
            _memory.Read(stored.Count);
            foreach (var (ticker, from, to) in wanted) stories[ticker].Cover.Add(from, to);
            foreach (var group in byTicker) Decide(stories[group.Key], results, group, TickerState.MicrosOf(known), decision);
        }
        return decision;
    }

    /// <summary>Remembers what was decided, once it is committed.</summary>
    /// <param name="revisions">Of the tickers' states after the commit.</param>
    internal void Learn(Decision decision, IEnumerable<(string Ticker, long Revision)> revisions)
    {
        using (_memory.Enter())
            foreach (var (ticker, revision) in revisions)
                if (decision.Added.TryGetValue(ticker, out var added))
                    _memory.Learn(ticker, revision - added.Results, revision, added.Stories);
    }

    void Decide(TickerStories stories, IReadOnlyList<NewResult> results, IGrouping<string, int> own, long known, Decision decision)
    {
        // In the order of the log, which is that of every run over the same log, wherever batches end.
        var (fresh, started) = (new ChainIndex(), new List<NewStory>());
        foreach (var i in own)
        {
            var (result, micros) = (results[i], TickerState.MicrosOf(results[i].Timestamp));
            var (before, likeness) = stories.Index.Find(result.Sketch, micros, known, _window);
            var (now, nearer) = fresh.Find(result.Sketch, micros, known, _window);
            // The best of both: it must not matter where a batch ended.
            var first = before is not { } head || nearer > likeness || nearer == likeness && now!.Value.ComesBefore(head) ? now : before;
            if (first is { } repeated) decision.Results[i] = new(NameOf(repeated.Chain), options.RepeatWeight);
            else
            {
                var story = new NewStory(result.Sketch, micros, NumberOf(result.Key), known);
                fresh.Add(story);
                started.Add(story);
                decision.Results[i] = new(ChainOf(result.Key), 1);
            }
        }
        decision.Added[own.Key] = (own.Count(), started);
    }

    /// <summary>Where what results repeat can lie; times far from each other apart.</summary>
    IEnumerable<(long From, long To)> Stretches(IEnumerable<long> times)
    {
        (long From, long To)? run = null;
        foreach (var time in times.Order())
        {
            if (run is { } done && time - _window > done.To) yield return done;
            run = (run is { } open && time - _window <= open.To ? open.From : time - _window, time + _window + 1);
        }
        if (run is { } last) yield return last;
    }

    /// <summary>What was decided about results, by their places, and which stories began with them.</summary>
    internal sealed record Decision(NoveltyOf[] Results)
    {
        public Dictionary<string, (int Results, IReadOnlyList<NewStory> Stories)> Added { get; } = new(StringComparer.Ordinal);
    }
}
