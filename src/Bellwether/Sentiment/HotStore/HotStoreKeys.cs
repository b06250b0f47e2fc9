namespace Bellwether.Sentiment.HotStore;

/// <summary>Key names that every store uses, and what may be stored under them.</summary>
public static class HotStoreKeys
{
    public const string SentimentFamily = "sentiment";

    /// <summary>Name of the set of tickers, and of its key family.</summary>
    public const string Tickers = "tickers";

    public static string Sentiment(string ticker) => $"{SentimentFamily}:{ticker}";

    /// <summary>Throws <see cref="ArgumentException"/> for an empty ticker and for numbers out of range.</summary>
    public static void Require(TickerSnapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        ArgumentException.ThrowIfNullOrEmpty(snapshot.Ticker);
        if (!(snapshot.Score is >= -1 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(snapshot), snapshot.Score, $"The score of {snapshot.Ticker} must be −1 to 1.");
        if (!(double.IsFinite(snapshot.Weight) && snapshot.Weight >= 0))
            throw new ArgumentOutOfRangeException(nameof(snapshot), snapshot.Weight, $"The weight of {snapshot.Ticker} must be 0 or more.");
    }
}
