using Bellwether.App.Commands;
using Bellwether.Tests.Support;
using Dapper;

namespace Bellwether.Tests.Commands;

public sealed class SentimentCommandTests(TestServer server)
{
    static async Task<CliDesk> FedAsync(TestServer server)
    {
        var desk = await CliDesk.OpenAsync(server, nameof(SentimentCommandTests));
        var rows = """
            id,headline,date,stock
            1,Apple beats estimates and raises guidance,2026-03-02T14:30:00Z,AAPL
            2,Tesla misses estimates as shares plunge,2026-03-02T15:00:00Z,TSLA
            3,Apple cuts its outlook on weak demand,2026-03-03T09:00:00Z,AAPL

            """;
        (await desk.RunAsync("ingest", desk.Write("a.csv", rows), "--wait")).Succeeds();
        return desk;
    }

    [Fact]
    public async Task One_ticker_answers_with_the_agreed_fields_in_order()
    {
        await using var desk = await FedAsync(server);
        var json = (await desk.RunAsync("sentiment", "aapl", "--json")).Succeeds().Json;
        string[] fields = ["ticker", "score", "weight", "count", "article_title", "source_url", "last_updated", "model_counts", "as_of", "revision"];
        Assert.Equal(fields, json.EnumerateObject().Select(p => p.Name).Take(fields.Length));
        Assert.Equal("AAPL", json.GetProperty("ticker").GetString());
        Assert.Equal(2, json.GetProperty("count").GetInt64());
        Assert.Equal(2, json.GetProperty("model_counts").GetProperty("classifier").GetInt64());
        Assert.Equal("Apple cuts its outlook on weak demand", json.GetProperty("article_title").GetString());
    }

    [Fact]
    public async Task Several_tickers_answer_with_an_array_and_none_with_all()
    {
        await using var desk = await FedAsync(server);
        Assert.Equal(["TSLA", "AAPL"], Names((await desk.RunAsync("sentiment", "TSLA", "AAPL", "--json")).Succeeds()));
        Assert.Equal(["AAPL", "TSLA"], Names((await desk.RunAsync("sentiment", "--json")).Succeeds()));
        var table = (await desk.RunAsync("sentiment")).Succeeds().Out;
        Assert.Contains("Tesla misses estimates", table);
        Assert.DoesNotContain("\u001b", table);
        static IEnumerable<string?> Names(CliResult result) => result.Json.EnumerateArray().Select(t => t.GetProperty("ticker").GetString());
    }

    [Fact]
    public async Task Unknown_ticker_exits_3_and_known_ones_are_shown()
    {
        await using var desk = await FedAsync(server);
        var result = (await desk.RunAsync("sentiment", "AAPL", "ZZZZ", "--json")).Fails(ExitCode.BadInput);
        Assert.Equal(1, result.Json.GetArrayLength());
        Assert.Contains("ZZZZ", result.ErrorJson.GetProperty("message").GetString());
    }

    [Fact]
    public async Task As_of_sees_nothing_that_was_known_later()
    {
        await using var desk = await FedAsync(server);
        var live = (await desk.RunAsync("sentiment", "AAPL", "--json")).Succeeds().Json;
        (await desk.RunAsync("sentiment", "AAPL", "--as-of", "2026-03-04T00:00:00Z")).Fails(ExitCode.BadInput);
        var now = (await desk.RunAsync("sentiment", "AAPL", "--as-of", "now", "--json")).Succeeds().Json;
        Assert.Equal(live.GetProperty("score").GetRawText(), now.GetProperty("score").GetRawText());
        Assert.Equal(live.GetProperty("weight").GetRawText(), now.GetProperty("weight").GetRawText());
        await using (var connection = await desk.Database.DataSource.OpenConnectionAsync(TestContext.Current.CancellationToken))
            await connection.ExecuteAsync("UPDATE sentiment.sentiment_data SET processing_timestamp_utc = timestamp + interval '1 minute'");
        var before = (await desk.RunAsync("sentiment", "AAPL", "--as-of", "2026-03-02T20:00:00Z", "--json")).Succeeds().Json;
        Assert.Equal(1, before.GetProperty("count").GetInt64());
        Assert.Equal("2026-03-02T20:00:00Z", before.GetProperty("as_of").GetString());
    }

    [Fact]
    public async Task History_has_an_interval_for_each_day_with_results()
    {
        await using var desk = await FedAsync(server);
        var json = (await desk.RunAsync("sentiment", "history", "AAPL", "--from", "2026-03-01", "--to", "2026-03-03", "--interval", "1d", "--json")).Succeeds().Json;
        var day = Assert.Single(json.GetProperty("intervals").EnumerateArray());
        Assert.Equal(1, day.GetProperty("count").GetInt64());
        Assert.Equal(2, (await desk.RunAsync("sentiment", "history", "AAPL", "--interval", "1d", "--json")).Succeeds().Json.GetProperty("intervals").GetArrayLength());
        (await desk.RunAsync("sentiment", "history", "AAPL", "--from", "2026-03-03", "--to", "2026-03-03")).Fails(ExitCode.Usage);
        (await desk.RunAsync("sentiment", "history", "AAPL", "--from", "2000-01-01", "--to", "2026-01-01", "--interval", "1s")).Fails(ExitCode.Usage);
    }

    [Fact]
    public async Task Articles_come_newest_first_and_with_text_on_request()
    {
        await using var desk = await FedAsync(server);
        var articles = (await desk.RunAsync("sentiment", "articles", "AAPL", "--text", "--json")).Succeeds().Json.GetProperty("articles");
        Assert.Equal(["Apple cuts its outlook on weak demand", "Apple beats estimates and raises guidance"], articles.EnumerateArray().Select(a => a.GetProperty("text").GetString()));
        Assert.Equal(1, (await desk.RunAsync("sentiment", "articles", "AAPL", "--limit", "1", "--json")).Succeeds().Json.GetProperty("articles").GetArrayLength());
    }

    [Fact]
    public async Task Chains_tell_what_was_told_again()
    {
        await using var desk = await FedAsync(server);
        const string story = "Apple to build a research campus in Munich with 2,000 engineers";
        var rows = string.Join('\n', new[] { story, $"UPDATE 1-{story}", $"{story} - Reuters" }.Select((text, i) => $"\"{text}\",2026-03-04T1{i}:00:00Z,AAPL,wire{i}"));
        (await desk.RunAsync("ingest", desk.Write("told.csv", $"title,date,stock,source\n{rows}\n"), "--wait")).Succeeds();
        var answer = (await desk.RunAsync("sentiment", "chains", "aapl", "--json")).Succeeds().Json;
        var chain = Assert.Single(answer.GetProperty("chains").EnumerateArray().ToArray());
        Assert.Equal((3, 1.0), (chain.GetProperty("size").GetInt32(), chain.GetProperty("weight").GetDouble()));
        Assert.Equal("2026-03-04T12:00:00Z", chain.GetProperty("last").GetString());
        var told = (await desk.RunAsync("sentiment", "articles", "AAPL", "--limit", "3", "--json")).Succeeds().Json.GetProperty("articles").EnumerateArray().ToArray();
        Assert.Equal([1.0, 0, 0], told.Select(a => a.GetProperty("novelty_weight").GetDouble()).OrderDescending());
        Assert.All(told, a => Assert.Equal(chain.GetProperty("chain_id").GetString(), a.GetProperty("chain_id").GetString()));
        Assert.Contains(story, (await desk.RunAsync("sentiment", "chains", "AAPL")).Succeeds().Out);
        Assert.Contains("No story", (await desk.RunAsync("sentiment", "chains", "AAPL", "--to", "2026-03-04")).Succeeds().Out);
        (await desk.RunAsync("sentiment", "chains", "AAPL", "--limit", "0")).Fails(ExitCode.Usage);
        (await desk.RunAsync("sentiment", "chains", "NONE")).Fails(ExitCode.BadInput);
    }

    [Fact]
    public async Task Rebuild_with_the_same_half_life_changes_no_bit()
    {
        await using var desk = await FedAsync(server);
        const string dump = "SELECT string_agg(t::text, '|' ORDER BY ticker) FROM sentiment.ticker_sentiment t";
        var before = await desk.Database.ScalarAsync<string>(dump);
        var json = (await desk.RunAsync("sentiment", "rebuild", "--json")).Succeeds().Json;
        Assert.Equal((2, 3), (json.GetProperty("tickers").GetInt32(), json.GetProperty("results").GetInt32()));
        Assert.Equal(before, await desk.Database.ScalarAsync<string>(dump));
    }

    [Fact]
    public async Task Rebuild_takes_the_half_life_of_the_settings()
    {
        await using var desk = await FedAsync(server);
        var before = (await desk.RunAsync("sentiment", "AAPL", "--json")).Succeeds().Json.GetProperty("weight").GetDouble();
        desk.Write("bellwether.json", """{ "Scoring": { "HalfLifeSeconds": 3600 } }""");
        (await desk.RunAsync("sentiment", "rebuild")).Succeeds();
        var after = (await desk.RunAsync("sentiment", "AAPL", "--json")).Succeeds().Json.GetProperty("weight").GetDouble();
        // 18.5 hours apart: with a day's half-life the older one still weighs 0.59, with an hour's next to nothing.
        Assert.Equal(1.586, before, 0.001);
        Assert.Equal(1.0, after, 0.001);
    }
}
