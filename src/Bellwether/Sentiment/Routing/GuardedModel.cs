using Bellwether.Diagnostics;
using Bellwether.Sentiment.Classifier;
using Polly.CircuitBreaker;

namespace Bellwether.Sentiment.Routing;

/// <summary>What became of a call to a model: its scores, or why there are none.</summary>
readonly record struct ModelOutcome(IReadOnlyList<SentimentScore>? Scores, string? Problem);

/// <summary>
/// A model behind a breaker and a bulkhead: what goes wrong with it is a value, so that another model can take its place. It is loaded when it is
/// first asked; one that cannot be loaded is tried again as one that failed is.
/// </summary>
sealed class GuardedModel
{
    static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    readonly Func<ISentimentModel> _load;
    readonly ModelLimits _limits;
    readonly TimeProvider _time;
    readonly SemaphoreSlim _room;
    readonly SinkBreaker _breaker;
    volatile ISentimentModel? _model;

    public GuardedModel(string name, Func<ISentimentModel> load, ModelLimits limits, TimeProvider time)
    {
        (Name, _load, _limits, _time) = (name, load, limits, time);
        _room = new(limits.Concurrent);
        _breaker = new($"model:{name}", Window, limits.LeftAlone, error => error is not OperationCanceledException, time);
    }

    public string Name { get; }

    /// <summary>Null until it was loaded.</summary>
    public ISentimentModel? Model => _model;

    public CircuitState State => _breaker.State;

    public async ValueTask<ModelOutcome> ScoreAsync(IReadOnlyList<string> texts, CancellationToken cancellationToken)
    {
        if (!await WaitForRoomAsync(cancellationToken)) return new(null, $"all its {_limits.Concurrent} places were taken for {_limits.Wait.TotalSeconds:0.###} s");
        try
        {
            return new(await _breaker.AskAsync(token => AskAsync(texts, token), cancellationToken), null);
        }
        catch (BrokenCircuitException)
        {
            return new(null, "it has failed and is left alone for a while");
        }
        catch (Exception error) when (error is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            return new(null, error is ModelFileException file ? file.Message : $"{error.GetType().Name}: {error.Message}");
        }
        finally
        {
            _room.Release();
        }
    }

    async Task<bool> WaitForRoomAsync(CancellationToken cancellationToken)
    {
        if (_room.Wait(0, cancellationToken)) return true;
        using var patience = new CancellationTokenSource(_limits.Wait, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        try
        {
            await _room.WaitAsync(either.Token);
            return true;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    async Task<IReadOnlyList<SentimentScore>> AskAsync(IReadOnlyList<string> texts, CancellationToken cancellationToken)
    {
        var model = _model ??= _load();
        // What is slow is asked bit by bit, each within the timeout: a batch is as large as the quick models like it.
        if (texts.Count <= model.MostAtOnce) return await AskAsync(model, texts, cancellationToken);
        var all = new List<SentimentScore>(texts.Count);
        foreach (var part in texts.Chunk(model.MostAtOnce)) all.AddRange(await AskAsync(model, part, cancellationToken));
        return all;
    }

    async Task<IReadOnlyList<SentimentScore>> AskAsync(ISentimentModel model, IReadOnlyList<string> texts, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(_limits.Timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        IReadOnlyList<SentimentScore> scores;
        try
        {
            scores = await model.ScoreAsync(texts, either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"no answer within {_limits.Timeout.TotalSeconds:0.###} s");
        }
        return scores.Count == texts.Count ? scores : throw new InvalidOperationException($"{scores.Count} scores for {texts.Count} texts");
    }
}
