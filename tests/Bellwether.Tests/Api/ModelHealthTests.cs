using Bellwether.Tests.Support;
using static Bellwether.Tests.Api.ServedDesk;

namespace Bellwether.Tests.Api;

/// <summary>A model that cannot be used is no reason to take the service out, and is told of.</summary>
public sealed class ModelHealthTests(TestServer server)
{
    [Theory(Timeout = 120_000)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Health_is_degraded_while_another_model_scores(bool byRules)
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(ModelHealthTests), desk: o => o with
        {
            Scoring = o.Scoring with
            {
                ClassifierFile = Path.Combine(o.DataDirectory, "none.bin"),
                Routing = new() { Rules = byRules ? [new() { Name = "all", Models = ["classifier"] }] : [] },
            },
        });
        Assert.False((await desk.JsonAsync("/health")).GetProperty("degraded").GetBoolean() && byRules);
        await desk.PushAsync(Event("1", "ACME", "Acme profit rises"));
        while (!(await desk.JsonAsync("/health")).GetProperty("degraded").GetBoolean())
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, Token);

        var health = await desk.JsonAsync("/health");
        Assert.True(health.GetProperty("ready").GetBoolean());
        var check = health.GetProperty("checks").EnumerateArray().Single(c => c.GetProperty("name").GetString() == "model classifier");
        Assert.True(check.GetProperty("ok").GetBoolean());
        // Health is asked for without a token: no paths of this machine.
        Assert.DoesNotContain("none.bin", health.GetRawText());
    }
}
