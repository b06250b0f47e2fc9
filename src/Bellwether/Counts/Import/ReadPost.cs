namespace Bellwether.Counts.Import;

/// <summary>One record of an input: a post, or the reason why it is none.</summary>
/// <param name="Line">Where it stands in the input, from 1; of JSON documents the line on which it begins.</param>
readonly record struct ReadPost(long Line, string TweetId, DateTimeOffset CreatedAt, string Kind, string? Rejection)
{
    public static ReadPost Reject(long line, string reason) => new(line, "", default, "", reason);
}

/// <summary>A record that was not taken.</summary>
public sealed record RejectedPost(long Line, string Reason);
