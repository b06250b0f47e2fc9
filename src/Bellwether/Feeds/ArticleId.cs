using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Bellwether.Feeds;

/// <summary>
/// The identity of a publication: 128 bits of SHA-256 in 32 lower-case hex digits, the same for every delivery and every refetch.
/// What is hashed is the first of these that the record has:
/// <list type="number">
/// <item>the id its feed gave it, scoped by source (ids of tweets and of Reddit posts are unique on their platform, so those are
/// scoped by platform; an id that is a web address counts as that address);</item>
/// <item>its canonical URL (<see cref="CanonicalUrl"/>), whoever the source was;</item>
/// <item>the event id its sender chose;</item>
/// <item>source, type, timestamp in UTC microseconds, title and text.</item>
/// </list>
/// An <c>article_id</c> that already has this form is kept, so that exported rows can be read back.
/// Parts are hashed with their lengths: no two different lists of parts give the same bytes.
/// </summary>
public static class ArticleId
{
    public const int Length = 32;

    public static string FromNativeId(string scope, ReadOnlySpan<char> id)
    {
        if (CanonicalUrl.IsWeb(id) && CanonicalUrl.Of(id) is { } url) return FromCanonicalUrl(url);
        return Hash("id", scope, id, default, default);
    }

    /// <param name="url">As <see cref="CanonicalUrl.Of"/> spells it.</param>
    public static string FromCanonicalUrl(string url) => Hash("url", url, default, default, default);

    public static string FromEventId(ReadOnlySpan<char> eventId) => Hash("event", eventId, default, default, default);

    /// <param name="timestamp">Null when the record names no time: a refetch would otherwise look new.</param>
    public static string FromContent(string source, EventType type, DateTimeOffset? timestamp, ReadOnlySpan<char> title,
        ReadOnlySpan<char> text)
    {
        Span<char> when = stackalloc char[20];
        var digits = 0;
        if (timestamp is { } t) (t.UtcTicks / TimeSpan.TicksPerMicrosecond).TryFormat(when, out digits);
        ReadOnlySpan<char> tag = type switch
        {
            EventType.News => "content/news",
            EventType.Tweet => "content/tweet",
            EventType.Reddit => "content/reddit",
            _ => "content/filing",
        };
        return Hash(tag, source, when[..digits], title, text);
    }

    /// <summary>Whether the text has the form of an identity made here.</summary>
    public static bool IsWellFormed(ReadOnlySpan<char> text) =>
        text.Length == Length && !text.ContainsAnyExcept(HexDigits);

    static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    static string Hash(ReadOnlySpan<char> tag, ReadOnlySpan<char> a, ReadOnlySpan<char> b, ReadOnlySpan<char> c, ReadOnlySpan<char> d)
    {
        var chars = tag.Length + a.Length + b.Length + c.Length + d.Length;
        var size = checked(chars * 3 + 5 * sizeof(int));
        byte[]? rented = null;
        var buffer = size <= 2048 ? stackalloc byte[2048] : rented = ArrayPool<byte>.Shared.Rent(size);
        var length = 0;
        Append(buffer, ref length, tag);
        Append(buffer, ref length, a);
        Append(buffer, ref length, b);
        Append(buffer, ref length, c);
        Append(buffer, ref length, d);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(buffer[..length], hash);
        if (rented is not null) ArrayPool<byte>.Shared.Return(rented);
        return Convert.ToHexStringLower(hash[..(Length / 2)]);
    }

    static void Append(Span<byte> buffer, ref int length, ReadOnlySpan<char> part)
    {
        var bytes = Encoding.UTF8.GetBytes(part, buffer[(length + sizeof(int))..]);
        BinaryPrimitives.WriteInt32LittleEndian(buffer[length..], bytes);
        length += sizeof(int) + bytes;
    }
}

/// <summary>Identity of one result: an article seen for one ticker. The key of <c>ops.inbox</c>.</summary>
public static class EventKey
{
    /// <summary>
    /// Keys of everything that an event can become: one for each ticker. An article that no ticker was found for has one key too, so
    /// that it is put aside once, however often it comes, and is new when it comes with a ticker.
    /// </summary>
    public static IEnumerable<Guid> Of(EventEnvelope envelope) =>
        envelope.Tickers.Count == 0 ? [Of(envelope.ArticleId, "")] : envelope.Tickers.Select(t => Of(envelope.ArticleId, t));

    /// <summary>128 bits of SHA-256 over the article id, a zero byte and the ticker.</summary>
    public static Guid Of(string articleId, string ticker)
    {
        var size = (articleId.Length + ticker.Length) * 3 + 1;
        var buffer = size <= 256 ? stackalloc byte[256] : new byte[size];
        var length = Encoding.UTF8.GetBytes(articleId, buffer);
        buffer[length++] = 0;
        length += Encoding.UTF8.GetBytes(ticker, buffer[length..]);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(buffer[..length], hash);
        return new Guid(hash[..16], bigEndian: true);
    }
}
