using System.Diagnostics;
using Bellwether.App.Api.Health;
using Bellwether.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Bellwether.App.Api;

/// <summary>Export of traces by OTLP, when the usual environment variables name a collector.</summary>
static class Tracing
{
    const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT", TracesEndpoint = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", ServiceName = "OTEL_SERVICE_NAME";

    public static TracerProvider? Start()
    {
        if (Environment.GetEnvironmentVariable(Endpoint) is not { Length: > 0 } && Environment.GetEnvironmentVariable(TracesEndpoint) is not { Length: > 0 }) return null;
        return Sdk.CreateTracerProviderBuilder()
            .ConfigureResource(r => r.AddService(Environment.GetEnvironmentVariable(ServiceName) is { Length: > 0 } name ? name : "bellwether", serviceVersion: HealthEndpoints.Version))
            .AddSource(Instruments.Name, "Microsoft.AspNetCore", "Npgsql")
            .AddOtlpExporter()
            .Build();
    }
}
