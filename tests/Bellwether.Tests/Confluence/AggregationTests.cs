using Bellwether.Sentiment.Aggregation;
using Bellwether.Tests.Support;
using Dapper;
using static Bellwether.Tests.Confluence.EvidenceLab;

namespace Bellwether.Tests.Confluence;

public sealed class AggregationTests(TestServer server)
{
    static readonly TimeSpan Hour = TimeSpan.FromHours(1), Day = TimeSpan.FromDays(1);
    static readonly string[] Types = ["news", "tweet", "reddit"];

    [Fact]
    public async Task Sources_are_kept_apart_and_taken_together_by_reliability()
    {
        await using var lab = await EvidenceLab.OpenAsync(server, nameof(AggregationTests));
        var now = lab.Now;
        for (var i = 0; i < 8; i++)
        {
            await lab.MentionAsync("ACME", "news", now, 0.5, publisher: i < 5 ? "reuters" : "dow jones");
            await lab.MentionAsync("ACME", "tweet", now, -0.1, publisher: "twitter");
        }
        await lab.MentionAsync("OTHER", "news", now, -1);
        var found = (await lab.Aggregates.ReadAsync("ACME", now, now, Cancel))!;
        Assert.Equal((0.5, -0.1, null, null), (found.NewsSentiment!.Value, Math.Round(found.TwitterSentiment!.Value, 12), found.RedditSentiment, found.OptionsFlowSentiment));
        // Both have eight mentions, so reliabilities decide: 0.8 and 0.5.
        Assert.Equal((0.8 * 0.5 - 0.5 * 0.1) / 1.3, found.UnifiedSentiment!.Value, 1e-12);
        Assert.Equal(100 * 0.8 / 1.3, found.SourceBreakdown["news"], 1e-10);
        Assert.Equal(["news", "twitter"], found.SourceBreakdown.Keys.Order());
        Assert.Equal((2, 3, 16L, "bullish"), (found.SourceCount, found.ProviderCount, found.TotalMentionCount, found.SentimentLevel));
        Assert.Equal(["twitter", "reuters", "dow jones"], found.ProvidersUsed);
        Assert.Equal(0.3, found.DivergenceScore!.Value, 1e-12);
        Assert.Null(await lab.Aggregates.ReadAsync("NONE", now, now, Cancel));
    }

    [Fact]
    public async Task Thin_evidence_has_a_score_and_no_level_and_old_evidence_neither()
    {
        await using var lab = await EvidenceLab.OpenAsync(server, nameof(AggregationTests));
        await lab.MentionAsync("ACME", "filing", lab.Now, 0.9);
        await lab.MentionAsync("ACME", "news", lab.Now, 0.9);
        var thin = (await lab.Aggregates.ReadAsync("ACME", lab.Now, lab.Now, Cancel))!;
        Assert.Equal((0.9, null), (Math.Round(thin.UnifiedSentiment!.Value, 12), thin.SentimentLevel));
        Assert.Equal((2L, null, null), (thin.TotalMentionCount, thin.VolumeTrend, thin.DivergenceDetected));
        var old = (await lab.Aggregates.ReadAsync("ACME", lab.Now + 8 * Day, lab.Now + 8 * Day, Cancel))!;
        Assert.Equal((null, null, null, 0), (old.UnifiedSentiment, old.Confidence, old.SentimentLevel, old.SourceCount));
        Assert.Null(await lab.Aggregates.ReadAsync("ACME", lab.Now + 60 * Day, lab.Now + 60 * Day, Cancel));
    }

    [Fact]
    public async Task Disagreement_and_bursts_are_told()
    {
        await using var lab = await EvidenceLab.OpenAsync(server, nameof(AggregationTests));
        for (var day = 1; day <= 20; day++)
            for (var i = 0; i < 3; i++) await lab.MentionAsync("ACME", "news", lab.Now - day * Day - i * Hour, 0.6);
        for (var i = 0; i < 40; i++) await lab.MentionAsync("ACME", "reddit", lab.Now - i * TimeSpan.FromMinutes(20), i % 2 == 0 ? -0.6 : -0.4);
        var found = (await lab.Aggregates.ReadAsync("ACME", lab.Now, lab.Now, Cancel))!;
        Assert.Equal((true, "up"), (found.DivergenceDetected, found.VolumeTrend));
        Assert.True(found.DivergencePValue < 0.01 && found.VolumeZ > 3 && found.DivergenceScore > 0.5);
        Assert.Equal("stable", (await lab.Aggregates.ReadAsync("ACME", lab.Now - 2 * Day, lab.Now, Cancel))!.VolumeTrend);
    }

    [Fact]
    public async Task Stored_rows_give_their_columns_again_bit_for_bit_and_are_never_changed()
    {
        await using var lab = await EvidenceLab.OpenAsync(server, nameof(AggregationTests));
        var random = new Random(1);
        for (var i = 0; i < 60; i++) await lab.MentionAsync("ACME", Types[i % 3], lab.Now - random.NextDouble() * 6 * Day, random.NextDouble() * 2 - 1);
        await lab.OptionAsync("ACME", lab.Now - Hour, "call", 100, 5.03, 77);
        var (store, at) = (new AggregateStore(lab.Database.DataSource), lab.Now - Hour);
        var evidence = await lab.Aggregates.LoadAsync("ACME", at, at, lab.Now, Cancel);
        var aggregate = evidence.At(at, lab.Now);
        Assert.Equal(1, await store.AppendAsync([aggregate], evidence.BySource(at, lab.Now, AggregateStore.Windows), Cancel));
        Assert.Equal(0, await store.AppendAsync([aggregate], evidence.BySource(at, lab.Now, AggregateStore.Windows), Cancel));
        var again = Assert.Single(await store.ReadAsync("ACME", at, at + Hour, null, Cancel));
        Assert.Equal(AggregatedSentiment.Of("ACME", aggregate.Inputs).Inputs.ToJson(), again.Inputs.ToJson());
        Assert.Equal((aggregate.UnifiedSentiment, aggregate.Confidence, aggregate.StandardError, aggregate.DivergencePValue, aggregate.VolumeZ), (again.UnifiedSentiment, again.Confidence, again.StandardError, again.DivergencePValue, again.VolumeZ));
        await using (var connection = await lab.Database.DataSource.OpenConnectionAsync(Cancel))
        {
            var row = await connection.QuerySingleAsync("SELECT unified_sentiment u, confidence c, twitter_sentiment t, options_flow_sentiment o, formula f, source_breakdown::text b FROM sentiment.aggregated_sentiments");
            Assert.Equal((aggregate.UnifiedSentiment, aggregate.Confidence, aggregate.TwitterSentiment, aggregate.OptionsFlowSentiment, "aggregate-v1"), ((double?)row.u, (double?)row.c, (double?)row.t, (double?)row.o, (string)row.f));
            // By source: the longest window is the aggregate's own.
            var sources = (await connection.QueryAsync("SELECT source, sentiment, mention_count FROM sentiment.symbol_sentiments WHERE window_end - window_start = interval '7 days' ORDER BY source")).ToArray();
            Assert.Equal(aggregate.Inputs.Sources.Where(s => s.Mentions > 0).OrderBy(s => s.Source, StringComparer.Ordinal).Select(s => (s.Source, s.Sentiment, s.Mentions)), sources.Select(s => ((string)s.source, (double?)s.sentiment, (long)s.mention_count)));
        }
        // What is known later is a version of its own; the earlier one stays.
        lab.Time.Advance(Hour);
        await lab.MentionAsync("ACME", "news", at - Hour, 1);
        var later = (await lab.Aggregates.ReadAsync("ACME", at, lab.Now, Cancel))!;
        Assert.Equal(1, await store.AppendAsync([later], [], Cancel));
        Assert.Equal(aggregate.UnifiedSentiment, (await store.ReadAsync("ACME", at, at + Hour, lab.Now - Hour, Cancel))[0].UnifiedSentiment);
        Assert.Equal(later.UnifiedSentiment, (await store.ReadAsync("ACME", at, at + Hour, lab.Now, Cancel))[0].UnifiedSentiment);
        Assert.NotEqual(later.UnifiedSentiment, aggregate.UnifiedSentiment);
    }

    [Fact]
    public async Task Volumes_of_options_are_counted_once_a_day()
    {
        await using var lab = await EvidenceLab.OpenAsync(server, nameof(AggregationTests));
        var open = lab.Now;
        await lab.OptionAsync("ACME", open, "call", 100, 5.1, 10);
        await lab.OptionAsync("ACME", open, "put", 100, 5.1, 10);
        Assert.Equal(0, (await lab.Aggregates.ReadAsync("ACME", open, open, Cancel))!.OptionsFlowSentiment!.Value, 1e-12);
        lab.Time.Advance(2 * Hour);
        await lab.OptionAsync("ACME", lab.Now, "call", 100, 5.1, 30);
        // 30 calls bought against 10 puts bought: the first ten calls are among the thirty.
        var later = (await lab.Aggregates.ReadAsync("ACME", lab.Now, lab.Now, Cancel))!;
        Assert.Equal(2, later.Inputs.Sources.Single(s => s.Source == "options").Mentions);
        var decay = Math.Pow(0.5, 2.0 / 24);
        Assert.Equal((30 - 10 * decay) / (30 + 10 * decay), later.OptionsFlowSentiment!.Value, 1e-12);
        // Earlier today the row of then still stands.
        Assert.Equal(0, (await lab.Aggregates.ReadAsync("ACME", lab.Now - Hour, lab.Now, Cancel))!.OptionsFlowSentiment!.Value, 1e-12);
    }

    [Fact]
    public async Task A_split_that_tells_the_shares_of_two_bars_apart_is_no_move()
    {
        await using var lab = await EvidenceLab.OpenAsync(server, nameof(AggregationTests));
        DateOnly Day(int day) => new(2024, 5, day);
        // Two for one on the 30th: who loaded before it has 200, who loaded after it 104 for the same worth.
        foreach (var day in (int[])[28, 29]) await lab.VendorBarAsync("ACME", Day(day), 200, null, Day(29), splits: true);
        foreach (var day in (int[])[30, 31]) await lab.VendorBarAsync("ACME", Day(day), 104, null, Day(31), splits: true);
        await lab.Actions.WriteAsync("ACME", "vendor", [new(Day(30), Bellwether.Market.CorporateActionKind.Split, 2, true)], null, Cancel);
        await lab.MentionAsync("ACME", "tweet", new(2024, 5, 28, 12, 0, 0, TimeSpan.Zero), 0.8, author: "seer");
        var learning = new InfluencerLearning(lab.Database.DataSource, lab.Time);
        Assert.Equal(0, (await learning.LearnAsync(null, 1, save: false, Cancel)).Outcomes);
        // In the same shares it is a rise from 100 to 104.
        lab.Time.Advance(Hour);
        await lab.VendorBarAsync("ACME", Day(29), 100, null, Day(31), splits: true);
        var learned = await learning.LearnAsync(null, 1, save: false, Cancel);
        Assert.Equal((1, 1), (learned.Outcomes, learned.Weights[0].Hits));
        // And before that was known, it was none.
        Assert.Equal(0, (await learning.LearnAsync(lab.Now - Hour / 2, 1, save: false, Cancel)).Outcomes);
    }

    [Fact]
    public async Task Accounts_weigh_what_their_outcomes_taught_from_when_it_was_learned()
    {
        await using var lab = await EvidenceLab.OpenAsync(server, nameof(AggregationTests));
        var random = new Random(3);
        var (day, price) = (new DateOnly(2024, 1, 2), 100.0);
        for (; day < new DateOnly(2024, 5, 31); day = day.AddDays(1))
        {
            if (!Bellwether.Market.Calendars.UnitedStatesCalendar.IsSession(day)) continue;
            var up = random.Next(2) == 0;
            price *= up ? 1.02 : 0.98;
            await lab.BarAsync("ACME", day, price, lab.Now);
        }
        var bars = await new Bellwether.Market.Prices.PriceReader(lab.Database.DataSource, lab.Time).BarsAsync("ACME", Bellwether.Market.BarInterval.Day, null, null, null, Cancel);
        for (var i = 1; i + 1 < bars.Count; i++)
        {
            var (at, rises) = (new DateTimeOffset(bars[i].Bar.Date, TimeSpan.Zero) - TimeSpan.FromHours(4), bars[i + 1].Bar.Open > bars[i].Bar.Open);
            if (DateOnly.FromDateTime(at.UtcDateTime) < DateOnly.FromDateTime(bars[i - 1].Bar.Date)) continue;
            await lab.MentionAsync("ACME", "tweet", at, rises ? 0.8 : -0.8, author: "seer");
            await lab.MentionAsync("ACME", "tweet", at, rises ? 0.8 : -0.8, author: "seer");
            await lab.MentionAsync("ACME", "tweet", at, rises ? -0.8 : 0.8, author: "fool");
            await lab.MentionAsync("ACME", "tweet", at, random.Next(2) == 0 ? 0.8 : -0.8, author: "coin");
        }
        await lab.MentionAsync("ACME", "tweet", lab.Now, 0.6, author: "seer");
        await lab.MentionAsync("ACME", "tweet", lab.Now, -0.6, author: "fool");
        Assert.Equal(0, (await lab.Aggregates.ReadAsync("ACME", lab.Now, lab.Now, Cancel))!.TwitterSentiment!.Value, 1e-12);

        lab.Time.Advance(Hour);
        var learning = new InfluencerLearning(lab.Database.DataSource, lab.Time);
        var shown = await learning.LearnAsync(lab.Now, 1, save: false, Cancel);
        Assert.Equal((3, 0), (shown.Accounts, shown.Changed));
        Assert.Equal(["seer", "coin", "fool"], shown.Weights.Select(w => w.AccountId));
        Assert.True(shown.Weights[0].Trials > 80 && shown.Weights[0].Hits == shown.Weights[0].Trials && shown.Weights[2].Hits == 0, $"{shown.Weights[0]} {shown.Weights[2]}");
        // Learned from what was known then, and known since now: what was answered in between stays.
        var then = lab.Now;
        lab.Time.Advance(Hour);
        Assert.Equal(3, (await learning.LearnAsync(then, 1, save: true, Cancel)).Changed);
        Assert.Equal(0, (await lab.Aggregates.ReadAsync("ACME", lab.Now - Hour / 2, lab.Now - Hour / 2, Cancel))!.TwitterSentiment!.Value, 1e-12);
        await using (var command = lab.Database.DataSource.CreateCommand("SELECT count(*) FROM sentiment.influencer_weights WHERE known_at = $1 AND learned_as_of = $2"))
        {
            command.Parameters.Add(new() { Value = lab.Now });
            command.Parameters.Add(new() { Value = then });
            Assert.Equal(3L, await command.ExecuteScalarAsync(Cancel));
        }
        Assert.Equal(0, (await learning.LearnAsync(lab.Now + Hour, 1, save: true, Cancel)).Changed);
        Assert.Equal(shown.Weights[0].Weight, await lab.Database.ScalarAsync<double>("SELECT weight FROM sentiment.influencers WHERE account_id = 'seer'"));

        Assert.True((await lab.Aggregates.ReadAsync("ACME", lab.Now, lab.Now, Cancel))!.TwitterSentiment > 0.4);
        // Before it was learned nobody knew, whatever is known by now.
        Assert.Equal(0, (await lab.Aggregates.ReadAsync("ACME", lab.Now - TimeSpan.FromMinutes(1), lab.Now, Cancel))!.TwitterSentiment!.Value, 1e-12);
        await lab.ExecuteAsync("DELETE FROM sentiment.influencers");
        Assert.Equal(0, await lab.Database.ScalarAsync<long>("SELECT count(*) FROM sentiment.influencer_weights"));
    }
}
