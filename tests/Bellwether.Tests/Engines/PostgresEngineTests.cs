using System.Diagnostics;
using Bellwether.Engines;
using Bellwether.Engines.Postgres;

namespace Bellwether.Tests.Engines;

public sealed class PostgresEngineTests(EngineTemplate template, ITestOutputHelper output)
{
    static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Start_and_stop_serves_and_leaves_no_process()
    {
        using var folder = new EngineFolder();
        var clock = TimeProvider.System;
        var begin = clock.GetTimestamp();
        await using (var first = await folder.StartAsync(new PostgresOptions { DataDirectory = folder.Path }))
        {
            output.WriteLine($"init and start {clock.GetElapsedTime(begin).TotalMilliseconds:0} ms");
            Assert.Equal("bellwether", await EngineFolder.QueryAsync(first, "select current_user::text"));
            Assert.Equal("bellwether", await EngineFolder.QueryAsync(first, "select current_database()::text"));
            Assert.Equal("UTF8", await EngineFolder.QueryAsync(first, "show server_encoding"));
            Assert.Equal("", await EngineFolder.QueryAsync(first, "show listen_addresses"));
            Assert.Equal("on", await EngineFolder.QueryAsync(first, "show fsync"));
            Assert.Equal("1024", await EngineFolder.QueryAsync(first, "show max_locks_per_transaction"));
            Assert.Equal("ÄÖ", await EngineFolder.QueryAsync(first, "select upper('äö')"));
            Assert.NotEmpty(folder.Processes());
        }
        Assert.Empty(folder.Processes());

        begin = clock.GetTimestamp();
        var again = await folder.StartAsync();
        var started = clock.GetElapsedTime(begin);
        begin = clock.GetTimestamp();
        await again.DisposeAsync();
        output.WriteLine($"start {started.TotalMilliseconds:0} ms, stop {clock.GetElapsedTime(begin).TotalMilliseconds:0} ms");
        Assert.Empty(folder.Processes());
    }

    [Fact]
    public async Task Second_engine_attaches_and_outlives_the_first()
    {
        using var folder = await template.FolderAsync();
        var first = await folder.StartAsync();
        await using (var second = await folder.StartAsync())
        {
            var pid = folder.ServerPid();
            await first.DisposeAsync();
            Assert.Equal(pid, folder.ServerPid());
            Assert.Equal(1, await EngineFolder.QueryAsync(second, "select 1"));
        }
        Assert.Empty(folder.Processes());
    }

    [Fact]
    public async Task Killed_client_is_noticed_and_the_server_stopped()
    {
        using var folder = await template.FolderAsync();
        var engine = await folder.StartAsync();
        using var client = await OtherClientAsync(folder.Path);
        await engine.DisposeAsync();
        Assert.NotEmpty(folder.Processes());
        client.Kill();
        await client.WaitForExitAsync(Token);
        await EngineFolder.Until(() => folder.Processes().Count == 0, "the server is gone");
        Assert.False(File.Exists(folder["postgres", "postmaster.pid"]));
    }

    /// <summary>Stands for another attached process: the kernel knows the attached by this lock and nothing else.</summary>
    internal static async Task<Process> OtherClientAsync(string dataDirectory)
    {
        var client = Process.Start("flock", ["--shared", "--no-fork", Path.Combine(dataDirectory, "clients.lock"), "sleep", "1000"]);
        await EngineFolder.Until(() => IsSleeping(client.Id), "the client holds its lock");
        return client;
    }

    static bool IsSleeping(int pid) => File.ReadAllText($"/proc/{pid}/cmdline").StartsWith("sleep", StringComparison.Ordinal);

    [Fact]
    public async Task Killed_server_is_started_again_with_every_committed_row()
    {
        using var folder = await template.FolderAsync();
        await using var engine = await folder.StartAsync();
        await EngineFolder.QueryAsync(engine, "create table kept as select generate_series(1, 1000) n");
        var before = engine.ConnectionString;
        for (var round = 0; round < 3; round++)
        {
            var pid = folder.ServerPid();
            using (var server = Process.GetProcessById(pid))
                server.Kill();
            await EngineFolder.Until(() => Postmaster.Find(folder["postgres"]) is null, "the server is killed");
            await Task.WhenAll(engine.EnsureRunningAsync(Token), engine.EnsureRunningAsync(Token));
            Assert.NotEqual(pid, folder.ServerPid());
            Assert.Equal(before, engine.ConnectionString);
            Assert.Equal(1000L, await EngineFolder.QueryAsync(engine, "select count(*) from kept"));
        }
        await engine.DisposeAsync();
        Assert.Empty(folder.Processes());
    }

    [Fact]
    public async Task Stale_pid_file_of_a_living_foreign_process_does_not_prevent_the_start()
    {
        using var folder = await template.FolderAsync();
        var pidFile = folder["postgres", "postmaster.pid"];
        await File.WriteAllTextAsync(pidFile, $"{Environment.ProcessId}\n{folder["postgres"]}\n1\n5432\n{folder["postgres"]}\n\n  1 1\nready\n", Token);
        await File.WriteAllTextAsync(folder["postgres", ".s.PGSQL.5432.lock"], $"{Environment.ProcessId}\n{folder["postgres"]}\n1\n5432\n{folder["postgres"]}\n", Token);
        await using var engine = await folder.StartAsync();
        Assert.NotEqual(Environment.ProcessId, folder.ServerPid());
        Assert.Equal(1, await EngineFolder.QueryAsync(engine, "select 1"));
    }

    [Fact]
    public async Task Many_at_once_share_one_server_and_leave_nothing()
    {
        using var folder = new EngineFolder();
        await Task.WhenAll(Enumerable.Range(0, 6).Select(async i =>
        {
            for (var round = 0; round < 4; round++)
            {
                await using var engine = await folder.StartAsync();
                Assert.Equal(i, await EngineFolder.QueryAsync(engine, $"select {i}"));
            }
        }));
        Assert.Empty(folder.Processes());
    }

    [Fact]
    public async Task Data_of_another_major_version_is_explained()
    {
        using var folder = await template.FolderAsync();
        await File.WriteAllTextAsync(folder["postgres", "PG_VERSION"], "13\n", Token);
        var error = await Assert.ThrowsAsync<EngineException>(() => folder.StartAsync());
        Assert.Contains("PostgreSQL 13", error.Problem);
        Assert.Contains("apt-get install postgresql-13", error.Mend);
        Assert.Contains("dump", error.Mend);
        Assert.Empty(folder.Processes());
    }

    [Fact]
    public async Task Setting_that_the_server_refuses_is_shown_with_the_log()
    {
        using var folder = await template.FolderAsync();
        var options = folder.Options with { Settings = new Dictionary<string, string> { ["shared_buffers"] = "very much" } };
        var error = await Assert.ThrowsAsync<EngineException>(() => folder.StartAsync(options));
        Assert.Contains("shared_buffers", error.Problem);
        await EngineFolder.Until(() => folder.Processes().Count == 0, "the supervisor is gone");
        await using var engine = await folder.StartAsync();
        Assert.Equal("128MB", await EngineFolder.QueryAsync(engine, "show shared_buffers"));
    }
}
