using System.Globalization;
using System.Threading.RateLimiting;
using Bellwether.App.Api.AsOf;
using Bellwether.App.Api.Counts;
using Bellwether.App.Api.Confluence;
using Bellwether.App.Api.DeadLetters;
using Bellwether.App.Api.Health;
using Bellwether.App.Api.Market;
using Bellwether.App.Api.Options;
using Bellwether.App.Api.Push;
using Bellwether.App.Api.Sentiment;
using Bellwether.App.Api.Signals;
using Bellwether.App.Api.Sql;
using Bellwether.App.Api.Stream;
using Bellwether.App.Commands;
using Bellwether.App.Workers;
using Bellwether.Diagnostics;
using Bellwether.Events;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Bellwether.App.Api;

public sealed partial class BellwetherServer
{
    // Long enough for a batch in hand; whatever is cut off is done again from the log.
    static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(15);

    static WebApplication Build(Desk desk, ServeOptions options)
    {
        // Empty: settings come from the desk's options alone, not from files or variables of the framework.
        var builder = WebApplication.CreateEmptyBuilder(
            new() { ApplicationName = "Bellwether.App", ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseKestrelCore().UseUrls([.. options.Listen]).ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = options.MaxRequestBytes;
        });
        AddParts(builder.Services, desk, options);
        var app = builder.Build();
        app.UseMiddleware<ProblemMiddleware>();
        app.UseRouting();
        app.UseRateLimiter();
        app.UseMiddleware<Access>();
        HealthEndpoints.Map(app);
        if (options.Roles.HasFlag(ServeRoles.Api)) MapApi(app);
        return app;
    }

    static void MapApi(WebApplication app)
    {
        var api = app.MapGroup("/api/v1").RefuseUnknownQuery();
        PushEndpoints.Map(api);
        SentimentEndpoints.Map(api);
        ConfluenceEndpoints.Map(api);
        StreamEndpoints.Map(api);
        SqlEndpoints.Map(api);
        DeadLetterEndpoints.Map(api);
        CountsEndpoints.Map(api);
        MarketEndpoints.Map(api);
        OptionsEndpoints.Map(api);
        SignalEndpoints.Map(api);
        AsOfEndpoints.Map(api);
        // Any other name is an unknown path, and told so as all are.
        app.MapOpenApi("/openapi/{documentName:regex(^v1$)}.json").ExcludeFromDescription().AnswersHead();
    }

    static void AddParts(IServiceCollection services, Desk desk, ServeOptions options)
    {
        services.AddSingleton(desk.Loggers);
        services.AddSingleton(typeof(ILogger<>), typeof(Logger<>));
        // Signals are the command's business: it cancels, and the server drains.
        services.AddSingleton<IHostLifetime, NoLifetime>();
        services.Configure<HostOptions>(host => host.ShutdownTimeout = DrainTime);
        services.AddRouting();
        // What is wrong with a body is told by field, not by an empty answer.
        services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
        services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.PropertyNamingPolicy = ApiJson.Default.Options.PropertyNamingPolicy;
            json.SerializerOptions.NumberHandling = ApiJson.Default.Options.NumberHandling;
            json.SerializerOptions.DefaultIgnoreCondition = ApiJson.Default.Options.DefaultIgnoreCondition;
            json.SerializerOptions.UnmappedMemberHandling = ApiJson.Default.Options.UnmappedMemberHandling;
            json.SerializerOptions.Converters.Add(new UtcTimes());
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, ApiJson.Default);
        });
        services.AddOpenApi("v1", OpenApiDocument.Describe);
        services.AddRateLimiter(limits => LimitRequests(limits, options));
        services.AddSingleton(options).AddSingleton(desk).AddSingleton(desk.Time).AddSingleton(desk.DataSource).AddSingleton(desk.Reader);
        services.AddScoped<RequestCheck>().AddSingleton<DatabaseWait>();
        services.AddSingleton(new ServerStart(desk.Time.GetTimestamp()));
        services.AddSingleton(_ => new PrometheusMetrics(PrometheusMetrics.Defaults));
        services.AddSingleton<WorkerStatus>().AddSingleton<HealthProbe>();
        AddRoles(services, desk, options.Roles);
    }

    // Stopped in reverse, after the HTTP server: pushes are appended first, then the workers end.
    static void AddRoles(IServiceCollection services, Desk desk, ServeRoles roles)
    {
        services.AddHostedService(s => new MetricsStart(s.GetRequiredService<PrometheusMetrics>()));
        services.AddHostedService(_ => new PresenceService(desk));
        if (desk.CreateCatchUp() is { } catchUp)
            services.AddHostedService(s => new HotStoreService(catchUp, s.GetRequiredService<WorkerStatus>()));
        if (desk.Cold is not null) services.AddHostedService<ColdTierService>();
        if (roles.HasFlag(ServeRoles.Scheduler)) services.AddHostedService<SchedulerService>().AddHostedService<StateMetricsService>();
        if (roles.HasFlag(ServeRoles.Lake)) services.AddHostedService<LakeService>();
        if (roles.HasFlag(ServeRoles.Worker))
            foreach (var topic in new[] { Topics.HighPriority, Topics.StandardPriority })
                services.AddSingleton<IHostedService>(s => new ScoringService(desk, s.GetRequiredService<WorkerStatus>(), topic));
        if (roles.HasFlag(ServeRoles.Worker) && desk.Forwarder is { } forwarder)
            services.AddSingleton<IHostedService>(s => new ForwardingService(desk, forwarder, s.GetRequiredService<WorkerStatus>()));
        if (!roles.HasFlag(ServeRoles.Api)) return;
        services.AddSingleton(desk.Ingestor);
        services.AddSingleton<PushBody>().AddSingleton<ScoredWait>().AddSingleton<SqlRunner>().AddSingleton<CountsWork>();
        services.AddHostedService<RebuildService>();
        services.AddSingleton<StreamHub>().AddHostedService(s => s.GetRequiredService<StreamHub>());
        services.AddSingleton<PushQueue>().AddHostedService(s => s.GetRequiredService<PushQueue>());
    }

    static void LimitRequests(RateLimiterOptions limits, ServeOptions options)
    {
        limits.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
        limits.OnRejected = async (rejected, _) => await Problems.WriteAsync(
            rejected.HttpContext,
            Problems.TooBusy(string.Create(CultureInfo.InvariantCulture, $"This address may make {options.RequestsPerSecond} requests a second.")),
            rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out var after) ? after : TimeSpan.FromSeconds(1));
        limits.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, string>(context =>
            context.Request.Path.StartsWithSegments("/health")
                ? RateLimitPartition.GetNoLimiter("health")
                : RateLimitPartition.GetTokenBucketLimiter(context.Connection.RemoteIpAddress?.ToString() ?? "local", _ => new()
                {
                    TokenLimit = options.RequestsPerSecond,
                    TokensPerPeriod = options.RequestsPerSecond,
                    ReplenishmentPeriod = TimeSpan.FromSeconds(1),
                    QueueLimit = 0,
                }));
    }

    sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    /// <summary>Made before the workers, so that their first batches are counted.</summary>
    sealed class MetricsStart(PrometheusMetrics metrics) : IHostedService
    {
        public PrometheusMetrics Metrics { get; } = metrics;

        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
