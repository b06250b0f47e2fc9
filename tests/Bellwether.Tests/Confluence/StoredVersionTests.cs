using Bellwether.App.Commands;
using Bellwether.Confluence;
using Bellwether.Sentiment;
using Bellwether.Sentiment.Aggregation;
using Bellwether.Sentiment.HotStore;
using Bellwether.Tests.Commands;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Confluence;

/// <summary>As-of answers after results that they need have gone.</summary>
public sealed class StoredVersionTests(TestServer server)
{
    static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    static CancellationToken Cancel => EvidenceLab.Cancel;

    [Fact]
    public async Task While_everything_is_there_the_answer_is_computed_whatever_was_stored()
    {
        await using var lab = await SavedAsync();
        var at = lab.Now + Hour / 2;
        // Loaded since, and stated as known long ago: more than was known is no loss.
        await lab.MentionAsync("ACME", "news", lab.Now - 3 * Hour, -1, lab.Now - 2 * Hour);
        Assert.Equal(await lab.Aggregates.ReadAsync("ACME", at, at, Cancel) is { } aggregate ? aggregate.Inputs.ToJson() : "", (await lab.Aggregates.AsOfAsync("ACME", at, at, Cancel))!.Inputs.ToJson());
        Assert.Equal((await lab.Confluence.ReadAsync("ACME", at, at, Cancel))!.Inputs.ToJson(), (await lab.Confluence.AsOfAsync("ACME", at, at, Cancel))!.Inputs.ToJson());
        Assert.True((await lab.Aggregates.AsOfAsync("ACME", at, at, Cancel))!.Recomputed);
        Assert.Null(await lab.Aggregates.AsOfAsync("NONE", at, at, Cancel));
        Assert.Null(await lab.Confluence.AsOfAsync("NONE", at, at, Cancel));
        // Long after the last mention nothing can count, stored version or not.
        Assert.Null(await lab.Aggregates.AsOfAsync("ACME", at.AddDays(60), at.AddDays(60), Cancel));
    }

    [Theory]
    [InlineData("DELETE FROM sentiment.sentiment_data WHERE ticker = 'ACME' AND event_type = 'reddit'", true, true)]
    [InlineData("DELETE FROM sentiment.sentiment_data", true, true)]
    [InlineData("DELETE FROM sentiment.influencer_weights", true, true)]
    [InlineData("DELETE FROM market.options_data", true, true)]
    [InlineData("DELETE FROM market.price_history WHERE date < '2024-04-01'", false, true)]
    [InlineData("DELETE FROM market.price_history", false, true)]
    public async Task What_has_gone_since_is_noticed_and_the_stored_version_given(string gone, bool fromSentiment, bool fromConfluence)
    {
        await using var lab = await SavedAsync();
        var (at, saved) = (lab.Now + Hour / 2, lab.Now);
        var (aggregate, score) = (await lab.Aggregates.ReadAsync("ACME", saved, saved, Cancel), await lab.Confluence.ReadAsync("ACME", saved, saved, Cancel));
        await lab.ExecuteAsync(gone);
        var (sentiment, confluence) = (await lab.Aggregates.AsOfAsync("ACME", at, at, Cancel), await lab.Confluence.AsOfAsync("ACME", at, at, Cancel));
        Assert.Equal((!fromSentiment, !fromConfluence), (sentiment!.Recomputed, confluence!.Recomputed));
        if (fromSentiment) Assert.Equal((aggregate!.Timestamp, aggregate.UnifiedSentiment, aggregate.Confidence), (sentiment.Timestamp, sentiment.UnifiedSentiment, sentiment.Confidence));
        Assert.Equal((score!.Timestamp, score.DirectionalBias, score.Score, score.Confidence), (confluence.Timestamp, confluence.DirectionalBias, confluence.Score, confluence.Confidence));
        // Of a moment that the version says little of, or knowledge that did not have it yet, the answer is what is left.
        Assert.True((await lab.Aggregates.AsOfAsync("ACME", saved - Hour, saved - Hour, Cancel))?.Recomputed ?? true);
        Assert.True((await lab.Confluence.AsOfAsync("ACME", saved.AddHours(25), saved.AddHours(25), Cancel))?.Recomputed ?? true);
        // What is known now has nothing of it.
        Assert.True((await lab.Confluence.ReadAsync("ACME", at, at, Cancel))?.Recomputed ?? true);
    }

    [Fact]
    public async Task Later_settings_are_no_loss()
    {
        await using var lab = await SavedAsync();
        var at = lab.Now + Hour / 2;
        foreach (var options in (AggregationOptions[])[new() { HalfLifeSeconds = 3_600 }, new() { Window = TimeSpan.FromHours(2) }, new() { Reliability = new() { News = 0.1 } }])
        {
            var reader = new AggregateReader(lab.Database.DataSource, new SentimentReader(lab.Database.DataSource, new MemoryHotStore(new(), lab.Time), new(), lab.Time), options);
            Assert.True((await reader.AsOfAsync("ACME", at, at, Cancel))!.Recomputed);
        }
    }

    [Fact]
    public async Task The_command_says_that_it_shows_what_was_stored()
    {
        await using var lab = await SavedAsync();
        await lab.ExecuteAsync("DELETE FROM sentiment.sentiment_data WHERE event_type = 'reddit'");
        var folder = TestFolder.Create("stored");
        foreach (var verb in new[] { "aggregate", "confluence" })
        {
            async Task<CliResult> RunAsync(params string[] more) => (await Cli.RunAsync(["--data", folder, "--postgres", lab.Database.ConnectionString, verb, "ACME", .. more])).Succeeds();
            var answer = (await RunAsync("--as-of", $"{lab.Now + Hour / 2:O}", "--json")).Json;
            Assert.False(answer.GetProperty("recomputed").GetBoolean());
            Assert.Equal(lab.Now, answer.GetProperty("timestamp").GetDateTimeOffset());
            Assert.Contains("this is how it was saved", (await RunAsync("--as-of", $"{lab.Now + Hour / 2:O}")).Out);
            Assert.DoesNotContain("this is how it was saved", (await RunAsync("--at", $"{lab.Now:O}")).Out);
        }
    }

    async Task<EvidenceLab> SavedAsync()
    {
        var lab = await EvidenceLab.OpenAsync(server, nameof(StoredVersionTests));
        for (var i = 0; i < 90; i++) await lab.BarAsync("ACME", new DateOnly(2024, 3, 1).AddDays(i), 100 + 5 * Math.Sin(i));
        for (var i = 0; i < 12; i++)
            await lab.MentionAsync("ACME", i % 3 == 0 ? "news" : i % 3 == 1 ? "reddit" : "tweet", lab.Now - (i + 1) * Hour, Math.Sin(i), author: i % 3 == 2 ? "ann" : null);
        await lab.ExecuteAsync("""
            INSERT INTO sentiment.influencer_weights (influencer_id, known_at, weight, hits, trials, prior_mean, prior_strength, formula)
            SELECT id, '2024-01-01', 2.5, 8, 10, 0.5, 10, 'test' FROM sentiment.influencers
            """);
        await lab.OptionAsync("ACME", lab.Now - 2 * Hour, "call", 100, 5.05, 300);
        var evidence = await lab.Confluence.LoadAsync("ACME", lab.Now, lab.Now, lab.Now, Cancel);
        await new AggregateStore(lab.Database.DataSource).AppendAsync([evidence.Sentiment.At(lab.Now, lab.Now)], [], Cancel);
        await new ConfluenceStore(lab.Database.DataSource).AppendAsync([evidence.At(lab.Now, lab.Now)], Cancel);
        return lab;
    }
}
