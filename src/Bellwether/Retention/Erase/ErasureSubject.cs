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
    /// <summary>Type that other platforms' events have, and that no data of this one is stored under.</summary>
    internal string OtherType => Platform == ErasurePlatform.X ? "reddit" : "tweet";

    internal ErasureOrigin Origin => Platform == ErasurePlatform.X ? ErasureOrigin.X : ErasureOrigin.Reddit;

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
        name = name.Trim().ToLowerInvariant().TrimStart('/');
        return name.StartsWith("u/", StringComparison.Ordinal) ? name[2..] : name.TrimStart('@');
    }
}
