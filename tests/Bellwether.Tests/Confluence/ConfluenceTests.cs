using Bellwether.Analytics.Confluence;
using Bellwether.Confluence;
using Bellwether.Market;
using Bellwether.Market.Calendars;
using Bellwether.Tests.Support;
using Dapper;
using static Bellwether.Tests.Confluence.EvidenceLab;

namespace Bellwether.Tests.Confluence;

public sealed class ConfluenceTests(TestServer server)
{
    static readonly TimeSpan Hour = TimeSpan.FromHours(1), Day = TimeSpan.FromDays(1);

    /// <summary>Bars of the sessions before the lab's clock.</summary>
    static async Task RiseAsync(EvidenceLab lab, int sessions, double drift)
    {
        var today = DateOnly.FromDateTime(lab.Now.UtcDateTime);
        var days = UnitedStatesCalendar.Sessions(today.AddDays(-2 * sessions - 10), today.AddDays(-1)).TakeLast(sessions).ToArray();
        for (var i = 0; i < days.Length; i++) await lab.BarAsync("ACME", days[i], 100 * Math.Exp(drift * i + 0.01 * Math.Sin(i)), volume: 1_000 + i % 7);
    }

    [Fact]
    public async Task Components_come_together_and_missing_ones_are_null()
    {
        await using var lab = await EvidenceLab.OpenAsync(server, nameof(ConfluenceTests));
        Assert.Null(await lab.Confluence.ReadAsync("ACME", lab.Now, lab.Now, Cancel));
        await RiseAsync(lab, 80, 0.01);
        var alone = (await lab.Confluence.ReadAsync("ACME", lab.Now, lab.Now, Cancel))!;
        Assert.Equal(["technical"], alone.ComponentsUsed);
        Assert.True(alone.TechnicalScore > 0.4 && alone.DirectionalBias == alone.TechnicalScore);
        Assert.Equal((null, null, null, null), (alone.SentimentScore, alone.SentimentContribution, alone.OptionsFlowScore, alone.OptionsFlowContribution));
        Assert.Equal(0.5, alone.Confidence, 1e-12);
        Assert.False(alone.MeetsMinimumThreshold);

        for (var i = 0; i < 20; i++) await lab.MentionAsync("ACME", "news", lab.Now - i * Hour, 0.7);
        await lab.OptionAsync("ACME", lab.Now - Hour, "call", 100, 5.1, 500);
        await lab.OptionAsync("ACME", lab.Now - Hour, "call", 105, 5.1, 500);
        var all = (await lab.Confluence.ReadAsync("ACME", lab.Now, lab.Now, Cancel))!;
        Assert.Equal(["technical", "sentiment", "options_flow"], all.ComponentsUsed);
        Assert.Equal(alone.TechnicalScore, all.TechnicalScore);
        Assert.Equal((0.7, 1.0), (Math.Round(all.SentimentScore!.Value, 12), Math.Round(all.OptionsFlowScore!.Value, 12)));
        Assert.True(all.Confidence > alone.Confidence && all.MeetsMinimumThreshold);
        Assert.Equal(all.DirectionalBias!.Value, (all.TechnicalContribution + all.SentimentContribution + all.OptionsFlowContribution)!.Value, 1e-12);
        // Options are a component of their own: they are not in the sentiment as well.
        Assert.True((await lab.Aggregates.ReadAsync("ACME", lab.Now, lab.Now, Cancel))!.UnifiedSentiment > all.SentimentScore);
        Assert.Equal(6, all.TechnicalBreakdown.Count);
        Assert.Equal("stable", all.VolumeTrend);
    }

    [Fact]
    public async Task Session_that_is_not_over_has_no_bar_yet_and_old_bars_lose_their_say()
    {
        await using var lab = await EvidenceLab.OpenAsync(server, nameof(ConfluenceTests));
        await RiseAsync(lab, 80, 0.01);
        var today = DateOnly.FromDateTime(lab.Now.UtcDateTime);
        var before = (await lab.Confluence.ReadAsync("ACME", lab.Now, lab.Now, Cancel))!;
        await lab.BarAsync("ACME", today, 50);
        Assert.Equal(before.TechnicalScore, (await lab.Confluence.ReadAsync("ACME", lab.Now, lab.Now, Cancel))!.TechnicalScore);
        var end = new DateTimeOffset(UnitedStatesCalendar.End(today), TimeSpan.Zero);
        // What was known of it at noon is not what it came to, also when it is over.
        Assert.Equal(before.TechnicalScore, (await lab.Confluence.ReadAsync("ACME", end, end, Cancel))!.TechnicalScore);
        // The same numbers after the close are news: they are those of the whole session.
        lab.Time.Advance(end - lab.Now);
        await lab.BarAsync("ACME", today, 50);
        Assert.Equal(before.TechnicalScore, (await lab.Confluence.ReadAsync("ACME", end - Hour, end, Cancel))!.TechnicalScore);
        Assert.True((await lab.Confluence.ReadAsync("ACME", end, end, Cancel))!.TechnicalScore < before.TechnicalScore);
        var stale = (await lab.Confluence.ReadAsync("ACME", end + 9.5 * Day, end + 9.5 * Day, Cancel))!;
        Assert.Equal(0.5, stale.Inputs.Technical.Freshness, 1e-9);
        Assert.Equal(0.25, stale.Confidence, 1e-9);
        Assert.Null(await lab.Confluence.ReadAsync("ACME", end + 800 * Day, end + 800 * Day, Cancel));
    }

    [Fact]
    public async Task Split_that_is_not_in_the_prices_does_not_look_like_a_crash()
    {
        await using var lab = await EvidenceLab.OpenAsync(server, nameof(ConfluenceTests));
        await RiseAsync(lab, 80, 0.01);
        var whole = (await lab.Confluence.ReadAsync("ACME", lab.Now, lab.Now, Cancel))!;
        var last = DateOnly.FromDateTime(whole.Inputs.Technical.LastBar!.Value.UtcDateTime);
        lab.Time.Advance(TimeSpan.FromSeconds(1));
        await lab.BarAsync("ACME", last, whole.Inputs.Technical.Close!.Value / 4, volume: 4_000);
        Assert.True((await lab.Confluence.ReadAsync("ACME", lab.Now, lab.Now, Cancel))!.TechnicalScore < 0);
        await lab.Actions.WriteAsync("ACME", "test", [new(last, CorporateActionKind.Split, 4, false)], null, Cancel);
        Assert.Equal(whole.TechnicalScore!.Value, (await lab.Confluence.ReadAsync("ACME", lab.Now, lab.Now, Cancel))!.TechnicalScore!.Value, 1e-9);
    }

    [Fact]
    public async Task Stored_rows_give_their_columns_again_bit_for_bit()
    {
        await using var lab = await EvidenceLab.OpenAsync(server, nameof(ConfluenceTests));
        await RiseAsync(lab, 120, -0.004);
        for (var i = 0; i < 20; i++) await lab.MentionAsync("ACME", i % 2 == 0 ? "news" : "reddit", lab.Now - i * Hour, Math.Sin(i));
        await lab.OptionAsync("ACME", lab.Now - Hour, "put", 100, 5.03, 500);
        var score = (await lab.Confluence.ReadAsync("ACME", lab.Now, lab.Now, Cancel))!;
        var store = new ConfluenceStore(lab.Database.DataSource);
        Assert.Equal((1, 0), (await store.AppendAsync([score], Cancel), await store.AppendAsync([score], Cancel)));
        var again = Assert.Single(await store.ReadAsync("ACME", lab.Now, lab.Now + Hour, null, Cancel));
        Assert.Equal(Text(score), Text(again));
        await using var connection = await lab.Database.DataSource.OpenConnectionAsync(Cancel);
        var row = await connection.QuerySingleAsync("""
            SELECT confluence_score s, directional_bias b, confidence c, technical_score t, technical_contribution k, confluence_level l, formula f, technical_breakdown::text j FROM sentiment.confluence_scores
            """);
        Assert.Equal((score.Score, score.DirectionalBias, score.Confidence, score.TechnicalScore, score.TechnicalContribution, score.ConfluenceLevel, ConfluenceFormula.Id),
            ((double?)row.s, (double?)row.b, (double)row.c, (double?)row.t, (double?)row.k, (string)row.l, (string)row.f));
        Assert.Contains("\"money_flow\"", (string)row.j);
    }

    internal static string Text(ConfluenceScore? score) => score is null ? "" : string.Join('|', score.Score, score.DirectionalBias, score.Confidence, score.TechnicalScore, score.SentimentScore, score.OptionsFlowScore,
        score.TechnicalContribution, score.SentimentContribution, score.OptionsFlowContribution, score.VolumeTrend, score.MeetsMinimumThreshold, string.Join(',', score.ComponentsUsed), score.Inputs.ToJson());
}
