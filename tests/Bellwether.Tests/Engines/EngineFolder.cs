using Bellwether.Engines.Postgres;
using Bellwether.Engines.Unix;
using Npgsql;

namespace Bellwether.Tests.Engines;

/// <summary>A data folder of a test's own, removed with everything in it.</summary>
sealed class EngineFolder : IDisposable
{
    const string Memory = "/dev/shm";
    const int SigKill = 9;

    /// <summary>The files of one cluster take 40 MB at first; a container's share may be no more than 64 MB.</summary>
    static readonly bool HasMemory = Directory.Exists(Memory) && Posix.CanWrite(Memory) && new DriveInfo(Memory).AvailableFreeSpace > 2L << 30;

    public string Path { get; }

    /// <summary>What the engine reported, in order.</summary>
    public List<string> Messages { get; } = [];

    public EngineFolder()
        : this(Directory.CreateTempSubdirectory("bw-engine-").FullName)
    {
    }

    EngineFolder(string path)
    {
        Path = path;
        // The temporary folder is private to its maker; the server runs as another user where the tests run as root.
        Posix.SetMode(Path, Posix.OpenDirectory);
    }

    /// <summary>
    /// A folder for clusters and not for programs: in memory where there is some, since making the thousand files of a cluster may take a
    /// second on a disk and a tenth of that here.
    /// </summary>
    public static EngineFolder ForData() =>
        HasMemory ? new(Directory.CreateDirectory($"{Memory}/bw-engine-{Guid.NewGuid().ToString("N")[..8]}").FullName) : new();

    public string this[params string[] parts] => System.IO.Path.Combine([Path, .. parts]);

    /// <summary>Nothing outside this folder is written to. What the tests kill are processes, so that waiting for the disk would prove nothing.</summary>
    public PostgresOptions Options => new()
    {
        DataDirectory = Path,
        FallbackDirectory = this["fallback"],
        SharedBinaries = this["binaries"],
        Settings = new Dictionary<string, string> { ["fsync"] = "off" },
    };

    public Task<PostgresEngine> StartAsync(PostgresOptions? options = null) =>
        PostgresEngine.StartAsync(options ?? Options, new Reporter(Messages), TestContext.Current.CancellationToken);

    /// <summary>Processes that have this folder in their command line.</summary>
    public IReadOnlyList<int> Processes() =>
        Directory.EnumerateDirectories("/proc")
            .Select(d => int.TryParse(System.IO.Path.GetFileName(d), out var pid) ? pid : 0)
            .Where(pid => pid > 0 && pid != Environment.ProcessId && CommandLine(pid).Contains(Path, StringComparison.Ordinal))
            .ToList();

    /// <summary>Command lines of those processes, arguments parted by NUL.</summary>
    public IReadOnlyList<string> CommandLines() => Processes().Select(CommandLine).Where(c => c.Length > 0).ToList();

    public int ServerPid() => int.Parse(File.ReadLines(this["postgres", "postmaster.pid"]).First());

    /// <summary>Waits for something that other processes bring about; the test's own timeout ends it.</summary>
    public static async Task Until(Func<bool> condition, string what)
    {
        var clock = TimeProvider.System;
        var started = clock.GetTimestamp();
        while (!condition())
        {
            Assert.True(clock.GetElapsedTime(started) < TimeSpan.FromSeconds(30), $"waited in vain until {what}");
            await Task.Delay(TimeSpan.FromMilliseconds(5), clock, TestContext.Current.CancellationToken);
        }
    }

    public static async Task<object?> QueryAsync(PostgresEngine engine, string sql)
    {
        var builder = new NpgsqlConnectionStringBuilder(engine.ConnectionString) { Pooling = false };
        await using var connection = new NpgsqlConnection(builder.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(TestContext.Current.CancellationToken);
    }

    public static string CommandLine(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cmdline");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    /// <summary>A test that failed may have left a server, which would write here again.</summary>
    public void Dispose()
    {
        while (Processes() is { Count: > 0 } left)
        {
            foreach (var pid in left)
                Posix.Kill(pid, SigKill);
        }
        Directory.Delete(Path, recursive: true);
    }

    /// <summary>Unlike <see cref="Progress{T}"/> it reports at once, in order.</summary>
    sealed class Reporter(List<string> messages) : IProgress<string>
    {
        public void Report(string value)
        {
            lock (messages)
                messages.Add(value);
        }
    }
}
