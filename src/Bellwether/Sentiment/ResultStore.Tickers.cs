using Bellwether.Events;
using Bellwether.Sentiment.HotStore;
using Bellwether.Sentiment.Novelty;
using Npgsql;

namespace Bellwether.Sentiment;

/// <summary>The live state of tickers: integer sums, so that the order in which results arrive leaves no trace.</summary>
public sealed partial class ResultStore
{
    /// <summary>Adds results to their tickers' states and returns the new snapshots by ticker.</summary>
    async Task<SortedDictionary<string, TickerSnapshot>> UpdateTickersAsync(
        NpgsqlConnection connection, ScoredBatch batch, List<Result> results, DateTimeOffset known, CancellationToken cancellationToken)
    {
        var changed = new SortedDictionary<string, TickerSnapshot>(StringComparer.Ordinal);
        if (results.Count == 0) return changed;
        var byTicker = results.GroupBy(r => r.Ticker, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal).ToArray();
        var states = await TickerTable.LockAsync(connection, [.. byTicker.Select(g => g.Key)], options.HalfLifeSeconds, known, cancellationToken);
        foreach (var group in byTicker)
            foreach (var same in group.GroupBy(r => batch.ModelOf(r.Event).Name, StringComparer.Ordinal))
                states[group.Key] = states[group.Key].Add(same.Key, [.. same.Select(r => (r.Event.Envelope, r.Score.Score))], known);

        var rows = byTicker.Select(g => states[g.Key]).ToArray();
        await TickerTable.UpdateAsync(connection, rows, known, cancellationToken);
        foreach (var row in rows) changed[row.Ticker] = row.ToSnapshot();
        return changed;
    }

    static List<LogRecord> Announcements(
        ScoredBatch batch, List<Result> results, NoveltyOf[]? novelty, SortedDictionary<string, TickerSnapshot> changed, DateTimeOffset known) =>
        [.. results.Select((r, i) => new LogRecord(r.Ticker, AnalyzedSentiment.Of(batch, r.Event, r.Ticker, novelty?[i], changed[r.Ticker], known).ToJson(),
            r.Event.Entry.Headers.TryGetValue("traceparent", out var trace) ? new Dictionary<string, string> { ["traceparent"] = trace } : null))];
}
