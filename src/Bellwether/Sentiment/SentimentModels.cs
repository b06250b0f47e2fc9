using Bellwether.Sentiment.Classifier;
using Bellwether.Sentiment.Lexicon;
using Bellwether.Sentiment.Llm;
using Bellwether.Sentiment.Onnx;
using Microsoft.Extensions.Logging;

namespace Bellwether.Sentiment;

/// <summary>The models of this program by name.</summary>
public static partial class SentimentModels
{
    public const string Lexicon = "lexicon";
    public const string Classifier = ClassifierModel.ModelName;

    public static IReadOnlyList<string> Names { get; } = [Classifier, Lexicon];

    /// <summary>These, those that were added, and those behind endpoints.</summary>
    public static IReadOnlyList<string> NamesOf(ScoringOptions options) =>
        [.. Names.Concat(Store(options)?.Names ?? [])
            .Concat(options.Llm.Keys.Select(k => k.ToLowerInvariant()).Order(StringComparer.Ordinal)).Distinct(StringComparer.Ordinal)];

    /// <summary>Settings of the language model of that name; null where it is none.</summary>
    public static LlmOptions? LlmNamed(ScoringOptions options, string name) =>
        options.Llm.FirstOrDefault(m => m.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;

    /// <summary>What is wrong with the names of language models, for people; empty when nothing is.</summary>
    public static IEnumerable<string> LlmProblems(ScoringOptions options)
    {
        foreach (var name in options.Llm.Keys)
            if (Names.Contains(name.ToLowerInvariant()))
                yield return $"Llm:{name}: this is the name of a model that is built in; choose another one.";
            else if (!ModelStore.IsName(name.ToLowerInvariant()))
                yield return $"Llm:{name}: a name has up to 63 letters, digits, dots, hyphens and underscores, a letter or digit first.";
    }

    /// <summary>Models that were added; null where the options name no folder.</summary>
    public static ModelStore? Store(ScoringOptions options) => options.ModelsDirectory is { } folder ? new(folder) : null;

    /// <summary>The first model that the options ask for and ONNX Runtime is needed for; null where none is.</summary>
    public static string? NeedingOnnx(ScoringOptions options) =>
        options.Routing.Rules.SelectMany(r => r.Models).Prepend(options.Model)
            .FirstOrDefault(name => !Names.Contains(name) && Store(options)?.Has(name) == true);

    /// <summary>The model of that name, or the reason why it cannot be had.</summary>
    /// <exception cref="ModelFileException">There is no such model, or its file is missing, altered or of another version.</exception>
    public static ISentimentModel Load(string name, ScoringOptions options, TimeProvider? time = null) => name switch
    {
        Lexicon => new LexiconModel(),
        Classifier => ClassifierModel.Load(options.ClassifierFile),
        _ when LlmNamed(options, name) is not null && Store(options)?.Has(name) == true =>
            throw new ModelFileException(name, "two models have this name, one of Scoring:Llm and one that was added",
                "Rename the one in Scoring:Llm, or remove the other."),
        _ when LlmNamed(options, name) is { } llm => LlmModel.Create(name, llm, time ?? TimeProvider.System),
        _ when Store(options) is { } store && store.Has(name) => BertModel.Load(store.Get(name), options.Onnx),
        _ => throw new ModelFileException(name, $"there is no such model; there are {string.Join(", ", NamesOf(options))}",
            "Look at Scoring:Model, or add it: `bellwether model add`."),
    };

    /// <summary>
    /// The model that the options ask for. Where it cannot be used, the classifier scores in its place, or else the lexicon, and says so:
    /// in the log, in <c>bellwether_model_fallback</c>, and in the version on every row.
    /// </summary>
    public static ISentimentModel LoadOrFallBack(ScoringOptions options, ILogger logger, TimeProvider? time = null)
    {
        try
        {
            return Load(options.Model, options, time);
        }
        catch (ModelFileException error)
        {
            var fallback = options.Model == Classifier ? new LexiconModel() : LoadOrFallBack(options with { Model = Classifier }, logger);
            FellBack(logger, options.Model, fallback.Name, error.Message);
            return fallback is IEntitySentimentModel entities ? new EntityFallbackModel(entities, options.Model)
                : new FallbackModel(fallback, options.Model);
        }
    }

    [LoggerMessage(EventId = 2010, Level = LogLevel.Error,
        Message = "the model {Model} cannot be used, {Fallback} scores in its place: {Problem}")]
    static partial void FellBack(ILogger logger, string model, string fallback, string problem);
}

/// <summary>Scores in the place of a model that cannot be used. Rows have this one's name, and a version that names the other.</summary>
class FallbackModel(ISentimentModel model, string insteadOf) : ISentimentModel
{
    public string Name => model.Name;

    public string Version => $"{model.Version} instead of {insteadOf}";

    public string InsteadOf => insteadOf;

    public int MostAtOnce => model.MostAtOnce;

    public ValueTask<IReadOnlyList<SentimentScore>> ScoreAsync(IReadOnlyList<string> texts, CancellationToken cancellationToken) =>
        model.ScoreAsync(texts, cancellationToken);
}

/// <summary>The same for one that tells securities apart.</summary>
sealed class EntityFallbackModel(IEntitySentimentModel model, string insteadOf) : FallbackModel(model, insteadOf), IEntitySentimentModel
{
    public ValueTask<IReadOnlyList<SentimentScore>> ScoreEntitiesAsync(IReadOnlyList<EntityText> texts,
        CancellationToken cancellationToken) =>
        model.ScoreEntitiesAsync(texts, cancellationToken);
}
