namespace Bellwether.Sentiment.Llm;

/// <summary>
/// Tokens a minute. What is not used is saved up to one minute's worth; who takes more than there is goes into debt and waits until it is
/// paid, so that everybody is served in order. A server that asks to wait stops everybody.
/// </summary>
sealed class TokenBudget(int? perMinute, TimeProvider time)
{
    readonly Lock _gate = new();
    double _available = perMinute ?? 0;
    long _at = time.GetTimestamp(), _pausedFrom;
    TimeSpan _pause;

    /// <summary>Takes tokens, and tells how long to wait before they may be used.</summary>
    public TimeSpan Take(int tokens)
    {
        lock (_gate)
        {
            var paused = _pause - time.GetElapsedTime(_pausedFrom);
            if (perMinute is not { } rate) return paused > TimeSpan.Zero ? paused : TimeSpan.Zero;
            Refill(rate);
            _available -= tokens;
            var debt = _available >= 0 ? TimeSpan.Zero : TimeSpan.FromMinutes(-_available / rate);
            return debt > paused ? debt : paused > TimeSpan.Zero ? paused : TimeSpan.Zero;
        }
    }

    /// <summary>Sets right what was taken by what was used.</summary>
    public void Correct(int taken, int used)
    {
        lock (_gate) _available += taken - used;
    }

    /// <summary>Everybody who comes waits that long from now.</summary>
    public void Pause(TimeSpan wait)
    {
        lock (_gate)
        {
            if (_pause - time.GetElapsedTime(_pausedFrom) >= wait) return;
            (_pause, _pausedFrom) = (wait, time.GetTimestamp());
        }
    }

    void Refill(int rate)
    {
        var elapsed = time.GetElapsedTime(_at);
        _at += (long)(elapsed.TotalSeconds * time.TimestampFrequency);
        _available = Math.Min(_available + elapsed.TotalMinutes * rate, rate);
    }
}
