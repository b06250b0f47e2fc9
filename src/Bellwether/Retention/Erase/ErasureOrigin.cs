using System.Text.RegularExpressions;

namespace Bellwether.Retention.Erase;

/// <summary>Where something was written, as far as it tells.</summary>
enum ErasureOrigin
{
    Unknown,
    X,
    Reddit,
    Elsewhere,
}

/// <summary>What types, addresses and names of sources tell about where something was written.</summary>
static partial class ErasureOrigins
{
    /// <summary>Of a type that a record or a result has; news is what everything becomes that tells no type.</summary>
    public static ErasureOrigin OfType(string? type) => type?.Trim().ToLowerInvariant() switch
    {
        "tweet" or "twitter" or "x" => ErasureOrigin.X,
        "reddit" or "reddit_post" or "reddit_comment" => ErasureOrigin.Reddit,
        "filing" or "sec" or "sec_filing" or "8-k" or "10-k" or "10-q" => ErasureOrigin.Elsewhere,
        _ => ErasureOrigin.Unknown,
    };

    public static ErasureOrigin OfUrl(string? url) => HostOf(url) switch
    {
        null => ErasureOrigin.Unknown,
        "x.com" or "twitter.com" or "t.co" => ErasureOrigin.X,
        "reddit.com" or "redd.it" => ErasureOrigin.Reddit,
        _ => ErasureOrigin.Elsewhere,
    };

    /// <summary>Of the name of a source; "news" and "legacy" stand for none.</summary>
    public static ErasureOrigin OfSource(string? source)
    {
        source = source?.Trim().ToLowerInvariant();
        if (source is null or "" or "news" or "legacy") return ErasureOrigin.Unknown;
        if (source is "x" || source.StartsWith("x.com", StringComparison.Ordinal) || Twitter().IsMatch(source)) return ErasureOrigin.X;
        return source.StartsWith("r/", StringComparison.Ordinal) || source.Contains("reddit", StringComparison.Ordinal) ? ErasureOrigin.Reddit : ErasureOrigin.Elsewhere;
    }

    /// <summary>Name of the account in the address of a post or a profile; null where there is none.</summary>
    public static string? NameIn(string? url) => url is null ? null : OfUrl(url) switch
    {
        ErasureOrigin.X when XName().Match(url) is { Success: true } found => found.Groups[1].Value,
        ErasureOrigin.Reddit when RedditName().Match(url) is { Success: true } found => found.Groups[1].Value,
        _ => null,
    };

    static string? HostOf(string? url)
    {
        if (url is null || !Uri.TryCreate(url.Trim(), UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https")) return null;
        var labels = address.Host.ToLowerInvariant().Split('.');
        // www., mobile., old. and the like.
        return labels.Length <= 2 ? string.Join('.', labels) : string.Join('.', labels[^2..]);
    }

    [GeneratedRegex(@"\b(twitter|tweets?)\b")]
    private static partial Regex Twitter();

    [GeneratedRegex(@"^\s*https?://[^/]+/([A-Za-z0-9_]{1,50})/status(?:es)?/", RegexOptions.IgnoreCase)]
    private static partial Regex XName();

    [GeneratedRegex(@"^\s*https?://[^/]+/(?:user|u)/([A-Za-z0-9_-]{1,50})(?:[/?#]|\s*$)", RegexOptions.IgnoreCase)]
    private static partial Regex RedditName();
}
