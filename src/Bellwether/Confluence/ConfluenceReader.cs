using Bellwether.Analytics.Confluence;
using Bellwether.Market;
using Bellwether.Market.Prices;
using Bellwether.Sentiment.Aggregation;
using Bellwether.Storage;
using Npgsql;

namespace Bellwether.Confluence;

/// <summary>Confluence as of any moment, computed from what was known then.</summary>
public sealed class ConfluenceReader(NpgsqlDataSource dataSource, AggregateReader aggregates, ConfluenceOptions options, TimeProvider time)
{
    /// <summary>Null when nothing was known of the symbol that could count.</summary>
    /// <inheritdoc cref="ConfluenceEvidence.At"/>
    public async Task<ConfluenceScore?> ReadAsync(string symbol, DateTimeOffset at, DateTimeOffset knownBy,
        CancellationToken cancellationToken)
    {
        var evidence = await LoadAsync(symbol, at, at, knownBy, cancellationToken);
        return evidence.IsEmpty ? null : evidence.At(at, knownBy);
    }

    /// <summary>
    /// Of a past moment. Where results, bars or chains that were known then have been erased or archived since, which a stored version of at most a day before shows,
    /// that version is given in place of a number that never was; its timestamp and <see cref="ConfluenceScore.Recomputed"/> tell so.
    /// </summary>
    /// <inheritdoc cref="ReadAsync"/>
    public async Task<ConfluenceScore?> AsOfAsync(string symbol, DateTimeOffset at, DateTimeOffset knownBy, CancellationToken cancellationToken)
    {
        var stored = await new ConfluenceStore(dataSource).LatestAsync(symbol, at, AggregateReader.StoredVersionAge, knownBy, cancellationToken);
        var evidence = await LoadAsync(symbol, stored?.Timestamp ?? at, at, knownBy, cancellationToken);
        if (stored is not null && evidence.At(stored.Timestamp, stored.KnownAt).Inputs.Lacks(stored.Inputs)) return stored;
        return evidence.Bars.IsEmpty && evidence.Sentiment.IsEmptyAt(at.ToMicroseconds()) ? null : evidence.At(at, knownBy);
    }

    /// <summary>What may count at any moment between two.</summary>
    public async Task<ConfluenceEvidence> LoadAsync(string symbol, DateTimeOffset first, DateTimeOffset last, DateTimeOffset knownBy,
        CancellationToken cancellationToken)
    {
        var limit = knownBy.ToMicroseconds();
        // Holidays and gaps included, 250 sessions lie within two years; what is older is out of date anyway.
        var bars = await BarVersions.LoadAsync(dataSource, symbol, first - ConfluenceEvidence.OldestBar, last, limit, time,
            cancellationToken);
        return new(symbol, bars, await aggregates.LoadAsync(symbol, first, last, limit, cancellationToken), options);
    }
}

/// <summary>What may count for one symbol over a stretch of time, held in memory.</summary>
public sealed class ConfluenceEvidence
{
    internal static readonly TimeSpan OldestBar = TimeSpan.FromDays(730);

    // From the close before a long weekend to the one after it.
    const double FreshDays = 4.5, StaleHalfLifeDays = 5;
    const int VolumeBars = 21;

    readonly string _symbol;
    readonly ConfluenceOptions _options;

    internal ConfluenceEvidence(string symbol, BarVersions bars, SymbolEvidence sentiment, ConfluenceOptions options) =>
        (_symbol, Bars, Sentiment, _options) = (symbol, bars, sentiment, options);

    public BarVersions Bars { get; }

    public SymbolEvidence Sentiment { get; }

    public bool IsEmpty => Bars.IsEmpty && Sentiment.IsEmpty;

    /// <param name="at">The moment that it is the confluence of.</param>
    /// <param name="knownBy">What became known later does not count.</param>
    public ConfluenceScore At(DateTimeOffset at, DateTimeOffset knownBy)
    {
        var (moment, limit) = (at.ToMicroseconds(), knownBy.ToMicroseconds());
        return ConfluenceScore.Of(_symbol, new(
            moment, limit, _options.TechnicalWeight, _options.SentimentWeight, _options.OptionsFlowWeight, _options.Thresholds,
            Technical(moment, limit),
            Sentiment.IsEmpty ? null : Sentiment.At(moment, limit).Inputs));
    }

    TechnicalInput Technical(DateTimeOffset at, DateTimeOffset knownBy)
    {
        var bars = Bars.At(at, knownBy, TechnicalView.Lookback);
        // A bar of years ago, which a longer stretch would have in memory too, says nothing of today.
        bars = [.. bars.SkipWhile(b => b.Bar.Date < at.UtcDateTime - OldestBar)];
        var readings = TechnicalView.Read(BarVersions.Inputs(bars));
        if (bars.Count == 0) return new(0, null, null, 0, null, readings, []);
        var last = bars[^1];
        var age = (at.UtcDateTime - Bars.EndOf(last.Bar.Date, knownBy)).TotalDays;
        return new(bars.Count, new(last.Bar.Date, TimeSpan.Zero), new(last.KnownAt, TimeSpan.Zero), Freshness(age), last.Bar.Close,
            readings,
            Volumes(bars));
    }

    /// <summary>Of the newest bars, oldest first, back to the first that states none: a volume that is missing is not nought.</summary>
    static IReadOnlyList<long> Volumes(IReadOnlyList<StoredBar> bars) =>
        [.. bars.Reverse().Take(VolumeBars).TakeWhile(b => b.Bar.Volume is not null).Select(b => b.Bar.Volume!.Value).Reverse()];

    // Stored beside the score, so that a machine with another Pow changes no row that is there.
    static double Freshness(double days) => days <= FreshDays ? 1 : Math.Pow(0.5, (days - FreshDays) / StaleHalfLifeDays);
}
