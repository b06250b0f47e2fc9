using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;

namespace Bellwether.Counts.Import;

/// <summary>
/// Posts in JSON: one object a line, or documents one after another. An object is a post or a page of the X API (v2), whose posts are in
/// <c>data</c>; an array holds either.
/// </summary>
static class JsonPosts
{
    const int MaxDocumentBytes = 512 << 20;

    public static async IAsyncEnumerable<ReadPost> ReadAsync(TextReader text, string origin, PostFields fields, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (line, first) = (0L, (string?)null);
        while (first is null && await text.ReadLineAsync(cancellationToken).ConfigureAwait(false) is { } read)
        {
            line++;
            if (!string.IsNullOrWhiteSpace(read)) first = read;
        }
        if (first is null) yield break;
        if (!IsWhole(first))
        {
            foreach (var post in Documents(await RestAsync(text, first, origin, cancellationToken).ConfigureAwait(false), line, origin, fields)) yield return post;
            yield break;
        }
        for (var current = first; current is not null; current = await text.ReadLineAsync(cancellationToken).ConfigureAwait(false), line++)
        {
            if (string.IsNullOrWhiteSpace(current)) continue;
            JsonDocument document;
            string? problem = null;
            try
            {
                document = JsonDocument.Parse(current);
            }
            catch (JsonException error)
            {
                (document, problem) = (null!, $"the line is no JSON: {error.Message.Split(". ")[0]}");
            }
            if (problem is not null)
            {
                yield return ReadPost.Reject(line, problem);
                continue;
            }
            using (document)
                foreach (var post in Posts(document.RootElement, line, fields)) yield return post;
        }
    }

    static bool IsWhole(string line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    static async Task<byte[]> RestAsync(TextReader text, string first, string origin, CancellationToken cancellationToken)
    {
        var whole = new StringBuilder(first).Append('\n');
        var buffer = new char[64 * 1024];
        while (await text.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is > 0 and var count)
        {
            whole.Append(buffer, 0, count);
            if (whole.Length > MaxDocumentBytes)
                throw CountsException.Input($"{origin}: a JSON document of more than {MaxDocumentBytes >> 20} MiB is not read.", "Write one object a line, or several files.");
        }
        return Encoding.UTF8.GetBytes(whole.ToString());
    }

    // Pages that were saved one after another, pretty-printed or not.
    static List<ReadPost> Documents(byte[] bytes, long line, string origin, PostFields fields)
    {
        List<ReadPost> posts = [];
        var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { AllowMultipleValues = true, CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        var counted = 0;
        try
        {
            while (reader.Read())
            {
                line += bytes.AsSpan(counted, (int)reader.TokenStartIndex - counted).Count((byte)'\n');
                counted = (int)reader.TokenStartIndex;
                using var document = JsonDocument.ParseValue(ref reader);
                posts.AddRange(Posts(document.RootElement, line, fields));
            }
        }
        catch (JsonException error)
        {
            throw CountsException.Input($"{origin}, line {(error.LineNumber ?? 0) + 1}: the JSON breaks off or is damaged.", "Nothing of it was taken; check the end of the file.", error);
        }
        return posts;
    }

    static IEnumerable<ReadPost> Posts(JsonElement value, long line, PostFields fields)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Array:
                // An answer that asked for references has them on every post that refers; without any, nothing tells posts from replies.
                var asked = value.EnumerateArray().Any(p => p.ValueKind == JsonValueKind.Object && p.TryGetProperty("referenced_tweets", out _));
                return value.EnumerateArray().SelectMany(p => IsPage(p) || p.ValueKind == JsonValueKind.Array ? Posts(p, line, fields) : [Post(p, line, asked, fields)]).ToArray();
            case JsonValueKind.Object when IsPage(value):
                return value.TryGetProperty("data", out var data) && data.ValueKind is JsonValueKind.Array or JsonValueKind.Object
                    ? Posts(data, line, fields) : [];
            default:
                return [Post(value, line, false, fields)];
        }
    }

    static bool IsPage(JsonElement value) => value.ValueKind == JsonValueKind.Object
        && (value.TryGetProperty("data", out _) || value.TryGetProperty("meta", out _)) && !PostFields.TimeNames.Any(name => value.TryGetProperty(name, out _));

    static ReadPost Post(JsonElement value, long line, bool asked, PostFields fields) => value.ValueKind == JsonValueKind.Object
        ? fields.Make(line, Text(value, PostFields.IdNames), Text(value, PostFields.TimeNames), Kind(value, asked))
        : ReadPost.Reject(line, "a post is an object");

    static string Text(JsonElement value, IReadOnlyList<string> names)
    {
        foreach (var name in names)
            if (value.TryGetProperty(name, out var found) && found.ValueKind is JsonValueKind.String or JsonValueKind.Number)
                return found.ValueKind == JsonValueKind.String ? String(found) : found.GetRawText();
        return "";
    }

    static string String(JsonElement value)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair is no text; as it was written it is neither an id nor a time, and is told as such.
            return value.GetRawText();
        }
    }

    static string Kind(JsonElement value, bool asked)
    {
        if (Text(value, PostFields.KindNames) is { Length: > 0 } named) return named;
        if (value.TryGetProperty("referenced_tweets", out var references) && references.ValueKind == JsonValueKind.Array)
        {
            var types = references.EnumerateArray().Where(r => r.ValueKind == JsonValueKind.Object).Select(r => Text(r, ["type"])).ToArray();
            // A reply that quotes is a reply.
            return types.Contains("retweeted") ? PostKind.Repost : types.Contains("replied_to") ? PostKind.Reply : types.Contains("quoted") ? PostKind.Quote : PostKind.Post;
        }
        if (Given(value, "retweeted_status")) return PostKind.Repost;
        if (Given(value, "in_reply_to_status_id") || Given(value, "in_reply_to_user_id")) return PostKind.Reply;
        if (value.TryGetProperty("is_quote_status", out var quote) && quote.ValueKind is JsonValueKind.True or JsonValueKind.False)
            return quote.GetBoolean() ? PostKind.Quote : PostKind.Post;
        return asked ? PostKind.Post : PostKind.Unknown;
    }

    static bool Given(JsonElement value, string name) => value.TryGetProperty(name, out var found) && found.ValueKind is not (JsonValueKind.Null or JsonValueKind.Undefined);
}
