namespace Bellwether.Sentiment.Llm;

/// <summary>
/// How long nothing was heard from a server while a portion of texts was asked for. The texts share it: when it has been silent for as long
/// as one text may be tried, the others are not tried as well.
/// </summary>
/// <param name="heard">When anything was last heard by anybody: who waits for a place meanwhile has not been met with silence.</param>
sealed class Silence(TimeSpan patience, TimeProvider time, Func<long> heard)
{
    readonly Lock _gate = new();
    long? _since;

    public bool IsTooLong
    {
        get
        {
            lock (_gate) return _since is { } since && time.GetElapsedTime(Math.Max(since, heard())) >= patience;
        }
    }

    /// <summary>A request that was sent at that time had no answer.</summary>
    public void Begins(long sent)
    {
        lock (_gate) _since ??= sent;
    }

    /// <summary>An answer came, or nothing was asked for a while.</summary>
    public void Ends()
    {
        lock (_gate) _since = null;
    }
}
