using System.Net;
using System.Text.Json;
using Bellwether.Tests.Api;
using Bellwether.Tests.Support;
using static Bellwether.Tests.Api.ServedDesk;

namespace Bellwether.Tests.Counts;

public sealed class CountsApiTests(TestServer server)
{
    [Fact]
    public async Task Pipeline_runs_over_http()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(CountsApiTests));
        var posts = string.Join('\n', CountsLab.Posts("2024-03-01", 40).Select((p, i) => $$"""{"id":"{{i}}","created_at":"{{p:yyyy-MM-dd'T'HH:mm:ss'Z'}}"}"""));
        var imported = await OkAsync(await desk.Http.PostAsync("/api/v1/counts/Ann/posts?since=2024-03-01&until=2024-04-10", Lines(posts), Token));
        Assert.Equal(imported.GetProperty("read").GetInt64(), imported.GetProperty("accepted").GetInt64());
        Assert.Equal("ann", (await desk.JsonAsync("/api/v1/counts")).GetProperty("items")[0].GetProperty("account").GetString());
        await OkAsync(await desk.Http.PostAsync("/api/v1/counts/ann/gaps", Json("""{"gap_start":"2024-03-20","gap_end":"2024-03-21","reason":"outage"}"""), Token));
        await OkAsync(await desk.Http.PostAsync("/api/v1/counts/ann/events", Json("""{"name":"launch","event_start":"2024-03-15T10:00:00Z","event_end":"2024-03-15T12:00:00Z","intensity":0.5}"""), Token));
        Assert.Equal(39, Number(await OkAsync(await desk.Http.PostAsync("/api/v1/counts/ann/buckets", null, Token)), "days"));
        await OkAsync(await desk.Http.PostAsync("/api/v1/counts/ann/features", null, Token));
        var windows = (await desk.JsonAsync("/api/v1/counts/ann/buckets?from=2024-03-09%2012:00&to=2024-03-11%2012:00&tz=America/New_York")).GetProperty("windows");
        Assert.Equal([23.0, 24.0], windows.EnumerateArray().Select(w => w.GetProperty("hours").GetDouble()));
        var features = await desk.JsonAsync("/api/v1/counts/ann/features?from=2024-03-15T11:00:00Z&limit=1");
        Assert.Equal(0.5, features[0].GetProperty("event_intensity").GetDouble());
        await OkAsync(await desk.Http.PostAsync("/api/v1/counts/ann/models", Json("""{"models":["reference"],"evaluate_days":5}"""), Token));
        var made = await OkAsync(await desk.Http.PostAsync("/api/v1/counts/ann/forecasts", Json("""{"model":"reference","horizons":["1d"]}"""), Token));
        Assert.Equal(made.GetArrayLength(), (await desk.JsonAsync("/api/v1/counts/ann/forecasts?model=reference&horizon=1d")).GetArrayLength());
        Assert.Equal(0, (await desk.JsonAsync("/api/v1/counts/ann/forecasts?model=reference&asOf=2024-04-01T00:00:00Z")).GetArrayLength());
        var window = await OkAsync(await desk.Http.PostAsync("/api/v1/counts/ann/window",
            Json("""{"from":"2024-04-05 12:00","to":"2024-04-12 12:00","tz":"America/New_York","model":"reference","ranges":"0-99,100+","prices":[0.5,0.5]}"""), Token));
        Assert.Equal(2, window.GetProperty("ranges").GetArrayLength());
        await OkAsync(await desk.SendAsync(HttpMethod.Delete, "/api/v1/counts/ann/posts/3", null));
        await OkAsync(await desk.Http.PostAsync("/api/v1/counts/ann/posts/3/undelete", null, Token));
        var gap = (await desk.JsonAsync("/api/v1/counts/ann/gaps"))[0].GetProperty("id").GetInt64();
        await OkAsync(await desk.SendAsync(HttpMethod.Delete, $"/api/v1/counts/ann/gaps/{gap}", null));
        Assert.Equal(0, Number(await desk.JsonAsync("/api/v1/counts/ann"), "gaps"));
    }

    [Fact]
    public async Task Errors_are_problem_documents()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(CountsApiTests));
        await ProblemAsync(await desk.GetAsync("/api/v1/counts/nobody"), 404);
        await ProblemAsync(await desk.GetAsync("/api/v1/counts/no%20body"), 400);
        await ProblemAsync(await desk.GetAsync("/api/v1/counts/nobody/features?kount=all"), 400);
        await ProblemAsync(await desk.GetAsync("/api/v1/counts/nobody/gaps"), 404);
        await ProblemAsync(await desk.Http.PostAsync("/api/v1/counts/ann/posts", Lines("{\"data\": [{"), Token), 400);
        await OkAsync(await desk.Http.PostAsync("/api/v1/counts/ann/posts", Lines("""{"id":"1","created_at":"2024-03-01T10:00:00Z"}"""), Token));
        await ProblemAsync(await desk.Http.PostAsync("/api/v1/counts/ann/features", null, Token), 422);
        await ProblemAsync(await desk.Http.PostAsync("/api/v1/counts/ann/forecasts", Json("{}"), Token), 422);
        await ProblemAsync(await desk.SendAsync(HttpMethod.Delete, "/api/v1/counts/ann/posts/77", null), 404);
        await ProblemAsync(await desk.SendAsync(HttpMethod.Delete, "/api/v1/counts/ann/events/77", null), 404);
        var problem = await ProblemAsync(await desk.Http.PostAsync("/api/v1/counts/ann/window",
            Json("""{"from":"then","to":"2024-04-12","tz":"Mars","ranges":"1-2","model":"oracle"}"""), Token), 400);
        Assert.Equal(["from", "model", "ranges", "tz"], problem.GetProperty("errors").EnumerateArray().Select(e => e.GetProperty("field").GetString()).Order());
        await ProblemAsync(await desk.Http.PostAsync("/api/v1/counts/ann/events", Json("""{"name":"x","event_start":"2024-03-01","intensity":7}"""), Token), 400);
    }

    static async Task<JsonElement> OkAsync(HttpResponseMessage response)
    {
        using (response)
        {
            Assert.True(response.StatusCode == HttpStatusCode.OK, $"{response.RequestMessage!.RequestUri}: {response.StatusCode} {await response.Content.ReadAsStringAsync(Token)}");
            return await JsonAsync(response);
        }
    }
}
