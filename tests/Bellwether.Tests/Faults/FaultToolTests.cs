using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Faults;

/// <summary>What the lab breaks things with does break them.</summary>
public sealed class FaultToolTests : IDisposable
{
    readonly string _folder = TestFolder.Create("faulttools");

    [Fact]
    public async Task Clock_of_a_program_is_off_by_what_is_said_while_it_is_said()
    {
        using var faults = (await FaultShim.BuildAsync(_folder)).SwitchFor("date", _folder);
        foreach (var off in new[] { TimeSpan.FromMinutes(-7), TimeSpan.Zero, TimeSpan.FromDays(1) })
        {
            faults.Clock = off;
            var before = TimeProvider.System.GetUtcNow();
            var (code, output) = await RunAsync(faults, "date", "+%s.%N");
            Assert.Equal(0, code);
            var told = DateTimeOffset.UnixEpoch + TimeSpan.FromSeconds(double.Parse(output, CultureInfo.InvariantCulture)) - off;
            Assert.InRange(told, before.AddMilliseconds(-1), TimeProvider.System.GetUtcNow().AddMilliseconds(1));
        }
    }

    [Fact]
    public async Task Full_disk_refuses_writes_below_its_folder_and_nowhere_else()
    {
        var (inside, outside) = (Path.Combine(_folder, "inside"), Path.Combine(_folder, "outside"));
        foreach (var folder in new[] { inside, outside }) Directory.CreateDirectory(folder);
        using var faults = (await FaultShim.BuildAsync(_folder)).SwitchFor("dd", inside);
        Assert.Equal(0, (await WriteAsync(inside)).Code);
        faults.FullDisk = true;
        var (code, output) = await WriteAsync(inside);
        Assert.Equal(1, code);
        Assert.Contains("No space left on device", output, StringComparison.Ordinal);
        Assert.Equal(0, (await WriteAsync(outside)).Code);
        faults.FullDisk = false;
        Assert.Equal(0, (await WriteAsync(inside)).Code);

        Task<(int Code, string Output)> WriteAsync(string folder) => RunAsync(faults, "dd", "if=/dev/zero", $"of={folder}/file", "bs=1k", "count=4", "conv=fsync");
    }

    [Fact]
    public async Task Slow_disk_lets_those_wait_that_wait_for_it()
    {
        using var faults = (await FaultShim.BuildAsync(_folder)).SwitchFor("dd", _folder);
        faults.SlowDisk = TimeSpan.FromMilliseconds(300);
        var started = Stopwatch.GetTimestamp();
        Assert.Equal(0, (await RunAsync(faults, "dd", "if=/dev/zero", $"of={_folder}/file", "bs=1k", "count=1", "conv=fsync")).Code);
        Assert.True(Stopwatch.GetElapsedTime(started) >= TimeSpan.FromMilliseconds(300));
    }

    [Fact]
    public async Task Proxy_carries_cuts_and_holds_back()
    {
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        await using var proxy = new FaultProxy(((IPEndPoint)server.LocalEndpoint).Port);
        var (near, far) = await ConnectAsync();

        await near.WriteAsync("a"u8.ToArray(), Cancel);
        Assert.Equal((byte)'a', await NextAsync(far));
        await far.WriteAsync("b"u8.ToArray(), Cancel);
        Assert.Equal((byte)'b', await NextAsync(near));

        proxy.Swallow();
        await near.WriteAsync("c"u8.ToArray(), Cancel);
        var held = NextAsync(far);
        await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, Cancel);
        Assert.False(held.IsCompleted);
        proxy.Mend();
        Assert.Equal((byte)'c', await held);

        proxy.Cut();
        Assert.Equal(-1, await NextAsync(near));
        Assert.Equal(-1, await NextAsync(far));
        using (var refused = new TcpClient())
        {
            await refused.ConnectAsync(IPAddress.Loopback, proxy.Port, Cancel);
            Assert.Equal(-1, await NextAsync(refused.GetStream()));
        }
        proxy.Mend();

        (near, far) = await ConnectAsync();
        proxy.Forget();
        proxy.Mend();
        // Dead for good and without a word, while new connections live.
        await near.WriteAsync("d"u8.ToArray(), Cancel);
        var never = NextAsync(far);
        var (near2, far2) = await ConnectAsync();
        await near2.WriteAsync("e"u8.ToArray(), Cancel);
        Assert.Equal((byte)'e', await NextAsync(far2));
        Assert.False(never.IsCompleted);

        async Task<(NetworkStream Near, NetworkStream Far)> ConnectAsync()
        {
            var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, proxy.Port, Cancel);
            return (client.GetStream(), (await server.AcceptTcpClientAsync(Cancel)).GetStream());
        }
    }

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>The next byte; −1 where the other side is gone.</summary>
    static async Task<int> NextAsync(NetworkStream stream)
    {
        var one = new byte[1];
        try
        {
            return await stream.ReadAsync(one, Cancel) == 0 ? -1 : one[0];
        }
        catch (IOException)
        {
            return -1;
        }
    }

    static async Task<(int Code, string Output)> RunAsync(FaultSwitch faults, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        faults.AddTo(start.Environment);
        start.Environment["LC_ALL"] = "C";
        using var process = Process.Start(start)!;
        var output = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(Cancel), process.StandardError.ReadToEndAsync(Cancel));
        await process.WaitForExitAsync(Cancel);
        return (process.ExitCode, string.Concat(output));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
