using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Bellwether.Tests.Sentiment.Llm;

/// <summary>What a request looked like.</summary>
sealed record LlmRequest(JsonElement Body, string? Authorization)
{
    public string Text => Body.GetProperty("messages")[1].GetProperty("content").GetString()!;

    public string System => Body.GetProperty("messages")[0].GetProperty("content").GetString()!;
}

/// <summary>A server that speaks chat completions, and misbehaves as the test says: by default every text is positive.</summary>
sealed class LlmStub : IAsyncDisposable
{
    readonly WebApplication _app;
    readonly ConcurrentQueue<LlmRequest> _requests = new();
    int _now, _most;

    LlmStub()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http1));
        _app = builder.Build();
        _app.MapPost("/v1/chat/completions", HandleAsync);
    }

    public static async Task<LlmStub> StartAsync()
    {
        var stub = new LlmStub();
        await stub._app.StartAsync();
        return stub;
    }

    public string Endpoint => _app.Urls.Single() + "/v1";

    /// <summary>Answers a request; its number counts from 1.</summary>
    public Func<LlmRequest, int, HttpContext, Task> Answer { get; set; } = (_, _, context) => SayAsync(context, """{"label":"positive","confidence":0.9}""");

    public IReadOnlyList<LlmRequest> Requests => [.. _requests];

    /// <summary>The most requests that were there at once.</summary>
    public int MostAtOnce => _most;

    async Task HandleAsync(HttpContext context)
    {
        var now = Interlocked.Increment(ref _now);
        for (var most = _most; now > most && Interlocked.CompareExchange(ref _most, now, most) != most; most = _most) ;
        try
        {
            using var document = await JsonDocument.ParseAsync(context.Request.Body);
            var request = new LlmRequest(document.RootElement.Clone(), context.Request.Headers.Authorization);
            _requests.Enqueue(request);
            await Answer(request, _requests.Count, context);
        }
        finally
        {
            Interlocked.Decrement(ref _now);
        }
    }

    /// <summary>A whole answer whose message is <paramref name="content"/>.</summary>
    public static Task SayAsync(HttpContext context, string? content, string reason = "stop", string? refusal = null) => RawAsync(context, JsonSerializer.Serialize(new
    {
        id = "c1",
        @object = "chat.completion",
        model = "stub-1",
        choices = new[] { new { index = 0, message = new { role = "assistant", content, refusal }, finish_reason = reason } },
        usage = new { prompt_tokens = 50, completion_tokens = 7, total_tokens = 57 },
    }));

    public static Task RawAsync(HttpContext context, string body)
    {
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(body);
    }

    public static Task FailAsync(HttpContext context, int status, string body = """{"error":{"message":"no"}}""", string? retryAfter = null)
    {
        context.Response.StatusCode = status;
        if (retryAfter is not null) context.Response.Headers.RetryAfter = retryAfter;
        return RawAsync(context, body);
    }

    public async ValueTask DisposeAsync()
    {
        using var soon = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await _app.StopAsync(soon.Token);
        await _app.DisposeAsync();
    }
}

/// <summary>A clock on which waiting takes no time: timers below the limit fire at once, and what they would have waited for is kept.</summary>
sealed class HastyTime(TimeSpan limit) : TimeProvider
{
    readonly ConcurrentQueue<TimeSpan> _waits = new();

    public IReadOnlyList<TimeSpan> Waits => [.. _waits];

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (dueTime <= TimeSpan.Zero || dueTime >= limit) return base.CreateTimer(callback, state, dueTime, period);
        _waits.Enqueue(dueTime);
        return base.CreateTimer(callback, state, TimeSpan.Zero, period);
    }
}
