using System.Net;
using Bellwether.Tests.Support;
using static Bellwether.Tests.Api.ServedDesk;

namespace Bellwether.Tests.Api;

/// <summary>What becomes of parameters, good and bad, and of methods beside GET.</summary>
public sealed class ParameterTests(TestServer server)
{
    sealed class RunningClock : TimeProvider
    {
        long _reads;

        public override DateTimeOffset GetUtcNow() => new DateTimeOffset(2026, 3, 2, 15, 0, 0, TimeSpan.Zero).AddMicroseconds(_reads++);
    }

    [Theory]
    [InlineData("now", null)]
    [InlineData("now", "now")]
    [InlineData("2026-03-02T15:00:30Z", null)]
    [InlineData(null, "now")]
    public void One_moment_is_now_for_all_of_a_request(string? at, string? asOf)
    {
        var check = new Bellwether.App.Api.RequestCheck(new RunningClock());
        var (moment, known, past) = check.Moments(at, asOf);
        Assert.False(check.Failed);
        Assert.Equal((known, asOf is not null), (moment, past));
    }

    [Fact]
    public async Task A_moment_to_come_is_refused_where_knowledge_is_asked_for()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(ParameterTests));
        await desk.PushAsync(Event("1", "ACME", "Acme rises"));
        foreach (var moment in new[] { "9999-12-31T23:59:59Z", "2087-01-01" })
        {
            foreach (var path in new[] { "sentiment/ACME", "sentiment/ACME/aggregate", "confluence/ACME", "confluence/ACME/history", "market/bars/ACME", "options/chain/ACME" })
            {
                using var refused = await desk.GetAsync($"/api/v1/{path}?asOf={moment}");
                Assert.Contains("asOf: lies in the future", (await ProblemAsync(refused, 400)).GetProperty("detail").GetString());
            }
        }
        foreach (var moment in new[] { "now", "NOW" })
        {
            var before = desk.Desk.Desk.Time.GetUtcNow();
            var answer = await desk.JsonAsync($"/api/v1/sentiment/ACME?asOf={moment}");
            Assert.Equal(1, Number(answer, "count"));
            Assert.InRange(answer.GetProperty("as_of").GetDateTimeOffset(), before, desk.Desk.Desk.Time.GetUtcNow());
        }
        var history = await desk.JsonAsync("/api/v1/sentiment/ACME/history?from=2024-05-01&to=2130-01-01&interval=366d");
        Assert.Single(history.GetProperty("items").EnumerateArray());
        Assert.Empty((await desk.JsonAsync("/api/v1/sentiment/ACME/history?from=2024-06-01&to=now&interval=1d")).GetProperty("items").EnumerateArray());
        Assert.Empty((await desk.JsonAsync("/api/v1/dead-letters?until=2087-01-01")).GetProperty("items").EnumerateArray());
    }

    [Theory]
    [InlineData("/api/v1/sentiment/ACME/articles?limits=1&foo=2&limit=0", new[] { "limits", "foo", "limit" })]
    [InlineData("/api/v1/sentiment/ACME?asOf=x&foo=1", new[] { "asOf", "foo" })]
    [InlineData("/api/v1/sentiment/ACME?asOf=now&asOf=2020-01-01", new[] { "asOf" })]
    [InlineData("/api/v1/sentiment?tickers=ACME&limit=5&cursor=x", new[] { "limit", "cursor" })]
    [InlineData("/api/v1/dead-letters/-5?a=1", new[] { "id", "a" })]
    [InlineData("/health/live?a=1&b=2", new[] { "a", "b" })]
    public async Task All_that_is_wrong_is_told_at_once(string path, string[] fields)
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(ParameterTests));
        using var response = await desk.GetAsync(path);
        var problem = await ProblemAsync(response, 400);
        Assert.Equal("urn:bellwether:problem:invalid-parameter", problem.GetProperty("type").GetString());
        Assert.Equal(fields.Order(), problem.GetProperty("errors").EnumerateArray().Select(e => e.GetProperty("field").GetString()!).Distinct().Order());
        Assert.DoesNotContain("--", problem.GetProperty("detail").GetString());
    }

    [Fact]
    public async Task A_cursor_belongs_to_its_ticker()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(ParameterTests));
        await desk.PushAsync(Event("1", "ACME", "Acme rises"), Event("2", "ACME", "Acme falls"), Event("3", "BETA", "Beta falls"));
        var cursor = (await desk.JsonAsync("/api/v1/sentiment/ACME/articles?limit=1")).GetProperty("next_cursor").GetString();
        Assert.Single((await desk.JsonAsync($"/api/v1/sentiment/acme/articles?limit=1&cursor={cursor}")).GetProperty("items").EnumerateArray());
        using var other = await desk.GetAsync($"/api/v1/sentiment/BETA/articles?cursor={cursor}");
        await ProblemAsync(other, 400);
    }

    [Fact]
    public async Task Head_is_answered_as_get_without_the_body()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(ParameterTests));
        await desk.PushAsync(Event("1", "ACME", "Acme rises"));
        foreach (var path in new[]
        {
            "/health", "/health/live", "/health/ready", "/metrics", "/openapi/v1.json", "/api/v1/sentiment", "/api/v1/sentiment/ACME", "/api/v1/sentiment/ACME/history",
            "/api/v1/sentiment/ACME/articles", "/api/v1/dead-letters", "/api/v1/dead-letters/counts",
        })
        {
            using var response = await desk.SendAsync(HttpMethod.Head, path, null);
            Assert.True(response.StatusCode == HttpStatusCode.OK, $"{path}: {response.StatusCode}");
            Assert.Empty(await response.Content.ReadAsByteArrayAsync(Token));
        }
        using var tag = await desk.SendAsync(HttpMethod.Head, "/api/v1/sentiment/ACME", null);
        Assert.NotNull(tag.Headers.ETag);
        using var nothing = await desk.SendAsync(HttpMethod.Head, "/api/v1/sentiment/ZZZZ", null);
        Assert.Equal(HttpStatusCode.NotFound, nothing.StatusCode);
        using var stream = await desk.SendAsync(HttpMethod.Head, "/api/v1/stream", null);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, stream.StatusCode);
    }

    [Fact]
    public async Task An_unknown_document_is_a_problem()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(ParameterTests));
        using var response = await desk.GetAsync("/openapi/v2.json");
        await ProblemAsync(response, 404);
    }

    [Fact]
    public async Task Weights_are_told_without_the_dust_of_their_arithmetic()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(ParameterTests));
        await desk.PushAsync(Event("1", "ACME", "Acme rises"));
        await desk.PushAsync(Event("2", "ACME", "Acme falls", "2024-05-01T14:30:00.123456Z"));
        var weight = (await desk.JsonAsync("/api/v1/sentiment/ACME")).GetProperty("weight").GetDouble();
        Assert.Equal(Math.Round(weight, 9), weight);
        Assert.NotEqual(weight, await desk.Desk.Database.ScalarAsync<double>("SELECT weight FROM sentiment.ticker_sentiment WHERE ticker = 'ACME'"));
    }
}
