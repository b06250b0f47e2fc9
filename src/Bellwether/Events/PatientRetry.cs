using Polly;
using Polly.Retry;

namespace Bellwether.Events;

/// <summary>Tries work until it ends without failing, however often that takes. Waits grow with failures in a row, to five seconds.</summary>
sealed class PatientRetry(TimeProvider time)
{
    readonly ResiliencePipeline _retry = new ResiliencePipelineBuilder { TimeProvider = time }
        .AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = new PredicateBuilder().Handle<Exception>(error => error is not OperationCanceledException),
            MaxRetryAttempts = int.MaxValue,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            Delay = TimeSpan.FromMilliseconds(50),
            MaxDelay = TimeSpan.FromSeconds(5),
        })
        .Build();

    /// <param name="work">Calls its argument when it got something done: a failure after that is the first in its row, and is tried again at once.</param>
    public async Task RunAsync(Func<Action, CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        for (var ended = false; !ended;)
            await _retry.ExecuteAsync(async token =>
            {
                var progress = false;
                try
                {
                    await work(() => progress = true, token);
                    ended = true;
                }
                catch (Exception error) when (progress && error is not OperationCanceledException)
                {
                    // Ends this row of failures; the next begins with no wait.
                }
            }, cancellationToken);
    }
}
