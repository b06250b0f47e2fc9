using Bellwether.Sentiment.Aggregation;
using Npgsql;

namespace Bellwether.Confluence;

/// <summary>Saves what is known of all symbols that were mentioned lately: their sentiment by source, taken together, and their confluence.</summary>
public sealed class ConfluenceSaver(NpgsqlDataSource dataSource, AggregateReader aggregates, ConfluenceReader confluence)
{
    /// <returns>How many symbols were saved.</returns>
    public async Task<int> SaveAsync(DateTimeOffset at, CancellationToken cancellationToken)
    {
        var (saved, sentiments, scores) = (0, new AggregateStore(dataSource), new ConfluenceStore(dataSource));
        foreach (var symbol in await aggregates.SymbolsAsync(at, cancellationToken))
        {
            var evidence = await confluence.LoadAsync(symbol, at, at, at, cancellationToken);
            if (evidence.IsEmpty) continue;
            if (!evidence.Sentiment.IsEmpty)
                await sentiments.AppendAsync([evidence.Sentiment.At(at, at)], evidence.Sentiment.BySource(at, at, AggregateStore.Windows), cancellationToken);
            await scores.AppendAsync([evidence.At(at, at)], cancellationToken);
            saved++;
        }
        return saved;
    }
}
