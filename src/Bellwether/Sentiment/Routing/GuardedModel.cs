using Bellwether.Diagnostics;
using Bellwether.Engines.Onnx;
using Bellwether.Sentiment.Classifier;
using Bellwether.Sentiment.Llm;
using Polly.CircuitBreaker;

namespace Bellwether.Sentiment.Routing;

/// <summary>What became of a call to a model: its scores, or why there are none.</summary>
/// <param name="Scores">Null where nothing was scored; what a failure left over has <see cref="TextOutcome.NoScore"/>.</param>
/// <param name="Problem">Why there are no scores, or not all; null where all were asked for.</param>
readonly record struct ModelOutcome(IReadOnlyList<SentimentScore>? Scores, string? Problem)
{
    /// <summary>Of a model that tells, why single texts have no score, by their index; null where all have one or it does not tell.</summary>
    public IReadOnlyDictionary<int, TextOutcome>? Faults { get; init; }
}

/// <summary>
/// A model behind a breaker and a bulkhead: what goes wrong with it is a value, so that another model can take its place. It is loaded when
/// it is first asked; one that cannot be loaded is tried again as one that failed is.
/// </summary>
sealed class GuardedModel : IDisposable
{
    /// <summary>Of a model that was not asked yet, and may be slow.</summary>
    const int FirstPortion = 64;

    static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    readonly Func<ISentimentModel> _load;
    readonly ModelLimits _limits;
    readonly TimeSpan _timeout;
    readonly TimeProvider _time;
    readonly SemaphoreSlim _room;
    readonly SemaphoreSlim _loading = new(1);
    readonly SinkBreaker _breaker;
    volatile ISentimentModel? _model;
    volatile bool _cannotBeLoaded;

    /// <param name="ownPatience">How long a portion may take by the model's own limits, which then count in the place of a default; null
    /// where it has none.</param>
    public GuardedModel(string name, Func<ISentimentModel> load, ModelLimits limits, TimeProvider time, TimeSpan? ownPatience = null)
    {
        (Name, _load, _limits, _time) = (name, load, limits, time);
        _timeout = limits.Timeout ?? (ownPatience is null ? ModelLimits.UsualTimeout : Timeout.InfiniteTimeSpan);
        _room = new(limits.Concurrent);
        // Three calls in a row that hang meet in it, whatever came before.
        var longWindow = 3 * (limits.Timeout ?? ownPatience ?? ModelLimits.UsualTimeout);
        _breaker = new($"model:{name}", Window, limits.LeftAlone, error => error is not OperationCanceledException, time,
            longWindow: longWindow);
    }

    public string Name { get; }

    /// <summary>Null until it was loaded.</summary>
    public ISentimentModel? Model => _model;

    /// <summary>Whether the last call went wrong.</summary>
    public bool IsFailing { get; private set; }

    public CircuitState State => _breaker.State;

    /// <summary>Texts that it should get at once, as far as that is known before it was loaded.</summary>
    public int MostAtOnce => _model?.MostAtOnce ?? (_cannotBeLoaded || SentimentModels.Names.Contains(Name) ? int.MaxValue : FirstPortion);

    public ValueTask<ModelOutcome> ScoreAsync(IReadOnlyList<string> texts, CancellationToken cancellationToken) =>
        AskAsync(texts, static async (model, part, token) => model is IOutcomeSentimentModel single
            ? Of(await single.TryScoreAsync(part, token)) : new(await model.ScoreAsync(part, token), null), cancellationToken);

    /// <summary>Of single entities; for a model that tells them apart.</summary>
    public ValueTask<ModelOutcome> ScoreEntitiesAsync(IReadOnlyList<EntityText> texts, CancellationToken cancellationToken) =>
        AskAsync(texts, static async (model, part, token) =>
            new(await ((IEntitySentimentModel)model).ScoreEntitiesAsync(part, token), null), cancellationToken);

    static ModelOutcome Of(IReadOnlyList<TextOutcome> outcomes) => new([.. outcomes.Select(o => o.Score)], null)
    {
        Faults = outcomes.Index().Where(o => !o.Item.IsScored).ToDictionary(o => o.Index, o => o.Item) is { Count: > 0 } faults ? faults : null,
    };

    delegate ValueTask<ModelOutcome> Ask<T>(ISentimentModel model, IReadOnlyList<T> texts, CancellationToken cancellationToken);

    async ValueTask<ModelOutcome> AskAsync<T>(IReadOnlyList<T> texts, Ask<T> ask, CancellationToken cancellationToken)
    {
        var outcome = await AskInPortionsAsync(texts, ask, cancellationToken);
        IsFailing = outcome.Problem is not null;
        return outcome;
    }

    /// <summary>
    /// What is slow is asked bit by bit, each with a place and a time of its own: a batch may be as large as the quick models like it.
    /// Where one bit fails, those before it keep their scores, which may have been paid for, and the rest is not tried.
    /// </summary>
    async ValueTask<ModelOutcome> AskInPortionsAsync<T>(IReadOnlyList<T> texts, Ask<T> ask, CancellationToken cancellationToken)
    {
        var all = new List<SentimentScore>(texts.Count);
        Dictionary<int, TextOutcome>? faults = null;
        while (all.Count < texts.Count)
        {
            var portion = await PortionAsync(texts, all.Count, ask, cancellationToken);
            var (scores, problem) = portion;
            if (scores is null)
            {
                if (all.Count == 0) return new(null, problem);
                all.AddRange(Enumerable.Repeat(TextOutcome.NoScore, texts.Count - all.Count));
                return new(all, problem) { Faults = faults };
            }
            if (scores.Count == texts.Count) return portion;
            foreach (var (at, fault) in portion.Faults ?? new Dictionary<int, TextOutcome>()) (faults ??= [])[all.Count + at] = fault;
            all.AddRange(scores);
        }
        return new(all, null) { Faults = faults };
    }

    async ValueTask<ModelOutcome> PortionAsync<T>(IReadOnlyList<T> texts, int start, Ask<T> ask, CancellationToken cancellationToken)
    {
        if (!await WaitForRoomAsync(cancellationToken))
            return new(null, $"all its {_limits.Concurrent} places were taken for {_limits.Wait.TotalSeconds:0.###} s");
        try
        {
            return await _breaker.AskAsync(token => AskAsync(texts, start, ask, token), cancellationToken);
        }
        catch (BrokenCircuitException)
        {
            return new(null, "it has failed and is left alone for a while");
        }
        catch (Exception error) when (error is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            return new(null, Told(error));
        }
        finally
        {
            _room.Release();
        }
    }

    // What is known of tells what is wrong by itself; of anything else the class is a part of it.
    static string Told(Exception error) => error switch
    {
        ModelFileException or LlmUnavailableException or TimeoutException => error.Message,
        OnnxException => $"ONNX Runtime: {error.Message}",
        _ => $"it failed unexpectedly: {error.Message} ({error.GetType().Name})",
    };

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

    async Task<ModelOutcome> AskAsync<T>(IReadOnlyList<T> texts, int start, Ask<T> ask,
        CancellationToken cancellationToken)
    {
        var model = _model ?? await LoadAsync(cancellationToken);
        var count = Math.Min(texts.Count - start, model.MostAtOnce);
        var part = count == texts.Count ? texts : [.. texts.Skip(start).Take(count)];
        using var late = new CancellationTokenSource(_timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        ModelOutcome outcome;
        try
        {
            outcome = await ask(model, part, either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException(
                late.IsCancellationRequested ? $"no answer within {_timeout.TotalSeconds:0.###} s" : "it gave up by itself");
        }
        return outcome.Scores!.Count == part.Count ? outcome
            : throw new InvalidOperationException($"{outcome.Scores!.Count} scores for {part.Count} texts");
    }

    // Some models take half a gigabyte and seconds: those who ask at once wait for one of them.
    async Task<ISentimentModel> LoadAsync(CancellationToken cancellationToken)
    {
        await _loading.WaitAsync(cancellationToken);
        try
        {
            return _model ??= _load();
        }
        catch
        {
            _cannotBeLoaded = true;
            throw;
        }
        finally
        {
            _loading.Release();
        }
    }

    public void Dispose()
    {
        (_model as IDisposable)?.Dispose();
        _room.Dispose();
        _loading.Dispose();
    }
}
