using System.ComponentModel.DataAnnotations;
using Bellwether.Feeds;
using Bellwether.Sentiment.Llm;
using Bellwether.Sentiment.Novelty;
using Bellwether.Sentiment.Onnx;
using Bellwether.Sentiment.Routing;

namespace Bellwether.Sentiment;

/// <summary>Settings of the scoring pipeline.</summary>
public sealed record ScoringOptions
{
    /// <summary>Consumer group of the scoring workers.</summary>
    [Required] public string Group { get; init; } = "sentiment";

    /// <summary>
    /// Which model scores: <c>classifier</c>, <c>lexicon</c>, one that <c>bellwether model add</c> added, or one of <see cref="Llm"/>.
    /// Where it cannot be used, the classifier steps in, and the lexicon where that cannot be used either.
    /// </summary>
    [Required, RegularExpression("^[a-z0-9][a-z0-9._-]{0,62}$",
        ErrorMessage = "Model must be the name of a model: `bellwether model list` shows them.")]
    public string Model { get; init; } = "classifier";

    /// <summary>Folder of the models that were added; null for <c>models</c> in the data folder.</summary>
    public string? ModelsDirectory { get; init; }

    /// <summary>How BERT models are run.</summary>
    [Required] public OnnxOptions Onnx { get; init; } = new();

    /// <summary>Language models behind an endpoint, by the name under which they score.</summary>
    [Required] public IReadOnlyDictionary<string, LlmOptions> Llm { get; init; } = new Dictionary<string, LlmOptions>();

    /// <summary>A classifier made by <c>bellwether model train</c>; null for the one that ships.</summary>
    public string? ClassifierFile { get; init; }

    /// <summary>Rules by which events go to models; none of them sends all to <see cref="Model"/>.</summary>
    [Required] public RoutingOptions Routing { get; init; } = new();

    /// <summary>
    /// Where a text names several securities, each of its tickers gets the score of what is said of it, if the model tells them apart.
    /// </summary>
    public bool ScoreEachTicker { get; init; } = true;

    /// <summary>How repeats of a story are recognised.</summary>
    [Required] public NoveltyOptions Novelty { get; init; } = new();

    /// <summary>Scoring loops for each input topic in one process; they share its partitions. One scores while another commits.</summary>
    [Range(1, 64)] public int Workers { get; init; } = 1;

    /// <summary>Most events in one transaction.</summary>
    [Range(1, 50_000)] public int BatchSize { get; init; } = 4_000;

    /// <summary>Most standard events in one transaction while high priority has work: what is begun is not interrupted.</summary>
    [Range(1, 50_000)] public int BatchSizeBesideHigh { get; init; } = 50;

    /// <summary>Half-life in seconds of a result in the live ticker sentiment; infinity for no decay.</summary>
    [Range(0.001, double.PositiveInfinity)] public double HalfLifeSeconds { get; init; } = 86_400;

    /// <summary>The longest that one standard batch stands back while high priority has work: the bound on starvation.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")] public TimeSpan StarvationBound { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// How far an event may be dated ahead of the clock: as far as two clocks may differ. What is further ahead is refused.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "7.00:00:00")] public TimeSpan MaxAhead { get; init; } = FeedOptions.DefaultMaxAhead;

    /// <summary>
    /// Days before the first start that get a partition each; what is older shares one a month, and one for all that is two years older.
    /// </summary>
    [Range(1, 400)] public int HotDays { get; init; } = 30;
}
