using Bellwether.Feeds;
using Bellwether.Sentiment;
using Bellwether.Sentiment.Llm;
using Bellwether.Sentiment.Routing;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Sentiment.Llm;

public sealed class LlmPipelineTests(TestServer server)
{
    [Fact]
    public async Task Scored_texts_are_stored_with_model_and_version_and_refused_ones_put_aside_with_the_reason()
    {
        await using var stub = await LlmStub.StartAsync();
        stub.Answer = (request, _, context) => request.Text.Contains("Intel") ? LlmStub.SayAsync(context, null, refusal: "I will not judge this.")
            : request.Text.Contains("Ford") ? LlmStub.SayAsync(context, """{"label":"so-so"}""") : LlmStub.SayAsync(context, """{"label":"positive","confidence":0.9}""");
        var options = new LlmOptions { Endpoint = stub.Endpoint, Model = "llama-3", Revision = "q4" };
        await using var desk = await TestDesk.OpenAsync(server, nameof(LlmPipelineTests), o => o with { Scoring = o.Scoring with { Model = "llama", Llm = new Dictionary<string, LlmOptions> { ["Llama"] = options } } });
        var news = Path.Combine(desk.Folder, "news.csv");
        await File.WriteAllTextAsync(news, """
            title,date,stock
            Apple beats estimates,2024-03-01T10:00:00Z,AAPL
            Intel cuts its outlook,2024-03-01T10:01:00Z,INTC
            Ford recalls trucks,2024-03-01T10:02:00Z,F

            """, TestContext.Current.CancellationToken);

        var outcome = await desk.IngestAsync(new() { Type = EventType.News }, news);

        Assert.Equal(1, outcome.Results);
        Assert.Equal("llama", await desk.Database.ScalarAsync<string>("SELECT model FROM sentiment.sentiment_data"));
        Assert.StartsWith("llama-3@q4.", await desk.Database.ScalarAsync<string>("SELECT model_version FROM sentiment.sentiment_data"));
        Assert.Equal(0.85, await desk.Database.ScalarAsync<double>("SELECT sentiment FROM sentiment.sentiment_data"), 1e-9);
        var dead = await desk.Database.ScalarAsync<string>("SELECT string_agg(error_class || ': ' || message, ' | ' ORDER BY error_class) FROM ops.dead_letters");
        Assert.Contains("Refused: model llama", dead);
        Assert.Contains("I will not judge this", dead);
        Assert.Contains("WrongLabel", dead);
        Assert.Equal(3, stub.Requests.Count);
    }

    [Fact]
    public async Task Text_that_a_rule_left_to_the_model_and_it_refused_keeps_the_score_that_it_had()
    {
        await using var stub = await LlmStub.StartAsync();
        stub.Answer = (request, _, context) => request.Text.Contains("Intel") ? LlmStub.SayAsync(context, null, refusal: "I will not judge this.") : LlmStub.SayAsync(context, """{"label":"positive","confidence":0.9}""");
        var routing = new RoutingOptions { Rules = [new() { Name = "all", Models = ["lexicon", "llama"], DeferBelow = 1 }] };
        await using var desk = await TestDesk.OpenAsync(server, nameof(LlmPipelineTests), o => o with
        {
            Scoring = o.Scoring with { Routing = routing, Llm = new Dictionary<string, LlmOptions> { ["llama"] = new() { Endpoint = stub.Endpoint, Model = "llama-3" } } },
        });
        var news = Path.Combine(desk.Folder, "news.csv");
        await File.WriteAllTextAsync(news, "title,date,stock\nApple beats estimates,2024-03-01T10:00:00Z,AAPL\nIntel cuts its outlook,2024-03-01T10:01:00Z,INTC\n", TestContext.Current.CancellationToken);

        Assert.Equal(2, (await desk.IngestAsync(new() { Type = EventType.News }, news)).Results);

        Assert.Equal("AAPL llama,INTC lexicon", await desk.Database.ScalarAsync<string>("SELECT string_agg(ticker || ' ' || model, ',' ORDER BY ticker) FROM sentiment.sentiment_data"));
        Assert.EndsWith(" instead of llama", await desk.Database.ScalarAsync<string>("SELECT model_version FROM sentiment.sentiment_data WHERE ticker = 'INTC'"));
        Assert.DoesNotContain("instead", await desk.Database.ScalarAsync<string>("SELECT model_version FROM sentiment.sentiment_data WHERE ticker = 'AAPL'"));
    }
}
