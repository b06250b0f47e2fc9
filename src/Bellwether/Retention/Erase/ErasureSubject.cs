using System.Text.Json;

namespace Bellwether.Retention.Erase;

/// <summary>Where a person wrote.</summary>
public enum ErasurePlatform
{
    X,
    Reddit,
}

/// <summary>Whose data is meant: an account by its id or by its name.</summary>
/// <param name="Author">Id of the account; null where it is named.</param>
/// <param name="Username">Name of the account, without @ or u/; null where its id is given.</param>
public sealed record ErasureSubject(ErasurePlatform Platform, string? Author, string? Username)
{
    /// <summary>Type of the platform's events, as it is stored.</summary>
    internal string EventType => Platform == ErasurePlatform.X ? "tweet" : "reddit";

    /// <summary>The platform's name among the influencers.</summary>
    internal string Influencers => Platform == ErasurePlatform.X ? "twitter" : "reddit";

    internal string Posts => Platform == ErasurePlatform.X ? "tweets" : "reddit_posts";
    internal string Scores => Platform == ErasurePlatform.X ? "tweet_sentiments" : "reddit_sentiments";

    /// <summary>Natural key of a post.</summary>
    internal string PostId => Platform == ErasurePlatform.X ? "tweet_id" : "post_id";

    /// <summary>What is hashed for the receipt.</summary>
    internal string Text => $"{Platform}\0{(Author is null ? "username" : "author")}\0{Author ?? Plain(Username!)}";

    internal static string Plain(string name)
    {
        name = name.Trim().ToLowerInvariant();
        return name.StartsWith("u/", StringComparison.Ordinal) ? name[2..] : name.TrimStart('@');
    }
}

/// <summary>The ids and names that an account goes by. An id is certain; a name counts where it was asked for, or where a record has no id.</summary>
sealed class ErasureAccount(ErasureSubject subject)
{
    static readonly HashSet<string> Named = new(["author", "username", "screen_name", "user_name", "user", "writer", "creator"], StringComparer.OrdinalIgnoreCase);
    static readonly HashSet<string> Numbered = new(["author_id", "user_id", "author_fullname"], StringComparer.OrdinalIgnoreCase);
    static readonly HashSet<string> NamedInside = new(["username", "screen_name", "user_name", "name"], StringComparer.OrdinalIgnoreCase);
    static readonly HashSet<string> NumberedInside = new(["id", "id_str"], StringComparer.OrdinalIgnoreCase);

    public bool ByName => subject.Username is not null;

    public HashSet<string> Ids { get; } = subject.Author is { } id ? [id] : [];

    public HashSet<string> Names { get; } = subject.Username is { } name ? [ErasureSubject.Plain(name)] : [];

    public bool Is(string? id, string? name) =>
        id is not null && Ids.Contains(id) || (ByName || id is null) && name is not null && (Names.Contains(ErasureSubject.Plain(name)) || Ids.Contains(name));

    /// <summary>What else an account's own record calls it.</summary>
    public void Learn(string? id, string? name)
    {
        if (id is not null) Ids.Add(id);
        if (name is not null) Names.Add(ErasureSubject.Plain(name));
    }

    /// <summary>Whether a source's record in JSON is one of the account's; false for what is none.</summary>
    public bool Wrote(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var (ids, names) = (new List<string>(), new List<string>());
            Collect(document.RootElement, inside: false, ids, names);
            return ids.Exists(Ids.Contains) || (ByName || ids.Count == 0) && names.Exists(name => Names.Contains(ErasureSubject.Plain(name)) || Ids.Contains(name));
        }
        catch (JsonException)
        {
            return false;
        }
    }

    static void Collect(JsonElement element, bool inside, List<string> ids, List<string> names)
    {
        if (element.ValueKind == JsonValueKind.Array)
            foreach (var item in element.EnumerateArray()) Collect(item, inside, ids, names);
        if (element.ValueKind != JsonValueKind.Object) return;
        foreach (var property in element.EnumerateObject())
        {
            var value = property.Value;
            var text = value.ValueKind switch { JsonValueKind.String => value.GetString(), JsonValueKind.Number => value.GetRawText(), _ => null };
            if (text is null) Collect(value, Named.Contains(property.Name), ids, names);
            else if (Numbered.Contains(property.Name) || inside && NumberedInside.Contains(property.Name)) ids.Add(text);
            else if (Named.Contains(property.Name) || inside && NamedInside.Contains(property.Name)) names.Add(text);
        }
    }
}
