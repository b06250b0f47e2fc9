namespace Bellwether.Counts;

/// <summary>Which kinds of posts count. Everything by default; markets and models may want posts without replies, say.</summary>
public sealed record CountingProfile
{
    CountingProfile(string name, string[] kinds) => (Name, Kinds) = (name, kinds);

    /// <summary><c>all</c>, or the kinds in a fixed order with commas between them; what rows are kept under.</summary>
    public string Name { get; }

    internal string[] Kinds { get; }

    public static CountingProfile All { get; } = new("all", [.. PostKind.All]);

    /// <summary><c>all</c>, or kinds separated by commas: posts, quotes, reposts, replies, unknown. A post of unknown kind counts only if named.</summary>
    /// <exception cref="CountsException">One of them is no kind.</exception>
    public static CountingProfile Parse(string? text)
    {
        if (text is null || text.Trim() is "all") return All;
        var named = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(word => PostKind.Parse(word.ToLowerInvariant())
            ?? throw CountsException.Input($"'{word}' is no kind of post that can be counted.", "Name all, or some of posts, quotes, reposts, replies and unknown.")).ToHashSet();
        if (named.Count == 0) throw CountsException.Input("No kind of post is named.", "Name all, or some of posts, quotes, reposts, replies and unknown.");
        string[] kinds = [.. PostKind.All.Where(named.Contains)];
        return kinds.Length == PostKind.All.Count ? All : new(string.Join(',', kinds), kinds);
    }

    public bool Equals(CountingProfile? other) => other is not null && Name == other.Name;

    public override int GetHashCode() => Name.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => Name;
}
