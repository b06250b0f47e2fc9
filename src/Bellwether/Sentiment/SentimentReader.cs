using Bellwether.Lake;
using Bellwether.Sentiment.HotStore;
using Bellwether.Storage;
using Npgsql;

namespace Bellwether.Sentiment;

/// <summary>Reads ticker sentiment and articles, now and as of any past moment. Knowledge later than <c>asOf</c> is never seen.</summary>
/// <param name="cold">Reads sealed days; null where there are none.</param>
public sealed partial class SentimentReader(NpgsqlDataSource dataSource, IHotStore hot, ScoringOptions options, TimeProvider time, LakeColdRows? cold = null)
{
    /// <summary>The live sentiment of tickers; null for one without any result. Answers come from the hot store, else from the database.</summary>
    public async Task<IReadOnlyList<TickerSnapshot?>> LatestAsync(IReadOnlyList<string> tickers, CancellationToken cancellationToken)
    {
        var found = (await hot.GetManyAsync(tickers, cancellationToken)).ToArray();
        var missing = tickers.Where((_, i) => found[i] is null).Distinct().ToArray();
        if (missing.Length == 0) return found;
        var stored = (await StoredAsync(missing, cancellationToken)).ToDictionary(s => s.Ticker, StringComparer.Ordinal);
        for (var i = 0; i < found.Length; i++) found[i] ??= stored.GetValueOrDefault(tickers[i]);
        return found;
    }

    /// <summary>Reads states from the database into the hot store; all of them when <paramref name="tickers"/> is null.</summary>
    public async Task<IReadOnlyList<TickerSnapshot>> StoredAsync(IReadOnlyList<string>? tickers, CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand(
            $"SELECT {TickerState.Columns} FROM sentiment.ticker_sentiment WHERE count > 0 AND ($1::text[] IS NULL OR ticker = ANY($1)) ORDER BY ticker");
        command.Parameters.Add(new NpgsqlParameter<string[]?> { TypedValue = tickers?.ToArray() });
        var snapshots = new List<TickerSnapshot>();
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
            while (await reader.ReadAsync(cancellationToken)) snapshots.Add(TickerState.Read(reader).ToSnapshot());
        if (snapshots.Count > 0) await hot.SetManyAsync(snapshots, cancellationToken);
        return snapshots;
    }

    /// <summary>
    /// The sentiment of a ticker exactly as it stood at a moment: recomputed from the results known then, by the kernel that keeps the
    /// live state, so that a moment after the newest result gives the live state bit for bit. Null when nothing was known.
    /// </summary>
    public async Task<TickerSnapshot?> AsOfAsync(string ticker, DateTimeOffset asOf, CancellationToken cancellationToken)
    {
        await KnowledgeBarrier.WaitAsync(dataSource, asOf, time, cancellationToken);
        var fold = new TickerFold(ticker, await HalfLifeOfAsync(ticker, cancellationToken));
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var held = await LakeColdRows.HoldAsync(connection, cancellationToken);
        await using (var command = new NpgsqlCommand(
            $"SELECT {TickerFold.Columns} FROM sentiment.sentiment_data WHERE ticker = $1 AND processing_timestamp_utc <= $2", connection, held))
        {
            command.Parameters.Add(new() { Value = ticker });
            command.Parameters.Add(new() { Value = asOf.ToUniversalTime() });
            await using var row = await command.ExecuteReaderAsync(cancellationToken);
            while (await row.ReadAsync(cancellationToken)) fold.Add(row);
        }
        if (await ColdAsync(connection, DateOnly.MinValue, DateOnly.MaxValue, cancellationToken) is { Rows: { } rows })
            await foreach (var row in rows.ReadAsync(connection, TickerFold.Filter with { Tickers = [ticker], AsOf = asOf }, cancellationToken)) fold.Add(row);
        var state = fold.State();
        return state.Sums.Count == 0 ? null : state.ToSnapshot();
    }

    /// <summary>Sealed days between two days, newest first, and what reads them; nothing where there are none.</summary>
    async Task<(LakeColdRows? Rows, IReadOnlyList<DateOnly> Days)> ColdAsync(NpgsqlConnection held, DateOnly from, DateOnly to, CancellationToken cancellationToken)
    {
        var days = await LakeColdRows.DaysAsync(held, from, to, cancellationToken);
        return days.Count == 0 ? (null, days) : (cold ?? throw LakeColdRows.Unreadable(days), days);
    }

    /// <summary>Tickers whose live state has another half-life than the options say; a rebuild brings them in line.</summary>
    public async Task<long> WithOtherHalfLifeAsync(CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand("SELECT count(*) FROM sentiment.ticker_sentiment WHERE half_life_seconds <> $1");
        command.Parameters.Add(new() { Value = options.HalfLifeSeconds });
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    // That of the live state, which a change of the options alters only with a rebuild.
    async Task<double> HalfLifeOfAsync(string ticker, CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand("SELECT half_life_seconds FROM sentiment.ticker_sentiment WHERE ticker = $1");
        command.Parameters.Add(new() { Value = ticker });
        return await command.ExecuteScalarAsync(cancellationToken) is double stored ? stored : options.HalfLifeSeconds;
    }
}
