namespace Bellwether.Retention;

/// <summary>The policies of a desk: one for every table that can grow, also for those that a later revision of the schema brings.</summary>
public sealed class RetentionPolicies
{
    /// <summary>Schemas in which the tables are looked for.</summary>
    internal static readonly string[] Schemas = ["sentiment", "counts", "market", "portfolio", "improvement", "ops"];

    static readonly string[] Reference =
    [
        "influencers", "influencer_weights", "ticker_sentiment", "accounts", "gaps", "time_buckets", "bucket_states", "exogenous_events", "features", "model_metadata", "forecasts", "outcomes", "users", "portfolios", "positions",
        "strategy_performance", "model_performance", "improvement_events", "ab_tests", "optimization_queue", "market_conditions_daily",
        "corporate_actions", "series", "sectors", "trading_hours", "condition_states", "provider_quota",
    ];

    readonly Dictionary<string, RetentionPolicy> _byTable;

    RetentionPolicies(IEnumerable<RetentionPolicy> policies)
    {
        All = RetentionGraph.Order([.. policies]);
        _byTable = All.ToDictionary(policy => policy.Table, StringComparer.Ordinal);
    }

    /// <summary>In the order in which they are carried out: what depends on a table comes before it.</summary>
    public IReadOnlyList<RetentionPolicy> All { get; }

    public RetentionPolicy? Find(string table) => _byTable.GetValueOrDefault(table);

    /// <summary>The policies of the product with the periods of the options.</summary>
    /// <exception cref="RetentionPolicyException">A period is none, names no table, or the set would lose data.</exception>
    public static RetentionPolicies Of(RetentionOptions options)
    {
        var days = new Dictionary<string, string>(options.Days, StringComparer.OrdinalIgnoreCase);
        var policies = Defaults().Select(policy =>
        {
            if (!days.Remove(policy.Table, out var text)) return policy;
            var period = RetentionOptions.Parse(policy.Table, text);
            return policy.Settable || period is null && policy.Period is null ? policy with { Period = period }
                : throw new RetentionPolicyException($"Retention:Days:{policy.Table}: this table has no period of its own: {policy.Reason}.");
        }).ToArray();
        return days.Count == 0 ? new(policies)
            : throw new RetentionPolicyException(
                $"Retention:Days:{days.Keys.Order().First()}: there is no policy for such a table; there are {string.Join(", ", policies.Select(p => p.Table).Order())}.");
    }

    /// <summary>A set of one's own.</summary>
    /// <exception cref="RetentionPolicyException">It would lose data.</exception>
    public static RetentionPolicies Of(IEnumerable<RetentionPolicy> policies) => new(policies);

    static IEnumerable<RetentionPolicy> Defaults()
    {
        RetentionPolicy Policy(string table, string time, int? days, RetentionMethod method, string reason, RetentionLink? dependent = null) =>
            new(table, time, days is { } n ? TimeSpan.FromDays(n) : null, method) { Reason = reason, Dependents = dependent is null ? [] : [dependent] };

        yield return Policy("tweets", "created_at", 90, RetentionMethod.Archive, "raw posts are needed in detail for recent analysis only",
            new("tweet_sentiments", RetentionLinkKind.Outlives, "tweet_ref", "tweet_id"));
        yield return Policy("reddit_posts", "created_at", 90, RetentionMethod.Archive, "raw posts are needed in detail for recent analysis only",
            new("reddit_sentiments", RetentionLinkKind.Outlives, "post_ref", "post_id"));
        yield return Policy("tweet_sentiments", "created_at", 180, RetentionMethod.Archive, "individual scores serve trends and the training of models");
        yield return Policy("reddit_sentiments", "created_at", 180, RetentionMethod.Archive, "individual scores serve trends and the training of models");
        yield return Policy("sentiment_data", "timestamp", 180, RetentionMethod.Seal, "individual scores move to the lake and stay in all_sentiment");
        yield return Policy("symbol_sentiments", "timestamp", 365, RetentionMethod.Archive, "trends of one source",
            RetentionLink.Rollup("aggregated_sentiments", "timestamp"));
        yield return Policy("aggregated_sentiments", "timestamp", 730, RetentionMethod.Archive, "long-term patterns across sources",
            RetentionLink.Rollup("confluence_scores", "timestamp"));
        yield return Policy("confluence_scores", "timestamp", 730, RetentionMethod.Archive, "tests of strategies on the past");
        yield return Policy("market_conditions", "timestamp", 730, RetentionMethod.Downsample, "beyond two years daily summaries are enough",
            RetentionLink.Rollup("market_conditions_daily", "date")) with
        { Summary = DailySummary.OfMarketConditions };
        yield return Policy("model_predictions", "predicted_at", 1_095, RetentionMethod.Archive, "every prediction is kept for audit and improvement",
            RetentionLink.Rollup("model_performance", "evaluation_date"));
        yield return Policy("trade_outcomes", "entry_time", 1_826, RetentionMethod.Archive, "every trade is kept for audit and improvement",
            RetentionLink.Rollup("strategy_performance", "period_start")) with
        { Condition = "exit_time IS NOT NULL" };
        yield return Policy("raw_tweets", "created_at", null, RetentionMethod.Archive, "models of counts are fitted to the whole past",
            RetentionLink.Rollup("time_buckets", "bucket_end"));
        yield return Policy("price_history", "date", null, RetentionMethod.Archive, "tests of strategies on the past");
        yield return Policy("options_data", "fetch_timestamp", null, RetentionMethod.Archive, "tests of strategies on the past");
        yield return Policy("analysis_results", "calculated_at", null, RetentionMethod.Archive, "results of analyses");
        yield return Policy("market_data_cache", "expires_at", 1, RetentionMethod.Delete, "a cache: what has expired can be fetched again");

        yield return Policy("ingest_runs", "finished_at", 365, RetentionMethod.Delete, "counts of finished runs",
            new("ingest_run_tickers", RetentionLinkKind.Owned));
        yield return Policy("ingest_run_tickers", "", null, RetentionMethod.Keep, "goes with its run") with { Settable = false };
        yield return Policy("dead_letters", "last_attempt_at", 90, RetentionMethod.Delete, "letters that were replayed or discarded; open ones stay",
            new("dead_letter_attempts", RetentionLinkKind.Owned)) with
        { Condition = "status IN ('replayed', 'discarded')" };
        yield return Policy("dead_letter_attempts", "", null, RetentionMethod.Keep, "goes with its letter") with { Settable = false };
        yield return Policy("archive_drills", "at", 365, RetentionMethod.Delete, "results of restore drills");
        yield return Policy("event_log", "appended_at", null, RetentionMethod.Keep, "trimmed by EventLog:Retention") with { Settable = false };
        yield return Policy("inbox", "seen_at", null, RetentionMethod.Keep, "recognises redeliveries for good") with { Settable = false };
        foreach (var audit in new[] { "lake_migrations", "lake_migration_files", "lake_migration_rejects", "lake_migration_days", "lake_migration_tickers", "jobs", "lake_days", "lake_files", "archive_files", "retention_runs", "retention_actions", "erasures" })
            yield return Policy(audit, "", null, RetentionMethod.Keep, "records of what was done, and where data lies") with { Settable = false };
        foreach (var table in Reference)
            yield return Policy(table, "", null, RetentionMethod.Keep, "reference data, states and results: updated, never deleted") with { Settable = false };
    }
}
