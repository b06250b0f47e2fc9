using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Threading.Channels;

namespace Bellwether.Tests.Faults;

/// <summary>
/// Sends events over HTTP, as a careful client does: each request again, to this server or another one, until it is told that the log has it.
/// </summary>
sealed class LabLoad : IAsyncDisposable
{
    const int Senders = 4;

    static readonly TimeSpan Patience = TimeSpan.FromSeconds(5), Retry = TimeSpan.FromMilliseconds(100), LongestPause = TimeSpan.FromSeconds(90);

    readonly HttpClient _client = new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(2) }) { Timeout = Patience };
    readonly Channel<LabBody> _waiting = Channel.CreateBounded<LabBody>(Senders);
    readonly CancellationTokenSource _stop = new();
    readonly ConcurrentDictionary<string, LabEvent> _acknowledged = [];
    readonly LabEvents _events;
    readonly IReadOnlyList<Uri> _servers;
    readonly double _perSecond;
    readonly Task[] _work;
    readonly SemaphoreSlim _producing = new(1);
    int _inHand, _next, _resent;

    public LabLoad(LabEvents events, IReadOnlyList<Uri> servers, double perSecond)
    {
        (_events, _servers, _perSecond) = (events, servers, perSecond);
        _work = [Task.Run(ProduceAsync), .. Enumerable.Range(0, Senders).Select(_ => Task.Run(SendAllAsync))];
    }

    /// <summary>What a server has acknowledged, by the sender's name of it.</summary>
    public IReadOnlyDictionary<string, LabEvent> Acknowledged => _acknowledged;

    /// <summary>Requests that had to be sent again.</summary>
    public int Resent => _resent;

    /// <summary>Makes no further load until disposed, and returns when everything that was sent is acknowledged.</summary>
    public async Task<IDisposable> PauseAsync(CancellationToken cancellationToken)
    {
        var started = TimeProvider.System.GetTimestamp();
        Assert.True(await _producing.WaitAsync(LongestPause, cancellationToken), "requests are not acknowledged");
        while (Volatile.Read(ref _inHand) > 0)
        {
            Broken();
            Assert.True(TimeProvider.System.GetElapsedTime(started) < LongestPause, $"{_inHand} requests are not acknowledged");
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, cancellationToken);
        }
        return new Resume(_producing);
    }

    /// <summary>Throws what ended the load, if something did.</summary>
    public void Broken()
    {
        foreach (var task in _work)
            if (task.IsFaulted) throw new InvalidOperationException("the load has ended", task.Exception);
    }

    /// <summary>Sends one request beside the load until it is acknowledged.</summary>
    public async Task SendAsync(LabBody body, CancellationToken cancellationToken)
    {
        while (!await TrySendAsync(body, _servers[(Interlocked.Increment(ref _next) & int.MaxValue) % _servers.Count], cancellationToken))
        {
            Interlocked.Increment(ref _resent);
            await Task.Delay(Retry, TimeProvider.System, cancellationToken);
        }
    }

    async Task ProduceAsync()
    {
        try
        {
            while (true)
            {
                await _producing.WaitAsync(_stop.Token);
                var body = _events.Next();
                Interlocked.Increment(ref _inHand);
                await _waiting.Writer.WriteAsync(body, _stop.Token);
                _producing.Release();
                await Task.Delay(TimeSpan.FromSeconds(body.Events.Count / _perSecond), TimeProvider.System, _stop.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // disposed
        }
    }

    async Task SendAllAsync()
    {
        try
        {
            await foreach (var body in _waiting.Reader.ReadAllAsync(_stop.Token))
            {
                await SendAsync(body, _stop.Token);
                Interlocked.Decrement(ref _inHand);
            }
        }
        catch (OperationCanceledException)
        {
            // disposed
        }
    }

    /// <summary>False where the answer is no acknowledgement, or where there is none: the events may have been taken all the same.</summary>
    async Task<bool> TrySendAsync(LabBody body, Uri server, CancellationToken cancellationToken)
    {
        using var content = new StringContent(body.Text, Encoding.UTF8, body.IsLines ? "application/x-ndjson" : "application/json");
        try
        {
            using var answer = await _client.PostAsync(new Uri(server, "/api/v1/events"), content, cancellationToken);
            var told = answer.StatusCode == HttpStatusCode.Accepted
                || (answer.StatusCode == HttpStatusCode.UnprocessableEntity && body.Events.All(e => e.Fate == Fate.Rejected));
            if (told)
                foreach (var e in body.Events) _acknowledged[e.Id] = e;
            else if ((int)answer.StatusCode is >= 400 and < 500 and not 429 and not 408)
                throw new InvalidOperationException($"{(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync(cancellationToken)}\n{body.Text}");
            return told;
        }
        catch (Exception error) when (error is HttpRequestException or IOException || (error is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_stop.IsCancellationRequested) return;
        await _stop.CancelAsync();
        await Task.WhenAll(_work);
        _client.Dispose();
    }

    sealed class Resume(SemaphoreSlim producing) : IDisposable
    {
        public void Dispose() => producing.Release();
    }
}
