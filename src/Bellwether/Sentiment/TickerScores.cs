using Bellwether.Events;
using Bellwether.Feeds;

namespace Bellwether.Sentiment;

/// <summary>What texts say of single tickers, where they name several.</summary>
static class TickerScores
{
    /// <summary>By index of the event: scores of those of its tickers that its text names, if it names two or more securities.</summary>
    public static async Task<Dictionary<int, IReadOnlyDictionary<string, SentimentScore>>> OfAsync(
        IEntitySentimentModel model, IReadOnlyList<(LogEntry Entry, EventEnvelope Envelope)> events, CancellationToken cancellationToken)
    {
        var (asked, texts) = (new List<(int Event, string Ticker)>(), new List<EntityText>());
        for (var i = 0; i < events.Count; i++)
        {
            var envelope = events[i].Envelope;
            if (envelope.Tickers.Count < 2) continue;
            var mentions = TickerExtractor.Default.Mentions(envelope.Text);
            if (mentions.Select(m => m.Symbol).Distinct(StringComparer.Ordinal).Count() < 2) continue;
            foreach (var ticker in envelope.Tickers)
            {
                var own = mentions.Where(m => m.Symbol == ticker).Select(SpanOf).ToArray();
                if (own.Length == 0) continue;
                asked.Add((i, ticker));
                texts.Add(new(envelope.Text, own, [.. mentions.Where(m => m.Symbol != ticker).Select(SpanOf)]));
            }
        }
        var found = new Dictionary<int, IReadOnlyDictionary<string, SentimentScore>>();
        if (texts.Count == 0) return found;
        var scores = await model.ScoreEntitiesAsync(texts, cancellationToken);
        foreach (var same in asked.Select((a, i) => (a.Event, a.Ticker, Score: scores[i])).GroupBy(a => a.Event))
            found[same.Key] = same.ToDictionary(a => a.Ticker, a => a.Score, StringComparer.Ordinal);
        return found;
    }

    static TextSpan SpanOf(TickerMention mention) => new(mention.Start, mention.Length);
}
