using Bellwether.App;
using Bellwether.Retention;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Retention;

public sealed class RetentionPolicyTests(TestServer server)
{
    static RetentionPolicy Policy(string table, int? days, RetentionMethod method = RetentionMethod.Archive, params RetentionLink[] dependents) =>
        new(table, "t", days is { } n ? TimeSpan.FromDays(n) : null, method) { Reason = "a test", Dependents = dependents };

    static RetentionOptions Days(string table, string days) => new() { Days = new Dictionary<string, string> { [table] = days } };

    [Theory]
    [InlineData("tweets", 90)]
    [InlineData("reddit_posts", 90)]
    [InlineData("tweet_sentiments", 180)]
    [InlineData("reddit_sentiments", 180)]
    [InlineData("sentiment_data", 180)]
    [InlineData("symbol_sentiments", 365)]
    [InlineData("aggregated_sentiments", 730)]
    [InlineData("confluence_scores", 730)]
    [InlineData("market_conditions", 730)]
    [InlineData("model_predictions", 1095)]
    [InlineData("trade_outcomes", 1826)]
    [InlineData("influencers", null)]
    [InlineData("ticker_sentiment", null)]
    [InlineData("inbox", null)]
    public void Periods_are_those_of_the_plans(string table, int? days) =>
        Assert.Equal(days, (int?)RetentionPolicies.Of(new RetentionOptions()).Find(table)!.Period?.TotalDays);

    [Fact]
    public async Task Every_table_of_the_schema_has_a_policy()
    {
        await using var lab = await RetentionLab.CreateAsync(server, nameof(RetentionPolicyTests));
        var tables = await lab.ScalarAsync<string[]>("""
            SELECT array_agg(c.relname::text) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname IN ('sentiment', 'counts', 'market', 'portfolio', 'improvement', 'ops') AND c.relkind IN ('r', 'p') AND NOT c.relispartition
            """);
        var policies = RetentionPolicies.Of(new RetentionOptions());
        // Positions and leases of the log, and what the lake and the archive keep for themselves, do not grow with time.
        string[] bounded = ["log_partitions", "consumer_offsets", "consumer_members", "consumer_leases", "archive_pending", "sentiment_cold", "lake_removals"];
        Assert.DoesNotContain(tables.Except(bounded), table => policies.Find(table) is null);
    }

    [Fact]
    public void Circle_is_refused_with_its_path()
    {
        var error = Assert.Throws<RetentionPolicyException>(() => RetentionPolicies.Of([
            Policy("a", 10, RetentionMethod.Archive, new RetentionLink("b", RetentionLinkKind.Outlives)), Policy("b", 10, RetentionMethod.Archive, new RetentionLink("c", RetentionLinkKind.Outlives)),
            Policy("c", 10, RetentionMethod.Archive, new RetentionLink("a", RetentionLinkKind.Outlives))]));
        Assert.Contains("a → b → c → a", error.Message);
    }

    [Fact]
    public void Parent_with_a_shorter_period_than_what_means_nothing_without_it_is_refused() =>
        Assert.Contains("give parent at least the period of child", Assert.Throws<RetentionPolicyException>(() => RetentionPolicies.Of([
            Policy("parent", 10, RetentionMethod.Delete, new RetentionLink("child", RetentionLinkKind.Owned)), Policy("child", 20)])).Message);

    [Fact]
    public void Rollup_that_would_go_before_its_source_is_refused() =>
        Assert.Contains("give aggregated_sentiments at least the period of symbol_sentiments",
            Assert.Throws<RetentionPolicyException>(() => RetentionPolicies.Of(Days("symbol_sentiments", "800"))).Message);

    [Fact]
    public void Score_may_outlive_its_post() => Assert.Equal(TimeSpan.FromDays(400), RetentionPolicies.Of(Days("tweet_sentiments", "400")).Find("tweet_sentiments")!.Period);

    [Theory]
    [InlineData("forever")]
    [InlineData("0")]
    [InlineData(" FOREVER ")]
    public void Forever_and_zero_keep_everything(string text)
    {
        var policy = RetentionPolicies.Of(Days("TWEETS", text)).Find("tweets")!;
        Assert.Null(policy.Period);
        Assert.Null(policy.Before(DateTimeOffset.UnixEpoch.AddYears(100)));
    }

    [Theory]
    [InlineData("tweets", "-1")]
    [InlineData("tweets", "1.5")]
    [InlineData("tweets", "ninety")]
    [InlineData("tweets", "40000")]
    [InlineData("influencers", "30")]
    [InlineData("inbox", "30")]
    [InlineData("no_such_table", "30")]
    public void Settings_that_make_no_sense_are_refused_by_name(string table, string text) =>
        Assert.Contains($"Retention:Days:{table}", Assert.Throws<RetentionPolicyException>(() => RetentionPolicies.Of(Days(table, text))).Message);

    [Fact]
    public void Variables_of_the_plan_are_understood()
    {
        var variables = new Dictionary<string, string?>
        {
            ["RETENTION_TWEETS_DAYS"] = "30", ["RETENTION_REDDIT_POSTS_DAYS"] = "31", ["RETENTION_SYMBOL_SENTIMENTS_DAYS"] = "32", ["RETENTION_AGGREGATED_SENTIMENTS_DAYS"] = "33",
            ["RETENTION_CONFLUENCE_SCORES_DAYS"] = "34", ["RETENTION_ENABLE_CLEANUP"] = "False", ["RETENTION_CLEANUP_SCHEDULE_HOURS"] = "6",
        };
        var read = RetentionVariables.Read(variables.GetValueOrDefault).ToDictionary(pair => pair.Key, pair => pair.Value);
        Assert.Equal("30", read["Retention:Days:tweets"]);
        Assert.Equal("34", read["Retention:Days:confluence_scores"]);
        Assert.Equal("false", read["Retention:EnableCleanup"]);
        Assert.Equal("6", read["Retention:CleanupScheduleHours"]);
        Assert.Equal(7, read.Count);
        Assert.Throws<RetentionPolicyException>(() => RetentionVariables.Read(_ => "perhaps").ToArray());
    }

    [Fact]
    public void File_with_a_wrong_period_stops_the_program_with_the_reason()
    {
        var folder = TestFolder.Create("retention-settings");
        try
        {
            File.WriteAllText(Path.Combine(folder, "bellwether.json"), """{ "Retention": { "Days": { "aggregated_sentiments": "100" }, "CleanupScheduleHours": 12 } }""");
            Assert.Contains("aggregated_sentiments sums up symbol_sentiments", Assert.Throws<DeskOptionsException>(() => DeskOptions.Load(folder, new Dictionary<string, string?>())).Message);
            File.WriteAllText(Path.Combine(folder, "bellwether.json"), """{ "Lake": "s3://desk/lake", "Retention": { "Days": { "tweets": "30" }, "CleanupScheduleHours": 12 } }""");
            var options = DeskOptions.Load(folder, new Dictionary<string, string?>());
            Assert.Equal(("30", 12, true), (options.Retention.Days["tweets"], options.Retention.CleanupScheduleHours, options.Retention.EnableCleanup));
            Assert.Equal("s3://desk/lake-archive", options.ArchiveBucket!.ToString());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
