using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Bellwether.App.Api;

/// <summary>Parts that one process can play. Every role but the API shares its work between processes on one database.</summary>
[Flags]
public enum ServeRoles
{
    None = 0,
    Api = 1,
    Worker = 2,
    Lake = 4,
    Scheduler = 8,
    All = Api | Worker | Lake | Scheduler,
}

/// <summary>Settings of the server.</summary>
public sealed record ServeOptions
{
    public const string DefaultUrl = "http://127.0.0.1:5080";
    public const string TokenVariable = "BELLWETHER_TOKEN";
    public const string UrlsVariable = "BELLWETHER_URLS";
    const int MinTokenLength = 16;

    /// <summary>
    /// Addresses to listen on; port 0 takes a free one. Null: those of <see cref="UrlsVariable"/>, else <see cref="DefaultUrl"/>, or
    /// without the API role a free loopback port that serves health and metrics only.
    /// </summary>
    public IReadOnlyList<string>? Urls { get; init; }

    /// <summary>
    /// Secret that every request but those to /health must carry. Null: from <see cref="TokenVariable"/>, if that is set. Never logged.
    /// </summary>
    public string? Token { get; init; }

    /// <summary>File that holds the token, for secrets that are mounted; surrounding blanks are ignored.</summary>
    public string? TokenFile { get; init; }

    public ServeRoles Roles { get; init; } = ServeRoles.All;

    /// <summary>Longest request body, bytes as sent.</summary>
    [Range(1024, 1 << 30)] public int MaxRequestBytes { get; init; } = 32 << 20;

    /// <summary>Requests a second that one client address may make; as many may come at once.</summary>
    [Range(1, 1_000_000)] public int RequestsPerSecond { get; init; } = 5_000;

    /// <summary>Events that may wait for the log at one time; more are answered with 429.</summary>
    [Range(1, 10_000_000)] public int MaxWaitingEvents { get; init; } = 50_000;

    /// <summary>Clients of the live stream at one time.</summary>
    [Range(1, 100_000)] public int MaxStreamClients { get; init; } = 1_000;

    /// <summary>Longest time that a query of <c>POST /sql</c> may take.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")] public TimeSpan SqlTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Most rows that <c>POST /sql</c> answers with.</summary>
    [Range(1, 10_000_000)] public int SqlMaxRows { get; init; } = 100_000;

    /// <summary>Most bytes that <c>POST /sql</c> answers with; it is held in memory whole.</summary>
    [Range(1024, 1 << 27)] public int SqlMaxBytes { get; init; } = 32 << 20;

    /// <summary>How long a request waits for the database before it is sent back with 503.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:10:00")] public TimeSpan DatabaseTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The roles one by one, in lower case.</summary>
    internal IReadOnlyList<string> RoleNames =>
        [.. Enum.GetValues<ServeRoles>().Where(r => long.PopCount((long)r) == 1 && Roles.HasFlag(r))
            .Select(r => r.ToString().ToLowerInvariant())];

    internal IReadOnlyList<string> Listen =>
        Urls ?? (Roles.HasFlag(ServeRoles.Api) ? [DefaultUrl] : ["http://127.0.0.1:0"]);

    /// <summary>Options with addresses and token found, checked.</summary>
    /// <exception cref="DeskOptionsException">A setting cannot be used, or the server would be open to others without a token.</exception>
    internal ServeOptions Resolve() => (this with { Urls = Urls ?? UrlsOf(Environment.GetEnvironmentVariable(UrlsVariable)) }).Checked();

    /// <summary>Addresses in one text, separated by semicolons, commas or blanks; null when there is none.</summary>
    internal static IReadOnlyList<string>? UrlsOf(string? text) =>
        text?.Split([';', ',', ' '], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) is { Length: > 0 } urls ? urls : null;

    ServeOptions Checked()
    {
        var problems = new List<ValidationResult>();
        if (!Validator.TryValidateObject(this, new ValidationContext(this), problems, validateAllProperties: true))
            throw new DeskOptionsException(string.Join(" ", problems.Select(AsOption)));
        if (Roles is ServeRoles.None || (Roles & ~ServeRoles.All) != 0)
            throw new DeskOptionsException($"roles '{Roles}' must be one or more of api, worker, lake and scheduler");
        var token = Token ?? FromFile() ?? (Environment.GetEnvironmentVariable(TokenVariable) is { Length: > 0 } found ? found : null);
        if (token is not null && (token.Length < MinTokenLength || token.AsSpan().ContainsAnyExceptInRange('!', '~')))
            throw new DeskOptionsException(
                $"the token must be at least {MinTokenLength} printable ASCII characters without blanks, "
                + "for example from: openssl rand -hex 32");
        if (Listen.Count == 0) throw new DeskOptionsException("there is no address to listen on");
        foreach (var url in Listen)
            if (!IsLoopback(url) && token is null)
                throw new DeskOptionsException(
                    $"{url} can be reached from other machines, so a token is required: set {TokenVariable}, "
                    + $"or name a file with --token-file, or listen on {DefaultUrl}");
        return this with { Token = token };
    }

    // Told by the name under which it is given on the command line.
    static string AsOption(ValidationResult problem)
    {
        var name = problem.MemberNames.First();
        return problem.ErrorMessage!.Replace($"The field {name}", $"--{JsonNamingPolicy.KebabCaseLower.ConvertName(name)}", StringComparison.Ordinal);
    }

    string? FromFile()
    {
        if (TokenFile is null) return null;
        try
        {
            return File.ReadAllText(TokenFile).Trim();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new DeskOptionsException($"the token file {TokenFile} cannot be read: {error.Message}");
        }
    }

    static bool IsAddress(string url)
    {
        try
        {
            // What is no number is left with the name of the host.
            return BindingAddress.Parse(url) is { IsUnixPipe: true } or { Port: >= 0 and <= 65_535, Host: ['[', ..], PathBase: "" }
                || BindingAddress.Parse(url) is { Port: >= 0 and <= 65_535, Host.Length: > 0, PathBase: "" } named && !named.Host.Contains(':');
        }
        catch (FormatException)
        {
            return false;
        }
    }

    static bool IsLoopback(string url)
    {
        if (!url.StartsWith("http://", StringComparison.OrdinalIgnoreCase))
            throw new DeskOptionsException($"address '{url}' must begin with http:// (for TLS put a reverse proxy in front)");
        if (!IsAddress(url)) throw new DeskOptionsException($"address '{url}' is not http://HOST:PORT with a port from 0 to 65535");
        if (url.StartsWith("http://unix:/", StringComparison.OrdinalIgnoreCase)) return true;
        // "*" and "+" are no hosts to Uri, and mean every address.
        if (!Uri.TryCreate(url, UriKind.Absolute, out var parsed)) return false;
        return parsed.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(parsed.Host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
    }
}
