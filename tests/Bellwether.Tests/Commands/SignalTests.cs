using System.Diagnostics;
using System.Text.Json;
using Bellwether.App.Commands;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Commands;

/// <summary>The program as a process, where it matters how it ends.</summary>
public sealed class SignalTests(TestServer server)
{
    // A process that does not stop would otherwise stop the whole run.
    const int Limit = 180_000;

    [Theory(Timeout = Limit)]
    [InlineData("INT")]
    [InlineData("TERM")]
    public async Task Signal_during_an_ingest_stops_it_cleanly_and_a_second_run_completes_it(string signal)
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(SignalTests));
        const int rows = 6_000;
        var all = Enumerable.Range(0, rows).Select(i => $$"""{"id":"{{i}}","timestamp":"2026-03-02T10:00:00Z","source":"s","tickers":["AAPL"],"text":"Shares rise by {{i}} cents"}""").ToArray();
        using (var running = new Running(desk.Line("ingest", "-", "--wait", "--json")))
        {
            var process = running.Process;
            foreach (var line in all[..5_000]) await process.StandardInput.WriteLineAsync(line);
            await process.StandardInput.FlushAsync(TestContext.Current.CancellationToken);
            // Standard input stays open: the command is in the midst of its work for as long as we want.
            await UntilAsync(async () => await desk.Database.ScalarAsync<long>("SELECT count(*) FROM sentiment.sentiment_data") > 0, process);
            await KillAsync(signal, process.Id);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            var error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            Assert.True(process.ExitCode == ExitCode.Interrupted, $"exit code {process.ExitCode}: {error}");
            Assert.Equal("interrupted", JsonElement.Parse(error.TrimEnd().Split('\n')[^1]).GetProperty("error").GetProperty("kind").GetString());
            Assert.Empty(await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken));
        }
        var json = (await desk.RunAsync("ingest", desk.Write("all.ndjson", string.Join('\n', all)), "--wait", "--json")).Succeeds().Json;
        Assert.Equal(0, json.GetProperty("pending").GetInt64());
        Assert.Equal(rows, await desk.Database.ScalarAsync<long>("SELECT count(*) FROM sentiment.sentiment_data"));
        Assert.Equal(rows, await desk.Database.ScalarAsync<long>("SELECT count FROM sentiment.ticker_sentiment WHERE ticker = 'AAPL'"));
    }

    [Fact(Timeout = Limit)]
    public async Task Stopped_server_exits_0()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(SignalTests));
        using var running = new Running(desk.Line("serve", "--urls", "http://127.0.0.1:0"));
        var process = running.Process;
        Assert.StartsWith("listening on http://127.0.0.1:", await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));
        await KillAsync("TERM", process.Id);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(ExitCode.Ok, process.ExitCode);
    }

    [Fact(Timeout = Limit)]
    public async Task Server_whose_address_is_taken_says_one_sentence_and_starts_nothing()
    {
        using var taken = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        taken.Start();
        var url = $"http://127.0.0.1:{((System.Net.IPEndPoint)taken.LocalEndpoint).Port}";
        await using var desk = await CliDesk.OpenAsync(server, nameof(SignalTests));
        using var running = new Running(desk.Line("serve", "--urls", url));
        var said = await running.Process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await running.Process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(ExitCode.Unavailable, running.Process.ExitCode);
        Assert.Equal($"bellwether: {url} is in use by another program. Choose another with --urls, for example http://127.0.0.1:0.", said.Trim());
    }

    static Process Start(string[] args)
    {
        // A signal that our own parent ignores would be ignored by our children too.
        var start = new ProcessStartInfo("env", ["--default-signal=INT", Path.Combine(AppContext.BaseDirectory, "Bellwether.App"), .. args])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        return Process.Start(start)!;
    }

    static async Task KillAsync(string signal, int id)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{id}"]);
        await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, kill.ExitCode);
    }

    static async Task UntilAsync(Func<Task<bool>> condition, Process process)
    {
        while (!await condition())
        {
            Assert.False(process.HasExited, process.HasExited ? await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken) : "");
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>A process that does not outlive its test.</summary>
    sealed class Running(string[] args) : IDisposable
    {
        public Process Process { get; } = Start(args);

        public void Dispose()
        {
            if (!Process.HasExited) Process.Kill();
            Process.Dispose();
        }
    }
}
