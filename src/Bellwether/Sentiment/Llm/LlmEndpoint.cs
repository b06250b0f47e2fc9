using Bellwether.Sentiment.Classifier;

namespace Bellwether.Sentiment.Llm;

/// <summary>Where requests go, and the key that goes with them.</summary>
sealed class LlmEndpoint
{
    LlmEndpoint(Uri address, string? key) => (Address, Key) = (address, key);

    public Uri Address { get; }

    public string? Key { get; }

    /// <summary>
    /// Whether requests pass no proxy: what goes to this machine stays on it, and a key in the clear is seen by as few as possible.
    /// </summary>
    public bool IsDirect => Address.IsLoopback || (Key is not null && Address.Scheme == "http");

    /// <exception cref="ModelFileException">The address is none, the key's file cannot be read, or the key would go over the network in the
    /// clear.</exception>
    public static LlmEndpoint Of(string name, LlmOptions options)
    {
        if (!Uri.TryCreate(options.Endpoint.TrimEnd('/') + "/chat/completions", UriKind.Absolute, out var address)
            || address.Scheme is not ("http" or "https"))
            throw new ModelFileException(
                name, "its Endpoint is no http or https address",
                $"Set Scoring:Llm:{name}:Endpoint, for example to http://127.0.0.1:8000/v1.");
        if (address.UserInfo.Length > 0 || address.Query.Length > 0)
            throw new ModelFileException(name, "its Endpoint has a user or a query in it",
                $"Give the key as Scoring:Llm:{name}:ApiKey or ApiKeyFile.");
        var key = KeyOf(name, options);
        if (key is not null && address.Scheme == "http" && !address.IsLoopback && !options.AllowClearKey)
            throw new ModelFileException(name, $"its key would go to {address.Host} in the clear",
                $"Use https, or set Scoring:Llm:{name}:AllowClearKey where the network between is trusted.");
        return new(address, key);
    }

    static string? KeyOf(string name, LlmOptions options)
    {
        var key = options.ApiKey;
        if (options.ApiKeyFile is { } file)
        {
            if (key is not null) throw new ModelFileException(name, "both ApiKey and ApiKeyFile are set", "Leave one of them out.");
            try
            {
                key = File.ReadLines(file).FirstOrDefault();
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                throw new ModelFileException(file, $"the key of the model {name} cannot be read: {error.Message.TrimEnd('.')}",
                    $"Look at Scoring:Llm:{name}:ApiKeyFile.", error);
            }
        }
        key = key?.Trim();
        if (string.IsNullOrEmpty(key))
            return options.ApiKeyFile is null ? null
                : throw new ModelFileException(options.ApiKeyFile, $"the first line, the key of the model {name}, is empty",
                    "Put the key there.");
        return key.All(c => c is > ' ' and < '\x7f') ? key
            : throw new ModelFileException(name, "its key has blanks or other characters that no key has",
                "Look at the end of its first line.");
    }

    /// <summary>A server's words on one line, without the key, which some servers repeat.</summary>
    public string Excerpt(string text)
    {
        const int Most = 300;
        if (Key is { Length: > 3 } key) text = text.Replace(key, "***", StringComparison.Ordinal);
        text = string.Join(' ', new string([.. text.Select(c => char.IsControl(c) ? ' ' : c)])
            .Split(' ', StringSplitOptions.RemoveEmptyEntries));
        return text.Length <= Most ? text : text[..(char.IsHighSurrogate(text[Most - 1]) ? Most - 1 : Most)] + "…";
    }
}
