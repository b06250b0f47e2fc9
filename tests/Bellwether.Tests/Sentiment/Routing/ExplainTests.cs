using System.Text.Json;
using Bellwether.App;
using Bellwether.Feeds;
using Bellwether.Tests.Commands;
using Bellwether.Tests.Sentiment.Llm;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Sentiment.Routing;

/// <summary><c>model route --explain</c> says what the pipeline does.</summary>
public sealed class ExplainTests(TestServer server) : IDisposable
{
    const string Both = "Apple surges on strong results, Intel slumps after downgrade";

    readonly string _folder = Directory.CreateTempSubdirectory("bellwether-explain-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    async Task<string> WriteAsync(string name, string content)
    {
        var path = Path.Combine(_folder, name);
        await File.WriteAllTextAsync(path, content, Cancel);
        return path;
    }

    Task<CliResult> ExplainAsync(string file, params string[] more) =>
        Cli.RunAsync(["--data", _folder, "model", "route", "--explain", file, .. more]);

    [Theory]
    [InlineData("""{ "Scoring": { "Model": "classifier" } }""")]
    [InlineData("""{ "Scoring": { "Model": "lexicon" } }""")]
    [InlineData("""{ "Scoring": { "Model": "classifer" } }""")]
    [InlineData("""{ "Scoring": { "ClassifierFile": "/none/such.bin" } }""")]
    [InlineData("""{ "Scoring": { "ScoreEachTicker": false } }""")]
    [InlineData("""{ "Scoring": { "Model": "finbort", "Routing": { "Rules": [ { "Name": "tweets", "Type": "tweet", "Models": ["lexicon"] } ] } } }""")]
    [InlineData("""{ "Scoring": { "Routing": { "Rules": [ { "Name": "all", "Models": ["lexicon", "classifier"], "DeferBelow": 0.99 } ] } } }""")]
    public async Task Explanation_is_what_the_pipeline_stores(string settings)
    {
        await WriteAsync(DeskOptions.FileName, settings);
        var scoring = DeskOptions.Load(_folder, new Dictionary<string, string?>()).Scoring;
        await using var desk = await TestDesk.OpenAsync(server, nameof(ExplainTests), o => o with { Scoring = scoring });
        var news = await WriteAsync("news.csv", $"title,date,stock\n\"{Both}\",2024-03-01T10:00:00Z,\"AAPL,INTC\"\n");
        await desk.IngestAsync(new() { Type = EventType.News }, news);

        var file = await WriteAsync("event.json", $$"""{"title":"{{Both}}","date":"2024-03-01T10:00:00Z","stock":"AAPL,INTC"}""");
        var answer = (await ExplainAsync(file, "--json")).Succeeds().Json;

        Assert.Equal(await desk.Database.ScalarAsync<string>("SELECT DISTINCT model FROM sentiment.sentiment_data"), answer.GetProperty("model").GetString());
        Assert.Equal(await desk.Database.ScalarAsync<string>("SELECT DISTINCT model_version FROM sentiment.sentiment_data"), answer.GetProperty("model_version").GetString());
        foreach (var ticker in answer.GetProperty("tickers").EnumerateArray())
            Assert.Equal(await desk.Database.ScalarAsync<double>($"SELECT score FROM sentiment.ticker_sentiment WHERE ticker = '{ticker.GetProperty("ticker").GetString()}'"),
                ticker.GetProperty("score").GetDouble(), 1e-5);
        Assert.Equal(["AAPL", "INTC"], answer.GetProperty("tickers").EnumerateArray().Select(t => t.GetProperty("ticker").GetString()));
    }

    [Fact]
    public async Task Language_model_for_all_events_is_asked_itself_and_what_it_refuses_is_put_aside()
    {
        await using var stub = await LlmStub.StartAsync();
        await WriteAsync(DeskOptions.FileName, $$"""{ "Scoring": { "Model": "llama", "Llm": { "llama": { "Endpoint": "{{stub.Endpoint}}", "Model": "m", "Tries": 1 } } } }""");
        var file = await WriteAsync("event.json", """{"text":"Apple beats estimates"}""");

        Assert.Equal("llama", (await ExplainAsync(file, "--json")).Succeeds().Json.GetProperty("model").GetString());
        stub.Answer = (_, _, context) => LlmStub.SayAsync(context, null, refusal: "I will not judge this.");
        var aside = (await ExplainAsync(file, "--json")).Succeeds().Json;
        Assert.Equal(("Refused", JsonValueKind.Null), (aside.GetProperty("put_aside").GetProperty("class").GetString(), aside.GetProperty("score").ValueKind));
        // Nothing else would score in its place; the pipeline waits for it.
        stub.Answer = (_, _, context) => LlmStub.FailAsync(context, 500);
        Assert.Contains("500", (await ExplainAsync(file)).Fails(4).Error);
    }

    [Theory]
    [InlineData("""{"label":"posi""", null, "Malformed: ")]
    [InlineData("""{"label":"splendid","confidence":0.9}""", null, "WrongLabel: ")]
    [InlineData(null, "I will not judge this.", "Refused: ")]
    public async Task Model_that_gave_no_score_is_told_with_its_reason_and_no_figure_of_another(string? content, string? refusal, string told)
    {
        await using var stub = await LlmStub.StartAsync();
        stub.Answer = (_, _, context) => LlmStub.SayAsync(context, content, refusal: refusal);
        await WriteAsync(DeskOptions.FileName, $$"""{ "Scoring": { "Llm": { "llama": { "Endpoint": "{{stub.Endpoint}}", "Model": "m", "Tries": 1 } }, "Routing": { "Rules": [ { "Name": "all", "Models": ["lexicon", "llama"], "DeferBelow": 0.99 } ] } } }""");
        var answer = (await ExplainAsync(await WriteAsync("event.json", """{"text":"Apple beats estimates","tickers":["AAPL"]}"""), "--json")).Succeeds().Json;
        string[] steps = [.. answer.GetProperty("steps").EnumerateArray().Select(s => s.GetString()!)];

        Assert.Equal(2, steps.Length);
        Assert.Matches(@"^lexicon: confidence 0\.\d{3}, left to the next model$", steps[0]);
        Assert.StartsWith($"llama: {told}", steps[1]);
        Assert.EndsWith("the score of lexicon stands", steps[1]);
        Assert.DoesNotContain("confidence 0.", steps[1]);
        Assert.Equal(("lexicon", "llama"), (answer.GetProperty("model").GetString(), answer.GetProperty("instead_of").GetString()));
    }

    [Fact]
    public async Task Event_is_read_as_ingest_reads_it_and_unknown_fields_are_told()
    {
        var file = await WriteAsync("event.json", """{"text":"Apple rises \ud83d today","premium_tier":"premium","premium_teir":"x"}""");
        var told = (await ExplainAsync(file)).Succeeds();
        Assert.Contains("premium_teir", told.Error);
        Assert.DoesNotContain("premium_tier", told.Error);
        Assert.Contains("NoTicker", (await ExplainAsync(await WriteAsync("none.json", """{"text":"nothing in particular"}"""))).Succeeds().Out);
        Assert.Contains("no such file", (await ExplainAsync(Path.Combine(_folder, "gone.json"))).Fails(3).Error);
        Assert.Contains("several events", (await ExplainAsync(await WriteAsync("two.json", """[{"text":"AAPL up"},{"text":"AAPL down"}]"""))).Fails(3).Error);
    }

    [Fact]
    public async Task Model_that_decides_alone_is_not_called_sure()
    {
        await WriteAsync(DeskOptions.FileName, """{ "Scoring": { "Routing": { "Rules": [ { "Name": "all", "Models": ["classifier"] } ] } } }""");
        var told = (await ExplainAsync(await WriteAsync("event.json", """{"text":"Apple may or may not","tickers":["AAPL"]}"""))).Succeeds().Out;
        Assert.Contains("it decides", told);
        Assert.DoesNotContain("sure", told);
    }
}
