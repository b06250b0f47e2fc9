using System.Diagnostics;
using Bellwether.App;
using Bellwether.Feeds;
using Bellwether.Tests.Support;
using Dapper;

namespace Bellwether.Tests.Pipeline;

/// <summary>Workers over Kafka that are killed where they stand.</summary>
public sealed class KafkaCrashTests(TestServer server, TestKafka kafka)
{
    const int Kills = 4;

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Workers_killed_in_the_middle_of_their_work_cost_nothing()
    {
        var file = SharedData.File("news", "analyst_ratings.csv");
        var feed = new FeedOptions { Map = ColumnMap.Parse("title=title,timestamp=date,tickers=stock"), Type = EventType.News };
        await using var clean = await TestDesk.OpenAsync(server, nameof(KafkaCrashTests));
        var expected = await clean.IngestAsync(feed, file);

        var log = await kafka.OptionsAsync("killed");
        await using var desk = await TestDesk.OpenAsync(server, nameof(KafkaCrashTests), o => o with { EventLog = log });
        var run = await desk.Desk.Ingestor.RunAsync([FeedSource.Parse(file)], feed, null, Cancel);
        var random = new Random(20_240_501);
        for (var kill = 0; kill < Kills; kill++)
        {
            var before = (await run.OutcomeAsync(Cancel)).Scored;
            using var worker = Serve(desk, log.Kafka.BootstrapServers, log.Kafka.TopicPrefix);
            // Until it has begun to work, and then some way into it.
            while ((await run.OutcomeAsync(Cancel)).Scored == before && !worker.HasExited) await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, Cancel);
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(200)), TimeProvider.System, Cancel);
            Assert.False(worker.HasExited, "the worker ended by itself");
            worker.Kill(); // SIGKILL: the group is not left, nothing is flushed
            await worker.WaitForExitAsync(Cancel);
        }
        Assert.NotEqual(0, (await run.OutcomeAsync(Cancel)).Pending);
        await using (desk.Work()) Assert.Equal(expected, await desk.Desk.Ingestor.WaitAsync(run, null, Cancel));
        Assert.Equal(await TickersAsync(clean), await TickersAsync(desk));
    }

    static Process Serve(TestDesk desk, string servers, string prefix)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in new[]
        {
            Path.Combine(AppContext.BaseDirectory, "Bellwether.App.dll"), "--data", desk.Folder, "--postgres", desk.Database.ConnectionString, "serve",
            "--roles", "worker", "--urls", "http://127.0.0.1:0",
        })
            start.ArgumentList.Add(argument);
        foreach (var (key, value) in new[]
        {
            ("KIND", "kafka"), ("LEASETIME", "00:00:02"), ("PARTITIONS", "4"), ("KAFKA__BOOTSTRAPSERVERS", servers), ("KAFKA__TOPICPREFIX", prefix), ("KAFKA__FETCHWAIT", "00:00:00.010"),
        })
            start.Environment[$"BELLWETHER__EVENTLOG__{key}"] = value;
        // Small batches, so that there are many moments to be killed in.
        start.Environment["BELLWETHER__SCORING__BATCHSIZE"] = "25";
        var process = Process.Start(start)!;
        process.OutputDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    static async Task<IReadOnlyList<string>> TickersAsync(TestDesk desk)
    {
        await using var connection = await desk.Database.DataSource.OpenConnectionAsync();
        return [.. await connection.QueryAsync<string>("SELECT (to_jsonb(t) - 'last_updated')::text FROM sentiment.ticker_sentiment t ORDER BY ticker")];
    }
}
