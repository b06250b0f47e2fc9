using Polly;
using Polly.CircuitBreaker;

namespace Bellwether.Diagnostics;

/// <summary>
/// Keeps callers from waiting for a server that does not answer: it opens for a while when, of two or more calls within a window, half have
/// failed, and then one call tries again. Its state is the metric <c>bellwether_breaker_state</c> under its name.
/// </summary>
sealed class SinkBreaker
{
    readonly CircuitBreakerStateProvider _circuit = new();
    readonly ResiliencePipeline _breaker;
    readonly string _name;

    /// <param name="leftAlone">How long calls fail at once after it opened.</param>
    /// <param name="isOutage">Which failures tell of a server that is away.</param>
    public SinkBreaker(
        string name, TimeSpan window, TimeSpan leftAlone, Func<Exception, bool> isOutage, TimeProvider time, Action<TimeSpan>? opened = null, Action? closed = null)
    {
        _name = name;
        _breaker = new ResiliencePipelineBuilder { TimeProvider = time }
            .AddCircuitBreaker(new()
            {
                ShouldHandle = new PredicateBuilder().Handle(isOutage),
                FailureRatio = 0.5,
                MinimumThroughput = 2,
                SamplingDuration = window,
                BreakDuration = leftAlone,
                StateProvider = _circuit,
                OnOpened = state =>
                {
                    Publish();
                    opened?.Invoke(state.BreakDuration);
                    return default;
                },
                OnClosed = _ =>
                {
                    Publish();
                    closed?.Invoke();
                    return default;
                },
            })
            .Build();
    }

    public CircuitState State => _circuit.CircuitState;

    /// <param name="call">Is told whether it is the one that tries again.</param>
    /// <exception cref="BrokenCircuitException">The server is being left alone.</exception>
    public async ValueTask RunAsync(Func<bool, CancellationToken, Task> call, CancellationToken cancellationToken) =>
        await _breaker.ExecuteAsync(static async (state, token) => await state.call(state.self.State == CircuitState.HalfOpen, token), (call, self: this), cancellationToken);

    /// <inheritdoc cref="RunAsync(Func{bool, CancellationToken, Task}, CancellationToken)"/>
    public async ValueTask<T> AskAsync<T>(Func<CancellationToken, Task<T>> call, CancellationToken cancellationToken) =>
        await _breaker.ExecuteAsync(static async (call, token) => await call(token), call, cancellationToken);

    public void Publish() => Instruments.BreakerState.Record(
        State switch { CircuitState.Closed => 0, CircuitState.HalfOpen => 1, _ => 2 }, new KeyValuePair<string, object?>("breaker", _name));
}
