using Bellwether.App.Commands;
using Bellwether.Backup;
using Bellwether.Storage;
using Bellwether.Storage.Jobs;
using Bellwether.Tests.Commands;
using Bellwether.Tests.Engines.DuckDb;
using Bellwether.Tests.Support;
using Npgsql;

namespace Bellwether.Tests.Backup;

/// <summary>A restore under a running desk is refused, whatever the desk does.</summary>
public sealed class RunningDeskTests(TestServer server)
{
    static CancellationToken Token => TestContext.Current.CancellationToken;

    static async Task<(BackupException? Error, RestoreReport? Done)> RestoreAsync(TestDesk desk, string backup, bool force = false)
    {
        try
        {
            return (null, await (await desk.Desk.BackupRestoreAsync(null, Token)).RunAsync(backup, true, force, null, Token));
        }
        catch (BackupException error)
        {
            return (error, null);
        }
    }

    static async Task UntilAsync(Func<Task<bool>> holds)
    {
        while (!await holds()) await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, Token);
    }

    [Fact]
    public async Task Workers_and_jobs_are_named_until_they_have_ended()
    {
        await using var desk = await TestDesk.OpenAsync(server, nameof(RunningDeskTests), options => options with { DuckDb = DuckDbTestLibrary.Path });
        var made = await (await desk.Desk.BackupWriterAsync(null, Token)).CreateAsync(Path.Combine(desk.Folder, "backups"), false, false, null, Token);
        var before = await BackupContent.OfAsync(desk.Desk.DataSource, "consumer_members", "consumer_leases", "consumer_offsets", "log_partitions", "event_log");
        await using (desk.Work())
        {
            await UntilAsync(() => desk.Database.ScalarAsync<bool>("SELECT count(*) = 2 FROM ops.consumer_members"));
            var (error, _) = await RestoreAsync(desk, made.Path);
            Assert.Contains("1 consumer of group", error!.Message);
            Assert.Contains("hipri-events", error.Message);
            Assert.Matches("runs out within [0-9]+ s.*--force", error.Mend);
            Assert.Equal(before, await BackupContent.OfAsync(desk.Desk.DataSource, "consumer_members", "consumer_leases", "consumer_offsets", "log_partitions", "event_log"));
        }
        var job = (await new JobTable(desk.Desk.DataSource).TryAcquireAsync("retention", TimeSpan.Zero, TimeSpan.FromMinutes(5), Token))!;
        Assert.Contains("the job retention runs", (await RestoreAsync(desk, made.Path)).Error!.Message);
        Assert.NotNull((await RestoreAsync(desk, made.Path, force: true)).Done);
        Assert.False(await job.RenewAsync(Token));
        // What a process that was killed has left does not count when its time is over.
        await using (var left = desk.Database.DataSource.CreateCommand("""
            INSERT INTO ops.jobs (name, holder, lease_expires_at) VALUES ('retention', gen_random_uuid(), clock_timestamp() - interval '1 ms');
            INSERT INTO ops.consumer_members VALUES ('g', 't', gen_random_uuid(), clock_timestamp() - interval '1 ms')
            """))
            await left.ExecuteNonQueryAsync(Token);
        Assert.NotNull((await RestoreAsync(desk, made.Path)).Done);
    }

    [Fact]
    public async Task Process_that_serves_is_noticed_though_it_has_nothing_to_do()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(RunningDeskTests));
        var backup = (await desk.RunAsync("backup", "create", "--json")).Succeeds().Json.GetProperty("path").GetString()!;
        string[] restore = ["backup", "restore", "--from", backup, "--replace", "--json"];
        using var serving = LimitedProgram.Start(null, desk.Line("serve", "--roles", "scheduler", "--urls", "http://127.0.0.1:0"));
        serving.ErrorDataReceived += static (_, _) => { };
        serving.BeginErrorReadLine();
        try
        {
            await UntilAsync(async () => await DeskPresence.CountAsync(desk.Database.DataSource, Token) == 1);
            var refused = (await desk.RunAsync(restore)).Fails(ExitCode.BadInput);
            Assert.Contains("1 process serves it", refused.Error);
            Assert.Contains("--force", refused.Error);
            (await desk.RunAsync([.. restore, "--force"])).Succeeds();
        }
        finally
        {
            serving.Kill();
        }
        await UntilAsync(async () => await DeskPresence.CountAsync(desk.Database.DataSource, Token) == 0);
        await UntilAsync(() => desk.Database.ScalarAsync<bool>("SELECT NOT EXISTS (SELECT FROM ops.jobs WHERE lease_expires_at > clock_timestamp())"));
        (await desk.RunAsync(restore)).Succeeds();
    }

    [Theory]
    [InlineData("sentiment.ticker_sentiment", "ops.jobs")]
    [InlineData("ops.jobs", "sentiment.ticker_sentiment")]
    public async Task Forced_restore_lets_one_go_on_who_holds_a_table_and_waits_for_another(string held, string wanted)
    {
        await using var desk = await TestDesk.OpenAsync(server, nameof(RunningDeskTests), options => options with { DuckDb = DuckDbTestLibrary.Path });
        var made = await (await desk.Desk.BackupWriterAsync(null, Token)).CreateAsync(Path.Combine(desk.Folder, "backups"), false, false, null, Token);
        await using var other = await desk.Database.DataSource.OpenConnectionAsync(Token);
        await using var transaction = await other.BeginTransactionAsync(Token);
        await LockAsync(held);
        var restore = RestoreAsync(desk, made.Path, force: true);
        await UntilAsync(() => desk.Database.ScalarAsync<bool>("SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'relation' AND NOT granted)"));
        await LockAsync(wanted);
        await transaction.CommitAsync(Token);
        Assert.NotNull((await restore).Done);

        async Task LockAsync(string table)
        {
            await using var command = new NpgsqlCommand($"LOCK TABLE {table} IN ROW EXCLUSIVE MODE", other);
            await command.ExecuteNonQueryAsync(Token);
        }
    }
}
