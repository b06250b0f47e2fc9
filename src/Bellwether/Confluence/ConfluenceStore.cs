using System.Text.Json;
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

    /// <returns>How many were new.</returns>
    public async Task<int> AppendAsync(IReadOnlyList<ConfluenceScore> scores, CancellationToken cancellationToken)
    {
        if (scores.Count == 0) return 0;
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using (var enter = new NpgsqlBatch(connection, transaction) { BatchCommands = { KnowledgeBarrier.Enter() } }) await enter.ExecuteNonQueryAsync(cancellationToken);
        await using var batch = new NpgsqlBatch(connection, transaction);
        foreach (var score in scores) batch.BatchCommands.Add(Row(score));
        var added = await batch.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return added;
    }

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
    internal async Task<ConfluenceScore?> LatestAsync(string symbol, DateTimeOffset at, TimeSpan age, DateTimeOffset knownBy, CancellationToken cancellationToken) =>
        (await ReadAsync(symbol, at - age, at.AddMicroseconds(1), knownBy, cancellationToken, latest: 1)) is [var found] ? found : null;

    /// <summary>Stored scores of a symbol between two times (half-open), each in the newest version known at a moment, oldest first.</summary>
    /// <param name="latest">At most so many, the last ones.</param>
    public async Task<IReadOnlyList<ConfluenceScore>> ReadAsync(
        string symbol, DateTimeOffset from, DateTimeOffset to, DateTimeOffset? knownBy, CancellationToken cancellationToken, int latest = int.MaxValue)
    {
        await using var command = dataSource.CreateCommand("""
            SELECT DISTINCT ON (timestamp) inputs FROM sentiment.confluence_scores
            WHERE symbol = $1 AND timestamp >= $2 AND timestamp < $3 AND ($4::timestamptz IS NULL OR known_at <= $4) AND formula = $5
            ORDER BY timestamp DESC, known_at DESC LIMIT $6
            """);
        command.Parameters.Add(new() { Value = symbol });
        command.Parameters.Add(new() { Value = from.ToUniversalTime() });
        command.Parameters.Add(new() { Value = to.ToUniversalTime() });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset?> { TypedValue = knownBy?.ToUniversalTime() });
        command.Parameters.Add(new() { Value = Analytics.Confluence.ConfluenceFormula.Id });
        command.Parameters.Add(new() { Value = latest });
        var found = new List<ConfluenceScore>();
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken)) found.Add(ConfluenceScore.Of(symbol, ConfluenceInputs.FromJson(row.GetString(0))) with { Recomputed = false });
        found.Reverse();
        return found;
    }
}
