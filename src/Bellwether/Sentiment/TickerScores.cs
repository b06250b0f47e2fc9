using Bellwether.Feeds;

namespace Bellwether.Sentiment;

/// <summary>What texts say of single tickers, where they name several securities.</summary>
static class TickerScores
{
    /// <summary>Scores of entities; null where they cannot be had, and the scores of whole texts stand.</summary>
    public delegate ValueTask<IReadOnlyList<SentimentScore>?> Ask(IReadOnlyList<EntityText> texts, CancellationToken cancellationToken);

    /// <summary>By index of the event: scores of those of its tickers that its text names, if it names two or more securities.</summary>
    public static async Task<Dictionary<int, IReadOnlyDictionary<string, SentimentScore>>> OfAsync(
        Ask ask, IReadOnlyList<EventEnvelope> events, CancellationToken cancellationToken)
    {
        var (asked, texts) = (new List<(int Event, string Ticker)>(), new List<EntityText>());
        for (var i = 0; i < events.Count; i++)
        {
            var envelope = events[i];
            if (!NamesSeveral(envelope, out var mentions)) continue;
            foreach (var ticker in envelope.Tickers)
            {
                var own = mentions.Where(m => m.Symbol == ticker).Select(SpanOf).ToArray();
                if (own.Length == 0) continue;
                asked.Add((i, ticker));
                texts.Add(new(envelope.Text, own, [.. mentions.Where(m => m.Symbol != ticker).Select(SpanOf)]));
            }
        }
        var found = new Dictionary<int, IReadOnlyDictionary<string, SentimentScore>>();
        if (texts.Count == 0 || await ask(texts, cancellationToken) is not { } scores) return found;
        foreach (var same in asked.Select((a, i) => (a.Event, a.Ticker, Score: scores[i])).GroupBy(a => a.Event))
            found[same.Key] = same.ToDictionary(a => a.Ticker, a => a.Score, StringComparer.Ordinal);
        return found;
    }

    /// <summary>Whether the text names several securities, one of the event's tickers among them.</summary>
    public static bool TellsApart(EventEnvelope envelope) =>
        NamesSeveral(envelope, out var mentions) && envelope.Tickers.Any(t => mentions.Any(m => m.Symbol == t));

    // Also where the event has one ticker: what the text says of another company is not said of it.
    static bool NamesSeveral(EventEnvelope envelope, out IReadOnlyList<TickerMention> mentions)
    {
        mentions = envelope.Tickers.Count == 0 ? [] : TickerExtractor.Default.Mentions(envelope.Text);
        for (var i = 1; i < mentions.Count; i++)
            if (mentions[i].Symbol != mentions[0].Symbol) return true;
        return false;
    }

    static TextSpan SpanOf(TickerMention mention) => new(mention.Start, mention.Length);
}
