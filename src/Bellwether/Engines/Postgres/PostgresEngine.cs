using Bellwether.Engines.Unix;
using Npgsql;

namespace Bellwether.Engines.Postgres;

/// <summary>
/// A PostgreSQL to work with: a private server that is started on first use, shared by all processes on the same data folder and stopped
/// when the last of them leaves; or an external one. Callers see a connection string and need not know which.
/// </summary>
/// <remarks>
/// Three locks in the cluster's folder order everything. <c>start.lock</c>: one process at a time starts, attaches or leaves.
/// <c>clients.lock</c>: shared by the attached, exclusive by whoever stops the server, so that nobody attaches to a server that is going.
/// <c>reaper.lock</c>: held by the supervisor, so that a running server has exactly one. The kernel releases all of them on kill -9.
/// </remarks>
public sealed partial class PostgresEngine : IAsyncDisposable
{
    readonly PostgresOptions _options;
    readonly EngineCache _cache;
    readonly ClusterHome? _home;
    readonly IProgress<string>? _progress;
    FileLock? _clients;

    PostgresEngine(PostgresOptions options, ClusterHome? home, IProgress<string>? progress)
    {
        _options = options;
        _cache = new EngineCache(options.CacheDirectory) { SystemPostgres = options.SystemBinaries };
        _home = home;
        _progress = progress;
        ConnectionString = options.ConnectionString ?? "";
    }

    /// <summary>For <c>NpgsqlDataSource.Create</c>. The same after a restart.</summary>
    public string ConnectionString { get; private set; }

    /// <summary>True where the server is not ours to start and stop.</summary>
    public bool IsExternal => _home is null;

    /// <summary>The folder of the private cluster; null for an external server.</summary>
    public string? ClusterDirectory => _home?.Cluster;

    /// <summary>Programs that the private server runs; null for an external server.</summary>
    public ServerPrograms? Programs => _home is null ? null : new(_home);

    /// <summary>
    /// Starts the private server, or attaches to it where another process started it, or checks the external one.
    /// The server is ready when this returns.
    /// </summary>
    /// <exception cref="EngineException">It cannot be had; says why and what mends it.</exception>
    public static async Task<PostgresEngine> StartAsync(
        PostgresOptions options, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        if (options.ConnectionString is not null)
        {
            _ = await CheckExternalAsync(options.ConnectionString, cancellationToken);
            return new PostgresEngine(options, null, progress);
        }
        try
        {
            var engine = new PostgresEngine(options, ClusterHome.Resolve(options, progress), progress);
            await engine.AttachAsync(cancellationToken);
            return engine;
        }
        catch (Exception error) when (IsOfFiles(error))
        {
            throw CannotUse(options.DataDirectory, error);
        }
    }

    /// <summary>
    /// Starts the private server again where it crashed; what was committed is recovered. To be called after a connection failure.
    /// Does nothing for a server that runs, or an external one.
    /// </summary>
    public async Task EnsureRunningAsync(CancellationToken cancellationToken)
    {
        if (_home is null)
            return;
        ObjectDisposedException.ThrowIf(_clients is null, this);
        if (Postmaster.Find(_home.Cluster) is { IsReady: true })
            return;
        try
        {
            using var start = await TakeStartLockAsync(cancellationToken);
            await EnsureServerAsync(cancellationToken);
        }
        catch (Exception error) when (IsOfFiles(error))
        {
            throw CannotUse(_options.DataDirectory, error);
        }
    }

    static bool IsOfFiles(Exception error) => error is IOException or UnauthorizedAccessException;

    static EngineException CannotUse(string dataDirectory, Exception error) => new(
        EngineCache.Postgres,
        $"cannot keep a database in {dataDirectory}: {error.Message.TrimEnd('.')}.",
        $"See that user {OsUser.Current?.Name} may write there and that the disk has room (df -h), or use another data folder.",
        error);

    /// <summary>Version of the server there.</summary>
    internal static async Task<Version> CheckExternalAsync(string connectionString, CancellationToken cancellationToken)
    {
        NpgsqlConnectionStringBuilder builder;
        try
        {
            builder = new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false };
        }
        catch (Exception error) when (error is ArgumentException or FormatException)
        {
            throw new EngineException(EngineCache.Postgres, $"the connection string is wrong: {error.Message}", "Example: Host=db;Database=bellwether;Username=me.", error);
        }
        await using var connection = new NpgsqlConnection(builder.ConnectionString);
        try
        {
            await connection.OpenAsync(cancellationToken);
        }
        catch (NpgsqlException error)
        {
            throw new EngineException(
                EngineCache.Postgres,
                $"cannot connect to {builder.Host}:{builder.Port}, database {builder.Database}: {error.Message}.",
                "Check the connection string and that the server runs, or leave the option out to use a private server.",
                error);
        }
        if (connection.PostgreSqlVersion.Major < PostgresBinaries.OldestMajor)
        {
            throw new EngineException(
                EngineCache.Postgres,
                $"the server at {builder.Host} is PostgreSQL {connection.PostgreSqlVersion}; {PostgresBinaries.OldestMajor} or newer is needed.",
                "Upgrade it, or leave the option out to use a private server.");
        }
        return connection.PostgreSqlVersion;
    }

    static string Connect(Postmaster postmaster, PostgresOptions options) => new NpgsqlConnectionStringBuilder
    {
        Host = postmaster.SocketDirectory,
        Port = postmaster.Port,
        Database = ClusterFiles.Database,
        Username = ClusterFiles.Database,
        SslMode = SslMode.Disable,
        GssEncryptionMode = GssEncryptionMode.Disable,
        Timezone = "UTC",
        ApplicationName = "bellwether",
        MaxPoolSize = options.MaxPoolSize,
        IncludeErrorDetail = true,
    }.ConnectionString;
}
