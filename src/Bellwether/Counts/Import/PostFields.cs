using Bellwether.Feeds;

namespace Bellwether.Counts.Import;

/// <summary>Makes posts of the texts of their fields, whatever the format.</summary>
sealed class PostFields(TimestampParser times)
{
    public const int MaxIdLength = 64;

    static readonly string[] Ids = ["tweet_id", "id_str", "id", "post_id", "status_id"];
    static readonly string[] Times = ["created_at", "timestamp", "posted_at", "date", "time"];
    static readonly string[] Kinds = ["kind", "type", "post_type"];

    public static IReadOnlyList<string> IdNames => Ids;
    public static IReadOnlyList<string> TimeNames => Times;
    public static IReadOnlyList<string> KindNames => Kinds;

    public ReadPost Make(long line, ReadOnlySpan<char> id, ReadOnlySpan<char> time, ReadOnlySpan<char> kind)
    {
        id = id.Trim();
        if (id.IsEmpty) return ReadPost.Reject(line, "tweet_id is missing");
        if (id.Length > MaxIdLength) return ReadPost.Reject(line, $"tweet_id has {id.Length} characters; at most {MaxIdLength} are taken");
        foreach (var c in id)
            if (!(char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.' or ':')) return ReadPost.Reject(line, $"tweet_id '{id}' holds other characters than letters, digits, _ - . and :");
        if (time.Trim().IsEmpty) return ReadPost.Reject(line, "created_at is missing");
        if (!times.TryParse(time, out var instant, out var problem)) return ReadPost.Reject(line, problem!.Replace("timestamp '", "created_at '", StringComparison.Ordinal));
        if (instant < CountsLimits.FirstPost) return ReadPost.Reject(line, $"created_at '{time.Trim()}' lies before {CountsLimits.FirstPost:yyyy}");
        return PostKind.Parse(kind) is { } known ? new(line, id.ToString(), instant, known, null)
            : ReadPost.Reject(line, $"kind '{(kind.Length > 40 ? kind[..40] : kind)}' is none of {string.Join(", ", PostKind.All)}");
    }

    public bool IsTime(string text) => times.TryParse(text, out _, out _);
}
