using System.Text;

namespace Bellwether.Feeds;

/// <summary>One spelling for all addresses of the same page.</summary>
public static class CanonicalUrl
{
    static readonly HashSet<string> Tracking = new(StringComparer.OrdinalIgnoreCase)
    {
        "ref", "ref_src", "ref_url", "referrer", "fbclid", "gclid", "dclid", "gbraid", "wbraid", "msclkid", "yclid", "twclid", "igshid",
        "mc_cid", "mc_eid", "cmpid", "cmp", "ocid", "ncid", "icid", "_ga", "_gl", "mkt_tok", "guccounter", "guce_referrer",
        "guce_referrer_sig", "taid", "smid", "smtyp", "sref", "spm", "src_trk",
    };

    /// <summary>
    /// Lower-case scheme and host, no default port, user, fragment, trailing slash or tracking parameters; the order of the others stays.
    /// Null when the text is no absolute http or https address.
    /// </summary>
    public static string? Of(ReadOnlySpan<char> text)
    {
        text = text.Trim();
        if (!IsWeb(text) || !Uri.TryCreate(text.ToString(), UriKind.Absolute, out var url)) return null;
        var result = new StringBuilder(text.Length)
            .Append(url.Scheme).Append("://").Append(url.IdnHost.ToLowerInvariant());
        if (!url.IsDefaultPort) result.Append(':').Append(url.Port);
        result.Append(url.AbsolutePath.AsSpan().TrimEnd('/'));
        var separator = '?';
        var query = url.Query.AsSpan().TrimStart('?');
        foreach (var range in query.Split('&'))
        {
            var pair = query[range];
            if (pair.IsEmpty || IsTracking(pair)) continue;
            result.Append(separator).Append(pair);
            separator = '&';
        }
        return result.ToString();
    }

    /// <summary>Whether the text starts like a web address; other schemes are never carried as a link.</summary>
    internal static bool IsWeb(ReadOnlySpan<char> text) =>
        text.StartsWith("https://", StringComparison.OrdinalIgnoreCase) || text.StartsWith("http://", StringComparison.OrdinalIgnoreCase);

    static bool IsTracking(ReadOnlySpan<char> pair)
    {
        var equals = pair.IndexOf('=');
        var name = equals < 0 ? pair : pair[..equals];
        return name.StartsWith("utm_", StringComparison.OrdinalIgnoreCase)
            || Tracking.GetAlternateLookup<ReadOnlySpan<char>>().Contains(name);
    }
}
