using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Bellwether.Tests.Market;

/// <summary>A server on loopback that answers as providers do.</summary>
sealed class ProviderStub : IAsyncDisposable
{
    readonly HttpListener _listener = new();
    readonly Task _loop;

    public ProviderStub()
    {
        int port;
        using (var probe = new TcpListener(IPAddress.Loopback, 0))
        {
            probe.Start();
            port = ((IPEndPoint)probe.LocalEndpoint).Port;
        }
        Url = new($"http://127.0.0.1:{port}");
        _listener.Prefixes.Add(Url.AbsoluteUri);
        _listener.Start();
        _loop = LoopAsync();
    }

    public Uri Url { get; }

    public ConcurrentQueue<(string Path, string? Agent)> Requests { get; } = new();

    /// <summary>Status, body and seconds to wait; by path and query.</summary>
    public Func<string, (int Status, string Body, int? RetryAfter)> Answer { get; set; } = _ => (404, "", null);

    /// <summary>Answers wait for it.</summary>
    public TaskCompletionSource? Hold { get; set; }

    public async ValueTask DisposeAsync()
    {
        Hold?.TrySetResult();
        _listener.Stop();
        _listener.Close();
        await _loop;
    }

    async Task LoopAsync()
    {
        try
        {
            while (true) _ = AnswerAsync(await _listener.GetContextAsync());
        }
        catch (Exception error) when (error is HttpListenerException or ObjectDisposedException)
        {
            // The test has ended.
        }
    }

    async Task AnswerAsync(HttpListenerContext context)
    {
        Requests.Enqueue((context.Request.RawUrl!, context.Request.UserAgent));
        if (Hold is { } hold) await hold.Task;
        var (status, body, after) = Answer(context.Request.RawUrl!);
        context.Response.StatusCode = status;
        if (after is { } seconds) context.Response.Headers["Retry-After"] = $"{seconds}";
        await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(body));
        context.Response.Close();
    }
}
