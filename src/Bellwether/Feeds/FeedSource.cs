namespace Bellwether.Feeds;

/// <summary>Where an input comes from: a file, standard input or a web address.</summary>
public sealed record FeedSource
{
    FeedSource(string location, string origin, Uri? url, Func<Stream>? open)
    {
        Location = location;
        Origin = origin;
        Url = url;
        Open = open;
    }

    /// <summary>As the user gave it; may hold secrets.</summary>
    public string Location { get; }

    /// <summary>For messages and stored rejections: no user name, password, query string or fragment.</summary>
    public string Origin { get; }

    /// <summary>Not null for http and https.</summary>
    public Uri? Url { get; }

    public bool IsStandardInput => Location == "-";

    internal Func<Stream>? Open { get; }

    /// <param name="location">A path, <c>-</c> for standard input, or an http or https URL.</param>
    public static FeedSource Parse(string location)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(location);
        if (location == "-") return new(location, "stdin", null, null);
        if (Uri.TryCreate(location, UriKind.Absolute, out var url) && url.Scheme is "http" or "https")
            return new(location, url.GetComponents(UriComponents.Scheme | UriComponents.Host | UriComponents.Port | UriComponents.Path,
                UriFormat.UriEscaped), url, null);
        return new(location, location, null, null);
    }

    /// <summary>An input that is at hand as a stream, which the reader disposes.</summary>
    /// <param name="origin">Name for messages; its extension helps to recognise the format.</param>
    public static FeedSource Of(string origin, Func<Stream> open) => new(origin, origin, null, open);

    /// <summary>The last part of the path or URL, for recognising formats by extension.</summary>
    internal string FileName => Path.GetFileName(Url is null ? Origin : Url.AbsolutePath);

    /// <summary>Name of the publisher where neither record nor option gives one: the host of a URL.</summary>
    internal string? DefaultSource => Url?.Host;
}
