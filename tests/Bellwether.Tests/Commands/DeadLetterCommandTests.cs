using Bellwether.App.Commands;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Commands;

public sealed class DeadLetterCommandTests(TestServer server)
{
    [Fact]
    public async Task Lists_and_shows_what_was_put_aside()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(DeadLetterCommandTests));
        var file = desk.Write("a.ndjson", """
            {"id":"1","timestamp":"2026-03-02T10:00:00Z","text":"nothing about anybody"}
            {"id":"2","timestamp":"0000-00-00","text":"$AAPL rises"}

            """);
        (await desk.RunAsync("ingest", file, "--wait")).Succeeds();
        Assert.Equal(2, (await desk.RunAsync("dlq", "list", "--json")).Succeeds().Json.GetArrayLength());
        var refused = Assert.Single((await desk.RunAsync("dlq", "list", "--stage", "normalise", "--json")).Succeeds().Json.EnumerateArray());
        Assert.Equal($"{file}:2", refused.GetProperty("origin").GetString());

        var id = refused.GetProperty("id").GetRawText();
        var letter = (await desk.RunAsync("dlq", "show", id, "--json")).Succeeds().Json;
        Assert.Contains("0000-00-00", letter.GetProperty("message").GetString());
        Assert.Contains("$AAPL rises", letter.GetProperty("value").GetString());
        Assert.Equal("normalise", letter.GetProperty("headers").GetProperty("__bellwether.errors.stage").GetString());
        Assert.Contains("$AAPL rises", (await desk.RunAsync("dlq", "show", id)).Succeeds().Out);
        Assert.Contains("2 of 2 dead letters", (await desk.RunAsync("dlq", "list")).Succeeds().Out);
        (await desk.RunAsync("dlq", "show", "987654")).Fails(ExitCode.BadInput);

        Assert.Contains("1", (await desk.RunAsync("dlq", "count", "--stage", "normalise")).Succeeds().Out);
        (await desk.RunAsync("dlq", "replay")).Fails(ExitCode.Usage);
        (await desk.RunAsync("dlq", "replay", "987654")).Fails(ExitCode.BadInput);
        Assert.Equal(1, (await desk.RunAsync("dlq", "replay", id, "--dry-run", "--json")).Succeeds().Json.GetProperty("matching").GetInt32());
        Assert.Contains("stays: timestamp '0000-00-00'", (await desk.RunAsync("dlq", "replay", id)).Fails(ExitCode.BadInput).Error);
        Assert.Equal(1, (await desk.RunAsync("dlq", "replay", id, "--set", "timestamp=2026-03-02", "--json")).Succeeds().Json.GetProperty("replayed").GetInt32());
        Assert.Contains("history", (await desk.RunAsync("dlq", "show", id)).Succeeds().Out);
        (await desk.RunAsync("dlq", "purge")).Fails(ExitCode.Usage);
        Assert.Contains("would be removed", (await desk.RunAsync("dlq", "purge", "--status", "replayed")).Succeeds().Out);
        Assert.Equal(1, (await desk.RunAsync("dlq", "purge", "--status", "replayed", "--yes", "--json")).Succeeds().Json.GetProperty("purged").GetInt32());
        Assert.Contains("1 of 1 dead letters", (await desk.RunAsync("dlq", "list")).Succeeds().Out);
    }
}
