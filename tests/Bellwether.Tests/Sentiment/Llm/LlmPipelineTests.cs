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
    public async Task Outage_in_the_middle_of_a_batch_puts_no_text_aside()
    {
        await using var stub = await LlmStub.StartAsync();
        var failed = 0;
        stub.Answer = (request, _, context) => !request.Text.Contains("Apple") && Interlocked.Increment(ref failed) <= 4 ? LlmStub.FailAsync(context, 503)
            : LlmStub.SayAsync(context, """{"label":"positive","confidence":0.9}""");
        var options = new LlmOptions { Endpoint = stub.Endpoint, Model = "llama-3", Tries = 1 };
        await using var desk = await TestDesk.OpenAsync(server, nameof(LlmPipelineTests), o => o with
        {
            Scoring = o.Scoring with { Model = "llama", Llm = new Dictionary<string, LlmOptions> { ["llama"] = options } },
        });
        var news = Path.Combine(desk.Folder, "news.csv");
        await File.WriteAllTextAsync(news, """
            title,date,stock
            Apple beats estimates,2024-03-01T10:00:00Z,AAPL
            Intel cuts its outlook,2024-03-01T10:01:00Z,INTC
            Ford recalls trucks,2024-03-01T10:02:00Z,F

            """, TestContext.Current.CancellationToken);

        Assert.Equal(3, (await desk.IngestAsync(new() { Type = EventType.News }, news)).Results);

        Assert.Equal(0, await desk.Database.ScalarAsync<long>("SELECT count(*) FROM ops.dead_letters"));
        // What was answered before the server went away is not paid for again.
        Assert.Single(stub.Requests, r => r.Text.Contains("Apple"));
    }

    [Fact]
    public async Task Text_that_the_server_will_not_take_is_put_aside_as_rejected_also_where_it_comes_alone()
    {
        await using var stub = await LlmStub.StartAsync();
        stub.Answer = (request, _, context) => request.Text.Contains("Intel") ? LlmStub.FailAsync(context, 400) : LlmStub.SayAsync(context, """{"label":"neutral"}""");
        await using var desk = await TestDesk.OpenAsync(server, nameof(LlmPipelineTests), o => o with
        {
            Scoring = o.Scoring with { Model = "llama", Llm = new Dictionary<string, LlmOptions> { ["llama"] = new() { Endpoint = stub.Endpoint, Model = "llama-3", Tries = 1 } } },
        });
        var news = Path.Combine(desk.Folder, "news.csv");
        await File.WriteAllTextAsync(news, "title,date,stock\nIntel cuts its outlook,2024-03-01T10:01:00Z,INTC\n", TestContext.Current.CancellationToken);

        await desk.IngestAsync(new() { Type = EventType.News }, news);

        Assert.Equal("Rejected", await desk.Database.ScalarAsync<string>("SELECT error_class FROM ops.dead_letters"));
        Assert.Contains("answered 400", await desk.Database.ScalarAsync<string>("SELECT message FROM ops.dead_letters"));
    }

    [Fact]
    public async Task Costly_model_of_a_rule_bounds_what_is_committed_at_once()
    {
        await using var stub = await LlmStub.StartAsync();
        var options = new LlmOptions { Endpoint = stub.Endpoint, Model = "llama-3", Concurrency = 1 };
        await using var desk = await TestDesk.OpenAsync(server, nameof(LlmPipelineTests), o => o with
        {
            Scoring = o.Scoring with
            {
                Routing = new() { Rules = [new() { Name = "all", Models = ["lexicon", "llama"], DeferBelow = 1 }] },
                Llm = new Dictionary<string, LlmOptions> { ["llama"] = options },
            },
        });
        var file = Path.Combine(desk.Folder, "news.csv");
        Task<IngestOutcome> IngestAsync(int from, int count)
        {
            File.WriteAllText(file, "title,date,stock\n" + string.Concat(Enumerable.Range(from, count).Select(i => $"Apple report {i},2024-03-01T10:{i:00}:00Z,AAPL\n")));
            return desk.IngestAsync(new() { Type = EventType.News }, file);
        }
        // It is known from the first time on how many it takes.
        Assert.Equal(1, (await IngestAsync(0, 1)).Results);
        Assert.Equal(4, desk.Desk.Scorer.MostAtOnce);
        Assert.Equal(20, (await IngestAsync(1, 20)).Results);
        // By the transactions that wrote the rows.
        var most = await desk.Database.ScalarAsync<long>("SELECT max(n) FROM (SELECT count(*) AS n FROM sentiment.sentiment_data GROUP BY xmin::text) AS c");
        Assert.InRange(most, 1, 4);
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
