using System.Diagnostics;
using Bellwether.Engines.Postgres;
using Bellwether.Engines.Unix;

namespace Bellwether.Tests.Engines;

public sealed class PostgresInterruptionTests(EngineTemplate template)
{
    static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Start_that_is_cancelled_at_any_moment_leaves_no_process()
    {
        using var folder = await template.FolderAsync();
        var cancelled = 0;
        for (var milliseconds = 1; milliseconds < 60; milliseconds += 4)
        {
            using var source = new CancellationTokenSource(TimeSpan.FromMilliseconds(milliseconds), TimeProvider.System);
            try
            {
                await using var engine = await PostgresEngine.StartAsync(folder.Options, null, source.Token);
            }
            catch (OperationCanceledException)
            {
                cancelled++;
            }
        }
        Assert.NotEqual(0, cancelled);
        await EngineFolder.Until(() => folder.Processes().Count == 0, "every server is stopped");
        await using var last = await folder.StartAsync();
        Assert.Equal(1, await EngineFolder.QueryAsync(last, "select 1"));
    }

    [Fact]
    public async Task Creation_that_is_cancelled_at_any_moment_leaves_nothing_half_made()
    {
        using var folder = new EngineFolder();
        foreach (var milliseconds in new[] { 20, 150, 400 })
        {
            using var source = new CancellationTokenSource(TimeSpan.FromMilliseconds(milliseconds), TimeProvider.System);
            try
            {
                await using var engine = await PostgresEngine.StartAsync(folder.Options, null, source.Token);
            }
            catch (OperationCanceledException)
            {
                Assert.False(Directory.Exists(folder["postgres"]) && !File.Exists(folder["postgres", "bellwether.conf"])
                    && !File.Exists(folder["postgres", "PG_VERSION"]));
            }
        }
        await using var last = await folder.StartAsync();
        Assert.Equal("bellwether", await EngineFolder.QueryAsync(last, "select current_database()::text"));
        Assert.Empty(Directory.EnumerateDirectories(folder.Path, "postgres.new-*"));
    }

    [Fact]
    public async Task Start_takes_over_the_server_that_a_cancelled_start_has_under_way()
    {
        using var folder = await template.FolderAsync();
        var options = await GatedAsync(folder);
        using var source = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var first = PostgresEngine.StartAsync(options, null, source.Token);
        await EngineFolder.Until(() => AtTheGate(folder), "the server is on its way");
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);

        var second = folder.StartAsync(options);
        Assert.False(second.IsCompleted);
        OpenGate(folder);
        await using (var engine = await second)
        {
            Assert.Equal(1, await EngineFolder.QueryAsync(engine, "select 1"));
            Assert.Single(PostgresSupervisionTests.Supervisors(folder));
        }
        Assert.Empty(folder.Processes());
    }

    [Fact]
    public async Task Dispose_after_a_cancelled_restart_waits_for_the_server_that_is_under_way_and_stops_it()
    {
        using var folder = await template.FolderAsync();
        var options = await GatedAsync(folder);
        OpenGate(folder);
        var engine = await folder.StartAsync(options);
        File.Delete(Gate(folder));
        Posix.Kill(folder.ServerPid(), Posix.SigQuit);
        await EngineFolder.Until(() => Postmaster.Find(folder["postgres"]) is null, "the server has stopped");
        using var source = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var restart = engine.EnsureRunningAsync(source.Token);
        await EngineFolder.Until(() => AtTheGate(folder), "the server is on its way");
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => restart);

        var end = engine.DisposeAsync().AsTask();
        Assert.False(end.IsCompleted);
        OpenGate(folder);
        await end;
        Assert.Empty(folder.Processes());
    }

    [Fact]
    public async Task Start_goes_well_whenever_the_supervisor_of_an_abandoned_start_arrives()
    {
        using var folder = await template.FolderAsync();
        await (await folder.StartAsync()).DisposeAsync();
        var home = ClusterHome.Locate(folder.Path)!;
        for (var round = 0; round < 10; round++)
        {
            // Two on their way: the first to arrive wins, the other and perhaps the engine's own find the lock taken.
            using var late = Supervisor.Start(home, await template.ServerProgramAsync(), folder.Options.StopTimeout);
            using var later = Supervisor.Start(home, await template.ServerProgramAsync(), folder.Options.StopTimeout);
            await using var engine = await folder.StartAsync();
            Assert.Equal(round, await EngineFolder.QueryAsync(engine, $"select {round}"));
        }
        await EngineFolder.Until(() => folder.Processes().Count == 0, "every server is stopped");
    }

    [Fact]
    public async Task Empty_lock_files_of_a_server_that_was_killed_do_not_prevent_the_start()
    {
        using var folder = await template.FolderAsync();
        await File.WriteAllTextAsync(folder["postgres", "postmaster.pid"], "", Token);
        await File.WriteAllTextAsync(folder["postgres", ".s.PGSQL.5432.lock"], "", Token);
        await using var engine = await folder.StartAsync();
        Assert.Equal(1, await EngineFolder.QueryAsync(engine, "select 1"));
    }

    /// <summary>Binaries whose server waits at a gate before it begins, as on a machine that is very slow.</summary>
    async Task<PostgresOptions> GatedAsync(EngineFolder folder)
    {
        var real = await template.ServerProgramAsync();
        Directory.CreateDirectory(folder["slow"]);
        File.CreateSymbolicLink(folder["slow", "initdb"], Path.Combine(Path.GetDirectoryName(real)!, "initdb"));
        var script = $"""
            #!/bin/sh
            # The two arguments -D and its folder are a start, anything else is a question.
            while [ $# = 2 ] && [ ! -e '{Gate(folder)}' ]; do sleep 0.01; done
            exec '{real}' "$@"

            """;
        await File.WriteAllTextAsync(folder["slow", "postgres"], script, Token);
        Posix.SetMode(folder["slow", "postgres"], Posix.OpenDirectory);
        return folder.Options with { BinDirectory = folder["slow"] };
    }

    static string Gate(EngineFolder folder) => folder["slow", "open"];

    static void OpenGate(EngineFolder folder) => File.WriteAllText(Gate(folder), "");

    static bool AtTheGate(EngineFolder folder) =>
        folder.CommandLines().Any(c => c.StartsWith($"/bin/sh\0{folder["slow", "postgres"]}\0-D\0", StringComparison.Ordinal) && !c.Contains("\0-C\0"));
}
