using System.Diagnostics;
using System.Text.Json;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Deploy;

/// <summary>A real Prometheus on a configuration of deploy/prometheus, which it asks once a second.</summary>
sealed class RunningPrometheus : IAsyncDisposable
{
    readonly string _folder = TestFolder.Create("prometheus");
    readonly Process _process;
    readonly HttpClient _http;

    static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <param name="configuration">Its text; rules are those that are shipped.</param>
    public RunningPrometheus(string configuration)
    {
        var program = Programs.Require("prometheus", "prometheus");
        var port = FreePort();
        File.WriteAllText(Path.Combine(_folder, "prometheus.yml"), configuration.Replace("15s", "1s", StringComparison.Ordinal));
        File.Copy(DeployFiles.Of("prometheus", "alerts.yml"), Path.Combine(_folder, "alerts.yml"));
        _process = Process.Start(new ProcessStartInfo(program,
        [
            $"--config.file={_folder}/prometheus.yml", $"--storage.tsdb.path={_folder}/data", $"--web.listen-address=127.0.0.1:{port}", "--log.level=error",
        ]))!;
        _http = new() { BaseAddress = new($"http://127.0.0.1:{port}/api/v1/") };
    }

    /// <summary>The samples of a query, once there is one: labels and value of each.</summary>
    public async Task<IReadOnlyList<(JsonElement Labels, string Value)>> SamplesAsync(string query)
    {
        while (true)
        {
            Assert.False(_process.HasExited, "Prometheus has ended");
            try
            {
                var answer = (await DataAsync($"query?query={Uri.EscapeDataString(query)}")).GetProperty("result");
                if (answer.GetArrayLength() > 0) return [.. answer.EnumerateArray().Select(s => (s.GetProperty("metric"), s.GetProperty("value")[1].GetString()!))];
            }
            catch (HttpRequestException)
            {
                // Prometheus is still starting.
            }
            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, Token);
        }
    }

    public async Task<string> ValueAsync(string query) => Assert.Single(await SamplesAsync(query)).Value;

    public async Task<JsonElement> DataAsync(string path) => JsonDocument.Parse(await _http.GetStringAsync(path, Token)).RootElement.GetProperty("data");

    static int FreePort()
    {
        using var probe = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        probe.Start();
        return ((System.Net.IPEndPoint)probe.LocalEndpoint).Port;
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
