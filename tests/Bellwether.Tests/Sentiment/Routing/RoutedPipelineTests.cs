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
        Assert.Contains("'rumour' is no type", (await Cli.RunAsync(["--data", data, "model", "route", "--explain", file])).Fails(3).Error);
        Assert.Contains("--explain", (await Cli.RunAsync(["--data", data, "model", "route"])).Fails(2).Error);

        await File.WriteAllTextAsync(Path.Combine(data, DeskOptions.FileName), """{ "Scoring": { "Routing": { "Rules": [ { "Name": "x", "Models": ["finbort"] } ] } } }""", TestContext.Current.CancellationToken);
        Assert.Contains("there is no model 'finbort'", (await Cli.RunAsync(["--data", data, "model", "list"])).Fails(2).Error);
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
