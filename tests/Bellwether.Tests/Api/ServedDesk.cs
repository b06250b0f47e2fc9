using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Bellwether.App;
using Bellwether.App.Api;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Api;

/// <summary>A server in this process on a free port, over a desk of its own.</summary>
public sealed class ServedDesk : IAsyncDisposable
{
    ServedDesk(TestDesk desk, BellwetherServer server, HttpClient http) => (Desk, Server, Http) = (desk, server, http);

    public TestDesk Desk { get; }

    public BellwetherServer Server { get; private set; }

    public HttpClient Http { get; private set; }

    public static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<ServedDesk> StartAsync(
        TestServer server, string name, Func<ServeOptions, ServeOptions>? serve = null, Func<DeskOptions, DeskOptions>? desk = null)
    {
        var opened = await TestDesk.OpenAsync(server, name, desk);
        var (started, http) = await StartAsync(opened, serve);
        return new(opened, started, http);
    }

    static async Task<(BellwetherServer Server, HttpClient Http)> StartAsync(TestDesk desk, Func<ServeOptions, ServeOptions>? serve)
    {
        var options = new ServeOptions { Urls = ["http://127.0.0.1:0"], Roles = ServeRoles.Api | ServeRoles.Worker | ServeRoles.Scheduler };
        var server = await BellwetherServer.StartAsync(desk.Desk, serve?.Invoke(options) ?? options, Token);
        return (server, new() { BaseAddress = new(server.Urls[0]), Timeout = TimeSpan.FromSeconds(60) });
    }

    /// <summary>Stops the server and starts another one over the same desk.</summary>
    public async Task RestartAsync(Func<ServeOptions, ServeOptions>? serve = null)
    {
        Http.Dispose();
        await Server.DisposeAsync();
        (Server, Http) = await StartAsync(Desk, serve);
    }

    public Task<HttpResponseMessage> GetAsync(string path, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Get, path, null, headers);

    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? content,
        params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        return await Http.SendAsync(request, Token);
    }

    /// <summary>Sends lines as JSON Lines and waits until they are scored.</summary>
    public async Task<JsonElement> PushAsync(params string[] lines)
    {
        using var response = await Http.PostAsync("/api/v1/events?wait=scored", Lines(lines), Token);
        Assert.Equal(System.Net.HttpStatusCode.Accepted, response.StatusCode);
        var answer = await JsonAsync(response);
        Assert.True(answer.GetProperty("scored").GetBoolean());
        return answer;
    }

    public async Task<JsonElement> JsonAsync(string path)
    {
        using var response = await Http.GetAsync(path, Token);
        Assert.True(response.IsSuccessStatusCode, $"{path}: {response.StatusCode} {await response.Content.ReadAsStringAsync(Token)}");
        return await JsonAsync(response);
    }

    public static async Task<JsonElement> JsonAsync(HttpResponseMessage response) =>
        await response.Content.ReadFromJsonAsync<JsonElement>(Token);

    public static int Number(JsonElement value, string name) => value.GetProperty(name).GetInt32();

    /// <summary>Checks that an answer is a problem of the expected status.</summary>
    public static async Task<JsonElement> ProblemAsync(HttpResponseMessage response, int status)
    {
        var body = await response.Content.ReadAsStringAsync(Token);
        Assert.True((int)response.StatusCode == status, $"{(int)response.StatusCode} {body}");
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        var problem = JsonDocument.Parse(body).RootElement;
        Assert.Equal(status, problem.GetProperty("status").GetInt32());
        Assert.StartsWith("urn:bellwether:problem:", problem.GetProperty("type").GetString());
        Assert.NotEmpty(problem.GetProperty("detail").GetString()!);
        return problem;
    }

    public static StringContent Lines(params string[] lines) => new(string.Join('\n', lines), Encoding.UTF8, "application/x-ndjson");

    public static StringContent Json(string body) => new(body, Encoding.UTF8, "application/json");

    /// <summary>An event as a client would send it.</summary>
    public static string Event(string id, string ticker, string text, string timestamp = "2024-05-01T14:30:00Z", string more = "") =>
        $$"""{"event_id":"{{id}}","timestamp":"{{timestamp}}","tickers":["{{ticker}}"],"article_title":"{{text}}","text":"{{text}}","source":"wire"{{more}}}""";

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Server.DisposeAsync();
        await Desk.DisposeAsync();
    }
}
