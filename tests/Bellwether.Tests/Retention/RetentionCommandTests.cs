using Bellwether.App.Commands;
using Bellwether.Tests.Commands;
using Bellwether.Tests.Support;
using Dapper;

namespace Bellwether.Tests.Retention;

/// <summary>The commands as scripts use them.</summary>
public sealed class RetentionCommandTests(TestServer server)
{
    static async Task AddAsync(CliDesk desk)
    {
        await using var connection = await desk.Database.DataSource.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await connection.ExecuteAsync("""
            INSERT INTO sentiment.tweets (tweet_id, article_id, created_at, author_id, username, text, fetched_at)
            SELECT n::text, md5(n::text), timestamptz '2026-01-01 00:00+00' + n * interval '1 day', n % 2, 'name' || n % 2, 'text', now() FROM generate_series(0, 99) n
            """);
    }

    [Fact]
    public async Task Plan_run_verify_and_restore_tell_the_same_rows()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(RetentionCommandTests));
        await AddAsync(desk);
        foreach (var verb in new[] { "plan", "run" })
        {
            var tweets = (await desk.RunAsync("retention", verb, "--now", "2026-05-01T00:00:00Z", "--json")).Succeeds().Json.EnumerateArray().Single(item => item.GetProperty("table").GetString() == "tweets");
            Assert.Equal(["action", "before", "bytes", "reason", "rows", "table"], tweets.EnumerateObject().Select(p => p.Name).Order());
            Assert.Equal((30, "archive_delete"), (tweets.GetProperty("rows").GetInt64(), tweets.GetProperty("action").GetString()));
            Assert.Equal(new DateTimeOffset(2026, 1, 31, 0, 0, 0, TimeSpan.Zero), tweets.GetProperty("before").GetDateTimeOffset());
        }
        var status = (await desk.RunAsync("retention", "status", "--json")).Succeeds().Json;
        Assert.True(status.GetProperty("enabled").GetBoolean());
        Assert.Equal((30, 1), (status.GetProperty("archive_rows").GetInt64(), status.GetProperty("archive_files").GetInt64()));
        Assert.Equal(("succeeded", "command", 30), (status.GetProperty("last_run").GetProperty("status").GetString(), status.GetProperty("last_run").GetProperty("caused_by").GetString(), status.GetProperty("last_run").GetProperty("rows").GetInt64()));
        Assert.Contains("tweets", (await desk.RunAsync("retention", "status")).Succeeds().Out);
        Assert.Contains("archive_delete", (await desk.RunAsync("retention", "plan")).Succeeds().Out);

        Assert.Equal(30, Assert.Single((await desk.RunAsync("archive", "list", "--json")).Succeeds().Json.EnumerateArray()).GetProperty("rows").GetInt64());
        Assert.Equal(1, (await desk.RunAsync("archive", "verify", "--all", "--json")).Succeeds().Json.GetProperty("ok").GetInt32());
        Assert.True((await desk.RunAsync("archive", "drill", "--json")).Succeeds().Json.GetProperty("succeeded").GetBoolean());
        var restored = (await desk.RunAsync("archive", "restore", "tweets", "--from", "2026-01-05", "--to", "2026-01-10", "--json")).Succeeds().Json;
        Assert.Equal((5, 1), (restored.GetProperty("rows").GetInt64(), restored.GetProperty("files").GetInt32()));
        Assert.Equal(75, await desk.Database.ScalarAsync<long>("SELECT count(*) FROM sentiment.tweets"));

        // The file of before the restore stays for a while too, for backups that name it: one that the manifest names is lost.
        var named = await desk.Database.ScalarAsync<string>("SELECT key FROM ops.archive_files ORDER BY id LIMIT 1");
        File.Delete(Directory.EnumerateFiles(Path.Combine(desk.Folder, "archive"), "*.parquet", SearchOption.AllDirectories).Single(file => file.EndsWith(named, StringComparison.Ordinal)));
        var bad = Assert.Single((await desk.RunAsync("archive", "verify", "--all", "--json")).Fails(ExitCode.BadInput).Json.GetProperty("bad").EnumerateArray()).GetProperty("path").GetString()!;
        Assert.Contains("there is no file", (await desk.RunAsync("archive", "forget", "--lost", "nothing")).Fails(ExitCode.Failure).Error);
        var gone = Assert.Single((await desk.RunAsync("archive", "forget", "--lost", bad, "--json")).Succeeds().Json.EnumerateArray());
        Assert.Equal((bad, "tweets"), (gone.GetProperty("path").GetString(), gone.GetProperty("table").GetString()));
        Assert.Empty((await desk.RunAsync("archive", "verify", "--all", "--json")).Succeeds().Json.GetProperty("bad").EnumerateArray());
    }

    [Fact]
    public async Task Erasure_is_counted_done_verified_and_told_again()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(RetentionCommandTests));
        await AddAsync(desk);
        string[] who = ["retention", "erase", "--platform", "x", "--author", "1"];
        Assert.Equal(50, (await desk.RunAsync([.. who, "--dry-run", "--json"])).Succeeds().Json.GetProperty("found").GetProperty("tweets").GetInt64());
        (await desk.RunAsync([.. who, "--verify"])).Fails(ExitCode.BadInput);
        var receipt = (await desk.RunAsync([.. who, "--json"])).Succeeds().Json;
        Assert.Equal(50, receipt.GetProperty("counts").GetProperty("tweets").GetInt64());
        (await desk.RunAsync([.. who, "--verify"])).Succeeds();
        Assert.Equal(50, await desk.Database.ScalarAsync<long>("SELECT count(*) FROM sentiment.tweets"));
        var id = receipt.GetProperty("id").GetString()!;
        var again = (await desk.RunAsync([.. who, "--receipt", id, "--json"])).Succeeds().Json;
        Assert.Equal(receipt.GetProperty("hash").GetString(), again.GetProperty("hash").GetString());
        (await desk.RunAsync("retention", "erase", "--platform", "x", "--author", "2", "--receipt", id)).Fails(ExitCode.BadInput);
        await desk.Database.ScalarAsync<object>("UPDATE ops.erasures SET counts = '{}'; SELECT 1");
        Assert.Contains("was changed", (await desk.RunAsync("retention", "erase", "--receipt", id)).Fails(ExitCode.Failure).Error);
    }

    [Theory]
    [InlineData("retention erase")]
    [InlineData("retention erase --platform x")]
    [InlineData("retention erase --author 1")]
    [InlineData("retention erase --platform x --author 1 --username a")]
    [InlineData("retention erase --platform facebook --author 1")]
    [InlineData("archive restore tweets --from 2026-02-01 --to 2026-01-01")]
    [InlineData("archive verify --most 0")]
    [InlineData("archive forget")]
    public async Task Wrong_usage_is_told_before_anything_is_opened(string line)
    {
        var folder = TestFolder.Create("retention-usage");
        try
        {
            (await Cli.RunAsync(["--data", folder, .. line.Split(' ')])).Fails(ExitCode.Usage);
            Assert.Empty(Directory.EnumerateFileSystemEntries(folder));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
