using System.Globalization;
using System.Text.Json;
using Bellwether.App.Commands;
using Bellwether.Tests.Api;
using Bellwether.Tests.Commands;
using Bellwether.Tests.Support;
using static Bellwether.Tests.Api.ServedDesk;

namespace Bellwether.Tests.Confluence;

/// <summary>The commands and the API, which give the same.</summary>
public sealed class ConfluenceCommandTests(TestServer server)
{
    const string Bars = "Date,Open,High,Low,Close,Volume";

    static async Task<CliDesk> DeskAsync(TestServer server)
    {
        var desk = await CliDesk.OpenAsync(server, nameof(ConfluenceCommandTests));
        var first = DateTime.UtcNow.Date.AddDays(-120);
        var days = Enumerable.Range(0, 119).Select(i => first.AddDays(i)).Where(d => Bellwether.Market.Calendars.UnitedStatesCalendar.IsSession(DateOnly.FromDateTime(d)));
        var lines = days.Select((d, i) => string.Create(CultureInfo.InvariantCulture, $"{d:yyyy-MM-dd},{100 + i},{102 + i},{99 + i},{101 + i},{1_000 + i}"));
        (await desk.RunAsync("market", "import", desk.Write("bars.csv", $"{Bars}\n{string.Join('\n', lines)}\n"), "--symbol", "ACME")).Succeeds();
        var posts = Enumerable.Range(1, 12).Select(i => Event($"{i}", "ACME", $"Acme beats estimates, record profit {i}", DateTimeOffset.UtcNow.AddHours(-i).ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture)));
        (await desk.RunAsync("ingest", desk.Write("news.jsonl", string.Join('\n', posts)), "--wait")).Succeeds();
        return desk;
    }

    [Fact]
    public async Task Commands_tell_show_save_and_draw()
    {
        await using var desk = await DeskAsync(server);
        var aggregate = (await desk.RunAsync("aggregate", "acme", "--json")).Succeeds().Json;
        Assert.Equal(("ACME", 12, 1), (aggregate.GetProperty("symbol").GetString(), aggregate.GetProperty("total_mention_count").GetInt32(), aggregate.GetProperty("source_count").GetInt32()));
        Assert.True(aggregate.GetProperty("news_sentiment").GetDouble() > 0.3);
        Assert.Equal(JsonValueKind.Null, aggregate.GetProperty("reddit_sentiment").ValueKind);
        Assert.Equal("aggregate-v1", aggregate.GetProperty("formula").GetString());
        var also = (await desk.RunAsync("sentiment", "aggregate", "ACME", "--as-of", aggregate.GetProperty("known_at").GetString()!, "--json")).Succeeds().Json;
        Assert.Equal(aggregate.GetRawText(), also.GetRawText());
        Assert.Contains("reddit", (await desk.RunAsync("aggregate", "ACME")).Succeeds().Out);

        var confluence = (await desk.RunAsync("confluence", "ACME", "--json", "--save")).Succeeds().Json;
        Assert.Equal(["technical", "sentiment"], confluence.GetProperty("components_used").EnumerateArray().Select(c => c.GetString()));
        Assert.True(confluence.GetProperty("directional_bias").GetDouble() > 0.3 && confluence.GetProperty("meets_minimum_threshold").GetBoolean());
        Assert.Equal(1, await desk.Database.ScalarAsync<long>("SELECT count(*) FROM sentiment.confluence_scores"));
        var chart = Path.Combine(desk.Folder, "acme.svg");
        var drawn = (await desk.RunAsync("confluence", "ACME", "--plot", chart)).Succeeds();
        Assert.Contains("money_flow", drawn.Out);
        Assert.Contains("polyline", File.ReadAllText(chart));
        Assert.Equal(1, (await desk.RunAsync("confluence", "--all", "--json")).Succeeds().Json.GetArrayLength());
        (await desk.RunAsync("aggregate", "--all", "--save")).Succeeds();
        // A day and a week; in the last hour nobody wrote.
        Assert.Equal(2, await desk.Database.ScalarAsync<long>("SELECT count(*) FROM sentiment.symbol_sentiments WHERE source = 'news'"));
        Assert.Equal("1", (await desk.RunAsync("sql", "select count(*) as n from aggregated_sentiments where unified_sentiment > 0.3", "--format", "csv")).Succeeds().Out.Trim().Split('\n')[^1]);

        Assert.Contains("No call has an outcome yet", (await desk.RunAsync("sentiment", "influencers")).Succeeds().Out);
        // Bars that were read in just now, and a moment at which they were not known.
        var past = (await desk.RunAsync("confluence", "ACME", "--at", DateTime.UtcNow.AddDays(-20).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), "--json")).Succeeds().Json;
        Assert.Equal(["technical"], past.GetProperty("components_used").EnumerateArray().Select(c => c.GetString()));
        Assert.True(past.GetProperty("known_at").GetDateTimeOffset() > past.GetProperty("timestamp").GetDateTimeOffset().AddDays(19));
        Assert.Contains("NONE", (await desk.RunAsync("confluence", "NONE")).Fails(ExitCode.BadInput).Error);
        Assert.Contains("at 2020-01-01", (await desk.RunAsync("aggregate", "ACME", "--as-of", "2020-01-01")).Fails(ExitCode.BadInput).Error);
    }

    [Fact]
    public async Task A_symbol_of_which_nothing_counts_any_more_is_told_from_one_that_nothing_is_known_of()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(ConfluenceCommandTests));
        (await desk.RunAsync("market", "import", desk.Write("old.csv", $"{Bars}\n2020-01-02,10,12,9,11,5\n2020-01-03,10,12,9,11,5\n"), "--symbol", "OLD")).Succeeds();
        async Task<(string Kind, string Message, string? Mend)> Error(params string[] args)
        {
            var error = (await desk.RunAsync(["confluence", .. args, "--json"])).Fails(ExitCode.BadInput).ErrorJson;
            return (error.GetProperty("kind").GetString()!, error.GetProperty("message").GetString()!, error.GetProperty("mend").GetString());
        }
        var stale = await Error("OLD");
        Assert.Equal(("stale_symbol", "Ask about a moment when it did: --at 2020-01-04."), (stale.Kind, stale.Mend));
        Assert.Contains("the last daily bar is of 2020-01-03", stale.Message);
        var moved = await Error("OLD", "--at", "2019-01-01");
        Assert.Equal(("stale_symbol", "Ask about a moment since when there is something: --at 2020-01-03."), (moved.Kind, moved.Mend));
        Assert.Equal("OLD", (await desk.RunAsync("confluence", "OLD", "--at", "2020-01-03", "--json")).Succeeds().Json.GetProperty("symbol").GetString());
        Assert.Equal("Ask about a moment when it did: --at 2020-01-04.", (await Error("OLD", "--at", "2024-01-01")).Mend);
        Assert.Contains("Check how it is written", (await Error("NONE", "--at", "2024-01-01")).Mend);
        Assert.Contains("the first daily bar is of 2020-01-02", moved.Message);
        Assert.Equal("unknown_symbol", (await Error("NONE")).Kind);
        Assert.Equal("unknown_symbol", (await Error("OLD", "--as-of", "2020-02-01")).Kind);
        Assert.Equal("OLD", (await desk.RunAsync("confluence", "OLD", "--at", "2020-01-04", "--json")).Succeeds().Json.GetProperty("symbol").GetString());
    }

    [Theory]
    [InlineData("aggregate", "/api/v1/sentiment/acme/aggregate/history")]
    [InlineData("confluence", "/api/v1/confluence/acme/history")]
    public async Task What_was_saved_is_shown_as_the_API_lists_it(string command, string path)
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(ConfluenceCommandTests));
        await desk.PushAsync(Event("1", "ACME", "Acme rises to a record", $"{DateTimeOffset.UtcNow:yyyy-MM-ddTHH:mm:ssZ}"));
        for (var i = 0; i < 3; i++) await desk.Desk.Desk.ConfluenceSaver.SaveAsync(DateTimeOffset.UtcNow, Token);
        Task<CliResult> Run(params string[] args) => Cli.RunAsync(["--data", desk.Desk.Folder, "--postgres", desk.Desk.Desk.Options.Postgres!, command, .. args]);
        var all = (await desk.JsonAsync(path)).GetProperty("items").EnumerateArray().Select(i => i.GetProperty("timestamp").GetString()).ToArray();
        async Task<string?[]> Shown(params string[] args) =>
            [.. (await Run(["ACME", "--history", "--json", .. args])).Succeeds().Json.GetProperty("items").EnumerateArray().Select(i => i.GetProperty("timestamp").GetString())];
        Assert.Equal(3, all.Length);
        Assert.Equal(all, await Shown());
        Assert.Equal(all[1..], await Shown("--limit", "2"));
        Assert.Equal(all[1..], await Shown("--from", all[1]!));
        Assert.Equal(all[..1], await Shown("--to", all[1]!));
        Assert.Equal(all[..2], await Shown("--as-of", all[1]!));
        Assert.Equal(3, (await Run("ACME", "--history")).Succeeds().Out.Split('\n').Count(l => l.Contains("Z ", StringComparison.Ordinal)));
        Assert.Contains("Nothing was saved of NONE", (await Run("NONE", "--history")).Succeeds().Error);
        foreach (var (line, says) in new[]
        {
            ("--all --history", "of one symbol"), ("ACME --history --save", "--save does not go with it"), ("ACME --limit 5", "--limit goes with --history"), ("ACME --history --limit 0", "outside 1.."),
            ("ACME --history --limit x", "--limit: 'x' is no whole number"), ("ACME --from 2024-01-01", "--from goes with --history"), ("ACME --history --from 2024-01-02 --to 2024-01-01", "is not before"),
        })
            Assert.Contains(says, (await Run(line.Split(' '))).Fails(ExitCode.Usage).Error);
    }

    [Fact]
    public async Task Influencers_are_shown_and_change_nothing_until_they_are_saved()
    {
        await using var desk = await DeskAsync(server);
        var first = DateTime.UtcNow.Date.AddDays(-100);
        var posts = Enumerable.Range(0, 60).SelectMany(i => new[] { ("seer", "beats estimates, record profit"), ("fool", "sued for fraud, heavy losses") }.Select((who, n) => string.Create(CultureInfo.InvariantCulture,
            $"{{\"tweet_id\":\"{i}{n}\",\"created_at\":\"{first.AddDays(i):yyyy-MM-dd}T12:00:00Z\",\"tickers\":[\"ACME\"],\"text\":\"Acme {who.Item2} {i}\",\"author\":\"{who.Item1}\"}}")));
        (await desk.RunAsync("ingest", desk.Write("tweets.jsonl", string.Join('\n', posts)), "--type", "tweet", "--wait")).Succeeds();
        var shown = (await desk.RunAsync("sentiment", "influencers", "--json")).Succeeds().Json;
        Assert.Equal(2, shown.GetProperty("accounts").GetInt32());
        // Prices rose every day: who said so was right.
        var (best, worst) = (shown.GetProperty("weights")[0], shown.GetProperty("weights")[1]);
        Assert.Equal(("seer", "fool", 0), (best.GetProperty("account_id").GetString(), worst.GetProperty("account_id").GetString(), worst.GetProperty("hits").GetInt32()));
        Assert.True(best.GetProperty("weight").GetDouble() > 1.5 && worst.GetProperty("weight").GetDouble() < 0.7);
        Assert.Equal(0, await desk.Database.ScalarAsync<long>("SELECT count(*) FROM sentiment.influencer_weights"));
        var saved = (await desk.RunAsync("sentiment", "influencers", "--save")).Succeeds();
        Assert.Contains("2 weights are new", saved.Error);
        Assert.Contains("calls of 2 accounts", saved.Out);
        Assert.Equal(2, await desk.Database.ScalarAsync<long>("SELECT count(*) FROM sentiment.influencer_weights"));
    }

    [Theory]
    [InlineData("aggregate", "--all")]
    [InlineData("aggregate ACME --all", "--all")]
    [InlineData("confluence ACME --plot chart.gif", ".svg")]
    [InlineData("confluence --all --plot chart.svg", "name it")]
    [InlineData("confluence ACME --from 2024-01-01", "--plot")]
    [InlineData("confluence ACME --as-of yesterday", "--as-of")]
    [InlineData("aggregate ACME --at 2024-02-01 --as-of 2024-01-01", "is after")]
    [InlineData("signal report --signal magic", "magic")]
    [InlineData("signal report --horizons 0", "--horizons")]
    [InlineData("signal report --file a.csv --signal news", "--file and --signal")]
    [InlineData("signal report --html page.pdf", ".html")]
    [InlineData("signal report --from 2024-02-01 --to 2024-01-01", "is not before")]
    [InlineData("sentiment influencers --horizon 0", "--horizon")]
    public async Task Wrong_usage_is_refused_before_a_database_is_started(string line, string says)
    {
        var result = (await Cli.RunAsync(["--data", "/nonexistent/nowhere", .. ShellWords.Split(line)])).Fails(ExitCode.Usage);
        Assert.Contains(says, result.Error);
    }

    [Fact]
    public async Task Api_gives_what_was_known_then()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(ConfluenceCommandTests));
        var recent = DateTimeOffset.UtcNow.AddHours(-2).ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        await desk.PushAsync(Event("1", "ACME", "Acme beats estimates", recent));
        var first = await desk.JsonAsync("/api/v1/sentiment/ACME/aggregate");
        Assert.Equal(1, Number(first, "total_mention_count"));
        Assert.False(first.TryGetProperty("sentiment_level", out _));
        await desk.PushAsync(Event("2", "ACME", "Acme sued for fraud", recent));
        var moment = Uri.EscapeDataString(first.GetProperty("known_at").GetString()!);
        var then = await desk.JsonAsync($"/api/v1/sentiment/acme/aggregate?asOf={moment}");
        Assert.Equal(first.GetRawText(), then.GetRawText());
        Assert.Equal(2, Number(await desk.JsonAsync("/api/v1/sentiment/ACME/aggregate"), "total_mention_count"));
        var confluence = await desk.JsonAsync($"/api/v1/confluence/ACME?asOf={moment}");
        Assert.Equal(first.GetProperty("news_sentiment").GetDouble(), confluence.GetProperty("sentiment_score").GetDouble());
        Assert.False(confluence.TryGetProperty("technical_score", out _));
        Assert.Equal("confluence-v1", confluence.GetProperty("formula").GetString());

        // The moment to tell of, with what is known now: history that was loaded afterwards.
        var earlier = DateTimeOffset.UtcNow.AddHours(-1).ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        foreach (var (path, command) in new[] { ("sentiment/ACME/aggregate", "aggregate"), ("confluence/ACME", "confluence") })
        {
            var now = Uri.UnescapeDataString(moment);
            var told = await desk.JsonAsync($"/api/v1/{path}?at={earlier}&asOf={moment}");
            Assert.Equal((earlier, now), (told.GetProperty("timestamp").GetString(), told.GetProperty("known_at").GetString()));
            var shown = (await Cli.RunAsync("--data", desk.Desk.Folder, "--postgres", desk.Desk.Desk.Options.Postgres!, command, "ACME", "--at", earlier, "--as-of", now, "--json")).Succeeds().Json;
            var same = command == "aggregate" ? "unified_sentiment" : "sentiment_score";
            Assert.Equal(shown.GetProperty(same).GetDouble(), told.GetProperty(same).GetDouble());
            using var behind = await desk.GetAsync($"/api/v1/{path}?at={moment}&asOf={earlier}");
            Assert.Contains("at: is after", (await ProblemAsync(behind, 400)).GetProperty("detail").GetString());
        }

        using var unknown = await desk.GetAsync("/api/v1/confluence/NONE");
        await ProblemAsync(unknown, 404);
        using var before = await desk.GetAsync("/api/v1/confluence/ACME?asOf=2020-01-01");
        Assert.Contains("2020-01-01", (await ProblemAsync(before, 404)).GetProperty("detail").GetString());
        using var misspelt = await desk.GetAsync("/api/v1/confluence/ACME?asof=x&as_of=2020-01-01");
        Assert.Equal(2, (await ProblemAsync(misspelt, 400)).GetProperty("errors").GetArrayLength());
        Assert.Equal(1, await desk.Desk.Desk.ConfluenceSaver.SaveAsync(DateTimeOffset.UtcNow, Token));
        Assert.Equal(1, await desk.Desk.Database.ScalarAsync<long>("SELECT count(*) FROM sentiment.confluence_scores c JOIN sentiment.aggregated_sentiments a USING (symbol, timestamp, known_at)"));
    }
}
