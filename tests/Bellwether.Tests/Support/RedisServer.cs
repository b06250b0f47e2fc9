using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Bellwether.Engines.Unix;

namespace Bellwether.Tests.Support;

/// <summary>
/// A Redis server of one test, on a loopback port and in a folder of its own, without persistence: killed and started again it is empty.
/// </summary>
public sealed class RedisServer : IAsyncDisposable
{
    readonly string _folder = TestFolder.Create("redis");
    readonly string[] _arguments;
    Process _process;

    RedisServer(int port, string portOption, string[] arguments)
    {
        (Port, _arguments) = (port, portOption == "--port" ? ["--port", $"{port}", .. arguments] : ["--port", "0", portOption, $"{port}", .. arguments]);
        _process = Launch();
    }

    public int Port { get; }

    public string Connection => $"127.0.0.1:{Port}";

    /// <summary>Starts a server; skips the test where there is no redis-server, unless CI=true.</summary>
    public static Task<RedisServer> StartAsync(params string[] arguments) => StartAsync("--port", arguments);

    /// <summary>The same, listening with TLS only.</summary>
    public static Task<RedisServer> StartTlsAsync(params string[] arguments) => StartAsync("--tls-port", arguments);

    static async Task<RedisServer> StartAsync(string portOption, string[] arguments)
    {
        Require();
        for (var attempt = 1; ; attempt++)
        {
            var server = new RedisServer(FreePort(), portOption, arguments);
            if (await server.AnswersAsync()) return server;
            // Another program was quicker to take the port.
            await server.DisposeAsync();
            Assert.True(attempt < 5, "redis-server does not start");
        }
    }

    public static void Require()
    {
        var there = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, "redis-server")));
        Assert.SkipUnless(there || Environment.GetEnvironmentVariable("CI") == "true", "no redis-server on PATH; on Debian: apt-get install redis-server");
        Assert.True(there, "CI needs redis-server on PATH");
    }

    /// <summary>Ends it as a loss of power would.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>Starts it again on the same port, empty.</summary>
    public async Task RestartAsync()
    {
        _process.Dispose();
        _process = Launch();
        Assert.True(await AnswersAsync(), "redis-server does not start again");
    }

    /// <summary>The process stays, with its connections, and does nothing.</summary>
    public void Pause() => Signal(19);

    public void Resume() => Signal(18);

    void Signal(int number) => Assert.True(Posix.Kill(_process.Id, number));

    Process Launch()
    {
        var start = new ProcessStartInfo("redis-server") { WorkingDirectory = _folder, RedirectStandardOutput = true, RedirectStandardError = true };
        string[] own = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", _folder];
        foreach (var argument in (string[])[.. own, .. _arguments]) start.ArgumentList.Add(argument);
        var process = Process.Start(start)!;
        process.OutputDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    async Task<bool> AnswersAsync()
    {
        while (!_process.HasExited)
        {
            try
            {
                using var client = new TcpClient();
                await client.ConnectAsync(IPAddress.Loopback, Port);
                return !_process.HasExited;
            }
            catch (SocketException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
            }
        }
        return false;
    }

    static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
