using System.Runtime.CompilerServices;
using Npgsql;

namespace Bellwether.Market.Prices;

/// <summary>Histories of bars that need not fit in memory: the newest of them, or all one after the other.</summary>
public sealed class BarPages(NpgsqlDataSource dataSource, PriceReader reader)
{
    /// <summary>Times that a page spans, with bars or without.</summary>
    const int Intervals = 100_000;

    // A bar that is not over yet is no bar, but its row counts.
    const int Spare = 8, Growth = 16;

    /// <summary>The newest bars, at most so many, as they were known; in order of time.</summary>
    public async Task<IReadOnlyList<StoredBar>> LastAsync(
        string ticker, BarInterval interval, DateTimeOffset? from, DateTimeOffset? to, DateTimeOffset? asOf, int count,
        CancellationToken cancellationToken)
    {
        for (var spare = Spare; ; spare *= Growth)
        {
            if (await DatesAsync("SELECT min(date), count(*) FROM (SELECT DISTINCT date",
                $"ORDER BY date DESC LIMIT {count + spare}) AS last", ticker, interval, from, to, asOf, cancellationToken)
                is not (var first, var dates)) return [];
            var bars = await reader.BarsAsync(ticker, interval, first, to, asOf, cancellationToken);
            if (bars.Count >= count) return [.. bars.Skip(bars.Count - count)];
            // Further back there is nothing.
            if (dates < count + spare || count + spare > Intervals) return bars;
        }
    }

    /// <summary>Times of the first and of the last bar that were known; null where there is none.</summary>
    public async Task<(DateTimeOffset First, DateTimeOffset Last)?> KnownAsync(
        string ticker, BarInterval interval, DateTimeOffset? asOf, CancellationToken cancellationToken) =>
        await DateAsync("SELECT min(date)", "", ticker, interval, null, null, asOf, cancellationToken) is { } first
            && await DateAsync("SELECT max(date)", "", ticker, interval, null, null, asOf, cancellationToken) is { } last ? (first, last) : null;

    /// <summary>All bars that were known, in order of time.</summary>
    public async IAsyncEnumerable<StoredBar> AllAsync(
        string ticker, BarInterval interval, DateTimeOffset? to, DateTimeOffset? asOf,
            [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (await DateAsync("SELECT min(date)", "", ticker, interval, null, to, asOf, cancellationToken) is not { } first) yield break;
        if (await DateAsync("SELECT max(date)", "", ticker, interval, null, to, asOf, cancellationToken) is not { } last) yield break;
        var page = TimeSpan.FromDays(Math.Min(36_500, interval.Length.TotalDays * Intervals));
        for (var from = first; from <= last; from += page)
            foreach (var bar in await reader.BarsAsync(ticker, interval, from, to < from + page ? to : from + page, asOf,
                cancellationToken)) yield return bar;
    }

    async Task<DateTimeOffset?> DateAsync(
        string select, string order, string ticker, BarInterval interval, DateTimeOffset? from, DateTimeOffset? to, DateTimeOffset? asOf,
            CancellationToken cancellationToken) =>
        (await DatesAsync($"{select}, 0::bigint", order, ticker, interval, from, to, asOf, cancellationToken))?.Date;

    async Task<(DateTimeOffset Date, long Rows)?> DatesAsync(
        string select, string order, string ticker, BarInterval interval, DateTimeOffset? from, DateTimeOffset? to, DateTimeOffset? asOf,
            CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand($"""
            {select} FROM {PriceStore.Table}
            WHERE ticker = $1 AND bar_interval = $2 AND ($3::timestamptz IS NULL OR date >= $3) AND ($4::timestamptz IS NULL OR date < $4)
              AND ($5::timestamptz IS NULL OR known_at <= $5)
            {order}
            """);
        command.Parameters.Add(new() { Value = ticker });
        command.Parameters.Add(new() { Value = interval.Name });
        foreach (var bound in (DateTimeOffset?[])[from, to, asOf])
            command.Parameters.Add(new NpgsqlParameter<DateTimeOffset?> { TypedValue = bound?.ToUniversalTime() });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) && !row.IsDBNull(0)
            ? (new DateTimeOffset(row.GetDateTime(0), TimeSpan.Zero), row.GetInt64(1)) : null;
    }
}
