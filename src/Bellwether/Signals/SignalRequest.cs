using Bellwether.Analytics.Signals;

namespace Bellwether.Signals;

/// <summary>What a report is about.</summary>
/// <param name="Kind">One of <see cref="SignalKind"/>; a name of one's own with given values.</param>
/// <param name="From">First session.</param>
/// <param name="To">Last session.</param>
/// <param name="KnownBy">Prices count as they were known then.</param>
/// <param name="Hindsight">
/// The signal of each session from all that was known by <paramref name="KnownBy"/>, not by the session's close: for history that was loaded afterwards.
/// </param>
public sealed record SignalRequest(string Kind, IReadOnlyList<string> Symbols, DateOnly From, DateOnly To, DateTimeOffset KnownBy, bool Hindsight, SignalSettings Settings);

/// <summary>The signals that are computed here.</summary>
public static class SignalKind
{
    public const string Sentiment = "sentiment", Confluence = "confluence";

    /// <summary>Sentiment across sources, of one source, directional bias of confluence, and its components.</summary>
    public static IReadOnlyList<string> All { get; } = [Sentiment, "twitter", "reddit", "news", "options", Confluence, "technical"];

    internal static double? Of(string kind, Confluence.ConfluenceEvidence evidence, DateTimeOffset at, DateTimeOffset knownBy) => kind switch
    {
        Confluence => evidence.At(at, knownBy).DirectionalBias,
        "technical" => evidence.At(at, knownBy).TechnicalScore,
        _ when evidence.Sentiment.IsEmpty => null,
        Sentiment => evidence.Sentiment.At(at, knownBy).UnifiedSentiment,
        _ => evidence.Sentiment.At(at, knownBy).Inputs.Sources.FirstOrDefault(s => s.Source == kind)?.Sentiment,
    };
}

/// <summary>A value that someone else computed.</summary>
/// <param name="KnownAt">When it could be acted on.</param>
public readonly record struct GivenSignal(string Symbol, DateTimeOffset KnownAt, double Value);

/// <summary>What came of a request.</summary>
/// <param name="Symbols">Those that had signals and prices.</param>
/// <param name="Without">Those that had not, with the reason.</param>
/// <param name="First">First session with a signal.</param>
public sealed record SignalReport(
    string Signal, IReadOnlyList<string> Symbols, IReadOnlyDictionary<string, string> Without, DateOnly? First, DateOnly? Last, DateTimeOffset KnownBy, bool Hindsight,
    SignalSettings Settings, SignalResult Result, string Formula);
