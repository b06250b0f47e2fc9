using Bellwether.Feeds;

namespace Bellwether.Sentiment;

public sealed partial class EventScorer
{
    /// <summary>Why an event is put aside before any model is asked, as a class and a sentence; null where it is not.</summary>
    public static (string Class, string Message)? RefusalOf(EventEnvelope envelope, TimeSpan maxAhead, DateTimeOffset now)
    {
        if (envelope.Tickers.Count == 0)
            return ("NoTicker", "no ticker was given and none was found in title or text");
        if (string.IsNullOrWhiteSpace(envelope.Text))
            return ("NoText", "there is no text to score");
        if (!(envelope.Weight > 0 && envelope.Weight <= Normalizer.MaxWeight))
            return ("InvalidWeight", $"weight {envelope.Weight} is outside (0, {Normalizer.MaxWeight}]");
        if (envelope.Timestamp > now + maxAhead)
            return ("FutureTimestamp", $"timestamp {envelope.Timestamp:O} lies more than {maxAhead} ahead of the clock");
        return null;
    }
}
