using System.Diagnostics;
using Bellwether.Lake;
using Npgsql;

[assembly: AssemblyFixture(typeof(Bellwether.Tests.Lake.LakeTestServer))]

namespace Bellwether.Tests.Lake;

/// <summary>A PostgreSQL of its own for the lake tests, started when the first test asks.</summary>
public sealed class LakeTestServer : IAsyncDisposable
{
    readonly Lazy<Task> _started;
    readonly string _folder = Path.Combine(Path.GetTempPath(), $"bwlake-{Guid.NewGuid():N}"[..16]);
    int _databases;

    public LakeTestServer() => _started = new(StartAsync);

    public async Task<LakeTestDatabase> CreateAsync()
    {
        await _started.Value;
        var name = $"lake{Interlocked.Increment(ref _databases)}";
        await using (var admin = NpgsqlDataSource.Create(Connection("postgres")))
        await using (var command = admin.CreateCommand($"CREATE DATABASE {name}"))
            await command.ExecuteNonQueryAsync();
        var source = NpgsqlDataSource.Create(Connection(name));
        foreach (var script in (string[])["0001_ops", "0002_sentiment"])
        {
            using var reader = new StreamReader(typeof(LakeOptions).Assembly.GetManifestResourceStream($"migrations/{script}.up.sql")!);
            await using var command = source.CreateCommand(await reader.ReadToEndAsync());
            await command.ExecuteNonQueryAsync();
        }
        return new(source);
    }

    string Connection(string database) => $"Host={_folder};Username=postgres;Database={database};Pooling=true;Maximum Pool Size=20";

    async Task StartAsync()
    {
        Directory.CreateDirectory(_folder);
        await RunAsync("chown", "postgres", _folder);
        await RunAsync("runuser", "-u", "postgres", "--", Tool("initdb"), "-D", Data, "-A", "trust", "-E", "UTF8", "--no-sync");
        await RunAsync("runuser", "-u", "postgres", "--", Tool("pg_ctl"), "-D", Data, "-w", "-l", Path.Combine(_folder, "log"),
            "-o", $"-c listen_addresses= -c unix_socket_directories={_folder} -c max_connections=200 -c fsync=off -c timezone=America/New_York",
            "start");
    }

    public async ValueTask DisposeAsync()
    {
        if (!_started.IsValueCreated) return;
        NpgsqlConnection.ClearAllPools();
        await RunAsync("runuser", "-u", "postgres", "--", Tool("pg_ctl"), "-D", Data, "-m", "immediate", "stop");
        Directory.Delete(_folder, recursive: true);
    }

    string Data => Path.Combine(_folder, "data");

    static string Tool(string name) => Directory.EnumerateFiles("/usr/lib/postgresql", name, SearchOption.AllDirectories).Order().Last();

    static async Task RunAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = Path.GetTempPath() };
        // The server inherits them: redirected, they would stay open.
        start.RedirectStandardOutput = start.RedirectStandardError = !arguments.Contains("start");
        using var process = Process.Start(start)!;
        var output = start.RedirectStandardOutput ? process.StandardOutput.ReadToEndAsync() : Task.FromResult("");
        var errors = start.RedirectStandardError ? process.StandardError.ReadToEndAsync() : Task.FromResult("");
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}: {await output} {await errors}");
    }
}

/// <summary>An empty migrated database and an empty lake folder.</summary>
public sealed class LakeTestDatabase(NpgsqlDataSource source) : IAsyncDisposable
{
    public NpgsqlDataSource Source { get; } = source;

    public string Folder { get; } = Directory.CreateTempSubdirectory("lake-test-").FullName;

    public LakeOptions Options => new() { Directory = Folder, DuckDbLibrary = Engines.DuckDb.DuckDbTestLibrary.Path };

    public LakeWriter Writer => new(Source, Options, TimeProvider.System);

    public async Task ExecuteAsync(string sql)
    {
        await using var command = Source.CreateCommand(sql);
        command.CommandTimeout = 0;
        await command.ExecuteNonQueryAsync();
    }

    public async Task<T> ScalarAsync<T>(string sql)
    {
        await using var command = Source.CreateCommand(sql);
        command.CommandTimeout = 0;
        return (T)(await command.ExecuteScalarAsync())!;
    }

    public Task AddDayAsync(DateOnly day, int days = 1) => ExecuteAsync($"""
        DO $$ DECLARE d timestamptz; BEGIN
          FOR i IN 0..{days - 1} LOOP
            d := timestamptz '{day:yyyy-MM-dd} 00:00:00+00' + i * interval '24 hours';
            EXECUTE format('CREATE TABLE sentiment.%I PARTITION OF sentiment.sentiment_data FOR VALUES FROM (%L) TO (%L)',
                           'sentiment_data_' || to_char(d AT TIME ZONE 'UTC', 'YYYYMMDD'), d, d + interval '24 hours');
          END LOOP;
        END $$
        """);

    /// <summary>Rows spread evenly over days that have partitions; every kind of value and of absence occurs. The days become dirty.</summary>
    public Task FillAsync(DateOnly first, int days, int rowsPerDay, string tag = "a") => ExecuteAsync($$"""
        INSERT INTO sentiment.sentiment_data
        SELECT timestamptz '{{first:yyyy-MM-dd}} 00:00:00+00' + d * interval '24 hours' + (r % 86400) * interval '1 second' + (r % 7) * interval '1 microsecond',
               (ARRAY['AAPL','TSLA','BRK.B','Ünï','GME'])[1 + r % 5], CASE WHEN r % 11 = 0 THEN NULL WHEN r % 11 = 1 THEN '' ELSE 'Title of ' || r || ' é東🚀' END,
               sin(r) , abs(cos(r)), 'wire', CASE WHEN r % 3 = 0 THEN NULL ELSE 'https://example.org/' || r END, 'lexicon', md5('{{tag}}' || d || ':' || r),
               CASE WHEN r % 13 = 0 THEN NULL ELSE repeat('text of an article; ', (r % 20)::int) || r END,
               timestamptz '2024-06-01 00:00:00+00' + r * interval '1 millisecond', timestamptz '2024-06-01 00:00:01+00' + r * interval '1 millisecond',
               CASE WHEN r % 4 = 0 THEN NULL ELSE jsonb_build_object('n', r, 'a', 0.1 + r, 's', 'x"y') END,
               'event-' || r, 'news', CASE WHEN r % 2 = 0 THEN 'high' ELSE 'standard' END, 0.1 + r % 5, '1.0', 0.3, 0.1, 1
        FROM generate_series(0, {{days - 1}}) d, generate_series(1, {{rowsPerDay}}) r;
        INSERT INTO ops.lake_days (day, hot_rows, revision)
        SELECT date '{{first:yyyy-MM-dd}}' + d, {{rowsPerDay}}, 1 FROM generate_series(0, {{days - 1}}) d
        ON CONFLICT (day) DO UPDATE SET hot_rows = ops.lake_days.hot_rows + excluded.hot_rows, revision = ops.lake_days.revision + 1
        """);

    public string FileOf(DateOnly day) => Path.Combine(Folder, $"year={day:yyyy}", $"month={day:MM}", $"day={day:dd}", "sentiment.parquet");

    public async ValueTask DisposeAsync()
    {
        await Source.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }
}
