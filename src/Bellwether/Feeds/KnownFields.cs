using System.Collections.Frozen;

namespace Bellwether.Feeds;

/// <summary>What a column or property can mean.</summary>
enum Field
{
    Text, Title, Url, Timestamp, Tickers, Id, EventId, Source, Type, Weight, Priority, PremiumTier, AuthorId, Author, Followers,
}

/// <summary>A meaning, and how strongly a name carries it: the lowest rank with a value wins within one record.</summary>
/// <param name="Html">Publishers put markup into fields of this name.</param>
/// <param name="Scope">Platform on which ids of this name are unique; null where the source scopes them.</param>
readonly record struct FieldMeaning(Field Field, int Rank, bool Html = false, string? Scope = null);

/// <summary>The names under which feeds carry their fields. body, content, text and url, link are the precedence of the founding
/// plan.</summary>
static class KnownFields
{
    public const int Count = (int)Field.Followers + 1;

    // A trailing < marks a field that may hold markup.
    static readonly (Field Field, string[] Names)[] Names =
    [
        (Field.Text, ["body<", "content<", "content_html<", "content_text", "full_text", "article_text", "text", "tweet", "tweet_text",
            "message", "selftext", "post", "description<", "summary<"]),
        (Field.Title, ["article_title", "title", "headline", "subject"]),
        (Field.Url, ["source_url", "url", "link", "article_url", "permalink", "href"]),
        (Field.Timestamp, ["timestamp", "published_at", "publishedat", "published", "pub_date", "pubdate", "date_published", "publish_date",
            "publication_date", "time_published", "created_at_utc", "created_at", "created_utc", "datetime", "date", "time", "created",
            "post_date", "updated", "updated_at", "ts"]),
        (Field.Tickers, ["tickers", "ticker", "symbols", "symbol", "stocks", "stock", "cashtags", "ticker_symbol", "related"]),
        (Field.Id, ["article_id", "tweet_id", "post_id", "id_str", "guid", "news_id", "id", "uuid"]),
        (Field.EventId, ["event_id", "eventid"]),
        (Field.Source, ["source", "source_name", "publisher", "publication", "provider", "site"]),
        (Field.Type, ["type", "event_type", "source_type"]),
        (Field.Weight, ["weight"]),
        (Field.Priority, ["priority"]),
        (Field.PremiumTier, ["premium_tier", "tier"]),
        (Field.AuthorId, ["author_id", "user_id"]),
        (Field.Author, ["author", "username", "screen_name", "user_name", "user", "writer", "creator"]),
        (Field.Followers, ["followers", "followers_count", "author_followers", "user_followers"]),
    ];

    static readonly FrozenDictionary<string, FieldMeaning>.AlternateLookup<ReadOnlySpan<char>> ByName =
        Names.SelectMany(f => f.Names.Select((name, rank) => KeyValuePair.Create(
                name.TrimEnd('<'), new FieldMeaning(f.Field, rank + 1, name.EndsWith('<'), ScopeOf(name)))))
            .ToFrozenDictionary(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>Fields that <c>--map</c> can name.</summary>
    public static readonly FrozenDictionary<string, Field> Mappable = new Dictionary<string, Field>
    {
        ["text"] = Field.Text,
        ["title"] = Field.Title,
        ["timestamp"] = Field.Timestamp,
        ["tickers"] = Field.Tickers,
        ["id"] = Field.Id,
        ["event_id"] = Field.EventId,
        ["url"] = Field.Url,
        ["source"] = Field.Source,
        ["type"] = Field.Type,
        ["weight"] = Field.Weight,
        ["priority"] = Field.Priority,
        ["premium_tier"] = Field.PremiumTier,
        ["author"] = Field.Author,
        ["author_id"] = Field.AuthorId,
        ["followers"] = Field.Followers,
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    static string? ScopeOf(string name) => name switch { "tweet_id" => "tweet", "post_id" => "reddit", _ => null };

    /// <summary>The guess for a name; case, spaces and dashes do not matter.</summary>
    public static bool TryGuess(ReadOnlySpan<char> name, out FieldMeaning meaning)
    {
        meaning = default;
        name = name.Trim().TrimStart('\uFEFF');
        if (name.Length is 0 or > 32) return false;
        Span<char> plain = stackalloc char[32];
        for (var i = 0; i < name.Length; i++) plain[i] = name[i] is ' ' or '-' ? '_' : char.ToLowerInvariant(name[i]);
        return ByName.TryGetValue(plain[..name.Length], out meaning);
    }
}
