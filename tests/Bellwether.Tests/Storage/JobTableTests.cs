using Bellwether.App.Workers;
using Bellwether.Storage.Jobs;
using Bellwether.Tests.Support;
using Dapper;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bellwether.Tests.Storage;

/// <summary>Jobs under leases.</summary>
public sealed class JobTableTests(TestServer server)
{
    static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_job_that_is_held_is_not_given_to_another()
    {
        await using var database = await server.MigratedAsync(nameof(JobTableTests));
        var jobs = new JobTable(database.DataSource);
        var held = await jobs.TryAcquireAsync("x", TimeSpan.Zero, Hour, Token);
        Assert.Equal(1, held!.Token);
        Assert.Null(await jobs.TryAcquireAsync("x", TimeSpan.Zero, Hour, Token));
        Assert.NotNull(await jobs.TryAcquireAsync("y", TimeSpan.Zero, Hour, Token));
        Assert.True(await held.FinishAsync(true, "done", Token));
        Assert.Equal(2, (await jobs.TryAcquireAsync("x", TimeSpan.Zero, Hour, Token))!.Token);
    }

    [Fact]
    public async Task A_job_put_on_the_schedule_is_due_one_period_later()
    {
        await using var database = await server.MigratedAsync(nameof(JobTableTests));
        var jobs = new JobTable(database.DataSource);
        await jobs.RegisterAsync("x", Token);
        Assert.Null(await jobs.TryAcquireAsync("x", Hour, Hour, Token));
        await database.ScalarAsync<int>("UPDATE ops.jobs SET last_started_at = last_started_at - interval '61 minutes'; SELECT 1");
        await jobs.RegisterAsync("x", Token);
        Assert.Equal(1, (await jobs.TryAcquireAsync("x", Hour, Hour, Token))!.Token);
    }

    [Fact]
    public async Task Only_one_of_many_gets_a_job()
    {
        await using var database = await server.MigratedAsync(nameof(JobTableTests));
        var jobs = new JobTable(database.DataSource);
        var leases = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => jobs.TryAcquireAsync("x", Hour, Hour, Token)));
        Assert.Single(leases, l => l is not null);
    }

    [Fact]
    public async Task A_job_is_not_due_again_before_its_period_has_passed()
    {
        await using var database = await server.MigratedAsync(nameof(JobTableTests));
        var jobs = new JobTable(database.DataSource);
        await (await jobs.TryAcquireAsync("x", Hour, Hour, Token))!.FinishAsync(true, null, Token);
        Assert.Null(await jobs.TryAcquireAsync("x", Hour, Hour, Token));
        await ExecuteAsync(database, "UPDATE ops.jobs SET last_started_at = last_started_at - interval '1 hour'");
        Assert.NotNull(await jobs.TryAcquireAsync("x", Hour, Hour, Token));
    }

    [Fact]
    public async Task The_end_of_a_holder_that_came_too_late_is_refused()
    {
        await using var database = await server.MigratedAsync(nameof(JobTableTests));
        var jobs = new JobTable(database.DataSource);
        var late = await jobs.TryAcquireAsync("x", Hour, Hour, Token);
        await ExecuteAsync(database, "UPDATE ops.jobs SET lease_expires_at = now() - interval '1 second'");
        var next = await jobs.TryAcquireAsync("x", Hour, Hour, Token);
        Assert.True(next!.Token > late!.Token);
        Assert.False(await late.RenewAsync(Token));
        Assert.False(await late.FinishAsync(true, "late", Token));
        Assert.Equal("running", await database.ScalarAsync<string>("SELECT last_status FROM ops.jobs"));
        Assert.True(await next.RenewAsync(Token));
        Assert.True(await next.FinishAsync(false, "broken", Token));
        Assert.Equal("failed broken", await database.ScalarAsync<string>("SELECT last_status || ' ' || last_message FROM ops.jobs"));
    }

    [Fact]
    public async Task A_runner_records_success_and_failure_and_lets_go_after_both()
    {
        await using var database = await server.MigratedAsync(nameof(JobTableTests));
        var runner = new JobRunner(new JobTable(database.DataSource), Hour, TimeProvider.System, NullLogger<JobRunner>.Instance);
        Assert.True(await runner.TryRunAsync(new("x", TimeSpan.Zero, _ => Task.FromResult("3 done")), Token));
        Assert.Equal("succeeded 3 done", await database.ScalarAsync<string>("SELECT last_status || ' ' || last_message FROM ops.jobs"));
        Assert.False(await runner.TryRunAsync(new("x", TimeSpan.Zero, _ => throw new InvalidOperationException("no")), Token));
        Assert.Equal("failed no", await database.ScalarAsync<string>("SELECT last_status || ' ' || last_message FROM ops.jobs WHERE holder IS NULL"));
    }

    [Fact]
    public async Task A_job_whose_lease_is_lost_is_stopped()
    {
        await using var database = await server.MigratedAsync(nameof(JobTableTests));
        var runner = new JobRunner(new JobTable(database.DataSource), TimeSpan.FromMilliseconds(90), TimeProvider.System,
            NullLogger<JobRunner>.Instance);
        var stopped = false;
        Assert.False(await runner.TryRunAsync(new("x", TimeSpan.Zero, async token =>
        {
            await ExecuteAsync(database, "UPDATE ops.jobs SET holder = gen_random_uuid(), fencing_token = fencing_token + 1");
            using var registration = token.Register(() => stopped = true);
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
            return "never";
        }), Token));
        Assert.True(stopped);
        Assert.Equal("running", await database.ScalarAsync<string>("SELECT last_status FROM ops.jobs"));
    }

    static async Task ExecuteAsync(TestDatabase database, string sql)
    {
        await using var connection = await database.DataSource.OpenConnectionAsync(Token);
        await connection.ExecuteAsync(sql);
    }
}
