namespace Bellwether.Sentiment.Llm;

/// <summary>Why a text has no score.</summary>
enum LlmFault
{
    /// <summary>It has one.</summary>
    None,

    /// <summary>The model will not judge it, or a filter stepped in.</summary>
    Refused,

    /// <summary>The answer has no content.</summary>
    Empty,

    /// <summary>The answer was longer than allowed.</summary>
    CutOff,

    /// <summary>The answer has not the form that was asked for.</summary>
    Malformed,

    /// <summary>The answer names a class that there is not.</summary>
    WrongLabel,

    /// <summary>The server will not take the request.</summary>
    Rejected,

    /// <summary>The server cannot be reached, is overloaded, failed, or does not know us or the model.</summary>
    Unavailable,
}

/// <summary>What one try came to.</summary>
/// <param name="MayPass">Whether another try may go better.</param>
/// <param name="RetryAfter">How long the server asks to wait.</param>
sealed record LlmReply(SentimentScore Score, LlmFault Fault, string? Detail = null, bool MayPass = false, TimeSpan? RetryAfter = null)
{
    /// <summary>Whether the server said anything.</summary>
    public bool IsAnswer { get; init; } = true;

    /// <summary>
    /// Whether the server may have worked on the request although there is no answer: what it may charge for is not given back.
    /// </summary>
    public bool MayHaveCost { get; init; }

    /// <summary>Tokens that the server counted, if it did.</summary>
    public int? TokensIn { get; init; }

    public int? TokensOut { get; init; }

    public static LlmReply Failed(LlmFault fault, string detail, bool mayPass = false, TimeSpan? retryAfter = null) =>
        new(TextOutcome.NoScore, fault, detail, mayPass, retryAfter);
}

/// <summary>No text of a batch was scored, and the server is the reason.</summary>
/// <param name="fault">The class of failure, as dead letters name it.</param>
public sealed class LlmUnavailableException(string message, string fault = nameof(LlmFault.Unavailable)) : Exception(message)
{
    public string Fault { get; } = fault;
}
