using System.Diagnostics;
using System.Net;
using Bellwether.App;
using Bellwether.App.Api;
using Bellwether.Engines.Postgres;
using Bellwether.Tests.Engines;
using Bellwether.Tests.Support;
using static Bellwether.Tests.Api.ServedDesk;

namespace Bellwether.Tests.Api;

/// <summary>A database that is there and does not answer: connections are taken in and nothing comes back.</summary>
public sealed class FrozenDatabaseTests(EngineTemplate template)
{
    // Without a bound of the server's own the driver's limits would let a request wait for longer than this.
    static readonly TimeSpan Bound = TimeSpan.FromSeconds(12);

    [Fact]
    public async Task Requests_are_sent_back_while_it_is_frozen_and_served_when_it_thaws()
    {
        using var folder = await template.FolderAsync();
        await using var desk = await Desk.OpenAsync(new() { DataDirectory = folder.Path }, null, Token, new TestLog());
        await using var server = await BellwetherServer.StartAsync(desk, new()
        {
            Urls = ["http://127.0.0.1:0"],
            Roles = ServeRoles.Api | ServeRoles.Worker,
            DatabaseTimeout = TimeSpan.FromMilliseconds(500),
        }, Token);
        using var http = new HttpClient { BaseAddress = new(server.Urls[0]), Timeout = Bound };
        using (var first = await http.PostAsync("/api/v1/events?wait=scored", Json(Event("1", "ACME", "Acme rises")), Token))
            Assert.Equal(HttpStatusCode.Accepted, first.StatusCode);
        var frozen = await SignalAsync(folder, "STOP");
        try
        {
            using var ready = await http.GetAsync("/health/ready", Token);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
            Assert.Contains("no answer within", (await JsonAsync(ready)).GetProperty("checks")[0].GetProperty("detail").GetString());
            foreach (var path in new[]
            {
                "/api/v1/sentiment", "/api/v1/sentiment/ACME?asOf=now", "/api/v1/sentiment/ACME/history", "/api/v1/sentiment/ACME/articles", "/api/v1/sentiment/ACME/chains",
                "/api/v1/dead-letters", "/api/v1/dead-letters/counts", "/api/v1/dead-letters/1",
            })
            {
                using var response = await http.GetAsync(path, Token);
                await ProblemAsync(response, 503);
                Assert.True(response.Headers.RetryAfter?.Delta > TimeSpan.Zero, path);
            }
            using var push = await http.PostAsync("/api/v1/events", Json(Event("2", "ACME", "Acme falls")), Token);
            await ProblemAsync(push, 503);
            Assert.NotNull(push.Headers.RetryAfter);
            // What needs no database is served as ever.
            using var live = await http.GetAsync("/api/v1/sentiment/ACME", Token);
            Assert.Equal(HttpStatusCode.OK, live.StatusCode);
        }
        finally
        {
            await SignalAsync(frozen, "CONT");
        }
        await EngineFolder.Until(() => http.GetAsync("/health/ready", Token).GetAwaiter().GetResult().IsSuccessStatusCode, "the server is ready again");
        using var again = await http.PostAsync("/api/v1/events?wait=scored", Json(Event("2", "ACME", "Acme falls")), Token);
        Assert.Equal(HttpStatusCode.Accepted, again.StatusCode);
        Assert.Equal(2, Number(await JsonAsync(await http.GetAsync("/api/v1/sentiment/ACME", Token)), "count"));
    }

    // The server first, so that it starts no process that is missed.
    static async Task<int[]> SignalAsync(EngineFolder folder, string signal)
    {
        var server = folder.ServerPid();
        await SignalAsync([server], signal);
        var children = Directory.EnumerateDirectories("/proc").Select(d => int.TryParse(Path.GetFileName(d), out var pid) ? pid : 0)
            .Where(pid => pid > 0 && Postmaster.ParentOf(pid) == server).ToArray();
        await SignalAsync(children, signal);
        return [.. children, server];
    }

    static async Task SignalAsync(int[] pids, string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", .. pids.Select(p => $"{p}")]);
        await kill.WaitForExitAsync(Token);
    }
}
