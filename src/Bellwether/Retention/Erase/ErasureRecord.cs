using System.Text.Json;
using Bellwether.Feeds;

namespace Bellwether.Retention.Erase;

/// <summary>
/// What a source's record tells about who wrote it and where. Only its own level counts, and the object of its author there: whoever it
/// mentions, quotes or answers, and the posts that it carries on, are named further inside.
/// </summary>
sealed class ErasureRecord
{
    static readonly HashSet<string> OnlyX = new(StringComparer.Ordinal)
    {
        "tweet_id", "tweet_text", "screen_name", "retweet_count", "retweeted_status", "quoted_status", "in_reply_to_status_id", "in_reply_to_status_id_str",
        "in_reply_to_screen_name", "edit_history_tweet_ids", "note_tweet", "referenced_tweets", "public_metrics",
    };

    static readonly HashSet<string> OnlyReddit = new(StringComparer.Ordinal)
    {
        "post_id", "subreddit", "subreddit_id", "subreddit_name_prefixed", "author_fullname", "crosspost_parent", "crosspost_parent_list", "selftext", "link_id",
    };

    bool _x, _reddit;
    string? _type, _source;

    /// <summary>Ids of the account.</summary>
    public List<string> Ids { get; } = [];

    /// <summary>Names that only accounts have.</summary>
    public List<string> Handles { get; } = [];

    /// <summary>Names that a writer of articles may have as well.</summary>
    public List<string> Bylines { get; } = [];

    public string? Url { get; private set; }

    /// <summary>Identity of the publication, in a record that was one of ours.</summary>
    public string? Article { get; private set; }

    public bool NamesAuthor => Ids.Count + Handles.Count + Bylines.Count > 0;

    /// <summary>One record, whose payload may be in the form that old files leave: what their own payload was, and their columns.</summary>
    public static ErasureRecord Of(JsonElement json)
    {
        var record = new ErasureRecord();
        if (json.ValueKind != JsonValueKind.Object) return record;
        record.Read(json);
        if (json.TryGetProperty("payload", out var payload) && json.TryGetProperty("columns", out var columns))
        {
            record.Read(payload);
            record.Read(columns);
        }
        // A thing of Reddit, or a page with a single post.
        if (!record.NamesAuthor && json.TryGetProperty("data", out var data)) record.Read(data);
        return record;
    }

    /// <summary>One in which nothing but these was found.</summary>
    public static ErasureRecord Of(IEnumerable<string> ids, IEnumerable<string> names)
    {
        var record = new ErasureRecord();
        record.Ids.AddRange(ids);
        record.Bylines.AddRange(names);
        return record;
    }

    /// <summary>Where it was written; what is certain comes first.</summary>
    /// <param name="type">As it is stored, beside the record; so are the others.</param>
    public ErasureOrigin Origin(string? type = null, string? source = null, string? url = null)
    {
        if (ErasureOrigins.OfType(type) is not ErasureOrigin.Unknown and var told) return told;
        if (_x) return ErasureOrigin.X;
        if (_reddit) return ErasureOrigin.Reddit;
        foreach (var origin in (ReadOnlySpan<ErasureOrigin>)[ErasureOrigins.OfType(_type), ErasureOrigins.OfUrl(url ?? Url)])
            if (origin != ErasureOrigin.Unknown) return origin;
        return ErasureOrigins.OfSource(source) is not ErasureOrigin.Unknown and var known ? known : ErasureOrigins.OfSource(_source);
    }

    void Read(JsonElement level)
    {
        if (level.ValueKind != JsonValueKind.Object) return;
        foreach (var property in level.EnumerateObject())
        {
            var name = JsonText.NameOf(property).Trim().ToLowerInvariant().Replace(' ', '_').Replace('-', '_');
            var value = property.Value;
            _x |= OnlyX.Contains(name);
            _reddit |= OnlyReddit.Contains(name);
            if (name is "author" or "user" or "writer" or "creator" && value.ValueKind == JsonValueKind.Object) ReadAuthor(value, name == "user");
            if (name is "source" && value.ValueKind == JsonValueKind.Object && value.TryGetProperty("name", out var publisher)) value = publisher;
            if (JsonText.Of(value) is { Length: > 0 } text) Read(name, text);
        }
    }

    void Read(string name, string text)
    {
        switch (name)
        {
            case "author_id" or "user_id" or "author_fullname":
                Ids.Add(text);
                break;
            case "username" or "screen_name" or "user_name" or "user":
                Handles.Add(text);
                break;
            case "author" or "writer" or "creator":
                Bylines.Add(text);
                break;
            case "source_url" or "url" or "link":
                Url ??= text;
                break;
            case "permalink" when text.StartsWith("/r/", StringComparison.Ordinal) || text.StartsWith("/user/", StringComparison.Ordinal):
            case "name" when text.StartsWith("t1_", StringComparison.Ordinal) || text.StartsWith("t3_", StringComparison.Ordinal):
                _reddit = true;
                break;
            case "source":
                _source ??= text;
                break;
            case "type" or "event_type" or "source_type":
                _type ??= text;
                break;
            case "article_id":
                Article ??= text;
                break;
        }
    }

    /// <summary>What the account is called: a name to be shown only counts where there is no other.</summary>
    void ReadAuthor(JsonElement author, bool isUser)
    {
        var (id, handle, shown) = (First(author, "id_str", "id"), First(author, "username", "screen_name", "user_name", "login"), First(author, "name"));
        _x |= author.TryGetProperty("screen_name", out _);
        var account = isUser || handle is not null;
        if (id is not null) (account ? Ids : Bylines).Add(id);
        if ((handle ?? shown) is { } name) (account ? Handles : Bylines).Add(name);
    }

    static string? First(JsonElement holder, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
            if (holder.TryGetProperty(name, out var found) && JsonText.Of(found) is { Length: > 0 } text) return text;
        return null;
    }
}
