using System.Diagnostics;
using Amazon.S3;
using Bellwether.Engines;
using Bellwether.Storage.Objects;
using Bellwether.Tests.Commands;

[assembly: AssemblyFixture(typeof(Bellwether.Tests.Support.S3Server))]

namespace Bellwether.Tests.Support;

/// <summary>
/// One S3 server for the whole run: the one named by BELLWETHER_TEST_S3 (its keys come from where AWS programs look), else one on loopback that
/// keeps objects in memory. It takes any key and no condition, so that neither can be tested with it.
/// </summary>
public sealed class S3Server : IAsyncDisposable
{
    readonly SemaphoreSlim _once = new(1);
    Process? _process;
    string? _endpoint;

    public async Task<string> EndpointAsync()
    {
        await _once.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            return _endpoint ??= Environment.GetEnvironmentVariable("BELLWETHER_TEST_S3") ?? await StartAsync();
        }
        finally
        {
            _once.Release();
        }
    }

    /// <summary>How to reach the server; quick to lose patience.</summary>
    public async Task<S3StoreOptions> OptionsAsync() => Options(await EndpointAsync());

    public static S3StoreOptions Options(string endpoint) => new()
    {
        Endpoint = endpoint,
        AccessKeyId = Environment.GetEnvironmentVariable("BELLWETHER_TEST_S3") is null ? "tests" : null,
        SecretAccessKey = Environment.GetEnvironmentVariable("BELLWETHER_TEST_S3") is null ? "a secret of the tests" : null,
        PartMegabytes = 5,
        RetryPause = TimeSpan.FromMilliseconds(2),
        RetryFor = TimeSpan.FromSeconds(20),
    };

    /// <summary>A new bucket, and a prefix in it.</summary>
    public async Task<S3Location> BucketAsync()
    {
        var location = new S3Location($"bellwether-{Guid.NewGuid():N}"[..40], "some/prefix");
        using var client = S3Client.Create(location, await OptionsAsync());
        await client.PutBucketAsync(new Amazon.S3.Model.PutBucketRequest { BucketName = location.Bucket });
        return location;
    }

    async Task<string> StartAsync()
    {
        var servers = Repository.File("tests", "servers");
        var folder = (await RunAsync("bash", [Path.Combine(servers, "fetch"), new EngineCache().Directory])).Trim();
        _process = Process.Start(new ProcessStartInfo("node", [Path.Combine(servers, "s3.mjs"), folder])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        var port = await _process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("the S3 server of the tests did not start");
        return $"http://127.0.0.1:{port}";
    }

    static async Task<string> RunAsync(string program, string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: {await error}");
        return output;
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is null) return;
        // It ends with its input.
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
