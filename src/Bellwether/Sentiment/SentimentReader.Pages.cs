using System.Runtime.CompilerServices;
using Bellwether.Sentiment.HotStore;
using Npgsql;

namespace Bellwether.Sentiment;

public sealed partial class SentimentReader
{
    const int TickersAtOnce = 1_000;

    /// <summary>All tickers with results, in pages, so that a desk of any size is walked in bounded memory and without a long query.</summary>
    /// <param name="changedSince">Only those whose state changed then or later; null for all.</param>
    public async IAsyncEnumerable<IReadOnlyList<string>> TickerPagesAsync(
        DateTimeOffset? changedSince, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var after = ""; ;)
        {
            var page = new List<string>(TickersAtOnce);
            await using (var command = dataSource.CreateCommand(
                """
                SELECT ticker FROM sentiment.ticker_sentiment
                WHERE count > 0 AND ticker > $1 AND ($3::timestamptz IS NULL OR last_updated >= $3) ORDER BY ticker LIMIT $2
                """))
            {
                command.Parameters.Add(new() { Value = after });
                command.Parameters.Add(new() { Value = TickersAtOnce });
                command.Parameters.Add(new NpgsqlParameter<DateTime?> { TypedValue = changedSince?.UtcDateTime });
                await using var row = await command.ExecuteReaderAsync(cancellationToken);
                while (await row.ReadAsync(cancellationToken)) page.Add(row.GetString(0));
            }
            if (page.Count == 0) yield break;
            yield return page;
            after = page[^1];
        }
    }

    /// <summary>The live states of tickers as the database has them; the hot store is neither asked nor told.</summary>
    public async Task<IReadOnlyList<TickerSnapshot>> StatesAsync(IReadOnlyList<string> tickers, CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand(
            $"SELECT {TickerState.Columns} FROM sentiment.ticker_sentiment WHERE count > 0 AND ticker = ANY($1) ORDER BY ticker");
        command.Parameters.Add(new() { Value = tickers.ToArray() });
        var snapshots = new List<TickerSnapshot>(tickers.Count);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken)) snapshots.Add(TickerState.Read(row).ToSnapshot());
        return snapshots;
    }
}
