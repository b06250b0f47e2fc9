using System.Net;
using Bellwether.App.Api.Stream;
using Bellwether.Tests.Support;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using static Bellwether.Tests.Api.ServedDesk;

namespace Bellwether.Tests.Api;

/// <summary>What the server does when the database is slow or gone, and when clients are slow.</summary>
public sealed class PressureTests(TestServer server)
{
    [Fact]
    public async Task A_push_beyond_what_may_wait_is_sent_back_and_the_waiting_one_is_kept()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(PressureTests), o => o with { MaxWaitingEvents = 1 });
        await desk.PushAsync(Event("0", "ACME", "Acme opens"));
        Task<HttpResponseMessage>[] pushes;
        await using (await LockLogAsync(desk))
        {
            pushes = [.. Enumerable.Range(1, 2)
                .Select(i => desk.Http.PostAsync("/api/v1/events", Json(Event($"{i}", "ACME", $"Acme rises {i}")), Token))];
            using var refused = await await Task.WhenAny(pushes);
            await ProblemAsync(refused, 429);
            Assert.NotNull(refused.Headers.RetryAfter);
        }
        var answers = await Task.WhenAll(pushes);
        Assert.Equal([HttpStatusCode.Accepted, HttpStatusCode.TooManyRequests], answers.Select(a => a.StatusCode).Order());
        foreach (var answer in answers) answer.Dispose();
    }

    [Fact]
    public async Task A_push_in_hand_is_answered_before_the_server_stops()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(PressureTests));
        await desk.PushAsync(Event("0", "ACME", "Acme opens"));
        Task<HttpResponseMessage> push;
        Task stopping;
        await using (await LockLogAsync(desk))
        {
            push = desk.Http.PostAsync("/api/v1/events", Json(Event("1", "ACME", "Acme rises")), Token);
            await WaitForLockAsync(desk);
            stopping = desk.Server.DisposeAsync().AsTask();
            Assert.False(stopping.IsCompleted);
        }
        using var answer = await push;
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        await stopping;
        Assert.Equal(2, await desk.Desk.Database.ScalarAsync<long>("SELECT sum(next_offset)::bigint FROM ops.log_partitions WHERE topic = 'stdpri-events'"));
    }

    [Fact]
    public async Task While_the_database_is_away_requests_are_sent_back_and_afterwards_work_goes_on()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(PressureTests));
        await desk.PushAsync(Event("1", "ACME", "Acme rises"));
        var settings = new NpgsqlConnectionStringBuilder(desk.Desk.Database.ConnectionString);
        var name = settings.Database;
        settings.Database = "postgres";
        await using (var connection = new NpgsqlConnection(settings.ConnectionString))
        {
            await connection.ExecuteAsync($"ALTER DATABASE {name} ALLOW_CONNECTIONS false; SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
            using var page = await desk.GetAsync("/api/v1/sentiment");
            await ProblemAsync(page, 503);
            using var push = await desk.Http.PostAsync("/api/v1/events", Json(Event("2", "ACME", "Acme falls")), Token);
            await ProblemAsync(push, 503);
            Assert.NotNull(push.Headers.RetryAfter);
            // What is in memory is still answered, and the process is alive.
            Assert.Equal(1, Number(await desk.JsonAsync("/api/v1/sentiment/ACME"), "count"));
            Assert.True((await desk.JsonAsync("/health/live")).GetProperty("ok").GetBoolean());
            await connection.ExecuteAsync($"ALTER DATABASE {name} ALLOW_CONNECTIONS true");
        }
        Assert.Equal(1, Number(await desk.PushAsync(Event("2", "ACME", "Acme falls")), "accepted"));
        Assert.Equal(2, Number(await desk.JsonAsync("/api/v1/sentiment/ACME"), "count"));
    }

    [Fact]
    public async Task A_stream_client_that_falls_behind_is_let_go_and_the_others_are_not()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(PressureTests));
        var hub = desk.Server.Services.GetRequiredService<StreamHub>();
        await hub.Ready.WaitAsync(Token);
        var (from, events, leave) = hub.Join();
        using var joined = leave;
        await using var other = await EventStream.OpenAsync(desk, "/api/v1/stream");
        const int Events = StreamHub.ClientBuffer + 200;
        var reading = other.TakeAsync(Events);
        await desk.PushAsync([.. Enumerable.Range(0, Events).Select(i => Event($"{i}", $"T{i % 50}", $"Acme rises {i}"))]);
        Assert.Equal(Events, (await reading).Select(e => e.EventId).Distinct().Count());
        // It keeps what it had room for, in order and without a hole, and then ends.
        var kept = 0;
        await foreach (var entry in events.ReadAllAsync(Token))
        {
            Assert.True(from.Pass(entry.Partition, entry.Offset));
            kept++;
        }
        Assert.Equal(StreamHub.ClientBuffer, kept);
        Assert.Equal(1, hub.Clients);
    }

    [Fact]
    public async Task Tomorrow_is_prepared_and_members_that_fell_silent_are_removed()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(PressureTests));
        await desk.PushAsync(Event("1", "ACME", "Acme rises"));
        await using (var connection = await desk.Desk.Database.DataSource.OpenConnectionAsync(Token))
            await connection.ExecuteAsync("INSERT INTO ops.consumer_members VALUES ('gone', 'stdpri-events', gen_random_uuid(), now() - interval '1 day')");
        var log = new Bellwether.Events.LogUpkeep(desk.Desk.Desk.DataSource, [desk.Desk.Desk.Log], desk.Desk.Desk.Options.EventLog,
            desk.Desk.Desk.Time);
        Assert.Equal(1, await log.RemoveSilentMembersAsync(Token));
        Assert.True(await desk.Desk.Database.ScalarAsync<long>("SELECT count(*) FROM ops.consumer_members") > 0);
        await log.PrepareTomorrowAsync(Token);
        await log.PrepareTomorrowAsync(Token);
        var tomorrow = desk.Desk.Desk.Time.GetUtcNow().AddDays(1);
        foreach (var table in new[] { "ops.event_log_stdpri_events", "ops.event_log_analyzed_sentiment", "sentiment.sentiment_data" })
            Assert.NotNull(await desk.Desk.Database.ScalarAsync<string>($"SELECT to_regclass('{table}_{tomorrow:yyyyMMdd}')::text"));
        Assert.Equal(0, await log.TrimAsync(Token));
    }

    [Fact]
    public async Task Trimming_does_not_disturb_appends_that_are_under_way()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(PressureTests));
        using var stop = new CancellationTokenSource();
        var log = new Bellwether.Events.LogUpkeep(desk.Desk.Desk.DataSource, [desk.Desk.Desk.Log], desk.Desk.Desk.Options.EventLog,
            desk.Desk.Desk.Time);
        var trimming = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested) await log.TrimAsync(Token);
        }, Token);
        for (var i = 0; i < 100; i++)
        {
            using var response = await desk.Http.PostAsync("/api/v1/events", Json(Event($"{i}", "ACME", $"Acme rises {i}")), Token);
            Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        }
        await stop.CancelAsync();
        await trimming;
    }

    /// <summary>Stops every append until disposed.</summary>
    static async Task<IAsyncDisposable> LockLogAsync(ServedDesk desk)
    {
        var connection = await desk.Desk.Database.DataSource.OpenConnectionAsync(Token);
        await connection.ExecuteAsync("BEGIN; SELECT FROM ops.log_partitions WHERE topic = 'stdpri-events' FOR UPDATE");
        return new Held(connection);
    }

    sealed class Held(NpgsqlConnection connection) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await connection.ExecuteAsync("ROLLBACK");
            await connection.DisposeAsync();
        }
    }

    static async Task WaitForLockAsync(ServedDesk desk)
    {
        while (await desk.Desk.Database.ScalarAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") == 0)
            await Task.Yield();
    }
}
