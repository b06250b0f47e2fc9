using System.Diagnostics;
using System.Text.Json;
using Bellwether.App.Commands;
using Bellwether.Storage.Objects;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Commands;

/// <summary>The lake in a bucket by settings, and what a user is told when it cannot be written.</summary>
public sealed class LakeBucketCommandTests(TestServer server, S3Server s3)
{
    const string Header = "id,title,ticker,published\n";

    static async Task<CliDesk> FilledAsync(TestServer server, int rows = 3)
    {
        var desk = await CliDesk.OpenAsync(server, "lakebucket");
        var lines = string.Concat(Enumerable.Range(0, rows).Select(i => $"{i},Shares of Apple jump after strong results {Guid.NewGuid()},AAPL,2024-02-28T10:{i % 60:00}:00Z\n"));
        (await desk.RunAsync("ingest", desk.Write("news.csv", Header + lines), "--wait", "--json")).Succeeds();
        return desk;
    }

    static void Configure(CliDesk desk, string place, S3StoreOptions options) => File.WriteAllText(Path.Combine(desk.Folder, "bellwether.json"), JsonSerializer.Serialize(new
    {
        Lake = place,
        LakeObjects = new { options.Endpoint, options.AccessKeyId, options.SecretAccessKey, Timeout = "00:00:01", RetryFor = "00:00:00" },
    }));

    [Fact]
    public async Task Lake_in_a_bucket_is_written_asked_and_told_by_its_place()
    {
        await using var desk = await CliDesk.OpenAsync(server, "lakebucket");
        var place = (await s3.BucketAsync()).ToString();
        Configure(desk, place, await s3.OptionsAsync());
        var news = desk.Write("news.csv", Header + "1,Shares of Apple jump after strong results,AAPL,2024-02-28T10:00:00Z\n");
        var ingested = (await desk.RunAsync("ingest", news, "--wait", "--json")).Succeeds().Json;
        Assert.Equal(1, ingested.GetProperty("lake_files").GetInt32());
        Assert.Equal(place, (await desk.RunAsync("lake", "status", "--json")).Succeeds().Json.GetProperty("directory").GetString());
        Assert.Contains(place, (await desk.RunAsync("lake", "status")).Succeeds().Out);
        await using (var truncate = desk.Database.DataSource.CreateCommand("TRUNCATE sentiment.sentiment_data"))
            await truncate.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        Assert.Contains("AAPL", (await desk.RunAsync("sql", "select ticker from all_sentiment", "--format", "csv")).Succeeds().Out);
        Assert.False(Directory.Exists(Path.Combine(desk.Folder, "lake", "year=2024")));
        var found = (await desk.RunAsync("doctor", "--json")).Json.GetProperty("findings").EnumerateArray().Single(f => f.GetProperty("name").GetString() == "lake");
        Assert.Equal("ok", found.GetProperty("status").GetString());
        Assert.StartsWith(place, found.GetProperty("detail").GetString());
    }

    [Fact]
    public async Task Bucket_that_is_not_there_is_told_by_doctor_and_by_the_command()
    {
        await using var desk = await FilledAsync(server);
        Configure(desk, "s3://no-such-bucket/lake", await s3.OptionsAsync());
        var found = (await desk.RunAsync("doctor", "--json")).Fails(ExitCode.Unavailable).Json.GetProperty("findings").EnumerateArray().Single(f => f.GetProperty("name").GetString() == "lake");
        Assert.Equal("missing", found.GetProperty("status").GetString());
        Assert.Contains("Create it", found.GetProperty("mend").GetString());
        await using (var dirty = desk.Database.DataSource.CreateCommand("UPDATE ops.lake_days SET revision = revision + 1"))
            await dirty.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        var error = (await desk.RunAsync("lake", "write", "--json")).Fails(ExitCode.Unavailable).ErrorJson;
        Assert.Equal("object_store", error.GetProperty("kind").GetString());
        Assert.Contains("no-such-bucket", error.GetProperty("message").GetString());
    }

    [Theory]
    [InlineData("s3://Not_A_Bucket", "")]
    [InlineData("s3://bucket/../x", "")]
    [InlineData("s3://bucket", "http://example.org")]
    public async Task Setting_that_cannot_be_used_is_told_before_anything_happens(string place, string endpoint)
    {
        await using var desk = await CliDesk.OpenAsync(server, "lakebucket");
        var options = await s3.OptionsAsync();
        Configure(desk, place, endpoint.Length == 0 ? options : options with { Endpoint = endpoint });
        var failed = await desk.RunAsync("lake", "write");
        Assert.NotEqual(0, failed.Code);
        Assert.DoesNotContain("a secret of the tests", failed.Error + failed.Out);
        Assert.Matches("bucket|unencrypted", failed.Error);
    }

    /// <summary>A limit on the size of files stands for a full disk: the writes fail in the same way, at the same places.</summary>
    [Fact]
    public async Task Disk_that_has_no_room_is_told_nothing_is_lost_and_the_next_run_writes()
    {
        await using var desk = await FilledAsync(server, 4000);
        await using (var dirty = desk.Database.DataSource.CreateCommand("UPDATE ops.lake_days SET revision = revision + 1"))
            await dirty.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        var limited = await RunLimitedAsync(desk, 16);
        Assert.Equal(ExitCode.Failure, limited.Code);
        Assert.Contains("lake", limited.Error);
        Assert.DoesNotContain("nexpected", limited.Error);
        Assert.Contains("see that there is room", limited.Error);
        Assert.Contains("4000", (await desk.RunAsync("sql", "select count(*) from all_sentiment", "--format", "csv")).Succeeds().Out);
        Assert.Equal(4000, (await desk.RunAsync("lake", "write", "--json")).Succeeds().Json.GetProperty("rows").GetInt64());
    }

    [Fact]
    public async Task Folder_that_may_not_be_written_is_told_and_the_next_run_writes()
    {
        await using var desk = await FilledAsync(server);
        var lake = Path.Combine(desk.Folder, "lake");
        var aside = lake + ".aside";
        Directory.Move(lake, aside);
        // A file in the folder's place refuses root as well.
        File.WriteAllText(lake, "");
        await using (var dirty = desk.Database.DataSource.CreateCommand("UPDATE ops.lake_days SET revision = revision + 1"))
            await dirty.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        var failed = await desk.RunAsync("lake", "write");
        Assert.NotEqual(0, failed.Code);
        Assert.Contains(lake, failed.Error);
        File.Delete(lake);
        Directory.Move(aside, lake);
        Assert.Equal(3, (await desk.RunAsync("lake", "write", "--json")).Succeeds().Json.GetProperty("rows").GetInt64());
    }

    static async Task<CliResult> RunLimitedAsync(CliDesk desk, int kilobytes)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "Bellwether.App");
        var start = new ProcessStartInfo("bash", ["-c", $"trap '' XFSZ; ulimit -f {kilobytes}; exec \"$@\"", "bash", program, .. desk.Line("lake", "write")])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // The runtime maps files of its own otherwise.
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        start.Environment["DOTNET_EnableWriteXorExecute"] = "0";
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return new(process.ExitCode, output, await error);
    }
}
