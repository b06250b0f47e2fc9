using Bellwether.Market.Features;
using Bellwether.Sentiment.Aggregation;

namespace Bellwether.Confluence;

/// <summary>Sentiment and confluence as columns of a table for training: of each row exactly what was known at its moment.</summary>
public static class ConfluenceColumns
{
    static readonly (string Name, Func<AggregatedSentiment, double?> Value)[] Sentiment =
    [
        ("unified_sentiment", a => a.UnifiedSentiment), ("sentiment_confidence", a => a.Confidence), ("effective_mentions", a => Heard(a.EffectiveMentions)), ("divergence_score", a => a.DivergenceScore),
        ("volume_z", a => a.VolumeZ), ("twitter_sentiment", a => a.TwitterSentiment), ("reddit_sentiment", a => a.RedditSentiment), ("news_sentiment", a => a.NewsSentiment),
        ("options_flow_sentiment", a => a.OptionsFlowSentiment),
    ];

    static readonly (string Name, Func<ConfluenceScore, double?> Value)[] Confluence =
    [
        ("confluence_score", c => c.Score), ("directional_bias", c => c.DirectionalBias), ("confluence_confidence", c => Heard(c.Confidence)), ("technical_score", c => c.TechnicalScore),
        ("sentiment_score", c => c.SentimentScore), ("options_flow_score", c => c.OptionsFlowScore),
    ];

    /// <summary>Names that stand for all columns of their kind.</summary>
    public const string AllSentiment = "sentiment", AllConfluence = "confluence";

    public static IReadOnlyList<string> Names { get; } = [.. Sentiment.Select(c => c.Name), .. Confluence.Select(c => c.Name)];

    // Whether nothing at all is known, or nothing lately, would tell of what is still to come in the range.
    static double? Heard(double value) => value > 0 ? value : null;

    /// <exception cref="FormatException">There is no such column.</exception>
    public static MatrixColumns Of(ConfluenceReader reader, IEnumerable<string> names)
    {
        string[] wanted = [.. names.SelectMany(name => name switch
        {
            AllSentiment => Sentiment.Select(c => c.Name),
            AllConfluence => Confluence.Select(c => c.Name),
            _ when Names.Contains(name) => [name],
            _ => throw new FormatException($"there is no column '{name}'; there are {AllSentiment} and {AllConfluence} for all of a kind, and {string.Join(", ", Names)}"),
        }).Distinct()];
        var (aggregates, scores) = (Sentiment.Where(c => wanted.Contains(c.Name)).ToArray(), Confluence.Where(c => wanted.Contains(c.Name)).ToArray());
        return new([.. aggregates.Select(c => c.Name), .. scores.Select(c => c.Name)], async (symbol, first, last, cancellationToken) =>
        {
            var evidence = await reader.LoadAsync(symbol, first, last, last, cancellationToken);
            return moment =>
            {
                var aggregate = aggregates.Length == 0 || evidence.Sentiment.IsEmpty ? null : evidence.Sentiment.At(moment, moment);
                var score = scores.Length == 0 || evidence.IsEmpty ? null : evidence.At(moment, moment);
                return [.. aggregates.Select(c => aggregate is null ? double.NaN : c.Value(aggregate) ?? double.NaN), .. scores.Select(c => score is null ? double.NaN : c.Value(score) ?? double.NaN)];
            };
        });
    }
}
