using System.ComponentModel.DataAnnotations;

namespace Bellwether.Sentiment.HotStore;

/// <summary>How a snapshot is written as a value; both are read, whichever is set.</summary>
public enum SnapshotEncoding
{
    /// <summary>The JSON of the documented fields, for any program that reads the same keys.</summary>
    Json,

    /// <summary>The same fields packed, text compressed: about half of the memory, readable by this program only.</summary>
    Compact,
}

/// <summary>A Redis server, or a primary with its replicas; not a sharded cluster. Secrets are never logged.</summary>
public sealed record RedisOptions
{
    /// <summary>
    /// <c>host:port</c>, several separated by commas, and any further <c>name=value</c> settings of the client library. What is set by
    /// the other options here wins.
    /// </summary>
    [Required] public string Connection { get; init; } = "127.0.0.1:6379";

    /// <summary>Password of the server; meant for the environment (<c>BELLWETHER__HOTSTORE__REDIS__PASSWORD</c>).</summary>
    public string? Password { get; init; }

    /// <summary>File whose first line is the password.</summary>
    public string? PasswordFile { get; init; }

    /// <summary>Send the password to another machine without <see cref="Tls"/>, where the network between is trusted.</summary>
    public bool AllowClearPassword { get; init; }

    [Range(0, 65_535)] public int Database { get; init; }

    /// <summary>Put before every key, so that several desks can share one database: <c>desk1:</c>.</summary>
    [Required(AllowEmptyStrings = true), StringLength(64)] public string KeyPrefix { get; init; } = "";

    public SnapshotEncoding Encoding { get; init; } = SnapshotEncoding.Json;

    public bool Tls { get; init; }

    /// <summary>Name in the server's certificate, where it is not the host of <see cref="Connection"/>.</summary>
    public string? TlsHost { get; init; }

    /// <summary>PEM file of the authority that signed the server's certificate; null for those of the system.</summary>
    public string? TlsAuthorityFile { get; init; }

    /// <summary>PEM files of a certificate and key with which to identify to the server; both or neither.</summary>
    public string? TlsCertificateFile { get; init; }

    public string? TlsKeyFile { get; init; }

    /// <summary>The longest that one command is waited for. Beyond it readers are served from the database.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")] public TimeSpan Timeout { get; init; } = TimeSpan.FromMilliseconds(500);

    [Range(typeof(TimeSpan), "00:00:00.100", "00:01:00")] public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long the server is left alone after it failed, before it is tried again.</summary>
    [Range(typeof(TimeSpan), "00:00:00.500", "00:10:00")] public TimeSpan BreakDuration { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Without the secrets, which the connection string may hold too.</summary>
    public override string ToString() => $"RedisOptions {{ database {Database}, tls {Tls}, prefix {KeyPrefix} }}";
}
