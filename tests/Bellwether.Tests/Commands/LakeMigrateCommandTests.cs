using System.Diagnostics;
using System.Text.Json;
using Bellwether.App;
using Bellwether.App.Commands;
using Bellwether.Tests.Engines.DuckDb;
using Bellwether.Tests.Lake.Legacy;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Commands;

public sealed class LakeMigrateCommandTests(TestServer server)
{
    static long Number(JsonElement answer, string name) => answer.GetProperty(name).GetInt64();

    [Fact]
    public async Task Migration_comparison_list_and_rollback_answer_in_json_and_in_words()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(LakeMigrateCommandTests));
        var old = Path.Combine(desk.Folder, "old");
        LegacyFiles.Make(old, 300, 4);
        var dry = (await desk.RunAsync("lake", "migrate", "--from", old, "--dry-run", "--json")).Succeeds().Json;
        Assert.Equal((4, 308, 300), (Number(dry, "files"), Number(dry, "read"), Number(dry, "migrated")));
        Assert.Contains("nothing was changed", (await desk.RunAsync("lake", "migrate", "--from", old, "--dry-run")).Succeeds().Out);
        var done = (await desk.RunAsync("lake", "migrate", "--from", old, "--verify", "--resume", "--json")).Succeeds().Json;
        Assert.Equal((4, 308, 300, 0, 0, 8), (Number(done, "files"), Number(done, "read"), Number(done, "migrated"), Number(done, "skipped"), Number(done, "duplicates"), Number(done, "rejected")));
        Assert.InRange(done.GetProperty("text_coverage").GetDouble(), 0.8, 0.9);
        Assert.True(done.GetProperty("ms_per_record").GetDouble() > 0);
        Assert.Equal(300, Number(done.GetProperty("verify"), "same"));
        var again = await desk.RunAsync("lake", "migrate", "--from", old);
        Assert.Contains("was migrated before", again.Succeeds().Out);
        Assert.Contains("300 the same", (await desk.RunAsync("lake", "diff", "--from", old)).Succeeds().Out);
        Assert.Equal("migrated", (await desk.RunAsync("lake", "migrations", "--json")).Succeeds().Json[0].GetProperty("status").GetString());

        // A lake that lost a row is told by the exit code too.
        await using (var lose = desk.Database.DataSource.CreateCommand("DELETE FROM sentiment.sentiment_data WHERE article_id = 'article-5'; UPDATE ops.lake_days SET revision = revision + 1"))
            await lose.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        Assert.Contains("missing: ", (await desk.RunAsync("lake", "diff", "--from", old)).Fails(ExitCode.BadInput).Out);

        Assert.Equal(300, Number((await desk.RunAsync("lake", "rollback", "--json")).Succeeds().Json, "rows"));
        Assert.Contains("no migration to roll back", (await desk.RunAsync("lake", "rollback")).Fails(ExitCode.BadInput).Error);
        Assert.Contains("rolled_back", (await desk.RunAsync("lake", "migrations")).Succeeds().Out);
    }

    [Theory]
    [InlineData("lake migrate", "--from")]
    [InlineData("lake migrate --from x --sample 0%", "share")]
    [InlineData("lake migrate --from x --sample 150%", "share")]
    [InlineData("lake migrate --from x --map polarity", "FIELD=COLUMN")]
    public async Task Wrong_usage_is_told(string line, string says) =>
        Assert.Contains(says, (await Cli.RunAsync([.. ShellWords.Split(line)])).Fails(ExitCode.Usage).Error);

    [Fact]
    public async Task Folder_that_is_not_there_and_field_that_is_none_are_told()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(LakeMigrateCommandTests));
        Assert.Contains("no folder", (await desk.RunAsync("lake", "migrate", "--from", "/nowhere")).Fails(ExitCode.BadInput).Error);
        Assert.Contains("not a field", (await desk.RunAsync("lake", "migrate", "--from", desk.Folder, "--map", "mood=x")).Fails(ExitCode.Usage).Error);
    }

    [Fact]
    public async Task Backup_goes_to_a_folder_of_its_own_server_and_back()
    {
        var root = TestFolder.Create("backup-cli");
        try
        {
            var (data, fresh) = (Path.Combine(root, "desk"), Path.Combine(root, "new"));
            var csv = Path.Combine(root, "a.csv");
            await File.WriteAllTextAsync(csv, "id,text,timestamp,ticker\n1,ACME rises,2026-03-02T10:00:00Z,ACME\n2,ACME falls,2026-03-03T10:00:00Z,ACME\n", TestContext.Current.CancellationToken);
            await RunAsync(data, "ingest", csv, "--wait");
            Assert.Equal(1, Number((await RunAsync(data, "lake", "seal", "--before", "2026-03-03", "--json")).Json, "days"));
            Assert.Contains("no backup", (await RunAsync(data, ExitCode.BadInput, "backup", "verify")).Error);
            var made = (await RunAsync(data, "backup", "create", "--with-lake", "--json")).Json;
            Assert.Equal(2, Number(made, "lake_files"));
            Assert.Equal(made.GetProperty("path").GetString(), (await RunAsync(data, "backup", "list", "--json")).Json[0].GetProperty("path").GetString());
            var verified = (await RunAsync(data, "backup", "verify", "--restore", "--json")).Json;
            Assert.Equal(Number(verified, "files"), Number(verified, "ok"));
            Assert.Equal(Number(made, "rows"), Number(verified.GetProperty("restored"), "rows"));
            // Nor where the server's user cannot enter the data folder.
            if (Environment.UserName == "root")
            {
                File.SetUnixFileMode(root, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
                var closed = Path.Combine(root, "closed");
                Directory.CreateDirectory(closed);
                var elsewhere = (await RunAsync(closed, "backup", "verify", "--from", Path.Combine(data, "backups"), "--restore", "--json")).Error;
                var place = System.Text.RegularExpressions.Regex.Match(elsewhere, "kept in (/[^ \n]+)").Groups[1].Value;
                Assert.NotEmpty(place);
                Assert.False(Directory.Exists(place), place);
                TestFolder.Open(root);
            }
            Assert.DoesNotContain(Directory.EnumerateDirectories(data), folder => Path.GetFileName(folder).StartsWith("drill-", StringComparison.Ordinal));

            Assert.Contains("--data", (await RunAsync(null, ExitCode.Usage, "backup", "restore", "--from", Path.Combine(data, "backups"))).Error);
            Assert.Contains("--replace", (await RunAsync(data, ExitCode.BadInput, "backup", "restore", "--from", Path.Combine(data, "backups"))).Error);
            await RunAsync(fresh, "backup", "restore", "--from", Path.Combine(data, "backups"));
            Assert.Equal(await ScoreAsync(data), await ScoreAsync(fresh));
            Assert.Equal(2, Number((await RunAsync(fresh, "lake", "verify", "--json")).Json, "ok"));
            Assert.Contains("ACME rises", (await RunAsync(fresh, "sql", "select text from all_sentiment", "--format", "csv")).Out);
            // PostgreSQL itself reads the sealed day, from the files of the new desk.
            await using (var desk = await Desk.OpenAsync(DeskOptions.Load(fresh, new Dictionary<string, string?>()) with { DuckDb = DuckDbTestLibrary.Path }, null, TestContext.Current.CancellationToken))
            await using (desk.CreateColdReader())
            await using (var read = desk.DataSource.CreateCommand("SELECT count(*) || ' ' || min(text) FROM sentiment.all_sentiment WHERE timestamp < '2026-03-03'"))
                Assert.Equal("1 ACME rises", await read.ExecuteScalarAsync(TestContext.Current.CancellationToken));
            Assert.Contains("ACME falls", (await RunAsync(fresh, "sql", "select text from all_sentiment", "--format", "csv")).Out);
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }

        async Task<(double, long)> ScoreAsync(string folder) =>
            (await RunAsync(folder, "sentiment", "ACME", "--json")).Json is var answer ? (answer.GetProperty("score").GetDouble(), Number(answer, "revision")) : default;
    }

    /// <summary>A limit on the size of files stands for a full disk: the writes fail in the same way, at the same places.</summary>
    [Fact]
    public async Task Disk_that_has_no_room_for_a_backup_is_told_and_nothing_is_left()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(LakeMigrateCommandTests));
        var csv = desk.Write("a.csv", "id,text,timestamp,ticker\n" + string.Concat(Enumerable.Range(0, 500).Select(i => $"{i},ACME rises by {i * 7919 % 1000} {Guid.NewGuid()},2026-03-02T10:00:00Z,ACME\n")));
        (await desk.RunAsync("ingest", csv, "--wait")).Succeeds();
        var full = Path.Combine(desk.Folder, "full");
        var failed = await StartAsync(8, desk.Line("backup", "create", "--to", full));
        Assert.Contains("Make room", failed.Fails(ExitCode.Failure).Error);
        Assert.Empty(Directory.EnumerateFileSystemEntries(full));
        (await desk.RunAsync("backup", "create", "--to", full)).Succeeds();
        Assert.Contains("removed", (await desk.RunAsync("backup", "create", "--to", full, "--keep", "1")).Succeeds().Error);
        Assert.Single(Directory.EnumerateFileSystemEntries(full));
        Assert.Contains("--keep", (await desk.RunAsync("backup", "create", "--keep", "0")).Fails(ExitCode.Usage).Error);
    }

    static Task<CliResult> RunAsync(string? data, params string[] line) => RunAsync(data, ExitCode.Ok, line);

    static async Task<CliResult> RunAsync(string? data, int code, params string[] line) =>
        (await StartAsync(null, [.. line, .. data is null ? [] : (string[])["--data", data]])).Fails(code);

    static async Task<CliResult> StartAsync(int? kilobytes, string[] line)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "Bellwether.App");
        var limit = kilobytes is { } most ? $"trap '' XFSZ; ulimit -f {most}; " : "";
        var start = new ProcessStartInfo("bash", ["-c", $"{limit}exec \"$@\"", "bash", program, .. line]) { RedirectStandardOutput = true, RedirectStandardError = true };
        // The runtime maps files of its own otherwise.
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        start.Environment["DOTNET_EnableWriteXorExecute"] = "0";
        start.Environment["BELLWETHER__DUCKDB"] = DuckDbTestLibrary.Path;
        using var run = Process.Start(start)!;
        var (output, error) = (run.StandardOutput.ReadToEndAsync(), run.StandardError.ReadToEndAsync());
        await run.WaitForExitAsync(TestContext.Current.CancellationToken);
        return new CliResult(run.ExitCode, await output, await error);
    }
}
