using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Bellwether.Sentiment.HotStore;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Sentiment;

/// <summary>Encrypted connections, with an authority made for the test.</summary>
public sealed class RedisTlsTests : IDisposable
{
    readonly string _folder = TestFolder.Create("tls");

    static CancellationToken None => TestContext.Current.CancellationToken;

    string At(string name) => Path.Combine(_folder, name);

    public RedisTlsTests()
    {
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var root = new CertificateRequest("CN=Test authority", rootKey, HashAlgorithmName.SHA256);
        root.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var now = TimeProvider.System.GetUtcNow();
        using var authority = root.CreateSelfSigned(now.AddDays(-1), now.AddDays(2));
        File.WriteAllText(At("ca.pem"), authority.ExportCertificatePem());
        Issue("server", now);
        Issue("client", now);

        void Issue(string name, DateTimeOffset now)
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
            var names = new SubjectAlternativeNameBuilder();
            names.AddIpAddress(IPAddress.Loopback);
            names.AddDnsName("redis.test");
            request.CertificateExtensions.Add(names.Build());
            using var certificate = request.Create(authority, now.AddDays(-1), now.AddDays(1), RandomNumberGenerator.GetBytes(8));
            File.WriteAllText(At($"{name}.pem"), certificate.ExportCertificatePem());
            File.WriteAllText(At($"{name}.key"), key.ExportPkcs8PrivateKeyPem());
        }
    }

    Task<RedisServer> StartAsync(string clients, params string[] more) => RedisServer.StartTlsAsync(
        ["--tls-cert-file", At("server.pem"), "--tls-key-file", At("server.key"), "--tls-ca-cert-file", At("ca.pem"), "--tls-auth-clients", clients, .. more]);

    RedisHotStore Store(RedisServer server, Func<RedisOptions, RedisOptions> change) =>
        TestRedis.Store(new(), change(new() { Connection = server.Connection, TlsAuthorityFile = At("ca.pem"), Timeout = TimeSpan.FromSeconds(10) }));

    [Fact]
    public async Task Server_signed_by_the_named_authority_is_trusted()
    {
        await using var server = await StartAsync("no");
        await using var store = Store(server, o => o);
        await store.PingAsync(None);
    }

    [Fact]
    public async Task Server_signed_by_nobody_known_is_not()
    {
        await using var server = await StartAsync("no");
        await using var store = Store(server, o => o with { TlsAuthorityFile = null, Tls = true });
        var error = await Assert.ThrowsAsync<HotStoreException>(() => store.PingAsync(None));
        Assert.Equal(HotStoreProblem.Unreachable, error.Problem);
    }

    [Fact]
    public async Task Server_with_another_name_is_not()
    {
        await using var server = await StartAsync("no");
        await using var other = Store(server, o => o with { TlsHost = "elsewhere.test" });
        await using var named = Store(server, o => o with { TlsHost = "redis.test" });
        await Assert.ThrowsAsync<HotStoreException>(() => other.PingAsync(None));
        await named.PingAsync(None);
    }

    [Fact]
    public async Task Program_identifies_itself_where_the_server_wants_it()
    {
        await using var server = await StartAsync("yes");
        await using var stranger = Store(server, o => o);
        await using var known = Store(server, o => o with { TlsCertificateFile = At("client.pem"), TlsKeyFile = At("client.key") });
        await Assert.ThrowsAsync<HotStoreException>(() => stranger.PingAsync(None));
        await known.PingAsync(None);
    }

    [Fact]
    public async Task Wrong_password_is_told_behind_encryption_too()
    {
        await using var server = await StartAsync("no", "--requirepass", "right-secret");
        await using var store = Store(server, o => o with { Password = "wrong" });
        var error = await Assert.ThrowsAsync<HotStoreException>(() => store.PingAsync(None));
        Assert.Equal(HotStoreProblem.Authentication, error.Problem);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
