using System.ComponentModel.DataAnnotations;

namespace Bellwether.Sentiment.Llm;

/// <summary>How the endpoint is made to answer in a form that can be read.</summary>
public enum LlmFormat
{
    /// <summary>By a JSON schema (<c>response_format: json_schema</c>): vLLM, llama.cpp, Ollama, OpenAI.</summary>
    JsonSchema,

    /// <summary>As JSON of any kind (<c>json_object</c>), the fields asked for in words.</summary>
    JsonObject,

    /// <summary>Asked for in words only, for servers and models that know neither; FinGPT answers so.</summary>
    Text,
}

/// <summary>
/// A language model behind an endpoint that speaks OpenAI's chat completions: vLLM, Ollama, llama.cpp. Secrets are never logged.
/// </summary>
public sealed record LlmOptions
{
    /// <summary>Address up to the version: <c>http://127.0.0.1:8000/v1</c>.</summary>
    [Required] public string Endpoint { get; init; } = "";

    /// <summary>What the server calls the model.</summary>
    [Required] public string Model { get; init; } = "";

    /// <summary>
    /// Which weights the server runs, stored with every score: a commit, a date, a quantisation. To be changed when they are.
    /// </summary>
    [StringLength(64)] public string? Revision { get; init; }

    /// <summary>Key for the server; meant for the environment (<c>BELLWETHER__SCORING__LLM__NAME__APIKEY</c>).</summary>
    public string? ApiKey { get; init; }

    /// <summary>File whose first line is the key.</summary>
    public string? ApiKeyFile { get; init; }

    /// <summary>Send the key to another machine without TLS, where the network between is trusted.</summary>
    public bool AllowClearKey { get; init; }

    public LlmFormat Format { get; init; } = LlmFormat.JsonSchema;

    /// <summary>What the model is told before each text, in place of the built-in words.</summary>
    [StringLength(8_000)] public string? Instructions { get; init; }

    /// <summary>Most tokens of an answer; models that think aloud need more.</summary>
    [Range(1, 32_768)] public int MaxOutputTokens { get; init; } = 64;

    /// <summary>Of a longer text only the beginning is sent.</summary>
    [Range(100, 1_000_000)] public int MaxCharacters { get; init; } = 8_000;

    /// <summary>Probability of the class that is named without a confidence.</summary>
    [Range(0.34, 1)] public double Confidence { get; init; } = 0.8;

    /// <summary>Requests on the way at once.</summary>
    [Range(1, 256)] public int Concurrency { get; init; } = 4;

    /// <summary>Tokens a minute, of texts and answers; null for no limit.</summary>
    [Range(100, int.MaxValue)] public int? TokensPerMinute { get; init; }

    /// <summary>The longest that one try is waited for.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:30:00")] public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Tries of one text, where failures may pass.</summary>
    [Range(1, 20)] public int Tries { get; init; } = 4;

    /// <summary>First pause before another try; doubles, with jitter, unless the server tells how long to wait.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:01:00")] public TimeSpan RetryPause { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The longest pause; a server that asks for a longer one counts as unavailable.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "01:00:00")] public TimeSpan MaxRetryPause { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// How long a portion of texts may take by these limits when the server hangs: all tries of one text and the pauses between them. A
    /// server that asks to wait, and tokens that have to be waited for, come on top.
    /// </summary>
    internal TimeSpan Patience
    {
        get
        {
            var (all, pause) = (Tries * Timeout, RetryPause);
            for (var i = 1; i < Tries; i++, pause = 2 * pause < MaxRetryPause ? 2 * pause : MaxRetryPause) all += pause;
            return all;
        }
    }

    /// <summary>Without the secrets, which the address may hold too.</summary>
    public override string ToString() => $"LlmOptions {{ model {Model}, format {Format} }}";
}
