using System.ComponentModel.DataAnnotations;

namespace Bellwether.Events.Kafka;

/// <summary>TLS and SASL. A wrong combination is refused at the start, before anything is sent.</summary>
public sealed partial record KafkaOptions : IValidatableObject
{
    /// <summary>Encrypt connections and check the brokers' certificates.</summary>
    public bool Tls { get; init; }

    /// <summary>PEM file of the authorities that may have signed the brokers' certificates; null for those of the system.</summary>
    public string? CaFile { get; init; }

    /// <summary>PEM file of this client's certificate, where the brokers ask for one.</summary>
    public string? CertificateFile { get; init; }

    /// <summary>PEM file of the certificate's private key.</summary>
    public string? KeyFile { get; init; }

    /// <summary>File that holds the password of the private key.</summary>
    public string? KeyPasswordFile { get; init; }

    public KafkaSasl Sasl { get; init; }

    public string? User { get; init; }

    /// <summary>Better by file, or by the environment variable BELLWETHER__EVENTLOG__KAFKA__PASSWORD. Never logged.</summary>
    public string? Password { get; init; }

    /// <summary>File that holds the password.</summary>
    public string? PasswordFile { get; init; }

    /// <summary>Lets a password go over a connection without TLS to a machine other than this one.</summary>
    public bool AllowClearPassword { get; init; }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var (name, file) in new[]
        {
            (nameof(CaFile), CaFile), (nameof(CertificateFile), CertificateFile), (nameof(KeyFile), KeyFile), (nameof(KeyPasswordFile), KeyPasswordFile),
            (nameof(PasswordFile), PasswordFile),
        })
            if (file is not null && !File.Exists(file)) yield return new($"{name}: there is no file {file}.", [name]);
        if (!Tls && (CaFile ?? CertificateFile ?? KeyFile ?? KeyPasswordFile) is not null)
            yield return new("CaFile, CertificateFile, KeyFile and KeyPasswordFile want Tls to be true.", [nameof(Tls)]);
        if ((CertificateFile is null) != (KeyFile is null))
            yield return new("CertificateFile and KeyFile belong together: give both or none.", [nameof(KeyFile)]);
        if (Password is not null && PasswordFile is not null)
            yield return new("Password and PasswordFile say the same thing: give one of them.", [nameof(PasswordFile)]);
        var credentials = User is not null && (Password ?? PasswordFile) is not null;
        if (Sasl != KafkaSasl.None && !credentials)
            yield return new($"Sasl {Sasl} wants User, and Password or PasswordFile.", [nameof(Sasl)]);
        if (Sasl == KafkaSasl.None && (User ?? Password ?? PasswordFile) is not null)
            yield return new("User and password want Sasl to be Plain, ScramSha256 or ScramSha512.", [nameof(Sasl)]);
        if (Sasl == KafkaSasl.Plain && !Tls && !AllowClearPassword && !BootstrapServers.Split(',').All(IsLoopback))
            yield return new("Sasl Plain without Tls sends the password in clear over the network: set Tls, choose ScramSha512, or set AllowClearPassword.", [nameof(Tls)]);
    }

    internal string? ReadPassword() => PasswordFile is null ? Password : File.ReadAllText(PasswordFile).TrimEnd('\r', '\n');

    internal string? ReadKeyPassword() => KeyPasswordFile is null ? null : File.ReadAllText(KeyPasswordFile).TrimEnd('\r', '\n');

    static bool IsLoopback(string server)
    {
        var host = server.Trim();
        var colon = host.LastIndexOf(':');
        if (colon > 0) host = host[..colon];
        return host is "localhost" || (System.Net.IPAddress.TryParse(host.Trim('[', ']'), out var address) && System.Net.IPAddress.IsLoopback(address));
    }

    /// <summary>Without the secrets.</summary>
    public override string ToString() => $"KafkaOptions {{ {BootstrapServers}, tls {Tls}, sasl {Sasl}, user {User ?? "none"} }}";
}
