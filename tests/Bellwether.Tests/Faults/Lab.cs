using System.Diagnostics;
using System.Globalization;
using Bellwether.App;
using Bellwether.Events;
using Bellwether.Sentiment.HotStore;
using Bellwether.Tests.Engines;
using Bellwether.Tests.Support;
using Npgsql;

namespace Bellwether.Tests.Faults;

/// <param name="Kafka">Events travel over Kafka, not over the embedded log.</param>
/// <param name="PerSecond">Events of the load a second.</param>
/// <param name="Lease">How long a worker may be silent before its partitions are taken over.</param>
sealed record LabSettings(bool Kafka, int Seed, double PerSecond, TimeSpan Lease);

/// <summary>
/// The program as processes, with everything around it, each started again when it dies: PostgreSQL, Redis, two servers of the API, two
/// workers, a lake; brokers in this process. Between each program and each server lies a proxy.
/// </summary>
sealed partial class Lab : IAsyncDisposable
{
    readonly EngineFolder _folder;
    readonly MockBroker? _broker;
    readonly List<LabProcess> _programs = [];
    readonly List<LabProcess> _servers = [];
    readonly CancellationToken _cancel = TestContext.Current.CancellationToken;

    Lab(LabSettings settings, EngineFolder folder, MockBroker? broker, Action<string> tell)
    {
        (Settings, _folder, _broker, Tell) = (settings, folder, broker, tell);
        var hour = DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() / 3_600 * 3_600 - 3_600);
        Events = new(settings.Seed, hour);
        Probes = new(settings.Seed + 1, hour);
    }

    public LabSettings Settings { get; }

    /// <summary>Says what happens, as it happens.</summary>
    public Action<string> Tell { get; }

    public LabEvents Events { get; }

    public LabEvents Probes { get; }

    public LabLoad Load { get; private set; } = null!;

    public LabProcess Postgres => _servers[0];

    public LabProcess Redis => _servers[1];

    public MockBroker? Broker => _broker;

    /// <summary>Servers of the API first, then workers.</summary>
    public IReadOnlyList<LabProcess> Programs => _programs;

    public IReadOnlyList<LabProcess> Processes => [.. _programs, .. _servers];

    /// <summary>Straight to the server, not through a proxy.</summary>
    public NpgsqlDataSource Database { get; private set; } = null!;

    string Connection { get; set; } = "";

    RedisHotStore Hot { get; set; } = null!;

    public static async Task<Lab> StartAsync(LabSettings settings, EngineTemplate template, Action<string> tell)
    {
        Support.RedisServer.Require();
        var broker = settings.Kafka ? await TestKafka.OwnAsync() : null;
        var lab = new Lab(settings, await template.FolderAsync(), broker, tell);
        try
        {
            await lab.StartAsync(template);
            return lab;
        }
        catch
        {
            await lab.DisposeAsync();
            throw;
        }
    }

    async Task StartAsync(EngineTemplate template)
    {
        var shim = await FaultShim.BuildAsync(_folder.Path);
        var (postgres, connection) = await LabPostgres.StartAsync(_folder, template, shim);
        _servers.Add(postgres);
        Connection = connection;
        Database = NpgsqlDataSource.Create(connection);
        var redis = LabPostgres.FreePort();
        _servers.Add(new("redis", _folder["redis.log"], () => new ProcessStartInfo(
            Support.Programs.PathOf("redis-server")!, ["--port", $"{redis}", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", _folder.Path])));
        Hot = TestRedis.Store(new(), new() { Connection = $"127.0.0.1:{redis}", Timeout = TimeSpan.FromSeconds(5) });
        await UntilAsync(async () => await ScalarAsync<int>("SELECT 1") == 1, "PostgreSQL answers");

        var port = new NpgsqlConnectionStringBuilder(connection).Port;
        foreach (var (name, roles) in new[] { ("api1", "api"), ("api2", "api,scheduler"), ("worker1", "worker,lake"), ("worker2", "worker") })
        {
            var url = $"http://127.0.0.1:{LabPostgres.FreePort()}";
            var faults = shim.SwitchFor(name, _folder["lake"]);
            var (database, hot) = (new FaultProxy(port), new FaultProxy(redis));
            _programs.Add(new(name, _folder[$"{name}.log"], () => Program(name, roles, url, database, hot, faults))
            {
                Url = new(url),
                Switch = faults,
                Database = database,
                HotStore = hot,
            });
        }
        await UntilAsync(AreReadyAsync, "all programs are ready");
        Load = new(Events, [.. _programs.Take(2).Select(p => p.Url!)], Settings.PerSecond);
        await SteadyAsync();
    }

    ProcessStartInfo Program(string name, string roles, string url, FaultProxy database, FaultProxy hot, FaultSwitch faults)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "Bellwether.App");
        var start = new ProcessStartInfo(program, ["--data", _folder[name], "serve", "--roles", roles, "--urls", url]);
        void Set(string key, string value) => start.Environment[$"BELLWETHER__{key}"] = value;
        // As docs/storage.md advises for a server behind a network that may fall silent.
        Set("POSTGRES", new NpgsqlConnectionStringBuilder(Connection) { Port = database.Port, CommandTimeout = 10 }.ConnectionString);
        Set("HOTSTORE__KIND", nameof(HotStoreKind.Redis));
        Set("HOTSTORE__REDIS__CONNECTION", $"127.0.0.1:{hot.Port}");
        Set("LAKE", _folder["lake"]);
        Set("LAKEINTERVAL", "00:00:03");
        Set("LAKETHREADS", "1");
        Set("EVENTLOG__LEASETIME", Settings.Lease.ToString("c", CultureInfo.InvariantCulture));
        if (_broker is not null)
        {
            Set("EVENTLOG__KIND", nameof(EventLogKind.Kafka));
            Set("EVENTLOG__KAFKA__BOOTSTRAPSERVERS", _broker.Bootstrap);
        }
        faults.AddTo(start.Environment);
        return start;
    }

    /// <summary>Settings of a desk in this process on the lab's database, or on another one of the same server.</summary>
    DeskOptions OptionsOf(string? database = null) => new()
    {
        DataDirectory = _folder["desk"],
        Postgres = database is null ? Connection : new NpgsqlConnectionStringBuilder(Connection) { Database = database }.ConnectionString,
        Lake = _folder["lake"],
        EventLog = _broker is null || database is not null ? new() : new() { Kind = EventLogKind.Kafka, Kafka = new() { BootstrapServers = _broker.Bootstrap } },
    };

    async Task<T> ScalarAsync<T>(string sql)
    {
        await using var command = Database.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync(_cancel))!;
    }

    /// <summary>Tries until it holds, through failures; the time is bounded only so that nothing hangs for good.</summary>
    async Task UntilAsync(Func<Task<bool>> condition, string what, int seconds = 90)
    {
        var started = TimeProvider.System.GetTimestamp();
        Exception? last = null;
        while (true)
        {
            try
            {
                if (await condition()) return;
                last = null;
            }
            catch (Exception error) when (error is NpgsqlException or IOException or HotStoreException or EventLogException or TimeoutException)
            {
                last = error;
            }
            if (TimeProvider.System.GetElapsedTime(started) > TimeSpan.FromSeconds(seconds))
                Assert.Fail($"waited {seconds} s in vain until {what}. {last?.Message}\n{Story()}");
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, _cancel);
        }
    }

    /// <summary>What the processes said last.</summary>
    public string Story() => string.Join("\n\n", Processes.Select(p => $"--- {p.Name}, started {p.Starts} times\n{p.Tail(25)}"));

    public async ValueTask DisposeAsync()
    {
        if (Load is not null) await Load.DisposeAsync();
        foreach (var process in Processes) await process.DisposeAsync();
        if (Database is not null) await Database.DisposeAsync();
        if (Hot is not null) await Hot.DisposeAsync();
        _client.Dispose();
        _broker?.Dispose();
        _folder.Dispose();
    }
}
