using System.Text.Json;

namespace Bellwether.Feeds;

/// <summary>What the library says of broken JSON, without its places, which count otherwise than people do.</summary>
public static class JsonProblem
{
    public static string ReasonOf(JsonException error)
    {
        var end = error.Message.IndexOf(" LineNumber", StringComparison.Ordinal);
        var reason = end < 0 ? error.Message : error.Message[..end];
        var path = reason.IndexOf(" Path: ", StringComparison.Ordinal);
        return (path < 0 ? reason : reason[..path]).TrimEnd('.', '|', ' ');
    }
}
