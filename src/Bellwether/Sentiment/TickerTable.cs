using System.Text.Json;
using Npgsql;
using NpgsqlTypes;

namespace Bellwether.Sentiment;

/// <summary>The stored states of tickers, inside the transaction that changes them.</summary>
static class TickerTable
{
    const string LockTickers = $"SELECT {TickerState.Columns} FROM sentiment.ticker_sentiment WHERE ticker = ANY($1) ORDER BY ticker COLLATE \"C\" FOR UPDATE";

    /// <summary>
    /// Reads the states for update. A ticker never seen gets an empty row first, so that two workers cannot both start one. Rows are made in
    /// the tickers' order and then all locked in that order, so that no two workers wait for each other.
    /// </summary>
    public static async Task<Dictionary<string, TickerState>> LockAsync(
        NpgsqlConnection connection, string[] tickers, double halfLifeSeconds, DateTimeOffset known, CancellationToken cancellationToken)
    {
        var states = new Dictionary<string, TickerState>(tickers.Length, StringComparer.Ordinal);
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                new("""
                    INSERT INTO sentiment.ticker_sentiment (ticker, revision, half_life_seconds, buckets, weighted_sums, weight_sums, score, weight,
                        count, model_counts, latest_timestamp, latest_article_id, last_updated)
                    SELECT ticker, 0, $2, '{}', '{}', '{}', 0, 0, 0, '{}', '-infinity', '', $3 FROM unnest($1::text[]) AS n(ticker)
                    WHERE NOT EXISTS (SELECT FROM sentiment.ticker_sentiment AS t WHERE t.ticker = n.ticker)
                    ORDER BY ticker COLLATE "C" ON CONFLICT DO NOTHING
                    """) { Parameters = { new() { Value = tickers }, new() { Value = halfLifeSeconds }, new() { Value = known } } },
                new(LockTickers) { Parameters = { new() { Value = tickers } } },
            },
        };
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var state = TickerState.Read(reader);
            states[state.Ticker] = state;
        }
        return states;
    }

    /// <summary>Writes states whose rows are locked.</summary>
    /// <param name="known">When they were last updated.</param>
    public static async Task UpdateAsync(NpgsqlConnection connection, TickerState[] rows, DateTimeOffset known, CancellationToken cancellationToken)
    {
        await using var update = new NpgsqlCommand("""
            UPDATE sentiment.ticker_sentiment AS t SET revision = n.revision, buckets = n.buckets::bigint[], weighted_sums = n.weighted_sums::bigint[],
                weight_sums = n.weight_sums::bigint[], score = n.score, weight = n.weight, count = n.count, model_counts = n.model_counts,
                latest_timestamp = n.latest_timestamp, latest_article_id = n.latest_article_id, article_title = n.article_title,
                source_url = n.source_url, text_preview = n.text_preview, last_updated = $14
            FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::float8[], $7::float8[], $8::jsonb[], $9::timestamptz[],
                $10::text[], $11::text[], $12::text[], $13::text[], $15::bigint[]) AS n(ticker, revision, buckets, weighted_sums, weight_sums, score,
                weight, model_counts, latest_timestamp, latest_article_id, article_title, source_url, text_preview, count)
            WHERE t.ticker = n.ticker
            """, connection);
        void Add<T>(Func<TickerState, T> value) => update.Parameters.Add(new NpgsqlParameter<T[]> { TypedValue = [.. rows.Select(value)] });
        Add(s => s.Ticker);
        Add(s => s.Revision);
        Add(s => ArrayText(s.Sums.Buckets));
        Add(s => ArrayText(s.Sums.WeightedSums));
        Add(s => ArrayText(s.Sums.WeightSums));
        Add(s => s.Sums.Score);
        Add(s => s.Sums.Weight);
        update.Parameters.Add(new()
        {
            Value = rows.Select(s => JsonSerializer.Serialize(s.ModelCounts)).ToArray(),
            NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Jsonb,
        });
        Add(s => s.LatestTimestamp.UtcDateTime);
        Add(s => s.LatestArticleId);
        Add(s => s.ArticleTitle);
        Add(s => s.SourceUrl);
        Add(s => s.TextPreview);
        update.Parameters.Add(new() { Value = known });
        Add(s => s.Sums.Count);
        await update.ExecuteNonQueryAsync(cancellationToken);
    }

    static string ArrayText(long[] values) => $"{{{string.Join(',', values)}}}";
}
