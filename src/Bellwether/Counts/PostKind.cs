namespace Bellwether.Counts;

/// <summary>What a post is, as far as counting goes.</summary>
public static class PostKind
{
    public const string Post = "post";
    public const string Quote = "quote";
    public const string Repost = "repost";
    public const string Reply = "reply";
    public const string Unknown = "unknown";

    public static IReadOnlyList<string> All { get; } = [Post, Quote, Repost, Reply, Unknown];

    /// <summary>The kind that a feed's word means; null for a word that means none. Nothing is unknown.</summary>
    public static string? Parse(ReadOnlySpan<char> text) => text.Trim() switch
    {
        [] or "unknown" => Unknown,
        "post" or "posts" or "tweet" or "original" => Post,
        "quote" or "quotes" or "quoted" => Quote,
        "repost" or "reposts" or "retweet" or "retweeted" => Repost,
        "reply" or "replies" or "replied_to" => Reply,
        _ => null,
    };
}
