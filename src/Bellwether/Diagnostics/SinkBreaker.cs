using Polly;
using Polly.CircuitBreaker;

namespace Bellwether.Diagnostics;

/// <summary>
/// Keeps callers from waiting for a server that does not answer: it opens for a while when, of two or more calls within a window, half have
/// failed, and then one call tries again. Its state is the metric <c>bellwether_breaker_state</c> under its name.
/// </summary>
/// <remarks>
/// Calls that hang until their time is up would never meet in a short window, and in a long one yesterday's successes would outvote a
/// server that refuses at once: where calls may take long, both windows watch.
/// </remarks>
sealed class SinkBreaker
{
    // Polly takes no more.
    static readonly TimeSpan LongestWindow = TimeSpan.FromDays(1);

    readonly List<CircuitBreakerStateProvider> _circuits = [];
    readonly ResiliencePipeline _breaker;
    readonly string _name;

    /// <param name="leftAlone">How long calls fail at once after it opened.</param>
    /// <param name="isOutage">Which failures tell of a server that is away.</param>
    /// <param name="longWindow">A second window, where calls may take longer than half of the first.</param>
    public SinkBreaker(
        string name, TimeSpan window, TimeSpan leftAlone, Func<Exception, bool> isOutage, TimeProvider time,
        Action<TimeSpan>? opened = null, Action? closed = null, TimeSpan? longWindow = null)
    {
        _name = name;
        var builder = new ResiliencePipelineBuilder { TimeProvider = time };
        foreach (var watched in longWindow > window ? [window, longWindow.Value] : (TimeSpan[])[window])
        {
            var circuit = new CircuitBreakerStateProvider();
            _circuits.Add(circuit);
            builder.AddCircuitBreaker(new()
            {
                // What the inner one turns away is no failure of the server.
                ShouldHandle = new PredicateBuilder().Handle<Exception>(error => error is not BrokenCircuitException && isOutage(error)),
                FailureRatio = 0.5,
                MinimumThroughput = 2,
                SamplingDuration = watched < LongestWindow ? watched : LongestWindow,
                BreakDuration = leftAlone,
                StateProvider = circuit,
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
            });
        }
        _breaker = builder.Build();
    }

    public CircuitState State => _circuits.Exists(c => c.CircuitState is CircuitState.Open or CircuitState.Isolated) ? CircuitState.Open
        : _circuits.Exists(c => c.CircuitState == CircuitState.HalfOpen) ? CircuitState.HalfOpen : CircuitState.Closed;

    /// <param name="call">Is told whether it is the one that tries again.</param>
    /// <exception cref="BrokenCircuitException">The server is being left alone.</exception>
    public async ValueTask RunAsync(Func<bool, CancellationToken, Task> call, CancellationToken cancellationToken) =>
        await _breaker.ExecuteAsync(static async (state, token) => await state.call(state.self.State == CircuitState.HalfOpen, token),
            (call, self: this), cancellationToken);

    /// <inheritdoc cref="RunAsync(Func{bool, CancellationToken, Task}, CancellationToken)"/>
    public async ValueTask<T> AskAsync<T>(Func<CancellationToken, Task<T>> call, CancellationToken cancellationToken) =>
        await _breaker.ExecuteAsync(static async (call, token) => await call(token), call, cancellationToken);

    public void Publish() => Instruments.BreakerState.Record(
        State switch { CircuitState.Closed => 0, CircuitState.HalfOpen => 1, _ => 2 }, new KeyValuePair<string, object?>("breaker", _name));
}
