using System.Diagnostics;
using Bellwether.Engines.Postgres;

namespace Bellwether.Tests.Engines;

public sealed class PostgresSupervisionTests(EngineTemplate template)
{
    static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Running_server_has_exactly_one_supervisor()
    {
        using var folder = await template.FolderAsync();
        await using var first = await folder.StartAsync();
        await using var second = await folder.StartAsync();
        await using var third = await folder.StartAsync();
        Assert.Single(Supervisors(folder));
    }

    [Fact]
    public async Task Server_whose_supervisor_was_killed_gets_another_one()
    {
        using var folder = await template.FolderAsync();
        var first = await folder.StartAsync();
        var server = folder.ServerPid();
        foreach (var pid in folder.Processes().Where(p => p != server).ToList())
            Kill(pid);
        await EngineFolder.Until(() => folder.Processes().SequenceEqual([server]), "only the server is left");

        var second = await folder.StartAsync();
        Assert.Equal(server, folder.ServerPid());
        await EngineFolder.Until(() => Supervisors(folder).Count == 1, "the server has a supervisor again");

        // The new supervisor must notice a crash too, or the next start would wait for it in vain.
        Kill(server);
        await EngineFolder.Until(() => Postmaster.Find(folder["postgres"]) is null, "the server is killed");
        await second.EnsureRunningAsync(Token);
        Assert.NotEqual(server, folder.ServerPid());
        await first.DisposeAsync();
        Assert.Equal(1, await EngineFolder.QueryAsync(second, "select 1"));
        await second.DisposeAsync();
        Assert.Empty(folder.Processes());
    }

    [Fact]
    public async Task Server_that_somebody_else_stopped_is_started_again()
    {
        using var folder = await template.FolderAsync();
        await using var engine = await folder.StartAsync();
        var pid = folder.ServerPid();
        await EngineFolder.QueryAsync(engine, "create table kept as select 1 as n");
        using (var kill = Process.Start("kill", ["-INT", $"{pid}"]))
            await kill.WaitForExitAsync(Token);
        await EngineFolder.Until(() => Postmaster.Find(folder["postgres"]) is null, "the server has stopped");
        await engine.EnsureRunningAsync(Token);
        Assert.Equal(1, await EngineFolder.QueryAsync(engine, "select n from kept"));
    }

    /// <summary>
    /// The shells that run the script's main part: parents of the server or, after an adoption, beside it. A child of such a shell looks like
    /// its parent until it runs a program of its own.
    /// </summary>
    internal static List<int> Supervisors(EngineFolder folder)
    {
        var shells = folder.Processes().Where(IsMainPart).ToHashSet();
        return shells.Where(pid => !shells.Contains(Postmaster.ParentOf(pid))).ToList();

        static bool IsMainPart(int pid) => EngineFolder.CommandLine(pid) is var line
            && line.StartsWith("sh\0", StringComparison.Ordinal) && (line.Contains("\0start\0") || line.Contains("\0adopt\0"));
    }

    static void Kill(int pid)
    {
        using var process = Process.GetProcessById(pid);
        process.Kill();
    }
}
