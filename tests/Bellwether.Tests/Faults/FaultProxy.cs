using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Bellwether.Tests.Faults;

/// <summary>A network of our own between a program and a server: it can be cut, and it can swallow what is sent.</summary>
sealed class FaultProxy : IAsyncDisposable
{
    const int BufferBytes = 64 << 10;

    /// <summary>What the program asks servers for: five seconds of silence, then three probes two seconds apart.</summary>
    static readonly TimeSpan Keepalives = TimeSpan.FromSeconds(11);

    readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    readonly CancellationTokenSource _stop = new();
    readonly ConcurrentDictionary<Link, byte> _links = [];
    readonly int _target;
    readonly Task _accepting;
    volatile TaskCompletionSource? _silence;
    volatile bool _refuses;

    sealed record Link(TcpClient Near, TcpClient Far)
    {
        public volatile bool Dead;

        public void Close()
        {
            Near.Dispose();
            Far.Dispose();
        }
    }

    public FaultProxy(int target)
    {
        _target = target;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Closes every connection; new ones are closed at once until <see cref="Mend"/>.</summary>
    public void Cut()
    {
        _refuses = true;
        foreach (var link in _links.Keys) link.Close();
    }

    /// <summary>
    /// Nothing gets through, and nobody is told. What was sent meanwhile arrives after <see cref="Mend"/>, as it would by retransmission.
    /// </summary>
    public void Swallow() => _silence = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>
    /// The same, but the connections of this moment stay dead for good, without a word, as where a machine has lost its power. The program
    /// never hears of it; the server's end is closed when keepalives would have found it out.
    /// </summary>
    public void Forget()
    {
        foreach (var link in _links.Keys)
        {
            link.Dead = true;
            _ = CloseFarAsync(link);
        }
        Swallow();
    }

    async Task CloseFarAsync(Link link)
    {
        try
        {
            await Task.Delay(Keepalives, TimeProvider.System, _stop.Token);
        }
        catch (OperationCanceledException)
        {
            // disposed
        }
        link.Far.Dispose();
    }

    public void Mend()
    {
        _refuses = false;
        Interlocked.Exchange(ref _silence!, null)?.TrySetResult();
    }

    async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var near = await _listener.AcceptTcpClientAsync(_stop.Token);
                if (_refuses) near.Dispose();
                else _ = RunAsync(near);
            }
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // disposed
        }
    }

    async Task RunAsync(TcpClient near)
    {
        near.NoDelay = true;
        var link = new Link(near, new() { NoDelay = true });
        // Known before it leads anywhere: whoever finds the server's end open may count on a fault to concern it.
        _links[link] = 0;
        try
        {
            if (_silence is { } silence) await silence.Task.WaitAsync(_stop.Token);
            await link.Far.ConnectAsync(IPAddress.Loopback, _target, _stop.Token);
            await Task.WhenAny(CarryAsync(link, near, link.Far), CarryAsync(link, link.Far, near));
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The server is not there, so the client is told by the close below.
        }
        _links.TryRemove(link, out _);
        link.Close();
    }

    async Task CarryAsync(Link link, TcpClient from, TcpClient to)
    {
        var buffer = new byte[BufferBytes];
        try
        {
            var (input, output) = (from.GetStream(), to.GetStream());
            while (true)
            {
                var count = await ReadAsync(link, input, buffer);
                if (_silence is { } silence) await silence.Task.WaitAsync(_stop.Token);
                if (link.Dead) await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, _stop.Token);
                if (count == 0) return;
                await output.WriteAsync(buffer.AsMemory(0, count), _stop.Token);
            }
        }
        catch (Exception error) when (error is OperationCanceledException or IOException or SocketException or ObjectDisposedException
            or InvalidOperationException)
        {
            // One of both ends is gone.
        }
    }

    /// <summary>The end of a dead connection is not told to the other side either.</summary>
    async Task<int> ReadAsync(Link link, NetworkStream input, byte[] buffer)
    {
        try
        {
            return await input.ReadAsync(buffer, _stop.Token);
        }
        catch (Exception error) when (link.Dead && error is IOException or ObjectDisposedException)
        {
            return 0;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        foreach (var link in _links.Keys) link.Close();
        await _accepting;
        _stop.Dispose();
    }
}
