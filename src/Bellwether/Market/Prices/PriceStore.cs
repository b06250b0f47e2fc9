using Bellwether.Market.Calendars;
using Bellwether.Storage;
using Npgsql;

namespace Bellwether.Market.Prices;

/// <param name="Added">Bars that were not known.</param>
/// <param name="Restated">New versions of bars that were.</param>
/// <param name="Unchanged">Bars that say what is known already.</param>
/// <param name="Hidden">Of the added and restated, bars of which a later version says something else: reads as of now do not show
/// them.</param>
/// <param name="Refused">Indexes of bars for which other values are known since the very same moment.</param>
public sealed record PriceWriteResult(int Added, int Restated, int Unchanged, int Hidden, IReadOnlyList<int> Refused);

/// <summary>
/// Writes bars. A transaction compares them with what was known, adds what is new as a version of its own and changes nothing that is
/// there, so that writing the same again does nothing and no answer about the past changes.
/// </summary>
public sealed class PriceStore(NpgsqlDataSource dataSource, TimeProvider time)
{
    public const string Table = "market.price_history";

    /// <summary>A reader that asks as of a moment waits for transactions that began before it: none should take long.</summary>
    public const int BarsPerTransaction = 50_000;

    readonly MonthlyPartitions _months = new(dataSource, Table, time);

    /// <summary>Writes bars of one ticker, in ascending order of time, each time once.</summary>
    /// <param name="known">Since when they are known; null for now.</param>
    public async Task<PriceWriteResult> WriteAsync(
        string ticker, BarInterval interval, BarOrigin origin, ReadOnlyMemory<PriceBar> bars, Func<PriceBar, DateTime>? known,
        CancellationToken cancellationToken)
    {
        var (added, restated, unchanged, hidden, refused) = (0, 0, 0, 0, new List<int>());
        await EnsurePartitionsAsync(bars, cancellationToken);
        for (var at = 0; at < bars.Length; at += BarsPerTransaction)
        {
            var piece = bars.Slice(at, Math.Min(BarsPerTransaction, bars.Length - at));
            var result = await WritePieceAsync(ticker, interval, origin, piece, known, cancellationToken);
            (added, restated) = (added + result.Added, restated + result.Restated);
            (unchanged, hidden) = (unchanged + result.Unchanged, hidden + result.Hidden);
            foreach (var index in result.Refused) refused.Add(at + index);
        }
        return new(added, restated, unchanged, hidden, refused);
    }

    /// <summary>
    /// Copies bars in without looking at what is there: for bars that cannot be known yet. Fails as a whole where one is.
    /// </summary>
    public async Task AppendAsync(
        BarInterval interval, BarOrigin origin, IEnumerable<(string Ticker, ReadOnlyMemory<PriceBar> Bars)> series,
        CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var tickers = new SortedSet<string>(StringComparer.Ordinal);
        await using (var copy = await BarCopy.BeginAsync(connection, Table, interval, origin,
            await StampAsync(connection, cancellationToken), cancellationToken))
        {
            foreach (var (ticker, bars) in series)
            {
                await copy.WriteAsync(ticker, bars, cancellationToken);
                tickers.Add(ticker);
            }
            await copy.CompleteAsync(cancellationToken);
        }
        await TouchAsync(connection, tickers, interval, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    public async Task EnsurePartitionsAsync(ReadOnlyMemory<PriceBar> bars, CancellationToken cancellationToken)
    {
        var days = new SortedSet<DateTime>();
        foreach (var bar in bars.Span) days.Add(bar.Date.Date);
        await _months.EnsureAsync(days, cancellationToken);
    }

    async Task<PriceWriteResult> WritePieceAsync(
        string ticker, BarInterval interval, BarOrigin origin, ReadOnlyMemory<PriceBar> bars, Func<PriceBar, DateTime>? known,
        CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        // Two imports of one ticker at once would both find the same bars missing.
        await using (var locked = new NpgsqlCommand("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", connection, transaction))
        {
            locked.Parameters.Add(new() { Value = $"{Table} {ticker} {interval}" });
            await locked.ExecuteNonQueryAsync(cancellationToken);
        }
        var now = await StampAsync(connection, cancellationToken);
        var versions = await VersionsAsync(connection, ticker, interval, bars.Span[0].Date, bars.Span[^1].Date, cancellationToken);
        var hours = TradingHoursStore.At(await TradingHoursStore.VersionsAsync(connection, ticker, cancellationToken), null).Hours;
        var actions = (await PriceReader.ActionVersionsAsync(connection, ticker, null, cancellationToken)).Select(a => a.Action).ToArray();
        var (restated, unchanged, hidden, refused, groups) = (0, 0, 0, new List<int>(), new SortedDictionary<DateTime, List<PriceBar>>());
        for (var i = 0; i < bars.Length; i++)
        {
            var bar = bars.Span[i];
            var since = known is null ? now : Micro(known(bar)) is var stated && stated < now ? stated : now;
            var there = versions[bar.Date];
            switch (Compare(new(bar, since, origin), there, BarEnd.Of(hours, interval, bar.Date), actions))
            {
                case Outcome.Unchanged:
                    unchanged++;
                    continue;
                case Outcome.Refused:
                    refused.Add(i);
                    continue;
                case Outcome.Restated:
                    restated++;
                    break;
            }
            if (there.Any(v => v.KnownAt > since) && !there.MaxBy(v => v.KnownAt).Bar.Says(in bar)) hidden++;
            if (!groups.TryGetValue(since, out var group)) groups.Add(since, group = []);
            group.Add(bar);
        }
        foreach (var (since, group) in groups) await CopyAsync(connection, ticker, interval, origin, since, group, cancellationToken);
        if (groups.Count > 0) await TouchAsync(connection, [ticker], interval, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new(groups.Values.Sum(g => g.Count) - restated, restated, unchanged, hidden, refused);
    }

    enum Outcome
    {
        New, Restated, Unchanged, Refused,
    }

    static Outcome Compare(StoredBar bar, IEnumerable<StoredBar> versions, DateTime end, IReadOnlyList<CorporateAction> actions)
    {
        StoredBar? current = null;
        foreach (var version in versions)
            if (version.KnownAt <= bar.KnownAt && !(version.KnownAt < current?.KnownAt)) current = version;
        return current is not { } there ? Outcome.New
            : Means(in there, in bar, end, actions) ? Outcome.Unchanged
            : there.KnownAt == bar.KnownAt ? Outcome.Refused : Outcome.Restated;
    }

    /// <summary>
    /// The same numbers are no news, except where the ones of before were those of a running session, or where one was adjusted for a split
    /// or dividend that the other was not.
    /// </summary>
    static bool Means(in StoredBar there, in StoredBar bar, DateTime end, IReadOnlyList<CorporateAction> actions) =>
        !(there.KnownAt < end && bar.KnownAt >= end) && there.Means(in bar, actions);

    static async Task CopyAsync(
        NpgsqlConnection connection, string ticker, BarInterval interval, BarOrigin origin, DateTime since, List<PriceBar> bars,
        CancellationToken cancellationToken)
    {
        await using var copy = await BarCopy.BeginAsync(connection, Table, interval, origin, since, cancellationToken);
        await copy.WriteAsync(ticker, bars.ToArray(), cancellationToken);
        await copy.CompleteAsync(cancellationToken);
    }

    static async Task<ILookup<DateTime, StoredBar>> VersionsAsync(
        NpgsqlConnection connection, string ticker, BarInterval interval, DateTime first, DateTime last,
        CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand($"""
            SELECT {PriceReader.Columns} FROM {Table} WHERE ticker = $1 AND bar_interval = $2 AND date >= $3 AND date <= $4
            """, connection);
        command.Parameters.Add(new() { Value = ticker });
        command.Parameters.Add(new() { Value = interval.Name });
        command.Parameters.Add(new() { Value = first });
        command.Parameters.Add(new() { Value = last });
        var stored = new List<StoredBar>();
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken)) stored.Add(PriceReader.Read(row));
        return stored.ToLookup(s => s.Bar.Date);
    }

    /// <summary>Tells those who compute from the bars of a series that they have changed.</summary>
    internal async Task TouchAsync(NpgsqlConnection connection, IReadOnlyCollection<string> tickers, BarInterval interval,
        CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("""
            INSERT INTO market.series AS s (ticker, bar_interval, changed_at) SELECT t, $2, $3 FROM unnest($1::text[]) AS t ORDER BY t
            ON CONFLICT (ticker, bar_interval) DO UPDATE
            SET changed_at = greatest(excluded.changed_at, s.changed_at + interval '1 microsecond')
            """, connection);
        command.Parameters.Add(new() { Value = tickers.ToArray() });
        command.Parameters.Add(new() { Value = interval.Name });
        command.Parameters.Add(new() { Value = time.GetUtcNow().UtcDateTime });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Marks the transaction for those who read as of a moment, and returns since when its rows are known.</summary>
    async Task<DateTime> StampAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection) { BatchCommands = { KnowledgeBarrier.Enter() } };
        await batch.ExecuteNonQueryAsync(cancellationToken);
        return Micro(time.GetUtcNow().UtcDateTime);
    }

    static DateTime Micro(DateTime moment) => new(moment.Ticks - moment.Ticks % TimeSpan.TicksPerMicrosecond, DateTimeKind.Utc);
}
