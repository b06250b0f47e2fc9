using System.Net;
using System.Text.Json;
using Bellwether.App.Api.Counts;
using Bellwether.Tests.Api;
using Bellwether.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
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
        var outage = await OkAsync(await desk.Http.PostAsync("/api/v1/counts/ann/gaps", Json("""{"gap_start":"2024-03-20","gap_end":"2024-03-21","reason":"outage"}"""), Token));
        var launch = await OkAsync(await desk.Http.PostAsync("/api/v1/counts/ann/events", Json("""{"name":"launch","event_start":"2024-03-15T10:00:00Z","event_end":"2024-03-15T12:00:00Z","intensity":0.5}"""), Token));
        Assert.Equal(39, Number(await OkAsync(await desk.Http.PostAsync("/api/v1/counts/ann/buckets", null, Token)), "days"));
        await OkAsync(await desk.Http.PostAsync("/api/v1/counts/ann/features", null, Token));
        var windows = (await desk.JsonAsync("/api/v1/counts/ann/buckets?from=2024-03-09%2012:00&to=2024-03-11%2012:00&tz=America/New_York")).GetProperty("windows");
        Assert.Equal([23.0, 24.0], windows.EnumerateArray().Select(w => w.GetProperty("hours").GetDouble()));
        var features = await desk.JsonAsync("/api/v1/counts/ann/features?from=2024-03-15T11:00:00Z&limit=1");
        Assert.Equal(0.5, features[0].GetProperty("event_intensity").GetDouble());
        await OkAsync(await desk.Http.PostAsync("/api/v1/counts/ann/models", Json("""{"models":["reference"],"evaluate_days":5}"""), Token));
        var made = await OkAsync(await desk.Http.PostAsync("/api/v1/counts/ann/forecasts", Json("""{"model":"reference","horizons":["1d"]}"""), Token));
        Assert.Equal(made.GetArrayLength(), (await desk.JsonAsync("/api/v1/counts/ann/forecasts?model=reference&horizon=1d")).GetProperty("items").GetArrayLength());
        Assert.Equal(0, (await desk.JsonAsync("/api/v1/counts/ann/forecasts?model=reference&asOf=2024-04-01T00:00:00Z")).GetProperty("items").GetArrayLength());
        var cut = await desk.JsonAsync("/api/v1/counts/ann/forecasts?model=reference&horizon=1d,window&limit=2");
        Assert.Equal((2, true), (cut.GetProperty("items").GetArrayLength(), cut.GetProperty("truncated").GetBoolean()));
        var window = await OkAsync(await desk.Http.PostAsync("/api/v1/counts/ann/window",
            Json("""{"from":"2024-04-05 12:00","to":"2024-04-12 12:00","tz":"America/New_York","model":"reference","ranges":"0-99,100+","prices":[0.5,0.5]}"""), Token));
        Assert.Equal(2, window.GetProperty("ranges").GetArrayLength());
        await OkAsync(await desk.SendAsync(HttpMethod.Delete, "/api/v1/counts/ann/posts/3", null));
        await OkAsync(await desk.Http.PostAsync("/api/v1/counts/ann/posts/3/undelete", null, Token));
        var gap = (await desk.JsonAsync("/api/v1/counts/ann/gaps"))[0].GetProperty("id").GetInt64();
        Assert.Equal(gap, outage.GetProperty("id").GetInt64());
        Assert.Equal((await desk.JsonAsync("/api/v1/counts/ann/events"))[0].GetProperty("id").GetInt64(), launch.GetProperty("id").GetInt64());
        Assert.True(window.GetProperty("id").GetInt64() > 0);
        Assert.Equal(0, Number(await OkAsync(await desk.Http.PostAsync("/api/v1/counts/ann/posts/from-sentiment", null, Token)), "read"));
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

    [Theory]
    [InlineData("forecasts", """{"horizons":[null]}""", "horizons[0]")]
    [InlineData("forecasts", """{"horizons":[]}""", "horizons")]
    [InlineData("forecasts", """{"horizons":["1d",7]}""", "horizons[1]")]
    [InlineData("forecasts", """{"model":5}""", "model")]
    [InlineData("forecasts", """{"model":"combined",}""", "body")]
    [InlineData("forecasts", """{"at":"06-07-2024"}""", "at")]
    [InlineData("forecasts?format=gif", "{}", "format")]
    [InlineData("models", """{"models":["reference",null]}""", "models[1]")]
    [InlineData("models", """{"models":["oracle"]}""", "models[0]")]
    [InlineData("models", """{"models":[]}""", "models")]
    [InlineData("backtest", """{"from":"0001-01-01","to":"2024-05-01"}""", "from")]
    [InlineData("backtest", """{"from":"2024-05-01","to":"9999-12-31"}""", "to")]
    [InlineData("backtest", """{"from":"2024-05-01","to":"2024-05-31","refit_days":0}""", "refit_days")]
    [InlineData("window", """{"from":"2024-05-01","to":"2024-05-08","ranges":"0-9,10+","prices":[0,0]}""", "prices")]
    [InlineData("window", """{"from":"2024-05-01","to":"2024-05-08","ranges":"0-9,10+","prices":[1,null]}""", "prices[1]")]
    [InlineData("window", """{"from":"2024-05-01","to":"2024-05-08","ranges":"0-9,10+","prices":[-1,2]}""", "prices[0]")]
    [InlineData("events", """{"name":"x","event_start":"2024-05-01","intensity":"much"}""", "intensity")]
    public async Task Wrong_field_is_named(string path, string body, string field)
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(CountsApiTests));
        var problem = await ProblemAsync(await desk.Http.PostAsync($"/api/v1/counts/ann/{path}", Json(body), Token), 400);
        Assert.Equal(field, problem.GetProperty("errors")[0].GetProperty("field").GetString());
    }

    [Fact]
    public async Task Far_dates_and_backtests_without_a_target_are_refused()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(CountsApiTests));
        await OkAsync(await desk.Http.PostAsync("/api/v1/counts/ann/posts", Lines("""{"id":"1","created_at":"2024-03-01T10:00:00Z"}"""), Token));
        await ProblemAsync(await desk.GetAsync("/api/v1/counts/ann/buckets?from=0001-01-01&tz=Asia/Tokyo"), 400);
        await ProblemAsync(await desk.GetAsync("/api/v1/counts/ann/buckets?from=2024-01-01&to=9999-12-31&every=10000mo"), 400);
        await ProblemAsync(await desk.GetAsync("/api/v1/counts/ann/forecasts?horizon=1y"), 400);
        await ProblemAsync(await desk.Http.PostAsync("/api/v1/counts/ann/backtest", Json("""{"from":"2024-05-01","to":"2024-05-10","horizons":["60d"]}"""), Token), 422);
        await ProblemAsync(await desk.Http.PostAsync("/api/v1/counts/ann/posts", Lines(""), Token), 400);
        await ProblemAsync(await desk.Http.PostAsync("/api/v1/counts/ann/forecasts", Lines("{}"), Token), 415);
        await ProblemAsync(await desk.Http.PostAsync("/api/v1/counts/ann/forecasts", Json(""), Token), 400);
    }

    [Fact]
    public async Task Charts_are_drawn_by_name_and_for_who_likes_images_better()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(CountsApiTests));
        var posts = string.Join('\n', CountsLab.Posts("2024-03-01", 20).Select((p, i) => $$"""{"id":"{{i}}","created_at":"{{p:yyyy-MM-dd'T'HH:mm:ss'Z'}}"}"""));
        await OkAsync(await desk.Http.PostAsync("/api/v1/counts/ann/posts?since=2024-03-01&until=2024-03-21", Lines(posts), Token));
        Assert.Contains("by the day", await SvgAsync(await desk.Http.PostAsync("/api/v1/counts/ann/forecasts?format=svg", Json("""{"model":"reference","tz":"Asia/Tokyo"}"""), Token)));
        Assert.Contains("time (Asia/Tokyo)", await SvgAsync(await desk.GetAsync("/api/v1/counts/ann/forecasts?model=reference&tz=Asia/Tokyo", ("Accept", "image/avif,image/svg+xml,*/*;q=0.8"))));
        Assert.Contains("market", await SvgAsync(await desk.SendAsync(HttpMethod.Post, "/api/v1/counts/ann/window",
            Json("""{"from":"2024-03-10","to":"2024-03-12","model":"reference","ranges":"0-9,10+","prices":[1,3]}"""), ("Accept", "image/*"))));
        Assert.Contains("inside 95 %", await SvgAsync(await desk.Http.PostAsync("/api/v1/counts/ann/backtest?format=svg",
            Json("""{"from":"2024-03-15","to":"2024-03-20","horizons":["1d"],"all_models":false}"""), Token)));
        foreach (var accept in new[] { "*/*", "application/json", "text/html,*/*;q=0.8", "image/svg+xml;q=0.5,application/json" })
        {
            using var response = await desk.GetAsync("/api/v1/counts/ann/forecasts?model=reference", ("Accept", accept));
            Assert.Equal("application/json", response.Content.Headers.ContentType!.MediaType);
            Assert.Equal("Accept", Assert.Single(response.Headers.Vary));
        }
        // A picture is the same chart.
        var vector = await (await desk.GetAsync("/api/v1/counts/ann/forecasts?format=svg")).Content.ReadAsStringAsync(Token);
        foreach (var (query, accept) in new[] { ("?format=png", "*/*"), ("", "image/png"), ("", "image/png,image/*;q=0.8,*/*;q=0.5") })
        {
            using var picture = await desk.GetAsync($"/api/v1/counts/ann/forecasts{query}", ("Accept", accept));
            Assert.Equal("image/png", picture.Content.Headers.ContentType?.MediaType);
            Assert.Equal(Bellwether.Plots.PngPlot.Of(vector), await picture.Content.ReadAsByteArrayAsync(Token));
        }
        await ProblemAsync(await desk.GetAsync("/api/v1/counts/ann/forecasts", ("Accept", "image/gif")), 406);
        await ProblemAsync(await desk.GetAsync("/api/v1/counts/ann/models", ("Accept", "image/svg+xml")), 406);

        static async Task<string> SvgAsync(HttpResponseMessage response)
        {
            var body = await response.Content.ReadAsStringAsync(Token);
            Assert.True(response.Content.Headers.ContentType?.MediaType == "image/svg+xml", body);
            Assert.Equal("svg", System.Xml.Linq.XDocument.Parse(body).Root!.Name.LocalName);
            return body;
        }
    }

    [Fact]
    public async Task Backtest_holds_no_forecast_up_and_too_many_requests_are_told_when_to_come_back()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(CountsApiTests));
        var posts = string.Join('\n', CountsLab.Posts("2024-03-01", 10).Select((p, i) => $$"""{"id":"{{i}}","created_at":"{{p:yyyy-MM-dd'T'HH:mm:ss'Z'}}"}"""));
        await OkAsync(await desk.Http.PostAsync("/api/v1/counts/ann/posts", Lines(posts), Token));
        var work = desk.Server.Services.GetRequiredService<CountsWork>();
        var hold = new TaskCompletionSource<int>();
        var studies = Enumerable.Range(0, 5).Select(_ => work.StudyAsync(_ => hold.Task, Token)).ToList();
        var backtest = """{"from":"2024-03-05","to":"2024-03-08","horizons":["1d"],"all_models":false}""";
        using (var busy = await desk.Http.PostAsync("/api/v1/counts/ann/backtest", Json(backtest), Token))
        {
            Assert.Equal("60", Assert.Single(busy.Headers.GetValues("Retry-After")));
            await ProblemAsync(busy, 503);
        }
        await OkAsync(await desk.Http.PostAsync("/api/v1/counts/ann/forecasts", Json("""{"model":"reference","horizons":["1d"]}"""), Token));
        hold.SetResult(1);
        Assert.Equal(5, (await Task.WhenAll(studies)).Sum());
        // One that goes while it waits makes room.
        var second = new TaskCompletionSource<int>();
        var running = work.ForecastAsync(_ => second.Task, Token);
        using var gone = new CancellationTokenSource();
        var waiting = Enumerable.Range(0, 8).Select(_ => work.ForecastAsync(_ => Task.FromResult(2), gone.Token)).ToList();
        await Assert.ThrowsAsync<CountsBusyException>(() => work.ForecastAsync(_ => Task.FromResult(3), Token));
        await gone.CancelAsync();
        foreach (var one in waiting) await Assert.ThrowsAnyAsync<OperationCanceledException>(() => one);
        var next = work.ForecastAsync(_ => Task.FromResult(4), Token);
        Assert.False(next.IsCompleted);
        second.SetResult(1);
        Assert.Equal((1, 4), (await running, await next));
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
