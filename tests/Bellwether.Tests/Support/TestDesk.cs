using Bellwether.App;
using Bellwether.Events;
using Bellwether.Feeds;

namespace Bellwether.Tests.Support;

/// <summary>A desk of its own: a fresh database on the shared server and a temporary folder.</summary>
public sealed class TestDesk : IAsyncDisposable
{
    readonly string _folder;
    readonly TestDatabase _database;

    TestDesk(string folder, TestDatabase database, Desk desk) => (_folder, _database, Desk) = (folder, database, desk);

    public Desk Desk { get; }

    public TestDatabase Database => _database;

    public string Folder => _folder;

    public static async Task<TestDesk> OpenAsync(TestServer server, string name, Func<DeskOptions, DeskOptions>? configure = null, TimeProvider? time = null)
    {
        var folder = Directory.CreateTempSubdirectory($"bellwether-{name}-").FullName;
        var database = await server.MigratedAsync(name);
        var options = new DeskOptions { DataDirectory = folder, Postgres = database.ConnectionString };
        return new(folder, database, await Desk.OpenAsync(configure?.Invoke(options) ?? options, null, CancellationToken.None, new TestLog(), time));
    }

    /// <summary>Reads files into the log and scores everything in this process.</summary>
    public async Task<IngestOutcome> IngestAsync(FeedOptions options, params string[] files)
    {
        await using var work = Work();
        var run = await Desk.Ingestor.RunAsync([.. files.Select(FeedSource.Parse)], options, null, TestContext.Current.CancellationToken);
        Assert.Empty(run.Failures);
        return await Desk.Ingestor.WaitAsync(run, null, TestContext.Current.CancellationToken);
    }

    /// <summary>Scoring workers on both topics until disposed.</summary>
    public Work Work() => new(Desk);

    public async ValueTask DisposeAsync()
    {
        await Desk.DisposeAsync();
        await _database.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}

public sealed class Work : IAsyncDisposable
{
    readonly CancellationTokenSource _stop = new();
    readonly Task[] _loops;

    public Work(Desk desk)
    {
        _loops = [.. new[] { Topics.HighPriority, Topics.StandardPriority }.Select(topic => Task.Run(() => desk.CreateWorker().RunAsync(topic, _stop.Token)))];
        if (desk.Forwarder is { } forwarder) _loops = [.. _loops, Task.Run(() => forwarder.RunAsync(desk.Options.Scoring.Group, _stop.Token))];
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_loops);
        _stop.Dispose();
    }
}
