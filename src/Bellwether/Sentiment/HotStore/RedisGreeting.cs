using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using StackExchange.Redis;

namespace Bellwether.Sentiment.HotStore;

/// <summary>
/// Introduces itself to a server once, the way the client library does. The library tells "no connection" whether nobody listens or the
/// password is wrong, depending on when it is asked; this tells them apart.
/// </summary>
static class RedisGreeting
{
    /// <summary>True when a server is there and turns the password, or the lack of one, down.</summary>
    public static async Task<bool> IsTurnedDownAsync(ConfigurationOptions settings, RedisOptions options, CancellationToken cancellationToken)
    {
        try
        {
            using var client = new TcpClient();
            var host = await ConnectAsync(client, settings.EndPoints[0], cancellationToken);
            await using var stream = await SecureAsync(client.GetStream(), settings.SslHost ?? host, settings, options, cancellationToken);
            await stream.WriteAsync(settings.Password is { Length: > 0 } password ? Command("AUTH", password) : Command("PING"), cancellationToken);
            using var reader = new StreamReader(stream, Encoding.UTF8);
            var answer = await reader.ReadLineAsync(cancellationToken) ?? "";
            // Servers before version 6 say ERR to a wrong password; asked for none, a server says ERR to any.
            return answer.StartsWith("-NOAUTH", StringComparison.Ordinal) || answer.StartsWith("-WRONGPASS", StringComparison.Ordinal)
                || (answer.StartsWith("-ERR", StringComparison.Ordinal) && answer.Contains("password", StringComparison.OrdinalIgnoreCase));
        }
        catch (Exception error) when (error is SocketException or IOException or AuthenticationException or OperationCanceledException)
        {
            return false;
        }
    }

    static async Task<string> ConnectAsync(TcpClient client, EndPoint endpoint, CancellationToken cancellationToken)
    {
        var (host, port) = endpoint switch
        {
            IPEndPoint ip => (ip.Address.ToString(), ip.Port),
            DnsEndPoint dns => (dns.Host, dns.Port),
            _ => throw new IOException("no such endpoint"),
        };
        await client.ConnectAsync(host, port == 0 ? 6379 : port, cancellationToken);
        return host;
    }

    static async Task<Stream> SecureAsync(
        NetworkStream plain, string host, ConfigurationOptions settings, RedisOptions options, CancellationToken cancellationToken)
    {
        if (!settings.Ssl) return plain;
        var secure = new SslStream(plain, leaveInnerStreamOpen: false, RedisSettings.ValidationOf(options));
        var identity = RedisSettings.IdentityOf(options);
        await secure.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = host,
            ClientCertificates = identity is null ? null : new X509CertificateCollection { identity },
        }, cancellationToken);
        return secure;
    }

    static byte[] Command(params string[] words)
    {
        var text = new StringBuilder($"*{words.Length}\r\n");
        foreach (var word in words) text.Append($"${Encoding.UTF8.GetByteCount(word)}\r\n{word}\r\n");
        return Encoding.UTF8.GetBytes(text.ToString());
    }
}
