using System.Diagnostics;
using Bellwether.App.Api.Health;
using Bellwether.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Bellwether.App;

/// <summary>Export of traces by OTLP, when the usual environment variables name a collector.</summary>
static class Tracing
{
    const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT", TracesEndpoint = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
    const string ServiceName = "OTEL_SERVICE_NAME";

    public static TracerProvider? Start()
    {
        if (Setting(Endpoint) is null && Setting(TracesEndpoint) is null) return null;
        return Sdk.CreateTracerProviderBuilder()
            .ConfigureResource(r => r.AddService(Setting(ServiceName) ?? "bellwether", serviceVersion: HealthEndpoints.Version))
            .AddSource(Instruments.Name, "Microsoft.AspNetCore", "Npgsql")
            .AddOtlpExporter()
            .Build();
    }

    static string? Setting(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
