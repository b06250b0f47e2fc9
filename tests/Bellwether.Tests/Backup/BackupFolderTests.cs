using System.Text.Json;
using System.Text.Json.Nodes;
using Bellwether.App.Commands;
using Bellwether.Backup;
using Bellwether.Tests.Commands;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Backup;

/// <summary>A folder of backups of which one is damaged, or could not be finished.</summary>
public sealed class BackupFolderTests(TestServer server)
{
    static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("cut")]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("newer")]
    public async Task Damaged_manifest_is_named_and_the_others_can_be_used(string damage)
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(BackupFolderTests));
        for (var i = 0; i < 3; i++) (await desk.RunAsync("backup", "create")).Succeeds();
        var root = Path.Combine(desk.Folder, "backups");
        string[] paths = [.. BackupInfo.List(root).Select(backup => backup.Path)];
        var manifest = Path.Combine(paths[0], "backup.json");
        var text = await File.ReadAllTextAsync(manifest, Token);
        var newer = JsonNode.Parse(text)!;
        newer["format"] = BackupManifest.CurrentFormat + 1;
        await File.WriteAllTextAsync(manifest, damage switch { "cut" => text[..(text.Length / 2)], "newer" => newer.ToJsonString(), _ => damage }, Token);

        var listed = (await desk.RunAsync("backup", "list", "--json")).Succeeds().Json.EnumerateArray().ToArray();
        Assert.Equal([paths[1], paths[2], paths[0]], listed.Select(backup => backup.GetProperty("path").GetString()));
        Assert.Equal([true, true, false], listed.Select(backup => backup.GetProperty("problem").ValueKind == JsonValueKind.Null));
        Assert.Contains($"bad: {paths[0]}", (await desk.RunAsync("backup", "list")).Succeeds().Out);
        var verified = (await desk.RunAsync("backup", "verify", "--json")).Succeeds();
        Assert.Equal(paths[1], verified.Json.GetProperty("path").GetString());
        Assert.Contains($"passed over {paths[0]}", verified.Error);
        var restored = (await desk.RunAsync("backup", "restore", "--from", root, "--replace", "--json")).Succeeds();
        Assert.Equal(paths[1], restored.Json.GetProperty("path").GetString());
        Assert.Contains($"passed over {paths[0]}", restored.Error);
        Assert.NotEqual(ExitCode.Ok, (await desk.RunAsync("backup", "restore", "--from", paths[0], "--replace")).Code);

        // What is damaged counts for nothing, and stays for whoever may mend it.
        var kept = (await desk.RunAsync("backup", "create", "--keep", "2", "--json")).Succeeds().Json.GetProperty("path").GetString()!;
        Assert.Equal(((string[])[kept, paths[1], paths[0]]).Order(StringComparer.Ordinal), Directory.GetDirectories(root).Order(StringComparer.Ordinal));
        File.Delete(Path.Combine(kept, "backup.json"));
        await File.WriteAllTextAsync(Path.Combine(paths[1], "backup.json"), "{", Token);
        Assert.Contains("there is no sound backup", (await desk.RunAsync("backup", "verify")).Fails(ExitCode.BadInput).Error);
    }

    /// <summary>A limit on the size of files stands for a full disk: the writes fail in the same way, at the same places.</summary>
    [Theory]
    [InlineData(0, 8)]
    [InlineData(800, 16)]
    public async Task Disk_that_is_full_leaves_no_half_backup_whatever_does_not_fit(int rows, int kilobytes)
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(BackupFolderTests));
        if (rows > 0)
        {
            var csv = desk.Write("a.csv", "id,text,timestamp,ticker\n" + string.Concat(Enumerable.Range(0, rows).Select(i => $"{i},ACME rises by {i * 7919 % 1000} {Guid.NewGuid()},2026-03-02T10:00:00Z,ACME\n")));
            (await desk.RunAsync("ingest", csv, "--wait")).Succeeds();
        }
        var sound = (await desk.RunAsync("backup", "create", "--json")).Succeeds().Json.GetProperty("path").GetString();
        var full = await LimitedProgram.RunAsync(kilobytes, desk.Line("backup", "create", "--with-lake", "--with-archive", "--keep", "1"));
        Assert.Contains("Make room", full.Fails(ExitCode.Failure).Error);
        Assert.Equal([sound], Directory.EnumerateFileSystemEntries(Path.Combine(desk.Folder, "backups")));
        Assert.Equal(sound, Assert.Single(BackupInfo.List(Path.Combine(desk.Folder, "backups"))).Path);
        Assert.NotEqual(sound, (await desk.RunAsync("backup", "create", "--keep", "1", "--json")).Succeeds().Json.GetProperty("path").GetString());
        Assert.Single(Directory.EnumerateFileSystemEntries(Path.Combine(desk.Folder, "backups")));
    }
}
