using Bellwether.App.Api.Health;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Bellwether.App.Api;

/// <summary>What the OpenAPI document says beyond the endpoints: access, problems that any request may meet, parameters, exact schemas.</summary>
static partial class OpenApiDocument
{
    const string Bearer = "bearer";

    static readonly (string Path, string Name, string Description)[] Tags =
    [
        ("/api/v1/events", "events", "Events in"),
        ("/api/v1/sentiment", "sentiment", "Sentiment of tickers, now and as of any past moment"),
        ("/api/v1/confluence", "confluence", "How far prices, sentiment and options point the same way"),
        ("/api/v1/stream", "stream", "Results as they are committed"),
        ("/api/v1/sql", "sql", "Read-only SQL"),
        ("/api/v1/dead-letters", "dead letters", "Records that were put aside"),
        ("/api/v1/counts", "counts", "How many posts an account will write"),
        ("/api/v1/asof", "as-of joins", "What was known at each row's time"),
        ("/api/v1/options", "options", "Prices, Greeks and implied volatilities of options, and their chains"),
        ("/api/v1/signals", "signals", "Whether a signal predicts returns"),
        ("/api/v1/market", "market", "Bars, indicators and market conditions, now and as of any past moment"),
        ("/", "diagnostics", "Health and metrics"),
    ];

    public static void Describe(OpenApiOptions options)
    {
        // HEAD goes without saying.
        options.ShouldInclude = description => description.HttpMethod != "HEAD";
        // Times have a converter of their own, behind which one that may be absent looks like any other.
        options.AddSchemaTransformer((schema, context, _) =>
        {
            foreach (var property in context.JsonTypeInfo.Properties)
                if (property.PropertyType == typeof(DateTimeOffset?)) schema.Required?.Remove(property.Name);
            return Task.CompletedTask;
        });
        options.AddDocumentTransformer((document, _, _) =>
        {
            Complete(document);
            return Task.CompletedTask;
        });
    }

    static void Complete(Microsoft.OpenApi.OpenApiDocument document)
    {
        document.Info = new()
        {
            Title = "Bellwether",
            Version = HealthEndpoints.Version,
            Description = "Posts, news and filings in; scored sentiment out. Times are UTC; errors are problem details (RFC 9457). What is absent is left out.",
            License = new() { Name = "MIT", Identifier = "MIT" },
        };
        foreach (var server in document.Servers ?? []) server.Url = server.Url?.TrimEnd('/');
        document.Components ??= new();
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
        {
            [Bearer] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                Description = "The server's token. A server without one listens on loopback only and asks for none.",
            },
        };
        document.Security = [new() { [new OpenApiSecuritySchemeReference(Bearer, document)] = [] }, new()];
        document.Tags = Tags.Select(t => new OpenApiTag { Name = t.Name, Description = t.Description }).ToHashSet();
        foreach (var (name, schema) in document.Components.Schemas ?? new Dictionary<string, IOpenApiSchema>())
            if (schema is OpenApiSchema own) Correct(name, own);
        foreach (var (path, item) in document.Paths)
            foreach (var (method, operation) in item.Operations ?? [])
                Complete(document, path, method, operation);
        CompleteBodies(document);
    }

    static void Complete(Microsoft.OpenApi.OpenApiDocument document, string path, HttpMethod method, OpenApiOperation operation)
    {
        operation.Tags = new HashSet<OpenApiTagReference> { new(Tags.First(t => path.StartsWith(t.Path, StringComparison.Ordinal)).Name, document) };
        var health = path.StartsWith("/health", StringComparison.Ordinal);
        if (health) operation.Security = [new()];
        else
        {
            Problem(401, "The token is missing or wrong");
            Problem(429, "More requests than may be made");
        }
        if (method != HttpMethod.Get) Problem(403, "A web page of another origin may not write");
        if (path != "/metrics") Problem(406, "The Accept header has no place for the answer");
        if (path.StartsWith("/api/", StringComparison.Ordinal)) Problem(503, "The database cannot be had for the moment");
        foreach (var parameter in operation.Parameters?.OfType<OpenApiParameter>() ?? []) Explain(operation.OperationId!, parameter);

        void Problem(int status, string description) => (operation.Responses ??= [])[$"{status}"] = new OpenApiResponse
        {
            Description = description,
            Headers = status is 429 or 503
                ? new Dictionary<string, IOpenApiHeader>
                {
                    ["Retry-After"] = new OpenApiHeader { Description = "Seconds to wait", Schema = new OpenApiSchema { Type = JsonSchemaType.Integer } },
                }
                : null,
            Content = new Dictionary<string, OpenApiMediaType>
            {
                ["application/problem+json"] = new() { Schema = new OpenApiSchemaReference("ProblemDetails", document) },
            },
        };
    }
}
