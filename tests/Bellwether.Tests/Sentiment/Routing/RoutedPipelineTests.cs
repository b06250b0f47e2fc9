using System.Text.Json;
using Bellwether.App;
using Bellwether.Events;
using Bellwether.Feeds;
using Bellwether.Sentiment.Routing;
using Bellwether.Tests.Commands;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Sentiment.Routing;

/// <summary>Rules through the real pipeline, and through the command that explains them.</summary>
public sealed class RoutedPipelineTests(TestServer server) : IDisposable
{
    static readonly RoutingOptions ByType = new()
    {
        Rules = [new() { Name = "posts", Type = EventType.Tweet, Models = ["lexicon"] }, new() { Name = "rest", Models = ["classifier"] }],
    };

    readonly string _folder = Directory.CreateTempSubdirectory("bellwether-route-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Rows_posts_states_and_announcements_name_the_model_that_scored_them()
    {
        await using var desk = await TestDesk.OpenAsync(server, nameof(RoutedPipelineTests), o => o with { Scoring = o.Scoring with { Routing = ByType } });
        await IngestBothAsync(desk);

        Assert.Equal("news classifier,tweet lexicon", await desk.Database.ScalarAsync<string>("SELECT string_agg(event_type || ' ' || model, ',' ORDER BY event_type) FROM sentiment.sentiment_data"));
        Assert.Equal("lexicon", await desk.Database.ScalarAsync<string>("SELECT model FROM sentiment.tweet_sentiments"));
        Assert.Equal("""{"lexicon": 1, "classifier": 1}""", await desk.Database.ScalarAsync<string>("SELECT model_counts::text FROM sentiment.ticker_sentiment WHERE ticker = 'AAPL'"));
        Assert.Equal(2, await desk.Database.ScalarAsync<long>("SELECT count(DISTINCT convert_from(value, 'utf8')::jsonb ->> 'model') FROM ops.event_log WHERE topic = 'analyzed-sentiment'"));
    }

    [Fact]
    public async Task Model_that_cannot_be_loaded_is_replaced_and_its_rows_say_so()
    {
        await using var desk = await TestDesk.OpenAsync(server, nameof(RoutedPipelineTests), o => o with { Scoring = o.Scoring with { Routing = ByType, ClassifierFile = Path.Combine(_folder, "missing.bin") } });
        await IngestBothAsync(desk);

        Assert.EndsWith(" instead of classifier", await desk.Database.ScalarAsync<string>("SELECT model_version FROM sentiment.sentiment_data WHERE event_type = 'news'"));
        Assert.DoesNotContain("instead", await desk.Database.ScalarAsync<string>("SELECT model_version FROM sentiment.sentiment_data WHERE event_type = 'tweet'"));
    }

    [Fact]
    public async Task Explain_tells_the_rule_the_steps_and_the_score()
    {
        var data = Path.Combine(_folder, "desk");
        Directory.CreateDirectory(data);
        await File.WriteAllTextAsync(Path.Combine(data, DeskOptions.FileName), """
            { "Scoring": { "Routing": {
                "Rules": [ { "Name": "urgent", "Priority": "high", "Models": ["classifier"] }, { "Name": "cheap first", "Models": ["lexicon", "classifier"], "DeferBelow": 0.999 } ],
                "Limits": { "classifier": { "Concurrent": 2, "Timeout": "00:00:05" } } } } }
            """, TestContext.Current.CancellationToken);
        var file = Path.Combine(_folder, "event.json");
        await File.WriteAllTextAsync(file, """{"type":"news","priority":"standard","text":"Apple beats estimates and raises guidance"}""", TestContext.Current.CancellationToken);

        var answer = (await Cli.RunAsync(["--data", data, "model", "route", "--explain", file, "--json"])).Succeeds().Json;
        Assert.Equal("cheap first", answer.GetProperty("rule").GetString());
        Assert.Equal("urgent", answer.GetProperty("missed")[0].GetProperty("rule").GetString());
        Assert.Equal(("classifier", JsonValueKind.Null), (answer.GetProperty("model").GetString(), answer.GetProperty("instead_of").ValueKind));
        Assert.Equal(2, answer.GetProperty("steps").GetArrayLength());
        Assert.InRange(answer.GetProperty("score").GetDouble(), 0.3, 1);
        Assert.Contains("not by urgent: priority is standard", (await Cli.RunAsync(["--data", data, "model", "route", "--explain", file])).Succeeds().Out);

        await File.WriteAllTextAsync(file, """{"type":"rumour","text":"x"}""", TestContext.Current.CancellationToken);
        Assert.Contains("'rumour' is none of", (await Cli.RunAsync(["--data", data, "model", "route", "--explain", file])).Fails(3).Error);
        Assert.Contains("--explain", (await Cli.RunAsync(["--data", data, "model", "route"])).Fails(2).Error);

        await File.WriteAllTextAsync(Path.Combine(data, DeskOptions.FileName), """{ "Scoring": { "Routing": { "Rules": [ { "Name": "x", "Models": ["finbort"] } ] } } }""", TestContext.Current.CancellationToken);
        // The command that would mend it has to run.
        var listed = (await Cli.RunAsync(["--data", data, "model", "list", "--json"])).Succeeds().Json.EnumerateArray().ToArray();
        Assert.Contains("no such model", listed.Single(m => m.GetProperty("name").GetString() == "finbort").GetProperty("problem").GetString());
        var doctor = (await Cli.RunAsync(["--data", data, "doctor", "--json"])).Json.GetProperty("findings").EnumerateArray();
        Assert.Contains("'finbort'", doctor.Single(f => f.GetProperty("name").GetString() == "models").GetProperty("detail").GetString());
        await File.WriteAllTextAsync(file, """{"text":"Apple beats estimates"}""", TestContext.Current.CancellationToken);
        var explained = await Cli.RunAsync(["--data", data, "model", "route", "--explain", file, "--json"]);
        Assert.Equal("finbort", explained.Succeeds().Json.GetProperty("instead_of").GetString());
        Assert.Contains("'finbort'", explained.Error);
    }

    [Theory]
    [InlineData("classifier", "built in")]
    [InlineData("Lexicon", "built in")]
    [InlineData("my model", "a name has")]
    public async Task Language_model_of_a_name_that_cannot_be_is_refused(string name, string problem)
    {
        var data = Path.Combine(_folder, "names");
        Directory.CreateDirectory(data);
        await File.WriteAllTextAsync(Path.Combine(data, DeskOptions.FileName), $$$"""{ "Scoring": { "Llm": { "{{{name}}}": { "Endpoint": "http://127.0.0.1:1/v1", "Model": "m" } } } }""",
            TestContext.Current.CancellationToken);
        Assert.Contains(problem, (await Cli.RunAsync(["--data", data, "model", "list"])).Fails(2).Error);
    }

    [Fact]
    public async Task Ticker_of_an_event_gets_what_is_said_of_it_and_not_of_the_other_company()
    {
        await using var desk = await TestDesk.OpenAsync(server, nameof(RoutedPipelineTests));
        var news = Path.Combine(_folder, "news.csv");
        await File.WriteAllTextAsync(news, """
            title,date,stock
            "Apple surges on strong results, Intel slumps after a downgrade",2024-03-01T10:00:00Z,INTC
            "Apple surges on strong results as Intel slumps after a downgrade",2024-03-01T11:00:00Z,AAPL

            """, TestContext.Current.CancellationToken);
        await desk.IngestAsync(new() { Type = EventType.News }, news);
        Assert.True(await desk.Database.ScalarAsync<double>("SELECT sentiment FROM sentiment.sentiment_data WHERE ticker = 'INTC'") < -0.2);
        Assert.True(await desk.Database.ScalarAsync<double>("SELECT sentiment FROM sentiment.sentiment_data WHERE ticker = 'AAPL'") > 0.2);
    }

    [Fact]
    public async Task Stand_in_of_a_model_tells_tickers_apart_as_the_model_itself_does()
    {
        await using var desk = await TestDesk.OpenAsync(server, nameof(RoutedPipelineTests), o => o with { Scoring = o.Scoring with { Model = "finbert" } });
        var news = Path.Combine(_folder, "news.csv");
        await File.WriteAllTextAsync(news, "title,date,stock\n\"Apple surges on strong results, Intel slumps after a downgrade\",2024-03-01T10:00:00Z,\"AAPL,INTC\"\n",
            TestContext.Current.CancellationToken);
        await desk.IngestAsync(new() { Type = EventType.News }, news);
        Assert.Equal(2, await desk.Database.ScalarAsync<long>("SELECT count(DISTINCT sentiment) FROM sentiment.sentiment_data"));
        Assert.EndsWith(" instead of finbert", await desk.Database.ScalarAsync<string>("SELECT DISTINCT model_version FROM sentiment.sentiment_data"));
    }

    [Fact]
    public async Task Report_runs_from_the_cheap_model_alone_to_the_costly_one_alone()
    {
        var file = Path.Combine(_folder, "set.csv");
        await File.WriteAllTextAsync(file, "text,label\nAcme beats estimates and raises guidance,positive\nAcme misses estimates and cuts guidance,negative\nAcme will publish its report on Tuesday.,neutral\n", TestContext.Current.CancellationToken);
        var points = (await Cli.RunAsync(["model", "route", "--report", file, "--json"])).Succeeds().Json.EnumerateArray().ToArray();
        double Asked(int i, string model) => points[i].GetProperty("asked").GetProperty(model).GetDouble();

        Assert.Equal((1, 0), (Asked(0, "lexicon"), Asked(0, "classifier")));
        Assert.Equal((1, 1), (Asked(points.Length - 1, "lexicon"), Asked(points.Length - 1, "classifier")));
        for (var i = 1; i < points.Length; i++) Assert.True(Asked(i, "classifier") >= Asked(i - 1, "classifier"));
        Assert.Equal(1, points[^1].GetProperty("accuracy").GetDouble());
        Assert.Contains("defer below", (await Cli.RunAsync(["model", "route", "--report", file])).Succeeds().Out);
    }

    async Task IngestBothAsync(TestDesk desk)
    {
        var (news, posts) = (Path.Combine(_folder, "news.csv"), Path.Combine(_folder, "posts.csv"));
        await File.WriteAllTextAsync(news, "title,date,stock\nApple beats estimates and raises guidance,2024-03-01T10:00:00Z,AAPL\n", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(posts, "id,text,date,stock\n77,Buying more $AAPL here,2024-03-01T10:01:00Z,AAPL\n", TestContext.Current.CancellationToken);
        await desk.IngestAsync(new() { Type = EventType.News }, news);
        await desk.IngestAsync(new() { Type = EventType.Tweet }, posts);
    }
}
