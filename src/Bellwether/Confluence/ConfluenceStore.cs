using System.Text.Json;
using Bellwether.Analytics.Confluence;
using Bellwether.Storage;
using Npgsql;
using NpgsqlTypes;

namespace Bellwether.Confluence;

/// <summary>
/// Appends confluence scores. A row is one version: the confluence of a moment as it was known at another one. Nothing is ever changed; saying the same
/// again adds nothing.
/// </summary>
public sealed class ConfluenceStore(NpgsqlDataSource dataSource)
{
    const string Insert = """
        INSERT INTO sentiment.confluence_scores (symbol, timestamp, known_at, confluence_score, directional_bias, confluence_level, confidence, technical_score,
            sentiment_score, options_flow_score, technical_contribution, sentiment_contribution, options_flow_contribution, technical_breakdown, components_used,
            meets_minimum_threshold, meets_high_threshold, volume_trend, formula, inputs)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
        ON CONFLICT (symbol, timestamp, known_at) DO NOTHING
        """;

    readonly VersionTable _versions = new(dataSource, "sentiment.confluence_scores", ConfluenceFormula.Id);

    /// <returns>How many were new.</returns>
    public async Task<int> AppendAsync(IReadOnlyList<ConfluenceScore> scores, CancellationToken cancellationToken) =>
        scores.Count == 0 ? 0 : await _versions.AppendAsync(scores.Select(Row), [], cancellationToken);

    static NpgsqlBatchCommand Row(ConfluenceScore s)
    {
        var command = new NpgsqlBatchCommand(Insert);
        void Add<T>(T value) => command.Parameters.Add(new NpgsqlParameter<T> { TypedValue = value });
        void Json(string value) => command.Parameters.Add(new() { Value = value, NpgsqlDbType = NpgsqlDbType.Jsonb });
        Add(s.Symbol);
        Add(s.Timestamp);
        Add(s.KnownAt);
        Add(s.Score);
        Add(s.DirectionalBias);
        Add(s.ConfluenceLevel);
        Add(s.Confidence);
        Add(s.TechnicalScore);
        Add(s.SentimentScore);
        Add(s.OptionsFlowScore);
        Add(s.TechnicalContribution);
        Add(s.SentimentContribution);
        Add(s.OptionsFlowContribution);
        Json(JsonSerializer.Serialize(s.TechnicalBreakdown, ConfluenceJson.Default.IReadOnlyListTechnicalReading));
        Json(JsonSerializer.Serialize(s.ComponentsUsed, ConfluenceJson.Default.IReadOnlyListString));
        Add(s.MeetsMinimumThreshold);
        Add(s.MeetsHighThreshold);
        Add(s.VolumeTrend);
        Add(s.Formula);
        Json(s.Inputs.ToJson());
        return command;
    }

    /// <summary>The stored version nearest before a moment, or of it, by what was known at another one; null where none is at most so old.</summary>
    internal async Task<ConfluenceScore?> LatestAsync(
        string symbol, DateTimeOffset at, TimeSpan age, DateTimeOffset knownBy, CancellationToken cancellationToken) =>
        await _versions.LatestAsync(symbol, at, age, knownBy, cancellationToken) is { } inputs ? Of(symbol, inputs) : null;

    /// <summary>Stored scores of a symbol between two times (half-open), each in the newest version known at a moment, oldest first.</summary>
    /// <param name="latest">At most so many, the last ones.</param>
    public async Task<IReadOnlyList<ConfluenceScore>> ReadAsync(string symbol, DateTimeOffset from, DateTimeOffset to,
        DateTimeOffset? knownBy, CancellationToken cancellationToken, int latest = int.MaxValue) =>
        [.. (await _versions.ReadAsync(symbol, from, to, knownBy, latest, cancellationToken)).Select(inputs => Of(symbol, inputs))];

    static ConfluenceScore Of(string symbol, string inputs) =>
        ConfluenceScore.Of(symbol, ConfluenceInputs.FromJson(inputs)) with { Recomputed = false };
}
