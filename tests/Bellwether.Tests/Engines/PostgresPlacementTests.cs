using Bellwether.Engines;
using Bellwether.Engines.Postgres;
using Bellwether.Engines.Unix;
using Npgsql;

namespace Bellwether.Tests.Engines;

public sealed class PostgresPlacementTests(EngineTemplate template)
{
    static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Data_below_a_folder_that_the_server_cannot_enter_goes_elsewhere_and_is_found_again()
    {
        Assert.SkipUnless(Posix.EffectiveUser() == 0, "only root runs the server as another user");
        using var closed = new EngineFolder();
        using var fallback = new EngineFolder();
        Posix.SetMode(closed.Path, Posix.PrivateDirectory);
        var options = closed.Options with { DataDirectory = closed["home", "data"], FallbackDirectory = fallback["lib"] };

        await using (var engine = await closed.StartAsync(options))
        {
            Assert.StartsWith(fallback["lib"], engine.ClusterDirectory);
            Assert.Contains(closed.Messages, m => m.Contains(engine.ClusterDirectory![..^"/postgres".Length]) && m.Contains("cannot enter"));
            Assert.Equal(engine.ClusterDirectory, File.ReadAllText(closed["home", "data", "postgres.path"]).Trim());
            await EngineFolder.QueryAsync(engine, "create table kept as select 7 as n");
        }
        Assert.Empty(fallback.Processes());

        // The record counts, not the computation: another fallback must not open an empty database.
        await using (var engine = await closed.StartAsync(options with { FallbackDirectory = fallback["other"] }))
            Assert.Equal(7, await EngineFolder.QueryAsync(engine, "select n from kept"));

        Directory.Delete(fallback["lib"], recursive: true);
        var error = await Assert.ThrowsAsync<EngineException>(() => closed.StartAsync(options));
        Assert.Contains("postgres.path", error.Mend);
    }

    [Fact]
    public async Task Path_too_long_or_too_odd_for_a_socket_serves_through_another_folder()
    {
        using var folder = new EngineFolder();
        var options = folder.Options with { DataDirectory = folder["o'dd, " + new string('x', 90), "data dir"] };
        await template.CopyToAsync(options.DataDirectory);
        string? host;
        await using (var engine = await folder.StartAsync(options))
        {
            Assert.Equal(1, await EngineFolder.QueryAsync(engine, "select 1"));
            host = new NpgsqlConnectionStringBuilder(engine.ConnectionString).Host;
            Assert.StartsWith("/tmp/bellwether-", host);
            await using var second = await folder.StartAsync(options);
            Assert.Equal(engine.ConnectionString, second.ConnectionString);
        }
        Assert.False(Directory.Exists(host));
        Assert.Empty(folder.Processes());

        // Where the last client was killed, the supervisor clears up.
        var killed = await folder.StartAsync(options);
        using var client = await PostgresEngineTests.OtherClientAsync(options.DataDirectory);
        await killed.DisposeAsync();
        Assert.True(Directory.Exists(host));
        client.Kill();
        await EngineFolder.Until(() => folder.Processes().Count == 0, "the server is gone");
        Assert.False(Directory.Exists(host));
    }

    [Fact]
    public async Task Folder_by_another_name_attaches_to_the_same_server()
    {
        using var folder = new EngineFolder();
        var link = folder["link"];
        await template.CopyToAsync(folder["data"]);
        Directory.CreateSymbolicLink(link, folder["data"]);
        await using var first = await folder.StartAsync(folder.Options with { DataDirectory = folder["data"] });
        await using var second = await folder.StartAsync(folder.Options with { DataDirectory = link });
        Assert.Equal(first.ConnectionString, second.ConnectionString);
    }

    [Fact]
    public async Task Folder_with_something_else_in_the_place_of_the_cluster_is_left_alone()
    {
        using var folder = new EngineFolder();
        Directory.CreateDirectory(folder["postgres"]);
        await File.WriteAllTextAsync(folder["postgres", "mine.txt"], "precious", Token);
        var error = await Assert.ThrowsAsync<EngineException>(() => folder.StartAsync());
        Assert.Contains("not empty", error.Problem);
        Assert.Equal("precious", await File.ReadAllTextAsync(folder["postgres", "mine.txt"], Token));
    }

    [Fact]
    public async Task Folder_that_cannot_be_made_or_written_is_explained()
    {
        using var folder = new EngineFolder();
        await File.WriteAllTextAsync(folder["file"], "", Token);
        var error = await Assert.ThrowsAsync<EngineException>(() =>
            folder.StartAsync(folder.Options with { DataDirectory = folder["file", "data"] }));
        Assert.Contains(folder["file", "data"], error.Problem);
        Assert.Contains("another data folder", error.Mend);
    }

    [Fact]
    public async Task Fallback_that_cannot_be_made_is_explained()
    {
        Assert.SkipUnless(Posix.EffectiveUser() == 0, "only root runs the server as another user");
        using var folder = new EngineFolder();
        Posix.MakeDirectory(folder["closed"], Posix.PrivateDirectory);
        await File.WriteAllTextAsync(folder["file"], "", Token);
        var options = folder.Options with { DataDirectory = folder["closed", "data"], FallbackDirectory = folder["file", "lib"] };
        var error = await Assert.ThrowsAsync<EngineException>(() => folder.StartAsync(options));
        Assert.Contains(folder["file", "lib"], error.Problem);
        Assert.Contains("chmod o+x", error.Mend);
        Assert.Contains(folder["file", "lib"], error.Mend);
    }

    [Fact]
    public async Task Binaries_that_cannot_be_copied_to_where_the_server_may_go_are_explained()
    {
        Assert.SkipUnless(Posix.EffectiveUser() == 0, "only root runs the server as another user");
        using var folder = new EngineFolder();
        Posix.MakeDirectory(folder["closed"], Posix.PrivateDirectory);
        var bin = folder["closed", "postgres-18.0.0", "native", "bin"];
        Directory.CreateDirectory(bin);
        await File.WriteAllTextAsync(Path.Combine(bin, "postgres"), "", Token);
        await File.WriteAllTextAsync(Path.Combine(bin, "initdb"), "", Token);
        await File.WriteAllTextAsync(folder["file"], "", Token);
        var options = folder.Options with
        {
            DataDirectory = folder["data"],
            CacheDirectory = folder["closed"],
            SystemBinaries = folder["none"],
            SharedBinaries = folder["file", "cache"],
        };
        var error = await Assert.ThrowsAsync<EngineException>(() => folder.StartAsync(options));
        Assert.Contains(folder["file", "cache"], error.Problem);
        Assert.Contains("apt-get install postgresql", error.Mend);
    }

    [Fact]
    public async Task External_server_is_used_as_it_is()
    {
        using var folder = new EngineFolder();
        await template.CopyToAsync(folder.Path);
        await using var server = await folder.StartAsync();
        var unused = folder["unused"];
        await using (var engine = await folder.StartAsync(new PostgresOptions { DataDirectory = unused, ConnectionString = server.ConnectionString }))
        {
            Assert.True(engine.IsExternal);
            Assert.Equal(server.ConnectionString, engine.ConnectionString);
            await engine.EnsureRunningAsync(Token);
        }
        Assert.False(Directory.Exists(unused));
        Assert.Equal(1, await EngineFolder.QueryAsync(server, "select 1"));
    }

    [Theory]
    [InlineData("Host=/nowhere/at/all;Username=x;Password=secret;Timeout=2", "/nowhere/at/all")]
    [InlineData("Hots=db", "connection string is wrong")]
    public async Task External_server_that_cannot_be_reached_is_explained_without_the_password(string connectionString, string expected)
    {
        using var folder = new EngineFolder();
        var error = await Assert.ThrowsAsync<EngineException>(() =>
            folder.StartAsync(folder.Options with { ConnectionString = connectionString }));
        Assert.Contains(expected, error.Problem);
        Assert.DoesNotContain("secret", error.ToString());
    }
}
