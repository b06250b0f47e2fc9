using Bellwether.App.Commands;
using Bellwether.Storage;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Commands;

public sealed class MigrateCommandTests(TestServer server)
{
    [Fact]
    public async Task Goes_up_and_down_and_tells_where_it_is()
    {
        await using var desk = await CliDesk.OpenEmptyAsync(server, nameof(MigrateCommandTests));
        var latest = Migration.Shipped.Count;
        Assert.Equal((0, latest), await CurrentAsync(desk));
        Assert.Contains("CREATE SCHEMA ops", (await desk.RunAsync("migrate", "up", "--dry-run")).Succeeds().Out);
        Assert.Equal((0, latest), await CurrentAsync(desk));
        (await desk.RunAsync("migrate", "verify")).Fails(ExitCode.Unavailable);

        var up = (await desk.RunAsync("migrate", "up", "--to", "1", "--json")).Succeeds().Json;
        Assert.Equal((1, 1), (up.GetProperty("revision").GetInt32(), up.GetProperty("steps").GetArrayLength()));
        Assert.Equal((1, latest - 1), await CurrentAsync(desk));
        (await desk.RunAsync("migrate", "up")).Succeeds();
        (await desk.RunAsync("migrate", "verify")).Succeeds();
        var current = (await desk.RunAsync("migrate", "current", "--json")).Json;
        Assert.Equal(Migration.Shipped[^1].Name, current.GetProperty("name").GetString());
        Assert.Equal(TimeSpan.Zero, current.GetProperty("applied_at").GetDateTimeOffset().Offset);

        Assert.Contains("DROP", (await desk.RunAsync("migrate", "down", "--dry-run")).Succeeds().Out);
        Assert.Equal((latest, 0), await CurrentAsync(desk));
        (await desk.RunAsync("migrate", "down", "--revision", "-1")).Succeeds();
        Assert.Equal((latest - 1, 1), await CurrentAsync(desk));
        (await desk.RunAsync("migrate", "down", "--to", "0")).Succeeds();
        Assert.Equal((0, latest), await CurrentAsync(desk));
        Assert.False(await desk.Database.ScalarAsync<bool>("SELECT to_regnamespace('ops') IS NOT NULL"));
    }

    [Fact]
    public async Task Unknown_revision_is_refused()
    {
        await using var desk = await CliDesk.OpenEmptyAsync(server, nameof(MigrateCommandTests));
        Assert.Contains("9999", (await desk.RunAsync("migrate", "up", "--to", "9999")).Fails(ExitCode.Unavailable).Error);
        (await desk.RunAsync("migrate", "down", "--to", "0", "--revision", "-1")).Fails(ExitCode.Usage);
    }

    static async Task<(int Revision, int Pending)> CurrentAsync(CliDesk desk)
    {
        var json = (await desk.RunAsync("migrate", "current", "--json")).Succeeds().Json;
        return (json.GetProperty("revision").GetInt32(), json.GetProperty("pending").GetArrayLength());
    }
}
