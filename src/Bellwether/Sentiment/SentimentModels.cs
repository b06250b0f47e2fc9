using Bellwether.Sentiment.Classifier;
using Bellwether.Sentiment.Lexicon;
using Microsoft.Extensions.Logging;

namespace Bellwether.Sentiment;

/// <summary>The models of this program by name.</summary>
public static partial class SentimentModels
{
    public const string Lexicon = "lexicon";
    public const string Classifier = ClassifierModel.ModelName;

    public static IReadOnlyList<string> Names { get; } = [Classifier, Lexicon];

    /// <summary>The model of that name, or the reason why it cannot be had.</summary>
    /// <exception cref="ModelFileException">The classifier's file is missing, altered or of another version.</exception>
    /// <exception cref="ArgumentException">There is no such model.</exception>
    public static ISentimentModel Load(string name, ScoringOptions options) => name switch
    {
        Lexicon => new LexiconModel(),
        Classifier => ClassifierModel.Load(options.ClassifierFile),
        _ => throw new ArgumentException($"there is no model '{name}'; there are {string.Join(", ", Names)}", nameof(name)),
    };

    /// <summary>
    /// The model that the options ask for. Where it cannot be used, the lexicon scores in its place, and says so: in the log, in
    /// <c>bellwether_model_fallback</c>, and in the version on every row.
    /// </summary>
    public static ISentimentModel LoadOrFallBack(ScoringOptions options, ILogger logger)
    {
        try
        {
            return Load(options.Model, options);
        }
        catch (ModelFileException error)
        {
            FellBack(logger, options.Model, Lexicon, error.Message);
            return new FallbackModel(new LexiconModel(), options.Model);
        }
    }

    [LoggerMessage(EventId = 2010, Level = LogLevel.Error, Message = "the model {Model} cannot be used, {Fallback} scores in its place: {Problem}")]
    static partial void FellBack(ILogger logger, string model, string fallback, string problem);
}

/// <summary>Scores in the place of a model that cannot be used. Rows have this one's name, and a version that names the other.</summary>
sealed class FallbackModel(ISentimentModel model, string insteadOf) : ISentimentModel
{
    public string Name => model.Name;

    public string Version => $"{model.Version} instead of {insteadOf}";

    public string InsteadOf => insteadOf;

    public ValueTask<IReadOnlyList<SentimentScore>> ScoreAsync(IReadOnlyList<string> texts, CancellationToken cancellationToken) => model.ScoreAsync(texts, cancellationToken);
}
