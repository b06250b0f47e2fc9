using Bellwether.Storage;
using Npgsql;

namespace Bellwether.Sentiment.Aggregation;

/// <summary>Aggregated sentiment as of any moment, computed from the results that were known then.</summary>
public sealed class AggregateReader(NpgsqlDataSource dataSource, SentimentReader results, AggregationOptions options)
{
    /// <summary>A stored version older than this says little of a moment.</summary>
    public static readonly TimeSpan StoredVersionAge = TimeSpan.FromDays(1);

    static readonly TimeSpan Microsecond = TimeSpan.FromMicroseconds(1);

    /// <summary>Null when nothing was known of the symbol that could count.</summary>
    /// <param name="at">The moment that it is the sentiment of.</param>
    /// <param name="knownBy">What became known later does not count.</param>
    public async Task<AggregatedSentiment?> ReadAsync(string symbol, DateTimeOffset at, DateTimeOffset knownBy, CancellationToken cancellationToken)
    {
        var evidence = await LoadAsync(symbol, at, at, knownBy, cancellationToken);
        return evidence.IsEmpty ? null : evidence.At(at, knownBy);
    }

    /// <summary>
    /// Of a past moment. Where results that were known then have been erased or archived since, which a stored version of at most a day before shows, that
    /// version is given in place of a number that never was; its timestamp and <see cref="AggregatedSentiment.Recomputed"/> tell so.
    /// </summary>
    /// <inheritdoc cref="ReadAsync"/>
    public async Task<AggregatedSentiment?> AsOfAsync(string symbol, DateTimeOffset at, DateTimeOffset knownBy, CancellationToken cancellationToken)
    {
        var stored = await new AggregateStore(dataSource).LatestAsync(symbol, at, StoredVersionAge, knownBy, cancellationToken);
        var evidence = await LoadAsync(symbol, stored?.Timestamp ?? at, at, knownBy, cancellationToken);
        if (stored is not null && evidence.At(stored.Timestamp, stored.KnownAt).Inputs.Lacks(stored.Inputs)) return stored;
        return evidence.IsEmptyAt(at.ToMicroseconds()) ? null : evidence.At(at, knownBy);
    }

    /// <summary>What may count at any moment between two.</summary>
    public async Task<SymbolEvidence> LoadAsync(string symbol, DateTimeOffset first, DateTimeOffset last, DateTimeOffset knownBy, CancellationToken cancellationToken)
    {
        var from = first.ToMicroseconds() - SymbolEvidence.Reach(options);
        var (end, limit) = (last.ToMicroseconds() + Microsecond, knownBy.ToMicroseconds());
        var rows = await results.MentionsAsync(symbol, from, end, limit, cancellationToken);
        var accounts = await AccountsAsync(symbol, from, end, limit, cancellationToken);
        var flow = await new OptionsFlowReader(dataSource).ReadAsync(symbol, from, end, limit, cancellationToken);
        var mentions = rows.Select(row => new Mention(row.Timestamp, row.KnownAt, SentimentSource.OfType(row.Type), row.Publisher, row.Sentiment,
            row.Weight * row.Confidence * (options.DiscountRepeats ? row.Novelty : 1),
            accounts.TryGetValue(row.ArticleId, out var account) ? account : [])).Concat(flow);
        // Stable, and each of both is in a fixed order: the same rows are summed in the same order.
        return new(symbol, mentions.OrderBy(m => m.Timestamp), options);
    }

    /// <summary>Symbols that were mentioned in the window before now, by name.</summary>
    public async Task<IReadOnlyList<string>> SymbolsAsync(DateTimeOffset at, CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand("SELECT ticker FROM sentiment.ticker_sentiment WHERE latest_timestamp > $1 ORDER BY ticker COLLATE \"C\"");
        command.Parameters.Add(new() { Value = (at - options.Window).ToUniversalTime() });
        var symbols = new List<string>();
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken)) symbols.Add(row.GetString(0));
        return symbols;
    }

    /// <summary>Learned weights of those who wrote about a symbol, by article, oldest first.</summary>
    async Task<Dictionary<string, List<(DateTimeOffset KnownAt, double Weight)>>> AccountsAsync(
        string symbol, DateTimeOffset from, DateTimeOffset to, DateTimeOffset knownBy, CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand($"""
            SELECT a.article_id, w.known_at, w.weight FROM ({InfluencerSql.Authors}) AS a
            JOIN sentiment.influencers i ON i.platform = a.platform AND i.account_id = a.account
            JOIN sentiment.influencer_weights w ON w.influencer_id = i.id
            WHERE a.symbol = $1 AND a.created_at >= $2 AND a.created_at < $3 AND w.known_at <= $4
            ORDER BY a.article_id, w.known_at
            """);
        command.Parameters.Add(new() { Value = symbol });
        foreach (var bound in (DateTimeOffset[])[from, to, knownBy]) command.Parameters.Add(new() { Value = bound });
        var accounts = new Dictionary<string, List<(DateTimeOffset, double)>>(StringComparer.Ordinal);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
        {
            if (!accounts.TryGetValue(row.GetString(0), out var versions)) accounts.Add(row.GetString(0), versions = []);
            versions.Add((row.GetFieldValue<DateTimeOffset>(1), row.GetDouble(2)));
        }
        return accounts;
    }
}
