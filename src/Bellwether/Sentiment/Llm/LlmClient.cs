using System.Net;
using System.Net.Http.Headers;
using Bellwether.Diagnostics;
using Polly;
using Polly.Retry;

namespace Bellwether.Sentiment.Llm;

/// <summary>
/// Asks the server for one text after the other: bounded in number and tokens, tried again where failures may pass. Whatever happens is a
/// value.
/// </summary>
sealed class LlmClient : IDisposable
{
    const int MostBytes = 1 << 20;

    readonly string _name;
    readonly LlmOptions _options;
    readonly LlmEndpoint _endpoint;
    readonly TimeProvider _time;
    readonly HttpClient _http;
    readonly SemaphoreSlim _slots;
    readonly TokenBudget _budget;
    readonly ResiliencePipeline<LlmReply> _retry;
    readonly QuietTime _quiet;
    long _tokens, _heard = long.MinValue;

    public LlmClient(string name, LlmOptions options, LlmEndpoint endpoint, TimeProvider time)
    {
        (_name, _options, _endpoint, _time) = (name, options, endpoint, time);
        _slots = new(options.Concurrency);
        _budget = new(options.TokensPerMinute, time);
        _quiet = new(time);
        _http = new(new SocketsHttpHandler
        {
            // The key goes to the address that was named and to no other; a proxy would read it unless it only passes TLS on.
            AllowAutoRedirect = false,
            UseProxy = !endpoint.IsDirect,
            MaxConnectionsPerServer = options.Concurrency,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        })
        {
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = MostBytes,
        };
        var retry = new ResiliencePipelineBuilder<LlmReply> { TimeProvider = time };
        if (options.Tries > 1) retry.AddRetry(new RetryStrategyOptions<LlmReply>
        {
            ShouldHandle = attempt => ValueTask.FromResult(attempt.Outcome.Result is { MayPass: true }),
            MaxRetryAttempts = options.Tries - 1,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            Delay = options.RetryPause,
            MaxDelay = options.MaxRetryPause,
            // All who were turned away at once would come back at once.
            DelayGenerator = attempt => ValueTask.FromResult(
                attempt.Outcome.Result?.RetryAfter is { } wait ? wait * (1 + 0.1 * Random.Shared.NextDouble()) : (TimeSpan?)null),
        });
        _retry = retry.Build();
    }

    public string Address => _endpoint.Address.ToString();

    /// <summary>As the server counts them.</summary>
    public long TokensUsed => Interlocked.Read(ref _tokens);

    public bool HasKey => _endpoint.Key is not null;

    /// <summary>For a portion of texts.</summary>
    public Silence Listen() => new(_options.Patience, _time, () => Interlocked.Read(ref _heard));

    /// <summary>Throws only when cancelled.</summary>
    public async Task<LlmReply> AskAsync(string text, Silence silence, CancellationToken cancellationToken)
    {
        text = LlmPrompt.Cut(text, _options.MaxCharacters);
        var (body, cost) = (LlmPrompt.Request(_options, text), LlmPrompt.Estimate(_options, text));
        var tries = 0;
        var reply = await _retry.ExecuteAsync(async token =>
        {
            tries++;
            return await TryAsync(body, cost, silence, token);
        }, cancellationToken);
        return reply.Detail is { } detail && tries > 1 ? reply with { Detail = $"{detail} (after {tries} tries)" } : reply;
    }

    async ValueTask<LlmReply> TryAsync(byte[] body, int cost, Silence silence, CancellationToken cancellationToken)
    {
        await _slots.WaitAsync(cancellationToken);
        try
        {
            if (_quiet.Left is { } left)
                return LlmReply.Failed(LlmFault.Unavailable,
                    $"{_endpoint.Address.Authority} asked to be left alone, for {left.TotalSeconds:0} s more");
            if (silence.IsTooLong)
                return LlmReply.Failed(LlmFault.Unavailable,
                    $"nothing was heard of {_endpoint.Address.Authority} for {_options.Patience.TotalSeconds:0.###} s");
            if (_budget.Take(cost) is var wait && wait > TimeSpan.Zero)
            {
                try
                {
                    await Task.Delay(wait, _time, cancellationToken);
                    silence.Ends();
                }
                catch (OperationCanceledException)
                {
                    _budget.Correct(cost, 0);
                    throw;
                }
            }
            var sent = _time.GetTimestamp();
            var reply = await SendAsync(body, cancellationToken);
            if (reply.IsAnswer)
            {
                Interlocked.Exchange(ref _heard, _time.GetTimestamp());
                silence.Ends();
            }
            else
            {
                silence.Begins(sent);
            }
            _budget.Correct(cost, reply is { TokensIn: { } read, TokensOut: { } written } ? read + written
                : reply.Fault is LlmFault.Unavailable or LlmFault.Rejected && !reply.MayHaveCost ? 0 : cost);
            if (reply.RetryAfter is { } pause) _budget.Pause(pause);
            Count(reply);
            return reply;
        }
        finally
        {
            _slots.Release();
        }
    }

    async Task<LlmReply> SendAsync(byte[] body, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(_options.Timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, _endpoint.Address) { Content = new ByteArrayContent(body) };
            request.Content.Headers.ContentType = new("application/json");
            if (_endpoint.Key is { } key) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseContentRead, either.Token);
            var answer = await response.Content.ReadAsByteArrayAsync(either.Token);
            return response.StatusCode == HttpStatusCode.OK ? LlmAnswer.Read(answer, _options, _endpoint) : Refusal(response, answer);
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            var late = $"{_endpoint.Address.Authority} did not answer within {_options.Timeout.TotalSeconds:0.###} s";
            return LlmReply.Failed(LlmFault.Unavailable, late, mayPass: true) with { MayHaveCost = true, IsAnswer = false };
        }
        catch (HttpRequestException error) when (error.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded)
        {
            return LlmReply.Failed(LlmFault.Unavailable,
                $"{_endpoint.Address.Authority} answered with more than {MostBytes >> 20} MiB: that is no answer of a language model") with
            {
                MayHaveCost = true,
            };
        }
        catch (Exception error) when (error is HttpRequestException or IOException)
        {
            var problem = $"{_endpoint.Address.Authority}: {_endpoint.Excerpt(error.InnerException?.Message ?? error.Message)}";
            var arrived = !NeverArrived(error);
            return LlmReply.Failed(LlmFault.Unavailable, problem, mayPass: true) with { MayHaveCost = arrived, IsAnswer = false };
        }
    }

    static bool NeverArrived(Exception error) => error is HttpRequestException
    {
        HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError
            or HttpRequestError.ProxyTunnelError
    };

    LlmReply Refusal(HttpResponseMessage response, byte[] answer)
    {
        var status = (int)response.StatusCode;
        var words = _endpoint.Excerpt(System.Text.Encoding.UTF8.GetString(answer));
        var detail = $"{_endpoint.Address.Authority} answered {status}{(words.Length > 0 ? $": {words}" : "")}";
        if (status is >= 300 and < 400)
            return LlmReply.Failed(LlmFault.Unavailable, $"{detail}, which sends requests on{Target(response)}; they are sent to no other "
                + "address than Endpoint names");
        switch (response.StatusCode)
        {
            // About this request: too long, or a form of answer that the server does not know.
            case HttpStatusCode.BadRequest or HttpStatusCode.RequestEntityTooLarge or HttpStatusCode.UnprocessableEntity:
                return LlmReply.Failed(LlmFault.Rejected, detail);
            case HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or HttpStatusCode.Conflict
                or >= HttpStatusCode.InternalServerError:
                var wait = RetryAfter(response.Headers.RetryAfter);
                if (wait is not { } asked || asked <= _options.MaxRetryPause)
                    return LlmReply.Failed(LlmFault.Unavailable, detail, mayPass: true, wait);
                // Nor do the other texts knock in the meantime.
                _quiet.Keep(asked);
                return LlmReply.Failed(LlmFault.Unavailable,
                    $"{detail} (it asks to wait for {asked.TotalSeconds:0} s, MaxRetryPause is {_options.MaxRetryPause.TotalSeconds:0} s)");
            default:
                return LlmReply.Failed(LlmFault.Unavailable, detail);
        }
    }

    string Target(HttpResponseMessage response) => response.Headers.Location is not { } location ? ""
        : $" to {_endpoint.Excerpt(location.IsAbsoluteUri ? location.GetLeftPart(UriPartial.Path) : location.ToString())}";

    TimeSpan? RetryAfter(RetryConditionHeaderValue? header)
    {
        var wait = header?.Delta ?? header?.Date - _time.GetUtcNow();
        return wait > TimeSpan.Zero ? wait : null;
    }

    void Count(LlmReply reply)
    {
        var model = new KeyValuePair<string, object?>("model", _name);
        Instruments.LlmRequests.Add(1, model,
            new("outcome", reply.Fault == LlmFault.None ? "scored" : reply.Fault.ToString().ToLowerInvariant()));
        Interlocked.Add(ref _tokens, (reply.TokensIn ?? 0) + (reply.TokensOut ?? 0));
        if (reply.TokensIn is { } read) Instruments.LlmTokens.Add(read, model, new("kind", "input"));
        if (reply.TokensOut is { } written) Instruments.LlmTokens.Add(written, model, new("kind", "output"));
    }

    public void Dispose()
    {
        _http.Dispose();
        _slots.Dispose();
    }
}
