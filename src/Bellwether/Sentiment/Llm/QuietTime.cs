namespace Bellwether.Sentiment.Llm;

/// <summary>
/// A time for which a server asked to be left alone that is too long to be waited for: requests fail at once in the meantime.
/// </summary>
sealed class QuietTime(TimeProvider time)
{
    // Whoever asks for more is asked again: what is meant by a day is rarely a day.
    static readonly TimeSpan Most = TimeSpan.FromHours(1);

    readonly Lock _gate = new();
    long _since;
    TimeSpan _wait;

    /// <summary>How long it lasts still; null when it is over.</summary>
    public TimeSpan? Left
    {
        get
        {
            lock (_gate)
            {
                var left = _wait > TimeSpan.Zero ? _wait - time.GetElapsedTime(_since) : TimeSpan.Zero;
                return left > TimeSpan.Zero ? left : null;
            }
        }
    }

    public void Keep(TimeSpan wait)
    {
        lock (_gate) (_since, _wait) = (time.GetTimestamp(), wait < Most ? wait : Most);
    }
}
