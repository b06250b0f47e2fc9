using System.Net.Http.Json;
using System.Text.Json;
using Bellwether.Tests.Support;
using static Bellwether.Tests.Api.ServedDesk;

namespace Bellwether.Tests.Api;

/// <summary>The OpenAPI document against what the server really answers.</summary>
public sealed class OpenApiTests(TestServer server)
{
    [Fact]
    public async Task Real_answers_fit_the_schemas_of_the_document()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(OpenApiTests), o => o with { Roles = App.Api.ServeRoles.All });
        var document = await desk.JsonAsync("/openapi/v1.json");
        var check = new JsonSchemaCheck(document);
        var push = Operation(document, "pushEvents");
        var events = push.GetProperty("requestBody").GetProperty("content").GetProperty("application/json").GetProperty("schema");
        Assert.Empty(check.Problems(events, JsonDocument.Parse($"[{Event("1", "ACME", "Acme rises")},{Event("2", "ACME", "Acme falls")}]").RootElement));
        foreach (var body in new[] { Event("1", "ACME", "Acme rises to a record"), Event("2", "FRESH", "Fresh rises to a record", $"{DateTimeOffset.UtcNow:yyyy-MM-ddTHH:mm:ssZ}"), """{"timestamp":"2024-05-01","text":"fine weather today"}""" })
        {
            Assert.Empty(check.Problems(events, JsonDocument.Parse(body).RootElement));
            using var pushed = await desk.Http.PostAsync("/api/v1/events?wait=scored", Json(body), Token);
            await FitsAsync(check, push, pushed, 202);
        }
        using var refused = await desk.Http.PostAsync("/api/v1/events", Json("""{"text":"no time is given"}"""), Token);
        await FitsAsync(check, push, refused, 422);

        var letter = (await desk.JsonAsync("/api/v1/dead-letters")).GetProperty("items")[0].GetProperty("id").GetInt64();
        using var posts = await desk.Http.PostAsync("/api/v1/counts/ann/posts", Lines("""{"id":"1","created_at":"2024-03-01T10:00:00Z"}""", """{"id":"2","created_at":"2024-03-09T10:00:00Z"}"""), Token);
        await FitsAsync(check, Operation(document, "importPosts"), posts, 200);
        foreach (var (id, path, body) in new[]
        {
            ("addGap", "gaps", """{"gap_start":"2024-03-05","gap_end":"2024-03-06"}"""), ("confirmObserved", "gaps/observed", """{"from":"2024-03-02","to":"2024-03-03"}"""), ("addCountEvent", "events", """{"name":"x","event_start":"2024-03-05","intensity":0.5}"""),
            ("buildBuckets", "buckets", "{}"), ("buildFeatures", "features", "{}"), ("trainCountModels", "models", """{"models":["reference"],"evaluate_days":2}"""),
            ("makeForecasts", "forecasts", """{"model":"reference"}"""), ("forecastWindow", "window", """{"from":"2024-03-08","to":"2024-03-15","model":"reference","ranges":"0-9,10+"}"""),
        })
        {
            using var response = await desk.Http.PostAsync($"/api/v1/counts/ann/{path}", Json(body), Token);
            await FitsAsync(check, Operation(document, id), response, 200);
        }
        await WriteBarsAsync(desk.Desk.Desk);
        await desk.Desk.Desk.ConfluenceSaver.SaveAsync(desk.Desk.Desk.Time.GetUtcNow(), Token);
        await OptionsApiTests.AddQuoteAsync(desk, "ACME", "2024-03-01 21:00+00", "2024-03-01 21:05+00", "call", 100, 5_000);
        using (var greeks = await desk.Http.PostAsync("/api/v1/options/greeks", Json("""{"options":[{"spot":100,"strike":90,"years":0.5,"type":"put","price":1.15},{"type":"x"}]}"""), Token))
            await FitsAsync(check, Operation(document, "computeGreeks"), greeks, 200);
        using (var taken = await desk.Http.PostAsync("/api/v1/counts/ann/posts/from-sentiment", null, Token)) await FitsAsync(check, Operation(document, "importPostsFromSentiment"), taken, 200);
        using (var tested = await desk.Http.PostAsync("/api/v1/counts/ann/backtest", Json("""{"from":"2024-03-07","to":"2024-03-08","horizons":["1d"],"all_models":false}"""), Token))
            await FitsAsync(check, Operation(document, "backtestCounts"), tested, 200);
        using (var drawn = await desk.GetAsync("/api/v1/counts/ann/forecasts?model=reference&format=svg")) Drawn(Operation(document, "listForecasts"), drawn);
        using (var drawn = await desk.Http.PostAsync("/api/v1/counts/ann/forecasts?format=svg", Json("""{"model":"reference"}"""), Token)) Drawn(Operation(document, "makeForecasts"), drawn);
        using (var drawn = await desk.Http.PostAsync("/api/v1/counts/ann/window?format=svg", Json("""{"from":"2024-03-08","to":"2024-03-15","model":"reference"}"""), Token))
            Drawn(Operation(document, "forecastWindow"), drawn);
        using (var drawn = await desk.Http.PostAsync("/api/v1/counts/ann/backtest?format=svg", Json("""{"from":"2024-03-07","to":"2024-03-08","horizons":["1d"],"all_models":false}"""), Token))
            Drawn(Operation(document, "backtestCounts"), drawn);
        var asked = new HashSet<string>();
        foreach (var (id, path, status) in new[]
        {
            ("getLive", "/health/live", 200), ("getReady", "/health/ready", 200), ("getHealth", "/health", 200),
            ("listSentiment", "/api/v1/sentiment", 200), ("listSentiment", "/api/v1/sentiment?tickers=ACME,ZZZZ", 200),
            ("listSentiment", "/api/v1/sentiment?limit=0&asOf=x", 400),
            ("getSentiment", "/api/v1/sentiment/ACME", 200), ("getSentiment", "/api/v1/sentiment/ZZZZ", 404),
            ("getSentimentHistory", "/api/v1/sentiment/ACME/history?from=2024-04-30&to=2024-05-02", 200),
            ("listArticles", "/api/v1/sentiment/ACME/articles", 200), ("listArticles", "/api/v1/sentiment/ACME/articles?text=true", 200),
            ("listChains", "/api/v1/sentiment/ACME/chains?from=2024-04-30&to=2024-05-02&least=1", 200), ("listChains", "/api/v1/sentiment/ACME/chains?least=0", 400),
            ("getAggregatedSentiment", "/api/v1/sentiment/FRESH/aggregate", 200), ("getAggregatedSentiment", "/api/v1/sentiment/ZZZZ/aggregate", 404), ("getConfluence", "/api/v1/confluence/FRESH", 200),
            ("listDeadLetters", "/api/v1/dead-letters?limit=1", 200), ("countDeadLetters", "/api/v1/dead-letters/counts", 200),
            ("getDeadLetter", $"/api/v1/dead-letters/{letter}", 200),
            ("listCountAccounts", "/api/v1/counts", 200), ("getCountStatus", "/api/v1/counts/ann", 200), ("getCountStatus", "/api/v1/counts/bob", 404),
            ("listBuckets", "/api/v1/counts/ann/buckets?from=2024-03-01", 200), ("listFeatures", "/api/v1/counts/ann/features", 200), ("listCountEvents", "/api/v1/counts/ann/events", 200),
            ("listGaps", "/api/v1/counts/ann/gaps", 200), ("listSuspiciousSilences", "/api/v1/counts/ann/gaps/suspicious", 200), ("listCountModels", "/api/v1/counts/ann/models", 200),
            ("listForecasts", "/api/v1/counts/ann/forecasts?model=reference", 200),
            ("listBars", "/api/v1/market/bars/ACME", 200), ("listBars", "/api/v1/market/bars/ZZZZ", 404), ("listIndicators", "/api/v1/market/indicators/ACME?set=sma_20,rsi_14", 200),
            ("listAggregatedSentiment", "/api/v1/sentiment/FRESH/aggregate/history", 200), ("listConfluence", "/api/v1/confluence/FRESH/history?limit=5", 200), ("getOptionChain", "/api/v1/options/chain/ACME", 200),
            ("getOptionChain", "/api/v1/options/chain/ZZZZ", 404), ("reportSignal", "/api/v1/signals/report?signal=technical&symbols=ACME&from=2024-01-01&to=2024-02-01&horizons=1", 200),
            ("reportSignal", "/api/v1/signals/report?horizons=0", 400),
            ("listIndicators", "/api/v1/market/indicators/ACME?set=nonsense", 400), ("listConditions", "/api/v1/market/conditions/ACME?from=2024-01-01", 200),
        })
        {
            using var response = await desk.GetAsync(path);
            await FitsAsync(check, Operation(document, id), response, status);
            asked.Add(id);
        }
        // Those that answer with text are not JSON to be checked; every other question was asked.
        Assert.Equal(["drawConfluence", "getMetrics", "streamSentiment"], Operations(document).Where(o => o.Method == "get").Select(o => o.Id).Except(asked).Order());
        using var sql = await desk.Http.PostAsync("/api/v1/sql", JsonContent.Create(new { sql = "select ticker, sentiment from all_sentiment" }), Token);
        await FitsAsync(check, Operation(document, "querySql"), sql, 200);
    }

    [Fact]
    public async Task Every_operation_tells_access_problems_and_parameters()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(OpenApiTests));
        var document = await desk.JsonAsync("/openapi/v1.json");
        Assert.Equal("bearer", document.GetProperty("components").GetProperty("securitySchemes").GetProperty("bearer").GetProperty("scheme").GetString());
        Assert.Contains(document.GetProperty("security").EnumerateArray(), s => s.TryGetProperty("bearer", out _));
        Assert.DoesNotContain(document.GetProperty("servers").EnumerateArray(), s => s.GetProperty("url").GetString()!.EndsWith('/'));
        var tags = document.GetProperty("tags").EnumerateArray().Select(t => t.GetProperty("name").GetString()).ToHashSet();
        foreach (var (id, method, path, operation) in Operations(document))
        {
            Assert.All(operation.GetProperty("tags").EnumerateArray(), t => Assert.Contains(t.GetString(), tags));
            var responses = operation.GetProperty("responses");
            if (path.StartsWith("/api/", StringComparison.Ordinal))
                foreach (var status in new[] { "401", "406", "429", "503" })
                    Assert.True(responses.TryGetProperty(status, out _), $"{id} lacks {status}");
            else if (path.StartsWith("/health", StringComparison.Ordinal))
                Assert.Equal("[{}]", operation.GetProperty("security").GetRawText().Replace(" ", "").Replace("\n", ""));
            if (operation.TryGetProperty("parameters", out var parameters))
                Assert.All(parameters.EnumerateArray(), p => Assert.NotEmpty(p.GetProperty("description").GetString()!));
            if (operation.TryGetProperty("requestBody", out var body)) Assert.False(body.GetProperty("content").TryGetProperty("*/*", out _));
            Assert.NotEqual("head", method);
        }
        var limit = Operation(document, "listArticles").GetProperty("parameters").EnumerateArray().Single(p => p.GetProperty("name").GetString() == "limit");
        Assert.Equal((1, 1_000, 50), (Number(limit.GetProperty("schema"), "minimum"), Number(limit.GetProperty("schema"), "maximum"), Number(limit.GetProperty("schema"), "default")));
        Assert.True(Operation(document, "streamSentiment").GetProperty("responses").GetProperty("200").GetProperty("content").TryGetProperty("text/event-stream", out _));
    }

    static Task WriteBarsAsync(App.Desk desk) => new Bellwether.Market.Prices.PriceStore(desk.DataSource, desk.Time).WriteAsync("ACME", Bellwether.Market.BarInterval.Day, "test",
        Enumerable.Range(0, 30).Select(i => new Bellwether.Market.PriceBar(new DateTime(2024, 1, 1, 0, 0, 0, DateTimeKind.Utc).AddDays(i), 10 + i, 12 + i, 9 + i, 11 + i % 3, 1_000 + i, null)).ToArray(), null, Token);

    static void Drawn(JsonElement operation, HttpResponseMessage response)
    {
        var type = response.Content.Headers.ContentType!.MediaType!;
        Assert.Equal((200, "image/svg+xml"), ((int)response.StatusCode, type));
        Assert.True(operation.GetProperty("responses").GetProperty("200").GetProperty("content").TryGetProperty(type, out _));
        Assert.Contains(operation.GetProperty("parameters").EnumerateArray(), p => p.GetProperty("name").GetString() == "format");
    }

    static async Task FitsAsync(JsonSchemaCheck check, JsonElement operation, HttpResponseMessage response, int status)
    {
        var body = await response.Content.ReadAsStringAsync(Token);
        Assert.True((int)response.StatusCode == status, $"{response.RequestMessage!.RequestUri}: {(int)response.StatusCode} {body}");
        var content = operation.GetProperty("responses").GetProperty($"{status}").GetProperty("content");
        var schema = content.GetProperty(response.Content.Headers.ContentType!.MediaType!).GetProperty("schema");
        var problems = check.Problems(schema, JsonDocument.Parse(body).RootElement);
        Assert.True(problems.Count == 0, $"{response.RequestMessage!.RequestUri}: {string.Join("; ", problems)}\n{body}");
    }

    static IEnumerable<(string Id, string Method, string Path, JsonElement Value)> Operations(JsonElement document) =>
        document.GetProperty("paths").EnumerateObject().SelectMany(p => p.Value.EnumerateObject()
            .Select(o => (o.Value.GetProperty("operationId").GetString()!, o.Name, p.Name, o.Value)));

    static JsonElement Operation(JsonElement document, string id) => Operations(document).Single(o => o.Id == id).Value;
}
