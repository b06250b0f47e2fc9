using System.Text.Json;
using Bellwether.Storage;
using Npgsql;
using NpgsqlTypes;

namespace Bellwether.Sentiment.Aggregation;

/// <summary>
/// Appends aggregates. A row is one version: the sentiment of a moment as it was known at another one. Nothing is ever changed; saying the same again
/// adds nothing.
/// </summary>
public sealed class AggregateStore(NpgsqlDataSource dataSource)
{
    /// <summary>Windows of the rows by source.</summary>
    public static IReadOnlyList<TimeSpan> Windows { get; } = [TimeSpan.FromHours(1), TimeSpan.FromDays(1), TimeSpan.FromDays(7)];

    const string Aggregates = """
        INSERT INTO sentiment.aggregated_sentiments (symbol, timestamp, known_at, unified_sentiment, confidence, sentiment_level, source_count, provider_count,
            total_mention_count, divergence_detected, divergence_score, divergence_p_value, volume_trend, volume_z, twitter_sentiment, reddit_sentiment,
            news_sentiment, options_flow_sentiment, source_breakdown, providers_used, effective_mentions, standard_error, formula, inputs)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24)
        ON CONFLICT (symbol, timestamp, known_at) DO NOTHING
        """;

    const string Sources = """
        INSERT INTO sentiment.symbol_sentiments (symbol, source, timestamp, window_start, window_end, sentiment, confidence, level, mention_count, weight, formula,
            known_at, effective_mentions, standard_error)
        VALUES ($1, $2, $3, $4, $3, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        ON CONFLICT (symbol, source, window_start, window_end, known_at) DO NOTHING
        """;

    readonly VersionTable _versions = new(dataSource, "sentiment.aggregated_sentiments", AggregatedSentiment.FormulaId);

    /// <returns>How many aggregates were new.</returns>
    public async Task<int> AppendAsync(
        IReadOnlyList<AggregatedSentiment> aggregates, IEnumerable<SymbolSentiment> sources, CancellationToken cancellationToken) =>
        aggregates.Count == 0 ? 0 : await _versions.AppendAsync(aggregates.Select(Row), sources.Select(Row), cancellationToken);

    static NpgsqlBatchCommand Row(AggregatedSentiment a)
    {
        var command = new NpgsqlBatchCommand(Aggregates);
        void Add<T>(T value) => command.Parameters.Add(new NpgsqlParameter<T> { TypedValue = value });
        void Json(string value) => command.Parameters.Add(new() { Value = value, NpgsqlDbType = NpgsqlDbType.Jsonb });
        Add(a.Symbol);
        Add(a.Timestamp);
        Add(a.KnownAt);
        Add(a.UnifiedSentiment);
        Add(a.Confidence);
        Add(a.SentimentLevel);
        Add(a.SourceCount);
        Add(a.ProviderCount);
        Add(a.TotalMentionCount);
        Add(a.DivergenceDetected);
        Add(a.DivergenceScore);
        Add(a.DivergencePValue);
        Add(a.VolumeTrend);
        Add(a.VolumeZ);
        Add(a.TwitterSentiment);
        Add(a.RedditSentiment);
        Add(a.NewsSentiment);
        Add(a.OptionsFlowSentiment);
        Json(JsonSerializer.Serialize(a.SourceBreakdown, AggregationJson.Default.IReadOnlyDictionaryStringDouble));
        Json(JsonSerializer.Serialize(a.ProvidersUsed, AggregationJson.Default.IReadOnlyListString));
        Add(a.EffectiveMentions);
        Add(a.StandardError);
        Add(a.Formula);
        Json(a.Inputs.ToJson());
        return command;
    }

    static NpgsqlBatchCommand Row(SymbolSentiment s)
    {
        var command = new NpgsqlBatchCommand(Sources);
        void Add<T>(T value) => command.Parameters.Add(new NpgsqlParameter<T> { TypedValue = value });
        Add(s.Symbol);
        Add(s.Source);
        Add(s.Timestamp);
        Add(s.WindowStart);
        Add(s.Sentiment);
        Add(s.Confidence);
        Add(s.Level);
        Add(s.MentionCount);
        Add(s.Weight);
        Add(Analytics.Aggregation.SourceEvidence.Formula);
        Add(s.KnownAt);
        Add(s.EffectiveMentions);
        Add(s.StandardError);
        return command;
    }

    /// <summary>The stored version nearest before a moment, or of it, by what was known at another one; null where none is at most so old.</summary>
    internal async Task<AggregatedSentiment?> LatestAsync(
        string symbol, DateTimeOffset at, TimeSpan age, DateTimeOffset knownBy, CancellationToken cancellationToken) =>
        await _versions.LatestAsync(symbol, at, age, knownBy, cancellationToken) is { } inputs ? Of(symbol, inputs) : null;

    /// <summary>Stored aggregates of a symbol between two times (half-open), each in the newest version known at a moment, oldest first.</summary>
    /// <param name="latest">At most so many, the last ones.</param>
    public async Task<IReadOnlyList<AggregatedSentiment>> ReadAsync(string symbol, DateTimeOffset from, DateTimeOffset to,
        DateTimeOffset? knownBy, CancellationToken cancellationToken, int latest = int.MaxValue) =>
        [.. (await _versions.ReadAsync(symbol, from, to, knownBy, latest, cancellationToken)).Select(inputs => Of(symbol, inputs))];

    static AggregatedSentiment Of(string symbol, string inputs) =>
        AggregatedSentiment.Of(symbol, AggregateInputs.FromJson(inputs)) with { Recomputed = false };
}
