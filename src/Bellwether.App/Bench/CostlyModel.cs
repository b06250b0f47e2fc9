using Bellwether.Sentiment;

namespace Bellwether.App.Bench;

/// <summary>The scores of a model at so many times its cost in processor time, as a neural network would need it: each text is read again and again.</summary>
sealed class CostlyModel(ISentimentModel model, int passes) : ISentimentModel
{
    public string Name => model.Name;

    public string Version => model.Version;

    public async ValueTask<IReadOnlyList<SentimentScore>> ScoreAsync(IReadOnlyList<string> texts, CancellationToken cancellationToken)
    {
        for (var pass = 1; pass < passes; pass++) await model.ScoreAsync(texts, cancellationToken);
        return await model.ScoreAsync(texts, cancellationToken);
    }
}
