using Bellwether.Engines.Postgres;
using Bellwether.Engines.Unix;
using Bellwether.Storage;
using Dapper;
using Npgsql;

[assembly: AssemblyFixture(typeof(Bellwether.Tests.Support.TestServer))]

namespace Bellwether.Tests.Support;

/// <summary>
/// One PostgreSQL server for the whole run: the one named by BELLWETHER_TEST_POSTGRES, else a private one in a temporary folder.
/// Every user of it gets databases of its own.
/// </summary>
public sealed class TestServer : IAsyncLifetime
{
    readonly string _folder = Directory.CreateTempSubdirectory("bellwether-tests-").FullName;
    readonly SemaphoreSlim _once = new(1);
    PostgresEngine? _engine;
    string? _template;

    // As root the server runs as another user, who may not enter a folder that is private to its maker.
    public ValueTask InitializeAsync()
    {
        Posix.SetMode(_folder, Posix.OpenDirectory);
        return ValueTask.CompletedTask;
    }

    /// <summary>Programs that the private server runs; a server that was named has none, and then the calling test is skipped.</summary>
    public ServerPrograms Programs
    {
        get
        {
            if (_engine?.Programs is null) Assert.Skip("this needs a PostgreSQL of our own, and BELLWETHER_TEST_POSTGRES names another");
            return _engine.Programs;
        }
    }

    /// <summary>A new database with the schema migrated to the newest revision; its name begins with <paramref name="name"/>.</summary>
    public async Task<TestDatabase> MigratedAsync(string name)
    {
        await StartAsync();
        return await CreateAsync(name, _template!);
    }

    /// <summary>A new empty database.</summary>
    public async Task<TestDatabase> EmptyAsync(string name)
    {
        await StartAsync();
        return await CreateAsync(name, "template0");
    }

    async Task<TestDatabase> CreateAsync(string name, string template)
    {
        var database = $"{name.ToLowerInvariant()}_{Guid.NewGuid():N}"[..Math.Min(60, name.Length + 33)];
        await using var connection = new NpgsqlConnection(_engine!.ConnectionString);
        await connection.ExecuteAsync($"CREATE DATABASE {database} TEMPLATE {template}");
        var settings = new NpgsqlConnectionStringBuilder(_engine.ConnectionString) { Database = database, MaxPoolSize = 20 };
        return new(settings.ConnectionString, _engine.ConnectionString, database);
    }

    async Task StartAsync()
    {
        await _once.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            if (_template is not null) return;
            _engine = await PostgresEngine.StartAsync(new()
            {
                DataDirectory = _folder,
                ConnectionString = Environment.GetEnvironmentVariable("BELLWETHER_TEST_POSTGRES"),
                // Tests kill processes, not machines: the page cache survives, so waiting for the disk proves nothing here.
                Settings = new Dictionary<string, string> { ["fsync"] = "off", ["max_connections"] = "300" },
                MaxConnections = 300,
            }, null, CancellationToken.None);
            var template = $"template_{Guid.NewGuid():N}";
            await using (var connection = new NpgsqlConnection(_engine.ConnectionString)) await connection.ExecuteAsync($"CREATE DATABASE {template}");
            var settings = new NpgsqlConnectionStringBuilder(_engine.ConnectionString) { Database = template, Pooling = false };
            await using (var source = NpgsqlDataSource.Create(settings)) await new Migrator(source).UpAsync(null, false, CancellationToken.None);
            _template = template;
        }
        finally
        {
            _once.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_engine is not null) await _engine.DisposeAsync();
        try { Directory.Delete(_folder, recursive: true); }
        catch (IOException) { /* the server's last files may still be closing */ }
    }
}

/// <summary>A database of one test class; dropped at the end.</summary>
public sealed class TestDatabase(string connectionString, string serverConnectionString, string name) : IAsyncDisposable
{
    NpgsqlDataSource? _source;

    public string ConnectionString => connectionString;

    public NpgsqlDataSource DataSource => _source ??= NpgsqlDataSource.Create(connectionString);

    public async Task<T> ScalarAsync<T>(string sql, object? parameters = null)
    {
        await using var connection = await DataSource.OpenConnectionAsync();
        return (await connection.ExecuteScalarAsync<T>(sql, parameters))!;
    }

    public async ValueTask DisposeAsync()
    {
        if (_source is not null) await _source.DisposeAsync();
        await using var connection = new NpgsqlConnection(serverConnectionString);
        await connection.ExecuteAsync($"DROP DATABASE IF EXISTS {name} WITH (FORCE)");
    }
}

public static class TestFolder
{
    /// <summary>A new temporary folder that the database's user may enter.</summary>
    public static string Create(string name)
    {
        var path = Directory.CreateTempSubdirectory($"bellwether-{name}-").FullName;
        Open(path);
        return path;
    }

    public static void Open(string path) => Posix.SetMode(path, Posix.OpenDirectory);
}
