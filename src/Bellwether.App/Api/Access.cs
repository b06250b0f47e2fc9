using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Bellwether.App.Api;

/// <summary>
/// Who may ask. With a token every request but those to /health must carry it. Without one the server listens on loopback only, and refuses
/// what a web page opened in a browser on this machine could send: a foreign host name, or a write from another origin.
/// </summary>
sealed class Access(RequestDelegate next, ServeOptions options)
{
    const string Scheme = "Bearer ";

    // Hashes have one length, so that comparing them tells nothing about the length of the token either.
    readonly byte[]? _expected = options.Token is { } token ? SHA256.HashData(Encoding.ASCII.GetBytes(token)) : null;

    public Task InvokeAsync(HttpContext context)
    {
        if (_expected is null)
        {
            if (!IsLocalName(context.Request.Host.Host))
                return Problems.WriteAsync(context, Problems.Details(421, ProblemKind.Misdirected, "Not a name of this server",
                    "Without a token only requests to localhost, 127.0.0.1 and [::1] are answered."));
            if (IsForeignWrite(context.Request))
                return Problems.WriteAsync(context,
                    Problems.Details(403, ProblemKind.Forbidden, "A page of another origin may not write", "Set a token to allow it."));
            return next(context);
        }
        if (context.Request.Path.StartsWithSegments("/health") || IsKnown(context.Request.Headers.Authorization)) return next(context);
        context.Response.Headers.WWWAuthenticate = "Bearer realm=\"bellwether\"";
        return Problems.WriteAsync(context,
            Problems.Details(401, ProblemKind.Unauthorized, "A token is required", "Send the header Authorization: Bearer TOKEN."));
    }

    bool IsKnown(string? header) =>
        header is not null && header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
        && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(header[Scheme.Length..].Trim())), _expected);

    static bool IsLocalName(string host) =>
        host is "" or "127.0.0.1" or "[::1]" or "::1" || host.Equals("localhost", StringComparison.OrdinalIgnoreCase);

    static bool IsForeignWrite(HttpRequest request) =>
        !HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method)
        && request.Headers.Origin is [{ Length: > 0 } origin] && origin != $"{request.Scheme}://{request.Host}";
}
