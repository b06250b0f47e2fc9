using System.Net;
using System.Net.Sockets;
using Bellwether.App;
using Bellwether.App.Api;
using Bellwether.Tests.Support;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using static Bellwether.Tests.Api.ServedDesk;

namespace Bellwether.Tests.Api;

/// <summary>What holds for every request: access, limits, problems, documents.</summary>
public sealed class ServerRulesTests(TestServer server)
{
    const string Secret = "a-token-for-tests-only";

    [Theory]
    [InlineData("http://0.0.0.0:0")]
    [InlineData("http://*:0")]
    [InlineData("http://[::]:0")]
    [InlineData("http://quant.example:0")]
    public async Task An_address_that_others_reach_needs_a_token(string url)
    {
        await using var desk = await TestDesk.OpenAsync(server, nameof(ServerRulesTests));
        var error = await Assert.ThrowsAsync<DeskOptionsException>(() =>
            BellwetherServer.StartAsync(desk.Desk, new() { Urls = [url] }, Token));
        Assert.Contains(url, error.Message);
        Assert.Contains(ServeOptions.TokenVariable, error.Message);
    }

    [Theory]
    [InlineData("short")]
    [InlineData("with a blank in the middle")]
    public async Task A_token_that_is_easily_guessed_or_cannot_be_sent_is_refused(string token)
    {
        await using var desk = await TestDesk.OpenAsync(server, nameof(ServerRulesTests));
        var error = await Assert.ThrowsAsync<DeskOptionsException>(() =>
            BellwetherServer.StartAsync(desk.Desk, new() { Token = token }, Token));
        Assert.DoesNotContain(token, error.Message);
    }

    [Fact]
    public async Task With_a_token_everything_but_health_needs_it()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, Secret + "\n", Token);
        await using var desk = await ServedDesk.StartAsync(server, nameof(ServerRulesTests), o =>
            o with { Urls = ["http://0.0.0.0:0"], TokenFile = file });
        File.Delete(file);
        using var http = new HttpClient { BaseAddress = new(desk.Server.Urls[0].Replace("0.0.0.0", "127.0.0.1")) };
        foreach (var path in new[] { "/api/v1/sentiment", "/api/v1/stream", "/metrics", "/openapi/v1.json", "/nowhere" })
        {
            using var none = await http.GetAsync(path, Token);
            await ProblemAsync(none, 401);
            Assert.Equal("Bearer", Assert.Single(none.Headers.WwwAuthenticate).Scheme);
            using var request = new HttpRequestMessage(HttpMethod.Get,
                path)
            { Headers = { Authorization = new("Bearer", Secret[..^1] + "x") } };
            using var wrong = await http.SendAsync(request, Token);
            await ProblemAsync(wrong, 401);
        }
        foreach (var path in new[] { "/health/live", "/health/ready", "/health" })
        {
            using var health = await http.GetAsync(path, Token);
            Assert.Equal(HttpStatusCode.OK, health.StatusCode);
        }
        http.DefaultRequestHeaders.Authorization = new("bearer", Secret);
        using var known = await http.GetAsync("/api/v1/sentiment", Token);
        Assert.Equal(HttpStatusCode.OK, known.StatusCode);
    }

    [Fact]
    public async Task Without_a_token_a_web_page_can_neither_rename_nor_write_to_the_server()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(ServerRulesTests));
        using var renamed = await desk.GetAsync("/api/v1/sentiment", ("Host", "rebound.example"));
        await ProblemAsync(renamed, 421);
        using var foreign = await desk.SendAsync(HttpMethod.Post, "/api/v1/events", Json(Event("1", "ACME", "Acme rises")),
            ("Origin", "https://page.example"));
        await ProblemAsync(foreign, 403);
        using var own = await desk.SendAsync(HttpMethod.Post, "/api/v1/events", Json(Event("1", "ACME", "Acme rises")),
            ("Origin", desk.Server.Urls[0]));
        Assert.Equal(HttpStatusCode.Accepted, own.StatusCode);
    }

    [Fact]
    public async Task More_requests_than_allowed_are_told_to_come_back()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(ServerRulesTests), o => o with { RequestsPerSecond = 2 });
        var answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => desk.GetAsync("/api/v1/sentiment")));
        var refused = answers.Where(a => a.StatusCode == HttpStatusCode.TooManyRequests).ToArray();
        Assert.NotEmpty(refused);
        Assert.Contains(answers, a => a.StatusCode == HttpStatusCode.OK);
        foreach (var answer in refused)
        {
            await ProblemAsync(answer, 429);
            Assert.True(answer.Headers.RetryAfter?.Delta >= TimeSpan.FromSeconds(1));
        }
        using var health = await desk.GetAsync("/health/live");
        Assert.Equal(HttpStatusCode.OK, health.StatusCode);
        foreach (var answer in answers) answer.Dispose();
    }

    [Fact]
    public async Task Unknown_paths_and_methods_are_problems()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(ServerRulesTests));
        using var path = await desk.GetAsync("/api/v1/nowhere");
        await ProblemAsync(path, 404);
        using var method = await desk.SendAsync(HttpMethod.Delete, "/api/v1/sentiment/ACME", null);
        Assert.Contains("GET", (await ProblemAsync(method, 405)).GetProperty("detail").GetString());
        using var letter = await desk.GetAsync("/api/v1/dead-letters/4711");
        await ProblemAsync(letter, 404);
    }

    [Fact]
    public async Task The_document_lists_every_route()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(ServerRulesTests));
        var document = await desk.JsonAsync("/openapi/v1.json");
        var told = document.GetProperty("paths").EnumerateObject()
            .SelectMany(p => p.Value.EnumerateObject().Select(o => $"{o.Name.ToUpperInvariant()} {p.Name.TrimEnd('/')}")).Order().ToArray();
        var routes = desk.Server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(e => e.RoutePattern.RawText?.StartsWith("/openapi", StringComparison.Ordinal) != true)
            .Select(e => $"{e.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods[0]} {e.RoutePattern.RawText!.TrimEnd('/')}").Order()
                .ToArray();
        Assert.Equal(routes, told);
        Assert.True(routes.Length >= 13);
        var push = document.GetProperty("paths").GetProperty("/api/v1/events").GetProperty("post");
        Assert.True(push.GetProperty("requestBody").GetProperty("content").TryGetProperty("application/x-ndjson", out _));
        Assert.True(push.GetProperty("responses").TryGetProperty("429", out _));
        var schema = document.GetProperty("components").GetProperty("schemas").GetProperty("TickerSentiment").GetProperty("properties");
        Assert.Superset(
            new HashSet<string> { "ticker", "score", "weight", "count", "article_title", "source_url", "last_updated", "model_counts",
                "as_of", "revision" },
            schema.EnumerateObject().Select(p => p.Name).ToHashSet());
    }

    [Fact]
    public async Task Health_names_what_is_wrong()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(ServerRulesTests));
        Assert.Equal(["api", "worker", "scheduler"], (await desk.JsonAsync("/health")).GetProperty("roles").EnumerateArray()
            .Select(r => r.GetString()));
        var ready = await desk.JsonAsync("/health/ready");
        Assert.True(ready.GetProperty("ready").GetBoolean());
        Assert.Superset(
            new HashSet<string> { "database", "schema", "score hipri-events", "score stdpri-events", "scheduler" },
            ready.GetProperty("checks").EnumerateArray().Select(c => c.GetProperty("name").GetString()!).ToHashSet());
        await using (var connection = await desk.Desk.Database.DataSource.OpenConnectionAsync(Token))
        await using (var command = connection.CreateCommand())
        {
            command.CommandText = "DELETE FROM public.bellwether_migrations WHERE revision = (SELECT max(revision) FROM public.bellwether_migrations)";
            await command.ExecuteNonQueryAsync(Token);
        }
        await desk.RestartAsync();
        using var behind = await desk.GetAsync("/health/ready");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, behind.StatusCode);
        var failed = Assert.Single((await JsonAsync(behind)).GetProperty("checks").EnumerateArray(), c =>
            !c.GetProperty("ok").GetBoolean());
        Assert.Equal("schema", failed.GetProperty("name").GetString());
    }

    [Fact]
    public async Task A_process_without_the_api_serves_health_and_metrics_only()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(ServerRulesTests), o =>
            o with { Roles = ServeRoles.Worker, Urls = null });
        Assert.Equal(["worker"], (await desk.JsonAsync("/health")).GetProperty("roles").EnumerateArray().Select(r => r.GetString()));
        using var api = await desk.GetAsync("/api/v1/sentiment");
        Assert.Contains("does not serve the API", (await ProblemAsync(api, 404)).GetProperty("detail").GetString());
    }

    [Fact]
    public async Task An_address_in_use_is_named()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        await using var desk = await TestDesk.OpenAsync(server, nameof(ServerRulesTests));
        var url = $"http://127.0.0.1:{((IPEndPoint)taken.LocalEndpoint).Port}";
        var error = await Assert.ThrowsAsync<IOException>(() => BellwetherServer.StartAsync(desk.Desk, new() { Urls = [url] }, Token));
        Assert.Contains(url, error.Message);
    }

    [Theory]
    [InlineData("http://127.0.0.1:99999", "port")]
    [InlineData("http://127.0.0.1:x", "port")]
    [InlineData("https://127.0.0.1:5", "http://")]
    public async Task An_address_that_is_none_is_told_so(string url, string word)
    {
        await using var desk = await TestDesk.OpenAsync(server, nameof(ServerRulesTests));
        var error = await Assert.ThrowsAsync<DeskOptionsException>(() => BellwetherServer.StartAsync(desk.Desk, new() { Urls = [url] }, Token));
        Assert.Contains(word, error.Message);
        Assert.DoesNotContain("reached from other machines", error.Message);
    }

    [Fact]
    public async Task A_server_that_is_asked_to_stop_ends_its_wait()
    {
        await using var desk = await TestDesk.OpenAsync(server, nameof(ServerRulesTests));
        await using var started = await BellwetherServer.StartAsync(desk.Desk,
            new() { Urls = ["http://127.0.0.1:0"], Roles = ServeRoles.Api | ServeRoles.Worker }, Token);
        using var stop = new CancellationTokenSource();
        var waiting = started.WaitAsync(stop.Token);
        Assert.False(waiting.IsCompleted);
        await stop.CancelAsync();
        Assert.True(await waiting);
        using var http = new HttpClient();
        await Assert.ThrowsAsync<HttpRequestException>(() => http.GetAsync(started.Urls[0], Token));
    }
}
