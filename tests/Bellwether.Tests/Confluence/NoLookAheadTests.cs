using System.Text.RegularExpressions;
using Bellwether.Market;
using Bellwether.Market.Calendars;
using Bellwether.Sentiment.Aggregation;
using Bellwether.Tests.Support;
using static Bellwether.Tests.Confluence.EvidenceLab;

namespace Bellwether.Tests.Confluence;

/// <summary>
/// Whatever becomes known later, and however far back it reaches: what was answered for a moment stays answered so. What is stated to have
/// been known before changes answers from then on alone.
/// </summary>
public sealed class NoLookAheadTests(TestServer server)
{
    const string Symbol = "ACME";

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Late_and_restated_data_change_no_answer_of_before(int seed)
    {
        await using var lab = await EvidenceLab.OpenAsync(server, nameof(NoLookAheadTests));
        var random = new Random(seed);
        var (answers, told, changed) = (new List<(DateTimeOffset At, DateTimeOffset KnownBy, string Text)>(), new HashSet<string>(StringComparer.Ordinal), 0);
        for (var i = 0; i < 30; i++) await ChangeAsync(lab, random);
        for (var step = 0; step < 60; step++)
        {
            lab.Time.Advance(TimeSpan.FromMinutes(random.Next(1, 300)));
            var before = lab.Now - TimeSpan.FromTicks(10);
            // The same moment of the past with and without what becomes known now.
            var at = before - random.NextDouble() * TimeSpan.FromDays(3);
            var known = await ReadAsync(lab, at, before);
            answers.Add((at, before, known));
            answers.Add((before, before, await ReadAsync(lab, before, before)));
            told.UnionWith(answers.Select(a => a.Text));
            for (var i = random.Next(1, 6); i > 0; i--)
                if (await ChangeAsync(lab, random) is { } backdated) answers.RemoveAll(a => a.KnownBy >= backdated);
            if (Substance(await ReadAsync(lab, at, lab.Now)) != Substance(known)) changed++;
            foreach (var (when, knownBy, text) in answers.OrderBy(_ => random.Next()).Take(6))
                Assert.Equal(text, await ReadAsync(lab, when, knownBy));
        }
        foreach (var (when, knownBy, text) in answers) Assert.Equal(text, await ReadAsync(lab, when, knownBy));
        // Else all of the above would hold of a reader that sees nothing.
        Assert.True(changed > 20, $"{changed} of 60 changes were seen by those who may know of them");
        Assert.True(told.Count > 100, $"{told.Count} answers differ");
        Assert.True(answers.Select(a => a.Text).Distinct().Count() > 60, $"{answers.Count} answers are left");
    }

    // All but the moment of the knowledge itself.
    static string Substance(string text) => Regex.Replace(text, "\"known_at\":\"[^\"]*\"", "");

    static async Task<string> ReadAsync(EvidenceLab lab, DateTimeOffset at, DateTimeOffset knownBy)
    {
        var confluence = await lab.Confluence.ReadAsync(Symbol, at, knownBy, Cancel);
        var aggregate = await lab.Aggregates.ReadAsync(Symbol, at, knownBy, Cancel);
        return $"{ConfluenceTests.Text(confluence)}|{aggregate?.UnifiedSentiment:R}|{aggregate?.Confidence:R}|{aggregate?.VolumeZ:R}|{aggregate?.Inputs.ToJson()}";
    }

    /// <returns>Since when a change is stated to be known, where that lies in the past.</returns>
    static async Task<DateTimeOffset?> ChangeAsync(EvidenceLab lab, Random random)
    {
        var past = lab.Now - random.NextDouble() * TimeSpan.FromDays(9);
        // The last one runs, or has not begun.
        var today = DateOnly.FromDateTime(lab.Now.UtcDateTime);
        var session = UnitedStatesCalendar.Sessions(today.AddDays(-40), today).OrderBy(_ => random.Next()).First();
        switch (random.Next(11))
        {
            case 0:
            case 1:
                await lab.MentionAsync(Symbol, random.Next(3) switch { 0 => "news", 1 => "reddit", _ => "tweet" }, past,
                    random.NextDouble() * 2 - 1, author: $"author{random.Next(3)}");
                break;
            case 2:
            case 3:
                // New, late or restated.
                await lab.BarAsync(Symbol, session, 50 + 100 * random.NextDouble(), volume: random.Next(1, 10_000));
                break;
            case 6:
                // A part of today's session, or a day without one.
                await lab.BarAsync(Symbol, random.Next(2) == 0 ? today : today.AddDays(-1 - (int)today.DayOfWeek), 50
                    + 100 * random.NextDouble());
                break;
            case 7:
                var close = 50 + 100 * random.NextDouble();
                await lab.VendorBarAsync(Symbol, session, close, random.Next(2) == 0 ? close * random.NextDouble() : null,
                    session.AddDays(random.Next(9)), random.Next(2) == 0);
                break;
            case 8:
                await lab.Actions.WriteAsync(Symbol, "test", [random.Next(2) == 0
                    ? new(session, CorporateActionKind.Dividend, random.NextDouble(), false)
                    : new(session, CorporateActionKind.Split, random.Next(2, 5), true)], null, Cancel);
                break;
            case 9 when random.Next(4) == 0:
                var known = lab.Now - random.NextDouble() * TimeSpan.FromHours(6);
                await lab.BarAsync(Symbol, session, 50 + 100 * random.NextDouble(), known);
                return known;
            case 10 when random.Next(4) == 0:
                await lab.Hours.StateAsync(Symbol, (TradingHours)random.Next(3), onlyFirst: false, Cancel);
                break;
            case 4:
                await lab.OptionAsync(Symbol, past, random.Next(2) == 0 ? "call" : "put", 95 + random.Next(3), 4.9
                    + 0.2 * random.NextDouble(), random.Next(1, 1_000));
                break;
            case 5 when random.Next(2) == 0:
                await lab.Actions.WriteAsync(Symbol, "test", [new(session, CorporateActionKind.Split, random.Next(2, 5), false)], null,
                    Cancel);
                break;
            default:
                await new InfluencerLearning(lab.Database.DataSource, lab.Time).LearnAsync(null, 1, save: true, Cancel);
                break;
        }
        return null;
    }
}
