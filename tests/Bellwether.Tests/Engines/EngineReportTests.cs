using Bellwether.Engines;
using Bellwether.Engines.Postgres;
using Bellwether.Engines.Unix;

namespace Bellwether.Tests.Engines;

public sealed class EngineReportTests(EngineTemplate template)
{
    static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Inspect_finds_the_cluster_stopped_and_running()
    {
        using var folder = EngineFolder.ForData();
        Assert.Contains("none yet", await ClusterAsync(folder));
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path));
        await template.CopyToAsync(folder.Path);
        await using (await folder.StartAsync())
            Assert.Contains($"running as process {folder.ServerPid()}", await ClusterAsync(folder));
        var stopped = await ClusterAsync(folder);
        Assert.Contains("not running", stopped);
        Assert.Contains("MB", stopped);
        Assert.Contains(folder["postgres"], stopped);
    }

    static async Task<string> ClusterAsync(EngineFolder folder)
    {
        var findings = await EngineReport.InspectAsync(folder.Options, null, null, null, Token);
        return findings.Single(f => f.Name == "database").Detail;
    }

    [Fact]
    public async Task Inspect_of_an_empty_machine_says_what_will_be_fetched_and_fetches_nothing()
    {
        using var folder = new EngineFolder();
        var options = folder.Options with { DataDirectory = folder["deep", "data"], CacheDirectory = folder["cache"], SystemBinaries = folder["none"] };
        var findings = (await EngineReport.InspectAsync(options, null, null, null, Token)).ToDictionary(f => f.Name);
        Assert.Equal(FindingStatus.Warning, findings["PostgreSQL"].Status);
        Assert.Equal(FindingStatus.Warning, findings["DuckDB"].Status);
        Assert.Contains("will be fetched", findings["DuckDB"].Detail);
        Assert.Equal(FindingStatus.Ok, findings["flock"].Status);
        Assert.Equal(FindingStatus.Ok, findings["machine"].Status);
        Assert.Contains("will be made", findings["data folder"].Detail);
        Assert.False(Directory.Exists(folder["deep"]) || Directory.Exists(folder["cache"]));
    }

    [Fact]
    public async Task Inspect_names_the_command_for_everything_that_is_missing()
    {
        using var folder = await template.FolderAsync();
        await File.WriteAllTextAsync(folder["postgres", "PG_VERSION"], "13\n", Token);
        var options = folder.Options with { ConnectionString = null, BinDirectory = null };
        var findings = await EngineReport.InspectAsync(options, folder["none.so"], null, null, Token);
        Assert.Equal("apt-get install postgresql-13", findings.Single(f => f.Name == "database").Mend);
        Assert.Equal(FindingStatus.Missing, findings.Single(f => f.Name == "DuckDB").Status);
        Assert.All(findings.Where(f => f.Status == FindingStatus.Missing), f => Assert.False(string.IsNullOrEmpty(f.Mend)));
    }

    [Theory]
    [InlineData(1000u, 7, 0x1c0u, true)] // owner may pass
    [InlineData(1001u, 7, 0x1c0u, false)] // somebody else may not
    [InlineData(1001u, 1000, 0x1c8u, true)] // by the group
    [InlineData(1001u, 7, 0x1c1u, true)] // everybody may
    [InlineData(1001u, 1000, 0x1c1u, false)] // the group's bits count for its members, even where everybody else may
    public void User_enters_by_the_first_class_of_mode_bits_that_fits(uint uid, int gid, uint mode, bool expected)
    {
        Assert.SkipUnless(Posix.EffectiveUser() == 0, "only root gives folders away");
        using var folder = new EngineFolder();
        Posix.MakeDirectory(folder["closed"], (UnixFileMode)mode);
        Posix.ChangeOwner(folder["closed"], 1000, 1000);
        Assert.Equal(expected, new OsUser("somebody", uid, (uint)gid).CanEnter(folder["closed", "not", "there", "yet"]));
    }
}
