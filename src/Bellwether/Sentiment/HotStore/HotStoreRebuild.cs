namespace Bellwether.Sentiment.HotStore;

/// <summary>What a rebuild did.</summary>
/// <param name="Tickers">Tickers with results in the database.</param>
/// <param name="Stored">Snapshots written; the others had been written anew by somebody else meanwhile.</param>
/// <param name="Removed">Tickers that the store had and the database has not.</param>
public sealed record HotStoreRebuilt(long Tickers, long Stored, long Removed);

/// <summary>
/// Makes the hot store equal to the database, whatever was in it: needed when the database itself went back, by a restored backup or a
/// rebuild of its states, because then the older revision is the right one.
/// </summary>
public sealed class HotStoreRebuild(SentimentReader reader, IHotStore hot)
{
    /// <param name="progress">Told the number of tickers done after every page.</param>
    public async Task<HotStoreRebuilt> RunAsync(IProgress<long>? progress, CancellationToken cancellationToken)
    {
        var before = await hot.TickersAsync(cancellationToken);
        var known = new HashSet<string>(StringComparer.Ordinal);
        long stored = 0;
        await foreach (var names in reader.TickerPagesAsync(null, cancellationToken))
        {
            // Forgotten before the states are read: what a worker writes from here on is as new as what is read, or newer, and wins.
            foreach (var part in names.Chunk(100)) await Task.WhenAll(part.Select(t => hot.RemoveAsync(t, cancellationToken).AsTask()));
            stored += (await hot.SetManyAsync(await reader.StatesAsync(names, cancellationToken), cancellationToken)).Count(w => w);
            known.UnionWith(names);
            progress?.Report(known.Count);
        }
        long removed = 0;
        foreach (var ticker in before.Where(t => !known.Contains(t)))
            if (await hot.RemoveAsync(ticker, cancellationToken)) removed++;
        return new(known.Count, stored, removed);
    }
}
