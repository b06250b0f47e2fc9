using System.Globalization;
using System.Net;
using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;

namespace Bellwether.Market.Providers;

/// <summary>
/// Asks a provider over HTTP: within its quota, again after failures that pass (as long as it says, else longer each time), and not at all
/// for a while after many in a row.
/// </summary>
public sealed class ProviderHttp : IDisposable
{
    const int MostBytes = 256 << 20;
    static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);

    readonly HttpClient _http;
    readonly string _provider;
    readonly ProviderQuota _quota;
    readonly ResiliencePipeline<HttpResponseMessage> _pipeline;

    public ProviderHttp(string provider, ProviderOptions options, ProviderQuota quota, TimeProvider time, string? contact = null)
    {
        (_provider, _quota) = (provider, quota);
        _http = new(new SocketsHttpHandler
        {
            AutomaticDecompression = DecompressionMethods.All,
            PooledConnectionLifetime = TimeSpan.FromMinutes(10),
        })
        { Timeout = options.Timeout, MaxResponseContentBufferSize = MostBytes };
        _http.DefaultRequestHeaders.TryAddWithoutValidation("User-Agent", contact is null ? "bellwether" : $"bellwether {contact}");
        var passing = new PredicateBuilder<HttpResponseMessage>().Handle<HttpRequestException>()
            .Handle<TaskCanceledException>(e => e.InnerException is TimeoutException)
            .HandleResult(response => response.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout
                || (int)response.StatusCode >= 500);
        var pipeline = new ResiliencePipelineBuilder<HttpResponseMessage> { TimeProvider = time };
        if (options.Retries > 0)
            pipeline.AddRetry(new()
            {
                ShouldHandle = passing,
                MaxRetryAttempts = options.Retries,
                Delay = options.FirstRetry,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                MaxDelay = LongestWait,
                DelayGenerator = failed => new(Told(failed.Outcome.Result, time)),
            });
        _pipeline = pipeline.AddCircuitBreaker(new()
        {
            ShouldHandle = passing,
            FailureRatio = 1,
            MinimumThroughput = options.BreakAfter,
            SamplingDuration = TimeSpan.FromMinutes(10),
            BreakDuration = options.BreakFor,
        }).Build();
    }

    /// <summary>The text of an answer; null for 404.</summary>
    /// <exception cref="MarketProviderException">There is none.</exception>
    public async Task<string?> GetAsync(Uri address, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await _pipeline.ExecuteAsync(async token =>
            {
                await _quota.TakeAsync(token);
                return await _http.GetAsync(address, token);
            }, cancellationToken);
            if (response.StatusCode == HttpStatusCode.NotFound) return null;
            // The address may hold a key, and is not told.
            if (!response.IsSuccessStatusCode)
                throw new MarketProviderException(_provider, response.StatusCode == HttpStatusCode.TooManyRequests ? ProviderProblem.Quota
                    : ProviderProblem.Unavailable,
                    string.Create(CultureInfo.InvariantCulture, $"answered {(int)response.StatusCode} {response.ReasonPhrase}"),
                    response.StatusCode is HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized
                        ? "Check the key or the contact in Market:Providers." : null);
            return await response.Content.ReadAsStringAsync(cancellationToken);
        }
        catch (BrokenCircuitException error)
        {
            throw new MarketProviderException(_provider, ProviderProblem.Unavailable,
                "failed again and again and is left alone for a while", inner: error);
        }
        catch (Exception error) when (error is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            throw new MarketProviderException(_provider, ProviderProblem.Unavailable,
                $"cannot be reached at {address.Host}: {error.Message}", inner: error);
        }
    }

    public void Dispose() => _http.Dispose();

    static TimeSpan? Told(HttpResponseMessage? response, TimeProvider time) => response?.Headers.RetryAfter is not { } after ? null
        : (after.Delta ?? after.Date - time.GetUtcNow()) is { Ticks: >= 0 } wait ? wait < LongestWait ? wait : LongestWait : null;
}
