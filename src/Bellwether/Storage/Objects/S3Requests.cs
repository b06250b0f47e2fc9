using System.Net;
using Amazon.Runtime;
using Amazon.S3;
using Polly;
using Polly.Retry;

namespace Bellwether.Storage.Objects;

/// <summary>
/// Sends requests: each is given up when nothing moves for a while, tried again with growing pauses as long as it fails in ways that may
/// pass and the time for that is not used up, and its last failure told in the store's terms.
/// </summary>
sealed class S3Requests(S3Location location, S3StoreOptions options, TimeProvider time)
{
    const int MostTriesForWrongBytes = 3;
    static readonly ResiliencePropertyKey<long> Started = new("started");

    readonly ResiliencePipeline _retry = new ResiliencePipelineBuilder { TimeProvider = time }
        .AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = attempt => ValueTask.FromResult(attempt.Outcome.Exception is { } error
                && (MayPass(error) || attempt.AttemptNumber < MostTriesForWrongBytes - 1 && error is ObjectStoreException { Fault: ObjectStoreFault.Corrupt })
                && time.GetElapsedTime(attempt.Context.Properties.GetValue(Started, 0)) < options.RetryFor),
            MaxRetryAttempts = int.MaxValue,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            Delay = options.RetryPause,
            MaxDelay = TimeSpan.FromSeconds(20),
        })
        .Build();

    public async Task<T> SendAsync<T>(string operation, string? key, Func<StallGuard, Task<T>> attempt, CancellationToken cancellationToken)
    {
        var context = ResilienceContextPool.Shared.Get(continueOnCapturedContext: false, cancellationToken);
        context.Properties.Set(Started, time.GetTimestamp());
        var tries = 0;
        try
        {
            return await _retry.ExecuteAsync(async context =>
            {
                tries++;
                using var guard = new StallGuard(options.Timeout, time, context.CancellationToken);
                try
                {
                    return await attempt(guard).ConfigureAwait(false);
                }
                catch (Exception error) when (guard.Stalled && !context.CancellationToken.IsCancellationRequested)
                {
                    throw new TimeoutException($"nothing moved for {options.Timeout.TotalSeconds:0.###} s", error);
                }
            }, context).ConfigureAwait(false);
        }
        catch (Exception error) when (error is AmazonServiceException or AmazonClientException or HttpRequestException or IOException or TimeoutException or UnauthorizedAccessException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw S3Failure.Of(error, operation, location, key, tries);
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    static bool MayPass(Exception error) => error switch
    {
        TimeoutException or HttpRequestException or HttpIOException => true,
        ObjectCutException => true,
        AmazonServiceException service => MayPass(service),
        // No answer at all, or no credentials to be had: the latter stays so.
        AmazonClientException client => client.InnerException is { } inner && MayPass(inner),
        IOException { InnerException: System.Net.Sockets.SocketException } => true,
        _ => false,
    };

    static bool MayPass(AmazonServiceException error) => error.StatusCode switch
    {
        HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests => true,
        >= HttpStatusCode.InternalServerError => error.StatusCode != HttpStatusCode.NotImplemented,
        // Completing an upload may answer 200 and then fail; some stores tell overload by 400.
        _ => error.ErrorCode is "InternalError" or "SlowDown" or "RequestTimeout" or "ServiceUnavailable" or "Throttling" or "BadDigest"
            || (int)error.StatusCode == 0 && error.InnerException is { } inner && MayPass(inner),
    };
}

/// <summary>The body ended before its announced length.</summary>
sealed class ObjectCutException(string message) : IOException(message);

/// <summary>Cancels when nothing has moved for a while.</summary>
sealed class StallGuard : IDisposable
{
    readonly TimeSpan _patience;
    readonly CancellationTokenSource _timer;
    readonly CancellationTokenSource _either;

    public StallGuard(TimeSpan patience, TimeProvider time, CancellationToken cancellationToken)
    {
        _patience = patience;
        _timer = new(patience, time);
        _either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _timer.Token);
    }

    public CancellationToken Token => _either.Token;

    public bool Stalled => _timer.IsCancellationRequested;

    /// <summary>Bytes have moved.</summary>
    public void Moved() => _timer.CancelAfter(_patience);

    public void Dispose()
    {
        _either.Dispose();
        _timer.Dispose();
    }
}
