using Bellwether.Analytics.Aggregation;
using Bellwether.Analytics.Decay;
using Bellwether.Storage;

namespace Bellwether.Sentiment.Aggregation;

/// <summary>A mention with all that decides what it weighs, and since when.</summary>
/// <param name="Account">What was known of the account that wrote it, oldest first; empty for an unknown one.</param>
readonly record struct Mention(
    DateTimeOffset Timestamp, DateTimeOffset KnownAt, string Source, string? Provider, double Score, double Weight, IReadOnlyList<(DateTimeOffset KnownAt, double Weight)> Account)
{
    /// <summary>All rows about the same thing, this one too: a later one that is known takes its place. Null where nothing can.</summary>
    public IReadOnlyList<(DateTimeOffset At, DateTimeOffset KnownAt)>? Rivals { get; init; }

    public bool IsReplaced(DateTimeOffset at, DateTimeOffset knownBy)
    {
        if (Rivals is null) return false;
        foreach (var rival in Rivals)
            if (rival.At <= at && rival.KnownAt <= knownBy && (rival.At, rival.KnownAt).CompareTo((Timestamp, KnownAt)) > 0) return true;
        return false;
    }
}

/// <summary>
/// What may count for one symbol over a stretch of time, held in memory: any moment of the stretch is computed from it, with no more than what
/// was known at another one.
/// </summary>
public sealed class SymbolEvidence
{
    static readonly TimeSpan Day = TimeSpan.FromDays(1);

    readonly string _symbol;
    readonly Mention[] _mentions;
    readonly AggregationOptions _options;

    /// <param name="mentions">In order of time.</param>
    internal SymbolEvidence(string symbol, IEnumerable<Mention> mentions, AggregationOptions options) => (_symbol, _mentions, _options) = (symbol, [.. mentions], options);

    public bool IsEmpty => _mentions.Length == 0;

    /// <summary>How far back something may count.</summary>
    internal static TimeSpan Reach(AggregationOptions options) => (TimeSpan)(options.Window > Day * (options.BaselineDays + 1) ? options.Window : Day * (options.BaselineDays + 1));

    /// <summary>Whether nothing of it can count at a moment.</summary>
    internal bool IsEmptyAt(DateTimeOffset at) => !_mentions.Any(m => m.Timestamp >= at - Reach(_options) && m.Timestamp <= at);

    /// <param name="at">The moment that it is the sentiment of.</param>
    /// <param name="knownBy">What became known later does not count.</param>
    public AggregatedSentiment At(DateTimeOffset at, DateTimeOffset knownBy)
    {
        var (moment, limit) = (at.ToMicroseconds(), knownBy.ToMicroseconds());
        var window = Known(moment - _options.Window, moment, limit);
        return AggregatedSentiment.Of(_symbol, new(
            moment, limit, _options.HalfLifeSeconds, _options.Window.TotalSeconds, _options.Pool,
            [.. SentimentSource.All.Select(source => Input(source, window, moment))], DailyMentions(moment, limit),
            [.. window.Where(m => m.Provider is not null).GroupBy(m => m.Provider!).OrderByDescending(g => g.Count()).ThenBy(g => g.Key, StringComparer.Ordinal).Select(g => g.Key)]));
    }

    /// <summary>Each source that was heard in windows of several lengths, all ending at the moment.</summary>
    public IEnumerable<SymbolSentiment> BySource(DateTimeOffset at, DateTimeOffset knownBy, IEnumerable<TimeSpan> windows)
    {
        var (moment, limit) = (at.ToMicroseconds(), knownBy.ToMicroseconds());
        foreach (var length in windows)
        {
            var window = Known(moment - length, moment, limit);
            foreach (var source in SentimentSource.All)
            {
                var input = Input(source, window, moment);
                if (input.Mentions == 0) continue;
                var error = input.Evidence.StandardError;
                yield return new(_symbol, source, moment, moment - length, limit, input.Sentiment, input.Effective / (input.Effective + _options.HalfWeight),
                    input.Effective >= _options.LeastMentions && input.Sentiment is { } score ? SentimentLevel.Of(score) : null,
                    input.Mentions, input.Weight, input.Effective, double.IsFinite(error) ? error : null);
            }
        }
    }

    SourceInput Input(string source, IReadOnlyList<Mention> window, DateTimeOffset at)
    {
        var own = window.Where(m => m.Source == source).ToArray();
        var scores = new WeightedScore[own.Length];
        for (var i = 0; i < own.Length; i++) scores[i] = new(own[i].Score, own[i].Weight * AccountWeight(own[i], at), Micros(own[i].Timestamp));
        return SourceInput.Of(source, _options.Reliability.Of(source), SourceEvidence.Of(scores, _options.HalfLifeSeconds, Micros(at)), own.Length == 0 ? null : own[^1].Timestamp);
    }

    // By the moment itself, not by what is known since: what outcomes taught later must not tell the past whom to trust.
    static double AccountWeight(in Mention mention, DateTimeOffset at)
    {
        for (var i = mention.Account.Count - 1; i >= 0; i--)
            if (mention.Account[i].KnownAt <= at) return mention.Account[i].Weight;
        return 1;
    }

    /// <summary>From the first day on that has a mention: before it nobody may have listened.</summary>
    long[] DailyMentions(DateTimeOffset at, DateTimeOffset knownBy)
    {
        var days = new long[_options.BaselineDays + 1];
        foreach (var mention in Known(at - days.Length * Day, at, knownBy))
            if (mention.Source != SentimentSource.Options) days[^(1 + (int)((at - mention.Timestamp) / Day))]++;
        var first = Array.FindIndex(days, count => count > 0);
        return first < 0 ? [] : days[first..];
    }

    /// <summary>After a start, up to an end.</summary>
    List<Mention> Known(DateTimeOffset after, DateTimeOffset upTo, DateTimeOffset knownBy)
    {
        var known = new List<Mention>();
        for (var i = FirstAfter(after); i < _mentions.Length && _mentions[i].Timestamp <= upTo; i++)
            if (_mentions[i].KnownAt <= knownBy && !_mentions[i].IsReplaced(upTo, knownBy)) known.Add(_mentions[i]);
        return known;
    }

    int FirstAfter(DateTimeOffset time)
    {
        var (low, high) = (0, _mentions.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_mentions[middle].Timestamp <= time) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    static long Micros(DateTimeOffset time) => (time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;
}
