using System.Text.Json;
using System.Text.RegularExpressions;

namespace Bellwether.Sentiment.Llm;

/// <summary>Reads what the server answered. Whatever comes is a value.</summary>
static partial class LlmAnswer
{
    [GeneratedRegex(@"\b(positive|negative|neutral|bullish|bearish)\b", RegexOptions.IgnoreCase)]
    static partial Regex Labels { get; }

    // The one word, or the first, or the one after "Answer:": any other place may be part of a sentence that says the opposite.
    [GeneratedRegex(
        @"^\W*((the\s+)?(answer|sentiment|label|class)\W*(is\b|[:=])\W*)?"
        + @"(?<label>positive|negative|neutral|bullish|bearish)(?=\W*$|[^\w\s]|\s*[\r\n(–—])", RegexOptions.IgnoreCase)]
    static partial Regex Said { get; }

    [GeneratedRegex(
        @"^\W*(i(['’]?m| am) (sorry|afraid|not able|unable)|i (can ?not|can['’]?t|could ?n['’]?t|won['’]?t|will not|do not|don['’]?t)"
        + @"|i decline|sorry|apologies|as an ai|unfortunately)", RegexOptions.IgnoreCase)]
    static partial Regex Refusals { get; }

    // What reasoning models think aloud before they answer.
    [GeneratedRegex(@"^\s*<think>.*?(</think>|\z)", RegexOptions.Singleline)]
    static partial Regex Thoughts { get; }

    public static LlmReply Read(byte[] body, LlmOptions options, LlmEndpoint endpoint)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            var reply = Read(document.RootElement, options, endpoint);
            return document.RootElement.TryGetProperty("usage", out var usage) && usage.ValueKind == JsonValueKind.Object
                ? reply with { TokensIn = Count(usage, "prompt_tokens"), TokensOut = Count(usage, "completion_tokens") } : reply;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // Cut off on its way, by a proxy as a rule: the same may come whole the next time.
            var words = endpoint.Excerpt(System.Text.Encoding.UTF8.GetString(body));
            return LlmReply.Failed(LlmFault.Malformed, $"the server's answer is no JSON object: {words}", mayPass: true);
        }
    }

    static LlmReply Read(JsonElement answer, LlmOptions options, LlmEndpoint endpoint)
    {
        if (answer.TryGetProperty("error", out var error) && error.ValueKind != JsonValueKind.Null)
            return LlmReply.Failed(LlmFault.Unavailable, $"the server reports an error: {endpoint.Excerpt(error.GetRawText())}",
                mayPass: true);
        if (!answer.TryGetProperty("choices", out var choices) || choices.ValueKind != JsonValueKind.Array || choices.GetArrayLength() == 0)
            return LlmReply.Failed(LlmFault.Empty, "the server's answer has no choices");
        var choice = choices[0];
        var reason = Text(choice, "finish_reason");
        if (!choice.TryGetProperty("message", out var message) || message.ValueKind != JsonValueKind.Object)
            return LlmReply.Failed(LlmFault.Empty, "the server's answer has no message");
        if (Text(message, "refusal") is { Length: > 0 } refusal)
            return LlmReply.Failed(LlmFault.Refused, $"the model refused: {endpoint.Excerpt(refusal)}");
        if (reason == "content_filter") return LlmReply.Failed(LlmFault.Refused, "a content filter of the server stepped in");
        var content = Thoughts.Replace(Content(message), "").Trim();
        if (content.Length == 0)
            return reason == "length" ? LlmReply.Failed(LlmFault.CutOff, $"the answer did not fit into {options.MaxOutputTokens} tokens")
                : LlmReply.Failed(LlmFault.Empty, "the model's answer is empty");
        var read = options.Format == LlmFormat.Text && !content.Contains('{') ? FromWords(content, options) : FromJson(content, options);
        // What was read is good although more would have followed; what could not be read was probably cut.
        return read switch
        {
            { Fault: LlmFault.None } => read,
            { Fault: LlmFault.Malformed } when reason == "length" =>
                LlmReply.Failed(LlmFault.CutOff,
                    $"the answer did not fit into {options.MaxOutputTokens} tokens: {endpoint.Excerpt(content)}"),
            { Fault: LlmFault.Malformed } when Refusals.IsMatch(content) =>
                LlmReply.Failed(LlmFault.Refused, $"the model refused: {endpoint.Excerpt(content)}"),
            _ => read with { Detail = $"{read.Detail}: {endpoint.Excerpt(content)}" },
        };
    }

    static LlmReply FromWords(string content, LlmOptions options)
    {
        if (Refusals.IsMatch(content)) return LlmReply.Failed(LlmFault.Refused, "the model refused");
        if (Labels.Matches(content).Select(m => ClassOf(m.Value)).Distinct().Count() > 1)
            return LlmReply.Failed(LlmFault.Malformed, "the answer names several classes");
        if (Said.Match(content) is { Success: true } said)
            return new(ScoreOf(ClassOf(said.Groups["label"].Value)!.Value, options.Confidence), LlmFault.None);
        return content.Any(char.IsWhiteSpace)
            ? LlmReply.Failed(LlmFault.Malformed, "the answer is a sentence and not one of positive, negative and neutral")
            : LlmReply.Failed(LlmFault.WrongLabel, "the answer is none of positive, negative and neutral");
    }

    // Some models put their JSON into a fence, or say a word before it.
    static LlmReply FromJson(string content, LlmOptions options)
    {
        var (start, end) = (content.IndexOf('{'), content.LastIndexOf('}'));
        if (start < 0 || end < start) return LlmReply.Failed(LlmFault.Malformed, "the answer is no JSON object");
        try
        {
            using var document = JsonDocument.Parse(content.AsMemory(start, end - start + 1));
            if (Text(document.RootElement, "label") is not { } label) return LlmReply.Failed(LlmFault.Malformed, "the answer has no label");
            if (ClassOf(label) is not { } positive) return LlmReply.Failed(LlmFault.WrongLabel, $"there is no class '{label}'");
            var confidence = options.Confidence;
            if (document.RootElement.TryGetProperty("confidence", out var told) && told.ValueKind != JsonValueKind.Null)
            {
                if (told.ValueKind != JsonValueKind.Number || told.GetDouble() is not (>= 0 and <= 1))
                    return LlmReply.Failed(LlmFault.Malformed, $"the confidence {told.GetRawText()} is not from 0 to 1");
                confidence = told.GetDouble();
            }
            return new(ScoreOf(positive, confidence), LlmFault.None);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return LlmReply.Failed(LlmFault.Malformed, "the answer is no JSON object");
        }
    }

    // The class that is named is the likeliest, however unsure the model says that it is; the other two share the rest.
    static SentimentScore ScoreOf(int label, double confidence)
    {
        var named = Math.Max(confidence, 0.34);
        var rest = (1 - named) / 2;
        return label switch { 1 => new(named, rest), -1 => new(rest, named), _ => new(rest, rest) };
    }

    static int? ClassOf(string label) => label.Trim().ToLowerInvariant() switch
    {
        "positive" or "bullish" => 1,
        "negative" or "bearish" => -1,
        "neutral" => 0,
        _ => null,
    };

    static string Content(JsonElement message)
    {
        if (!message.TryGetProperty("content", out var content)) return "";
        return content.ValueKind switch
        {
            JsonValueKind.String => content.GetString()!,
            JsonValueKind.Array => string.Concat(content.EnumerateArray().Select(part => Text(part, "text"))),
            _ => "",
        };
    }

    static string? Text(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString() : null;

    static int? Count(JsonElement usage, string name) =>
        usage.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var count)
            && count >= 0 ? count : null;
}
