using Bellwether.App.Api.Health;
using Microsoft.AspNetCore.OpenApi;

namespace Bellwether.App.Api;

/// <summary>What the OpenAPI document says beyond the endpoints.</summary>
static class OpenApiDocument
{
    public static void Describe(OpenApiOptions options) =>
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new()
            {
                Title = "Bellwether",
                Version = HealthEndpoints.Version,
                Description = "Posts, news and filings in; scored sentiment out. Times are UTC; errors are problem details (RFC 9457).",
            };
            return Task.CompletedTask;
        });
}
