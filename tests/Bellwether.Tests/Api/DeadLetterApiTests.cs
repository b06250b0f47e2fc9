using System.Text.Json;
using Bellwether.Tests.Support;
using static Bellwether.Tests.Api.ServedDesk;

namespace Bellwether.Tests.Api;

/// <summary>/dead-letters.</summary>
public sealed class DeadLetterApiTests(TestServer server)
{
    const string Path = "/api/v1/dead-letters";

    [Fact]
    public async Task A_letter_is_seen_edited_replayed_and_purged()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(DeadLetterApiTests));
        await desk.PushAsync("""{"event_id":"1","timestamp":"2024-05-01T14:30:00Z","text":"profits rise"}""", Event("2", "ACME", "Acme falls"));
        var counts = await desk.JsonAsync($"{Path}/counts?status=open");
        Assert.Equal(("stdpri-events", "NoTicker", 1), (Text(counts[0], "topic"), Text(counts[0], "error_class"), Number(counts[0], "letters")));
        var letter = (await desk.JsonAsync($"{Path}?class=NoTicker&topic=stdpri-events")).GetProperty("items")[0];
        var one = $"{Path}/{letter.GetProperty("id")}";

        using (var odd = await desk.SendAsync(HttpMethod.Post, $"{one}/replay", Json("""{"set":{"timestamp":"never"}}"""))) await ProblemAsync(odd, 422);
        using (var replayed = await desk.SendAsync(HttpMethod.Post, $"{one}/replay", Json("""{"set":{"tickers":["ACME"]}}""")))
            Assert.True(replayed.IsSuccessStatusCode, await replayed.Content.ReadAsStringAsync(Token));
        while ((await desk.JsonAsync("/api/v1/sentiment/ACME")).GetProperty("count").GetInt32() < 2) { }
        var content = await desk.JsonAsync(one);
        Assert.Equal("replayed", Text(content, "status"));
        Assert.Equal(2, content.GetProperty("attempts").GetArrayLength());

        using (var purged = await desk.SendAsync(HttpMethod.Delete, one, null)) Assert.Equal(1, Number(await JsonAsync(purged), "purged"));
        using (var gone = await desk.GetAsync(one)) await ProblemAsync(gone, 404);
        using (var again = await desk.SendAsync(HttpMethod.Post, $"{one}/replay", null)) await ProblemAsync(again, 404);
    }

    [Fact]
    public async Task Many_are_replayed_and_purged_by_what_they_are_and_never_by_mistake()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(DeadLetterApiTests));
        await desk.PushAsync([.. Enumerable.Range(0, 5).Select(n => $$"""{"event_id":"{{n}}","timestamp":"2024-05-01T14:30:00Z","text":"profits rise {{n}}"}""")]);
        foreach (var (method, path) in new[] { (HttpMethod.Post, $"{Path}/replay"), (HttpMethod.Delete, Path) })
        {
            using var unbounded = await desk.SendAsync(method, path, null);
            await ProblemAsync(unbounded, 400);
            using var misspelt = await desk.SendAsync(method, $"{path}?stat=open", null);
            Assert.Contains("allowed are", (await ProblemAsync(misspelt, 400)).GetRawText());
        }
        using (var replayed = await desk.SendAsync(HttpMethod.Post, $"{Path}/replay?stage=score", null)) Assert.Equal(5, Number(await JsonAsync(replayed), "replayed"));
        while ((await desk.JsonAsync($"{Path}?status=open")).GetProperty("items").EnumerateArray().Count(l => l.GetProperty("attempt").GetInt32() == 2) < 5) { }
        using (var purged = await desk.SendAsync(HttpMethod.Delete, $"{Path}?stage=score", null)) Assert.Equal(5, Number(await JsonAsync(purged), "purged"));
        Assert.Empty((await desk.JsonAsync(Path)).GetProperty("items").EnumerateArray());
    }

    static string? Text(JsonElement value, string name) => value.GetProperty(name).GetString();
}
