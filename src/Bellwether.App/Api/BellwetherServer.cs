using Bellwether.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Trace;

namespace Bellwether.App.Api;

/// <summary>
/// The server: HTTP API, scoring workers, lake writer and scheduler in one process, or those of them that its roles name.
/// </summary>
public sealed partial class BellwetherServer : IAsyncDisposable
{
    readonly WebApplication _app;
    readonly TracerProvider? _traces;
    int _stopped;

    BellwetherServer(WebApplication app, TracerProvider? traces) => (_app, _traces) = (app, traces);

    /// <summary>Addresses that the server listens on, with the ports that it got.</summary>
    public IReadOnlyList<string> Urls { get; private set; } = [];

    internal IServiceProvider Services => _app.Services;

    /// <summary>Starts the server on a desk, which stays the caller's to close after the server.</summary>
    /// <exception cref="DeskOptionsException">A setting cannot be used.</exception>
    /// <exception cref="IOException">An address is taken or cannot be listened on.</exception>
    public static async Task<BellwetherServer> StartAsync(Desk desk, ServeOptions options, CancellationToken cancellationToken)
    {
        var resolved = options.Resolve();
        ListenCheck.Require(resolved.Listen);
        var traces = Tracing.Start();
        var app = Build(desk, resolved);
        try
        {
            await app.StartAsync(cancellationToken);
            var server = new BellwetherServer(app, traces)
            {
                Urls = [.. app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses ?? []],
            };
            Started(desk.Loggers.CreateLogger<BellwetherServer>(), string.Join(", ", server.Urls), string.Join(", ", resolved.RoleNames));
            return server;
        }
        catch
        {
            await app.DisposeAsync();
            traces?.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Waits until the token is cancelled, then stops in order: no new requests, those in hand are answered, pushed events are appended,
    /// batches are committed or rolled back. False when the server ended by itself, because a part of it failed.
    /// </summary>
    public async Task<bool> WaitAsync(CancellationToken cancellationToken)
    {
        var life = _app.Services.GetRequiredService<IHostApplicationLifetime>();
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var failed = life.ApplicationStopping.Register(() => ended.TrySetResult());
        using var asked = cancellationToken.Register(() => ended.TrySetResult());
        await ended.Task;
        await StopAsync();
        return cancellationToken.IsCancellationRequested;
    }

    async Task StopAsync()
    {
        if (Interlocked.Exchange(ref _stopped, 1) == 0) await _app.StopAsync(CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await _app.DisposeAsync();
        _traces?.Dispose();
    }

    [LoggerMessage(EventId = 3003, Level = LogLevel.Information, Message = "serving {Roles} on {Urls}")]
    static partial void Started(ILogger logger, string urls, string roles);
}
