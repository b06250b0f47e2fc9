using System.Runtime.CompilerServices;
using System.Text.Json;
using Bellwether.Lake;
using Npgsql;
using NpgsqlTypes;

namespace Bellwether.Sentiment;

/// <summary>
/// Computes every ticker's live state anew from the stored results, with the half-life of the options. Workers wait meanwhile and then go on
/// from the new states; a state that is now another gets a higher revision, so that it replaces the cached one, and every running process is
/// told. With an unchanged half-life nothing changes, bit for bit.
/// </summary>
/// <param name="cold">Reads sealed days; null where there are none.</param>
public sealed class TickerRebuild(NpgsqlDataSource dataSource, ScoringOptions options, LakeColdRows? cold = null)
{
    /// <summary>PostgreSQL notification channel on which a rebuild is announced.</summary>
    public const string Channel = "bellwether_tickers";

    const int TickersAtOnce = 1_000;

    /// <summary>All in one transaction; returns how many tickers and results there are.</summary>
    public async Task<(int Tickers, long Results)> RunAsync(CancellationToken cancellationToken)
    {
        await using var reading = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var writing = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await writing.BeginTransactionAsync(cancellationToken);
        // Taken before the results are read: a worker adds to a ticker last in its transaction, so what is not yet visible waits behind this.
        await ExecuteAsync("LOCK TABLE sentiment.ticker_sentiment IN EXCLUSIVE MODE");
        var before = await StoredAsync(writing, cancellationToken);
        await ExecuteAsync("DELETE FROM sentiment.ticker_sentiment");
        var (tickers, results) = (0, 0L);
        var finished = new List<TickerState>();
        await foreach (var state in StatesAsync(reading, cancellationToken))
        {
            (tickers, results) = (tickers + 1, results + state.Sums.Count);
            finished.Add(before.TryGetValue(state.Ticker, out var old) ? state with { Revision = RevisionAfter(old, state) } : state);
            if (finished.Count == TickersAtOnce) await InsertAsync(writing, finished, cancellationToken);
        }
        await InsertAsync(writing, finished, cancellationToken);
        await ExecuteAsync($"NOTIFY {Channel}");
        await transaction.CommitAsync(cancellationToken);
        return (tickers, results);

        async Task ExecuteAsync(string sql)
        {
            await using var command = new NpgsqlCommand(sql, writing) { CommandTimeout = 0 };
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    static long RevisionAfter(TickerState old, TickerState state) =>
        old.Sums.Equals(state.Sums) && old.LatestArticleId == state.LatestArticleId ? old.Revision : old.Revision + 1;

    static async Task<Dictionary<string, TickerState>> StoredAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var states = new Dictionary<string, TickerState>(StringComparer.Ordinal);
        await using var read = new NpgsqlCommand($"SELECT {TickerState.Columns} FROM sentiment.ticker_sentiment", connection) { CommandTimeout = 0 };
        await using var row = await read.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
        {
            var state = TickerState.Read(row);
            states[state.Ticker] = state;
        }
        return states;
    }

    async IAsyncEnumerable<TickerState> StatesAsync(
        NpgsqlConnection connection, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var held = await LakeColdRows.HoldAsync(connection, cancellationToken);
        // Results of sealed days come in the order of the days, so that every ticker of theirs is open at a time; the hot ones ticker by ticker.
        var begun = await FoldColdAsync(connection, cancellationToken);
        await using var read = new NpgsqlCommand($"SELECT {TickerFold.Columns} FROM sentiment.sentiment_data ORDER BY ticker", connection, held)
        {
            CommandTimeout = 0,
        };
        await using var row = await read.ExecuteReaderAsync(cancellationToken);
        TickerFold? fold = null;
        while (await row.ReadAsync(cancellationToken))
        {
            var ticker = row.GetString(0);
            if (fold is not null && fold.Ticker != ticker)
            {
                yield return fold.State();
                fold = null;
            }
            if (fold is null && !begun.Remove(ticker, out fold)) fold = new(ticker, options.HalfLifeSeconds);
            fold.Add(row);
        }
        if (fold is not null) yield return fold.State();
        foreach (var left in begun.Values) yield return left.State();
    }

    async Task<Dictionary<string, TickerFold>> FoldColdAsync(NpgsqlConnection held, CancellationToken cancellationToken)
    {
        var folds = new Dictionary<string, TickerFold>(StringComparer.Ordinal);
        var days = await LakeColdRows.DaysAsync(held, DateOnly.MinValue, DateOnly.MaxValue, cancellationToken);
        if (days.Count == 0) return folds;
        await foreach (var row in (cold ?? throw LakeColdRows.Unreadable(days)).ReadAsync(held, TickerFold.Filter, cancellationToken))
        {
            if (!folds.TryGetValue(row.Ticker, out var fold)) folds.Add(row.Ticker, fold = new(row.Ticker, options.HalfLifeSeconds));
            fold.Add(row);
        }
        return folds;
    }

    static async Task InsertAsync(NpgsqlConnection connection, List<TickerState> states, CancellationToken cancellationToken)
    {
        if (states.Count == 0) return;
        await using (var copy = await connection.BeginBinaryImportAsync(
            $"COPY sentiment.ticker_sentiment ({TickerState.Columns}, score, weight) FROM STDIN (FORMAT binary)", cancellationToken))
        {
            foreach (var s in states)
            {
                await copy.StartRowAsync(cancellationToken);
                await copy.WriteAsync(s.Ticker, cancellationToken);
                await copy.WriteAsync(s.Sums.HalfLifeSeconds, cancellationToken);
                await copy.WriteAsync(s.Sums.Buckets, cancellationToken);
                await copy.WriteAsync(s.Sums.WeightedSums, cancellationToken);
                await copy.WriteAsync(s.Sums.WeightSums, cancellationToken);
                await copy.WriteAsync(s.Sums.Count, cancellationToken);
                await copy.WriteAsync(JsonSerializer.Serialize(s.ModelCounts), NpgsqlDbType.Jsonb, cancellationToken);
                await copy.WriteAsync(s.LatestTimestamp.UtcDateTime, cancellationToken);
                await copy.WriteAsync(s.LatestArticleId, cancellationToken);
                foreach (var text in new[] { s.ArticleTitle, s.SourceUrl, s.TextPreview }) await copy.WriteAsync(text, cancellationToken);
                await copy.WriteAsync(s.LastUpdated.UtcDateTime, cancellationToken);
                await copy.WriteAsync(s.Revision, cancellationToken);
                await copy.WriteAsync(s.Sums.Score, cancellationToken);
                await copy.WriteAsync(s.Sums.Weight, cancellationToken);
            }
            await copy.CompleteAsync(cancellationToken);
        }
        states.Clear();
    }
}
