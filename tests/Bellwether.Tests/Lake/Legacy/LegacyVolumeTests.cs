using Bellwether.Tests.Support;

namespace Bellwether.Tests.Lake.Legacy;

/// <summary>A million old rows. Takes minutes; run by name.</summary>
public sealed class LegacyVolumeTests(TestServer server)
{
    [Fact(Explicit = true)]
    public async Task Million_rows_arrive_value_for_value_and_go_again()
    {
        var rows = int.TryParse(Environment.GetEnvironmentVariable("BELLWETHER_LEGACY_ROWS"), out var asked) ? asked : 1_000_000;
        await using var desk = await LegacyDesk.OpenAsync(server, "legacyvolume", rows, tickers: 200, days: 700);
        var report = await desk.MigrateAsync(batch: 10_000);
        var output = TestContext.Current.TestOutputHelper!;
        output.WriteLine($"{report.Read:n0} rows in {report.Seconds:n1} s: {report.MsPerRecord} ms a row; memory {Environment.WorkingSet >> 20} MiB");
        Assert.Equal(((long)rows, 400L), (report.Migrated, report.Rejected));
        Assert.Equal(report.Proof!.Days, report.Proof.Proven);
        Assert.True(report.MsPerRecord <= 1, $"{report.MsPerRecord} ms a row");
        desk.AssertTruth();
        var state = await desk.StateAsync();
        Assert.Null((await desk.MigrateAsync()).Migration);
        Assert.Equal(state, await desk.StateAsync());
        var diff = await desk.DiffAsync();
        output.WriteLine($"compared in {diff.Seconds:n1} s; memory {Environment.WorkingSet >> 20} MiB");
        Assert.Equal(((long)rows, (long)rows), (diff.Rows, diff.Same));
        var back = await desk.RollbackAsync();
        output.WriteLine($"rolled back in {back.Seconds:n1} s");
        Assert.Empty(desk.Files());
    }
}
