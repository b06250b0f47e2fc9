using Bellwether.Analytics.Aggregation;
using Bellwether.Storage;
using Npgsql;

namespace Bellwether.Sentiment.Aggregation;

/// <param name="Username">Null where the platform names none.</param>
public sealed record InfluencerWeight(string Platform, string AccountId, string? Username, double Weight, long Hits, long Trials);

/// <param name="Outcomes">Days of accounts that had an outcome.</param>
/// <param name="Changed">Weights that are new or others than before.</param>
public sealed record LearnedWeights(long Outcomes, int Accounts, int Changed, double PriorMean, double PriorStrength,
    IReadOnlyList<InfluencerWeight> Weights);

/// <summary>
/// Learns how far accounts are to be believed: all that one wrote of a symbol in a day is one call, right where the symbol moved that way
/// from the next open over the horizon. The call of a day on which a symbol was mentioned a hundred times by one account is still one.
/// </summary>
public sealed class InfluencerLearning(NpgsqlDataSource dataSource, TimeProvider time)
{
    // Calls nearer to neutral than this are none.
    const double LeastScore = 0.05;

    // From the first bar after the day of the call to the one that many bars later, each in the version known at the moment; only where the
    // second one had begun by then. Where a split tells the shares of the two apart, it would be taken for a move.
    const string Calls = """
        WITH calls AS (
            SELECT i.id, a.symbol, date_trunc('day', a.created_at, 'UTC') AS day, avg(a.sentiment) AS sentiment
            FROM ({0}) AS a JOIN sentiment.influencers i ON i.platform = a.platform AND i.account_id = a.account
            WHERE a.processed_at <= $1
            GROUP BY i.id, a.symbol, day
            HAVING abs(avg(a.sentiment)) >= $2),
        bars AS (
            SELECT DISTINCT ON (ticker, date) ticker, date, open_price,
                greatest((date AT TIME ZONE 'UTC')::date,
                    CASE WHEN splits_in_prices THEN coalesce(loaded_on, (known_at AT TIME ZONE 'America/New_York')::date) END) AS shares
            FROM market.price_history
            WHERE bar_interval = '1d' AND known_at <= $1 AND ticker IN (SELECT symbol FROM calls) ORDER BY ticker, date, known_at DESC),
        steps AS (
            SELECT ticker, date, open_price, lead(date, $3) OVER w AS end_date, lead(open_price, $3) OVER w AS end_price,
                   shares, lead(shares, $3) OVER w AS end_shares, lag(date) OVER w AS before
            FROM bars WINDOW w AS (PARTITION BY ticker ORDER BY date))
        SELECT c.id, (s.end_price > s.open_price) = (c.sentiment > 0)
        FROM calls c JOIN steps s ON s.ticker = c.symbol AND s.date > c.day AND s.before <= c.day
        WHERE s.end_price IS NOT NULL AND s.end_price <> s.open_price AND s.end_date < $1
          AND NOT EXISTS (SELECT FROM market.corporate_actions x WHERE x.ticker = c.symbol AND x.kind = 'split' AND x.known_at <= $1
            AND (x.ex_date > s.shares) <> (x.ex_date > s.end_shares))
        ORDER BY c.id
        """;

    /// <summary>
    /// Learns from what was known at a moment; appends a version, known from now on, for every account whose weight is another one.
    /// </summary>
    /// <param name="at">Null for now.</param>
    /// <param name="horizon">Bars from the open after the call to the open that decides.</param>
    /// <param name="save">False only tells what would be saved.</param>
    public async Task<LearnedWeights> LearnAsync(DateTimeOffset? at, int horizon, bool save, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(horizon, 1);
        var moment = (at ?? time.GetUtcNow()).ToMicroseconds();
        await KnowledgeBarrier.WaitAsync(dataSource, moment, time, cancellationToken);
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using (var enter = new NpgsqlBatch(connection, transaction) { BatchCommands = { KnowledgeBarrier.Enter() } })
            await enter.ExecuteNonQueryAsync(cancellationToken);
        // Within the barrier: who reads as of a later moment waits for this.
        var known = time.GetUtcNow().ToMicroseconds();
        var records = await RecordsAsync(connection, moment, horizon, cancellationToken);
        var prior = ShrunkAccuracy.Fit([.. records.Values]);
        var weights = records.ToDictionary(r => r.Key, r => ShrunkAccuracy.Weight(r.Value, prior));
        var changed = save && records.Count > 0 ? await AppendAsync(connection, known, moment, records, weights, prior, cancellationToken)
            : 0;
        var named = await NamesAsync(connection, records, weights, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new(records.Values.Sum(r => r.Trials), records.Count, changed, prior.Mean, prior.Strength, named);
    }

    static async Task<Dictionary<long, AccuracyRecord>> RecordsAsync(NpgsqlConnection connection, DateTimeOffset at, int horizon,
        CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(string.Format(null, Calls, InfluencerSql.Authors), connection);
        command.Parameters.Add(new() { Value = at });
        command.Parameters.Add(new() { Value = LeastScore });
        command.Parameters.Add(new() { Value = horizon });
        var records = new Dictionary<long, AccuracyRecord>();
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
        {
            var record = records.GetValueOrDefault(row.GetInt64(0));
            records[row.GetInt64(0)] = new(record.Hits + (row.GetBoolean(1) ? 1 : 0), record.Trials + 1);
        }
        return records;
    }

    static async Task<int> AppendAsync(
        NpgsqlConnection connection, DateTimeOffset known, DateTimeOffset learned, Dictionary<long, AccuracyRecord> records,
        Dictionary<long, double> weights, AccuracyPrior prior, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("""
            WITH added AS (
                INSERT INTO sentiment.influencer_weights
                    (influencer_id, known_at, weight, hits, trials, prior_mean, prior_strength, formula, learned_as_of)
                SELECT n.id, $1, n.weight, n.hits, n.trials, $2, $3, $4, $9
                FROM unnest($5::bigint[], $6::float8[], $7::bigint[], $8::bigint[]) AS n(id, weight, hits, trials)
                LEFT JOIN LATERAL (SELECT w.weight FROM sentiment.influencer_weights w WHERE w.influencer_id = n.id AND w.known_at <= $1
                    ORDER BY w.known_at DESC LIMIT 1) AS there ON true
                WHERE there.weight IS DISTINCT FROM n.weight
                ON CONFLICT DO NOTHING RETURNING influencer_id, weight),
            newest AS (
                UPDATE sentiment.influencers i SET weight = a.weight FROM added a
                WHERE i.id = a.influencer_id
                  AND NOT EXISTS (SELECT FROM sentiment.influencer_weights w WHERE w.influencer_id = i.id AND w.known_at > $1))
            SELECT count(*) FROM added
            """, connection);
        long[] ids = [.. records.Keys.Order()];
        foreach (object value in (object[])[known, prior.Mean, prior.Strength, ShrunkAccuracy.Formula, ids, ids.Select(id => weights[id])
            .ToArray(),
            ids.Select(id => records[id].Hits).ToArray(), ids.Select(id => records[id].Trials).ToArray(), learned])
            command.Parameters.Add(new() { Value = value });
        return (int)(long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    static async Task<IReadOnlyList<InfluencerWeight>> NamesAsync(
        NpgsqlConnection connection, Dictionary<long, AccuracyRecord> records, Dictionary<long, double> weights,
        CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            "SELECT id, platform, account_id, username FROM sentiment.influencers WHERE id = ANY($1)", connection);
        command.Parameters.Add(new() { Value = records.Keys.ToArray() });
        var named = new List<InfluencerWeight>();
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
        {
            var (weight, record) = (weights[row.GetInt64(0)], records[row.GetInt64(0)]);
            named.Add(new(row.GetString(1), row.GetString(2), row.IsDBNull(3) ? null : row.GetString(3), weight, record.Hits,
                record.Trials));
        }
        return [.. named.OrderByDescending(n => n.Weight).ThenByDescending(n => n.Trials).ThenBy(n => n.AccountId, StringComparer.Ordinal)];
    }
}
