using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Bellwether.Tests.Support;

/// <summary>A misbehaving way to an S3 server: what it does to a request is decided by the test.</summary>
public sealed partial class FaultyS3 : IAsyncDisposable
{
    readonly HttpClient _upstream = new(new SocketsHttpHandler { AutomaticDecompression = DecompressionMethods.None }) { Timeout = Timeout.InfiniteTimeSpan };
    readonly ConcurrentDictionary<string, (string Key, DateTime Initiated)> _uploads = new();
    readonly ConcurrentQueue<string> _requests = new();
    readonly WebApplication _app;
    readonly string _target;

    FaultyS3(string target)
    {
        _target = target;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http1);
        });
        _app = builder.Build();
        _app.Run(HandleAsync);
    }

    public static async Task<FaultyS3> BeforeAsync(S3Server server)
    {
        var proxy = new FaultyS3(await server.EndpointAsync());
        await proxy._app.StartAsync();
        return proxy;
    }

    public string Endpoint => _app.Urls.Single();

    /// <summary>Decides what happens to a request, given as method, path and query; null: nothing bad.</summary>
    public Func<string, Fault?> Decide { get; set; } = _ => null;

    /// <summary>The next requests that match suffer this; the others pass.</summary>
    public void Next(int count, string pattern, Fault fault)
    {
        var left = count;
        Decide = request => Regex.IsMatch(request, pattern) && Interlocked.Decrement(ref left) >= 0 ? fault : null;
    }

    /// <summary>Sees the headers of every request.</summary>
    public Action<IHeaderDictionary> Look { get; set; } = _ => { };

    /// <summary>All that arrived, as method, path and query.</summary>
    public IReadOnlyList<string> Requests => [.. _requests];

    /// <summary>Multipart uploads that were begun and neither completed nor aborted.</summary>
    public int OpenUploads => _uploads.Count;

    /// <summary>Lets the open uploads look older than they are.</summary>
    public void Age(TimeSpan by)
    {
        foreach (var (id, upload) in _uploads) _uploads[id] = upload with { Initiated = upload.Initiated - by };
    }

    async Task HandleAsync(HttpContext context)
    {
        var raw = context.Features.Get<IHttpRequestFeature>()!.RawTarget;
        var request = $"{context.Request.Method} {raw}";
        _requests.Enqueue(request);
        Look(context.Request.Headers);
        var fault = Decide(request);
        try
        {
            await (fault?.Kind switch
            {
                FaultKind.Status => AnswerAsync(context, fault.Number, fault.Code),
                FaultKind.Stall => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted),
                _ when context.Request.Method == "GET" && raw.Contains("?uploads") => ListUploadsAsync(context),
                _ => ForwardAsync(context, raw, fault),
            });
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client lost its patience, as it should.
        }
    }

    static async Task AnswerAsync(HttpContext context, int status, string code)
    {
        await context.Request.Body.CopyToAsync(Stream.Null);
        context.Response.StatusCode = status;
        if (context.Request.Method == "HEAD") return;
        context.Response.ContentType = "application/xml";
        await context.Response.WriteAsync($"<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>as the test wants</Message></Error>");
    }

    async Task ForwardAsync(HttpContext context, string raw, Fault? fault)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        var sent = new HttpRequestMessage(new(context.Request.Method), _target + raw) { Content = new ByteArrayContent(body.ToArray()) };
        foreach (var header in context.Request.Headers)
            if (!header.Key.StartsWith("Host", StringComparison.OrdinalIgnoreCase) && !sent.Headers.TryAddWithoutValidation(header.Key, header.Value.ToArray()))
                sent.Content.Headers.TryAddWithoutValidation(header.Key, header.Value.ToArray());
        using var response = await _upstream.SendAsync(sent, context.RequestAborted);
        var content = await response.Content.ReadAsByteArrayAsync(context.RequestAborted);
        Remember(context.Request.Method, raw, content);
        if (fault?.Kind == FaultKind.LoseAnswer)
        {
            context.Abort();
            return;
        }
        context.Response.StatusCode = (int)response.StatusCode;
        foreach (var header in response.Headers.Concat<KeyValuePair<string, IEnumerable<string>>>(response.Content.Headers))
            if (header.Key is not ("Transfer-Encoding" or "Connection" or "Keep-Alive")) context.Response.Headers[header.Key] = header.Value.ToArray();
        if (context.Request.Method == "HEAD" || context.Response.StatusCode is 204 or 304) return;
        if (fault?.Kind == FaultKind.WrongByte) content[fault.Number] ^= 1;
        var whole = fault?.Kind is not (FaultKind.Cut or FaultKind.StallWithin);
        await context.Response.Body.WriteAsync(content.AsMemory(0, whole ? content.Length : fault!.Number), context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
        if (fault?.Kind == FaultKind.Cut) context.Abort();
        if (fault?.Kind == FaultKind.StallWithin) await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted);
    }

    void Remember(string method, string raw, byte[] answer)
    {
        if (method == "POST" && raw.Contains("uploads") && UploadId().Match(Encoding.UTF8.GetString(answer)) is { Success: true } begun)
            _uploads[begun.Groups[1].Value] = (Uri.UnescapeDataString(raw.Split('?')[0].Split('/', 3)[2]), DateTime.UnixEpoch + TimeProvider.System.GetUtcNow().Subtract(DateTimeOffset.UnixEpoch));
        if (method is "POST" or "DELETE" && UploadIdInQuery().Match(raw) is { Success: true } ended) _uploads.TryRemove(Uri.UnescapeDataString(ended.Groups[1].Value), out _);
    }

    // The server behind knows no such request.
    async Task ListUploadsAsync(HttpContext context)
    {
        context.Response.ContentType = "application/xml";
        var uploads = string.Concat(_uploads.Select(upload =>
            $"<Upload><Key>{upload.Value.Key}</Key><UploadId>{upload.Key}</UploadId><Initiated>{upload.Value.Initiated:yyyy-MM-ddTHH:mm:ss.fffZ}</Initiated></Upload>"));
        await context.Response.WriteAsync($"<?xml version=\"1.0\"?><ListMultipartUploadsResult><IsTruncated>false</IsTruncated>{uploads}</ListMultipartUploadsResult>");
    }

    [GeneratedRegex("<UploadId>([^<]+)</UploadId>")]
    private static partial Regex UploadId();

    [GeneratedRegex("[?&]uploadId=([^&]+)")]
    private static partial Regex UploadIdInQuery();

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.Zero, TimeProvider.System);
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
        _upstream.Dispose();
    }
}

public enum FaultKind
{
    Status,
    Stall,
    StallWithin,
    Cut,
    WrongByte,
    LoseAnswer,
}

/// <summary>What goes wrong with one request.</summary>
public sealed record Fault(FaultKind Kind, int Number, string Code)
{
    public static Fault Status(int status, string code) => new(FaultKind.Status, status, code);

    /// <summary>No answer, ever.</summary>
    public static Fault Stall { get; } = new(FaultKind.Stall, 0, "");

    /// <summary>The answer stops without an end.</summary>
    public static Fault StallAfter(int bytes) => new(FaultKind.StallWithin, bytes, "");

    /// <summary>The connection ends within the answer.</summary>
    public static Fault CutAfter(int bytes) => new(FaultKind.Cut, bytes, "");

    public static Fault WrongByte(int at) => new(FaultKind.WrongByte, at, "");

    /// <summary>The server does what it should, and nobody hears of it.</summary>
    public static Fault LoseAnswer { get; } = new(FaultKind.LoseAnswer, 0, "");
}
