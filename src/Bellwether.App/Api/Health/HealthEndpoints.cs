using System.Reflection;
using Bellwether.App.Api.Stream;
using Bellwether.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Bellwether.App.Api.Health;

/// <summary>/health… for orchestrators and people, /metrics for Prometheus.</summary>
static class HealthEndpoints
{
    public static string Version { get; } =
        typeof(HealthEndpoints).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0]
        ?? "unknown";

    public static void Map(IEndpointRouteBuilder app)
    {
        var health = app.MapGroup("/health").AnswersHead().RefuseUnknownQuery().Answers("application/json");
        health.MapGet("/live", () => TypedResults.Ok(new HealthCheck("live", true, null))).WithName("getLive")
            .WithSummary("The process answers");
        health.MapGet("/ready", ReadyAsync).WithName("getReady").WithSummary("Database, schema and workers are in order")
            .Produces<ReadyAnswer>().Produces<ReadyAnswer>(StatusCodes.Status503ServiceUnavailable);
        health.MapGet("/", SummaryAsync).WithName("getHealth").WithSummary("The state of the desk at a glance");
        app.MapGet("/metrics", MetricsAsync).WithName("getMetrics").WithSummary("Metrics in the Prometheus text format")
            .AnswersHead().RefuseUnknownQuery()
            .Produces(StatusCodes.Status200OK, typeof(string), "text/plain");
    }

    static async Task<JsonHttpResult<ReadyAnswer>> ReadyAsync(HealthProbe probe, CancellationToken cancellationToken)
    {
        var found = await probe.LookAsync(cancellationToken);
        return TypedResults.Json(new ReadyAnswer(found.Ready, found.Degraded, found.Checks), ApiJson.Default.ReadyAnswer,
            statusCode: found.Ready ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
    }

    static async Task<Ok<HealthSummary>> SummaryAsync(
        HealthProbe probe, Desk desk, ServeOptions options, ServerStart start, IServiceProvider services,
        CancellationToken cancellationToken)
    {
        var found = await probe.LookAsync(cancellationToken);
        var hot = await desk.Hot.StatsAsync(cancellationToken);
        var hub = (StreamHub?)services.GetService(typeof(StreamHub));
        return TypedResults.Ok(new HealthSummary(
            found.Ready, found.Degraded, Version, desk.Time.GetUtcNow(), Math.Round(desk.Time.GetElapsedTime(start.Timestamp).TotalSeconds, 1),
            options.RoleNames, found.Revision, found.Checks, found.Lag, found.OpenDeadLetters, hot.Entries, hub?.Clients ?? 0));
    }

    static async Task<ContentHttpResult> MetricsAsync(PrometheusMetrics metrics, Desk desk, CancellationToken cancellationToken)
    {
        var text = new PrometheusText();
        text.Family("bellwether_build_info", "gauge", "Version of the program");
        text.Sample("bellwether_build_info", PrometheusText.Labels([("version", Version)]), 1);
        metrics.Write(text);
        var hot = await desk.Hot.StatsAsync(cancellationToken);
        text.Single("bellwether_hot_store_entries", "gauge", "Tickers in the hot store", hot.Entries);
        text.Single("bellwether_hot_store_hits_total", "counter", "Tickers asked for and found in the hot store", hot.Hits);
        text.Single("bellwether_hot_store_misses_total", "counter", "Tickers asked for and not found in the hot store", hot.Misses);
        text.Family("bellwether_hot_store_bytes", "gauge", "Size of keys and values by family");
        foreach (var (family, bytes) in hot.BytesByFamily.OrderBy(f => f.Key, StringComparer.Ordinal))
            text.Sample("bellwether_hot_store_bytes", PrometheusText.Labels([("family", family)]), bytes);
        ProcessMetrics.Write(text);
        return TypedResults.Text(text.ToString(), PrometheusText.ContentType);
    }
}

/// <summary>When the server was started, as a timestamp of its clock.</summary>
sealed record ServerStart(long Timestamp);
