using System.Text.Json;
using Bellwether.Feeds;

namespace Bellwether.Retention.Erase;

/// <summary>A publication, as a result, a record of the log or a letter has it.</summary>
/// <param name="Author">As the envelope names the author; null where only the payload tells.</param>
readonly record struct ErasurePost(string? Article, string? Type, string? Source, string? Url, EventAuthor? Author, string? Payload);

enum ErasureVerdict
{
    Others,

    /// <summary>By an author of that id or name, but on no platform that it tells of, or on another.</summary>
    Doubtful,

    Theirs,
}

/// <summary>The ids and names that an account goes by. An id is certain; a name counts where it was asked for, or where a record has no id.</summary>
sealed class ErasureAccount(ErasureSubject subject)
{
    public bool ByName => subject.Username is not null;

    public HashSet<string> Ids { get; } = subject.Author is { } id ? [id] : [];

    public HashSet<string> Names { get; } = subject.Username is { } name ? [ErasureSubject.Plain(name)] : [];

    /// <summary>What else an account's own record calls it.</summary>
    public void Learn(string? id, string? name)
    {
        if (id is not null) Ids.Add(id);
        if (name is not null) Names.Add(ErasureSubject.Plain(name));
    }

    /// <param name="articles">Publications that are known to be theirs.</param>
    public ErasureVerdict Judge(in ErasurePost post, IReadOnlySet<string> articles)
    {
        if (post.Type == subject.OtherType || post.Type == "filing") return ErasureVerdict.Others;
        var known = post.Article is not null && articles.Contains(post.Article);
        // Most name nobody that is meant, which is seen without taking them apart.
        if (!known && !IsNamedIn(post.Payload) && !IsNamedIn(post.Url) && !IsNamedIn(post.Author?.Id) && !IsNamedIn(post.Author?.Username)) return ErasureVerdict.Others;
        var record = post.Payload is { } payload ? Parse(payload) : new();
        var origin = record.Origin(post.Type, post.Source, post.Url);
        if (origin == (subject.Origin == ErasureOrigin.X ? ErasureOrigin.Reddit : ErasureOrigin.X)) return ErasureVerdict.Others;
        if (known && origin != ErasureOrigin.Elsewhere) return ErasureVerdict.Theirs;
        if (origin == subject.Origin && (post.Author is { Id: not null } or { Username: not null } ? Is(post.Author.Id, post.Author.Username) : Wrote(record, post.Url)))
            return ErasureVerdict.Theirs;
        if (origin == ErasureOrigin.Unknown && Are(record.Ids, record.Handles)) return ErasureVerdict.Theirs;
        return origin != subject.Origin && (Wrote(record, null) || Is(post.Author?.Id, post.Author?.Username)) ? ErasureVerdict.Doubtful : ErasureVerdict.Others;
    }

    /// <summary>A record that was put aside, of which nothing else is known: what tells no platform may be theirs.</summary>
    public bool MayHaveWritten(ErasureRecord record, IReadOnlySet<string> articles)
    {
        var origin = record.Origin();
        if (origin != subject.Origin && origin != ErasureOrigin.Unknown) return false;
        return record.Article is { } article && articles.Contains(article) || Wrote(record, record.Url);
    }

    /// <summary>
    /// A line of fields of which nobody knows any more what they are. A name counts as a whole field that can be one, and an id that cannot be
    /// anything else; a bare number may be a count, a few capitals are a ticker.
    /// </summary>
    public bool IsInLine(string line)
    {
        var fields = ErasureLine.Fields(line);
        var other = subject.Origin == ErasureOrigin.X ? ErasureOrigin.Reddit : ErasureOrigin.X;
        if (fields.Exists(field => ErasureOrigins.OfUrl(field) == other)) return false;
        return fields.Exists(field => ErasureLine.CanBeName(field) && Names.Contains(ErasureSubject.Plain(field)) || ErasureLine.CanOnlyBeId(field) && Ids.Contains(field)
            || ErasureOrigins.OfUrl(field) == subject.Origin && ErasureOrigins.NameIn(field) is { } name && Names.Contains(ErasureSubject.Plain(name)));
    }

    bool Is(string? id, string? name) => Are(id is null ? [] : [id], name is null ? [] : [name]);

    bool Wrote(ErasureRecord record, string? url) => record.NamesAuthor
        ? Are(record.Ids, [.. record.Handles, .. record.Bylines])
        // A post's address tells its author where nothing else does.
        : ErasureOrigins.NameIn(url) is { } name && Names.Contains(ErasureSubject.Plain(name));

    bool Are(List<string> ids, List<string> names) => ids.Exists(Ids.Contains)
        || (ByName || ids.Count == 0) && names.Exists(name => Names.Contains(ErasureSubject.Plain(name)) || ids.Count == 0 && Ids.Contains(name));

    bool IsNamedIn(string? text)
    {
        if (text is null) return false;
        foreach (var id in Ids)
            if (text.Contains(id, StringComparison.Ordinal)) return true;
        foreach (var name in Names)
            if (text.Contains(name, StringComparison.OrdinalIgnoreCase)) return true;
        return false;
    }

    static ErasureRecord Parse(string payload)
    {
        try
        {
            using var document = JsonDocument.Parse(payload, new() { MaxDepth = 1000 });
            return ErasureRecord.Of(document.RootElement);
        }
        catch (JsonException)
        {
            return new();
        }
    }
}
