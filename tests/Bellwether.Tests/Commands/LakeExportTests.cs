using Bellwether.App.Commands;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Commands;

public sealed class LakeExportTests(TestServer server)
{
    [Fact]
    public async Task Rows_go_to_the_screen_and_to_files_in_every_form()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(LakeExportTests));
        var file = desk.Write("a.csv", "id,text,timestamp\n1,$ACME rises,2026-03-02T10:00:00Z\n2,$ACME falls,2026-03-03T10:00:00Z\n3,$BETA rises,2026-03-04T10:00:00Z\n");
        (await desk.RunAsync("ingest", file, "--wait")).Succeeds();
        var csv = (await desk.RunAsync("lake", "export", "--ticker", "acme")).Succeeds().Out;
        Assert.Equal(3, csv.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.StartsWith("timestamp,ticker,article_title,sentiment", csv);
        var json = (await desk.RunAsync("lake", "export", "--from", "2026-03-03", "--text", "--json")).Succeeds().Json;
        Assert.Equal(["$ACME falls", "$BETA rises"], json.EnumerateArray().Select(r => r.GetProperty("text").GetString()));
        var verified = (await desk.RunAsync("lake", "verify", "--json")).Succeeds().Json;
        Assert.Equal((3, 3, 0), (verified.GetProperty("files").GetInt32(), verified.GetProperty("ok").GetInt32(), verified.GetProperty("bad").GetArrayLength()));
        Assert.Contains("3 of 3 files", (await desk.RunAsync("lake", "verify")).Succeeds().Out);
        var parquet = Path.Combine(Path.GetDirectoryName(file)!, "rows.parquet");
        (await desk.RunAsync("lake", "export", "--to", "2026-03-04", "--out", parquet)).Succeeds();
        Assert.Equal("PAR1"u8.ToArray(), File.ReadAllBytes(parquet)[..4]);
        Assert.Contains("is not before", (await desk.RunAsync("lake", "export", "--from", "2026-03-04", "--to", "2026-03-03")).Fails(ExitCode.Usage).Error);
        Assert.Contains("ticker", (await desk.RunAsync("lake", "export", "--ticker", "NO WAY!")).Fails(ExitCode.Usage).Error);
    }
}
