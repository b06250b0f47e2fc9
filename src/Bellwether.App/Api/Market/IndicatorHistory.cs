using System.Runtime.CompilerServices;
using Bellwether.Analytics.Indicators;
using Bellwether.Market;
using Bellwether.Market.Prices;

namespace Bellwether.App.Api.Market;

/// <summary>Runs indicators over a whole history, page by page, and keeps only the rows that are asked for.</summary>
/// <param name="regular">Only bars within the hours of the exchange.</param>
sealed class IndicatorHistory(Desk desk, BarInterval interval, DateTimeOffset? to, DateTimeOffset? asOf, bool adjusted, bool regular)
{
    // How bars are adjusted depends on those after them, so that these are in memory at once.
    const int MostAdjusted = 200_000;

    readonly PriceReader _reader = new(desk.DataSource, desk.Time);

    /// <summary>The last rows, or the ticker that has no bars.</summary>
    public async Task<(string? Missing, IReadOnlyList<IndicatorRow> Rows)> RunAsync(
        IndicatorSet indicators, string ticker, string? benchmark, DateTimeOffset? from, int most, CancellationToken cancellationToken)
    {
        await using var others = benchmark is null ? null : BarsAsync(benchmark, cancellationToken).GetAsyncEnumerator(cancellationToken);
        if (others is not null && !await others.MoveNextAsync()) return (benchmark, []);
        var (values, rows, any, more) = (new double[indicators.Names.Count], new Queue<IndicatorRow>(), false, others is not null);
        await foreach (var bar in BarsAsync(ticker, cancellationToken))
        {
            any = true;
            while (more && others!.Current.Date < bar.Date) more = await others.MoveNextAsync();
            indicators.Next(BarSeries.Input(in bar, more && others!.Current.Date == bar.Date ? others.Current.Close : double.NaN,
                interval), values);
            if (bar.Date < from?.UtcDateTime) continue;
            if (rows.Count == most) rows.Dequeue();
            rows.Enqueue(new(bar.Date, indicators.Names.Zip(values).Where(v => double.IsFinite(v.Second))
                .ToDictionary(v => v.First, v => v.Second)));
        }
        return any ? (null, [.. rows]) : (ticker, []);
    }

    async IAsyncEnumerable<PriceBar> BarsAsync(string ticker, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var bar in AllAsync(ticker, cancellationToken))
            if (!regular || BarSeries.IsRegular(bar.Date, interval)) yield return bar;
    }

    async IAsyncEnumerable<PriceBar> AllAsync(string ticker, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var pages = new BarPages(desk.DataSource, _reader);
        if (!adjusted)
        {
            await foreach (var stored in pages.AllAsync(ticker, interval, to, asOf, cancellationToken)) yield return stored.Bar;
            yield break;
        }
        var last = await pages.LastAsync(ticker, interval, null, to, asOf, MostAdjusted, cancellationToken);
        var bars = await new AdjustedBars(pages, _reader).ApplyAsync(ticker, interval, last, asOf, cancellationToken);
        foreach (var bar in bars) yield return bar;
    }
}
