using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using StackExchange.Redis;

namespace Bellwether.Sentiment.HotStore;

/// <summary>Turns the options into those of the client library.</summary>
static class RedisSettings
{
    /// <exception cref="HotStoreException">A setting cannot be used; the message names it and holds no secret.</exception>
    public static ConfigurationOptions Of(RedisOptions options)
    {
        var settings = Parse(options);
        settings.AbortOnConnectFail = false;
        settings.ConnectTimeout = (int)options.ConnectTimeout.TotalMilliseconds;
        settings.SyncTimeout = Math.Max(1000, (int)options.Timeout.TotalMilliseconds);
        settings.ResponseTimeout = settings.SyncTimeout;
        settings.ReconnectRetryPolicy = new LinearRetry((int)Math.Min(1000, options.ConnectTimeout.TotalMilliseconds));
        // A peer that vanished without a word is noticed within seconds, not minutes.
        settings.KeepAlive = 5;
        settings.DefaultDatabase = options.Database;
        // Nothing is subscribed to, so the second connection that would be for it is not made.
        settings.CommandMap = CommandMap.Create(new HashSet<string> { "SUBSCRIBE", "PSUBSCRIBE", "UNSUBSCRIBE", "PUNSUBSCRIBE" }, available: false);
        settings.ClientName ??= "bellwether";
        if (PasswordOf(options) is { } password) settings.Password = password;
        // A certificate that is named is wanted: never a plain connection for want of one more word.
        if (options.Tls || settings.Ssl || options is not { TlsHost: null, TlsAuthorityFile: null, TlsCertificateFile: null, TlsKeyFile: null })
            UseTls(settings, options);
        if (settings is { Ssl: false, Password.Length: > 0 } && !options.AllowClearPassword && !settings.EndPoints.All(IsHere))
            throw Unusable("HotStore:Redis would send its password in clear over the network.", "Set Tls, or AllowClearPassword where that network is trusted.");
        return settings;
    }

    static bool IsHere(EndPoint server) => server switch
    {
        IPEndPoint address => IPAddress.IsLoopback(address.Address),
        DnsEndPoint name => name.Host is "localhost",
        _ => true,
    };

    public static string AddressOf(RedisOptions options) =>
        string.Join(',', options.Connection.Split(',', StringSplitOptions.TrimEntries).Where(p => p.Length > 0 && !p.Contains('=')));

    static ConfigurationOptions Parse(RedisOptions options)
    {
        ConfigurationOptions settings;
        try
        {
            settings = ConfigurationOptions.Parse(options.Connection);
        }
        catch (Exception error) when (error is ArgumentException or FormatException)
        {
            // Not the library's message: it may repeat a password.
            throw Unusable("HotStore:Redis:Connection cannot be read.", "Write it as host:port, with name=value settings behind commas if need be.");
        }
        if (settings.EndPoints.Count == 0) throw Unusable("HotStore:Redis:Connection names no server.", "Write it as host:port.");
        return settings;
    }

    static string? PasswordOf(RedisOptions options)
    {
        if (options.PasswordFile is not { } file) return options.Password;
        try
        {
            return File.ReadLines(file).FirstOrDefault()?.Trim() is { Length: > 0 } password
                ? password
                : throw Unusable($"HotStore:Redis:PasswordFile {file} is empty.", "Write the password into its first line.");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Unusable($"HotStore:Redis:PasswordFile {file} cannot be read: {error.Message}", "Let this user read it.");
        }
    }

    static void UseTls(ConfigurationOptions settings, RedisOptions options)
    {
        settings.Ssl = true;
        if (options.TlsHost is { } host) settings.SslHost = host;
        if (ValidationOf(options) is { } validation) settings.CertificateValidation += validation;
        if (IdentityOf(options) is { } identity) settings.CertificateSelection += (_, _, _, _, _) => identity;
    }

    /// <summary>How the server's certificate is judged; null for the system's way.</summary>
    public static RemoteCertificateValidationCallback? ValidationOf(RedisOptions options)
    {
        if (options.TlsAuthorityFile is not { } file) return null;
        var trusted = new X509Certificate2Collection();
        Read(() => trusted.ImportFromPemFile(file));
        if (trusted.Count == 0) throw Unusable($"HotStore:Redis:TlsAuthorityFile {file} holds no certificate.", "Name a PEM file.");
        return (_, certificate, given, errors) => IsSignedBy(trusted, certificate, given, errors);
    }

    /// <summary>The certificate with which this program identifies itself, or null.</summary>
    public static X509Certificate2? IdentityOf(RedisOptions options)
    {
        if (options.TlsCertificateFile is null && options.TlsKeyFile is null) return null;
        if (options.TlsCertificateFile is not { } file || options.TlsKeyFile is not { } key)
            throw Unusable("HotStore:Redis:TlsCertificateFile and :TlsKeyFile belong together.", "Set both or neither.");
        X509Certificate2? identity = null;
        Read(() => identity = X509Certificate2.CreateFromPemFile(file, key));
        return identity;
    }

    static void Read(Action read)
    {
        try
        {
            read();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or System.Security.Cryptography.CryptographicException)
        {
            throw Unusable($"A certificate file of HotStore:Redis cannot be used: {error.Message}", "Name PEM files that this user can read.");
        }
    }

    // The name must fit as ever; only the chain is judged by the authority that was named instead of by the system's.
    static bool IsSignedBy(X509Certificate2Collection trusted, X509Certificate? certificate, X509Chain? given, SslPolicyErrors errors)
    {
        if (certificate is null || (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != 0) return false;
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(trusted);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        // Between the authority and the server there may be others, which the server sends.
        if (given is not null)
            foreach (var element in given.ChainElements) chain.ChainPolicy.ExtraStore.Add(element.Certificate);
        using var copy = new X509Certificate2(certificate);
        return chain.Build(copy);
    }

    static HotStoreException Unusable(string message, string mend) => new(HotStoreProblem.Settings, message, mend);
}
