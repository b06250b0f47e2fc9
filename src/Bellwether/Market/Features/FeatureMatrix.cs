using Bellwether.Analytics.Indicators;
using Bellwether.Engines.DuckDb;
using Bellwether.Feeds;
using Bellwether.Lake;
using Bellwether.Market.Prices;
using Bellwether.Storage;
using Npgsql;

namespace Bellwether.Market.Features;

/// <param name="Indicators">Names of values; those that compare with a benchmark are not among them.</param>
/// <param name="Delay">Rows stand so long after the close of each session: who acts then knows what was known by then.</param>
/// <param name="Horizon">Sessions ahead that the label looks, 0 for no label.</param>
public sealed record MatrixRequest(IReadOnlyList<string> Symbols, IReadOnlyList<string> Indicators, DateTimeOffset? From,
    DateTimeOffset? To)
{
    public TimeSpan Delay { get; init; } = TimeSpan.FromMinutes(15);

    public int Horizon { get; init; } = 5;

    /// <summary>Beside the indicators; null for none.</summary>
    public MatrixColumns? More { get; init; }
}

/// <summary>
/// A table for training: each row holds, for one symbol and moment, indicators computed from exactly those versions of the bars that were
/// known at the moment, adjusted for the splits and dividends that had happened and were known. Where a bar was restated, rows before see
/// the old version and rows after it the new one, in all of its past.
/// </summary>
public sealed class FeatureMatrix(NpgsqlDataSource dataSource, LakeOptions options, TimeProvider time)
{
    public async Task<long> WriteAsync(MatrixRequest request, string path, CancellationToken cancellationToken)
    {
        var set = IndicatorSet.Parse(request.Indicators);
        if (set.Reads.HasFlag(BarFields.Benchmark))
            throw new FormatException("beta and correlation need a series to compare with, which a matrix does not have");
        await KnowledgeBarrier.WaitAsync(dataSource, time.GetUtcNow(), time, cancellationToken);
        (string, DuckDbType)[] columns =
        [
            ("symbol", DuckDbType.Varchar), ("timestamp", DuckDbType.TimestampTz), ("bar_date", DuckDbType.Date),
            ("known_at", DuckDbType.TimestampTz),
            ("close", DuckDbType.Double), .. set.Names.Concat(request.More?.Names ?? []).Select(name => (name, DuckDbType.Double)),
            .. request.Horizon == 0 ? []
                : ((string, DuckDbType)[])[($"forward_return_{request.Horizon}", DuckDbType.Double),
                    ("label_known_at", DuckDbType.TimestampTz)],
        ];
        using var database = FactorJob.Open(options);
        return await ParquetSink.WriteAsync(database, path, columns, async (sink, token) =>
        {
            foreach (var symbol in request.Symbols)
            {
                var history = await SymbolHistory.LoadAsync(dataSource, symbol, token);
                if (history.Versions.Count == 0)
                    throw new FeedException(symbol, "no daily bars are known",
                        $"Read some in: bellwether market import FILE --symbol {symbol}");
                MatrixRow[] rows = [.. Rows(history, set, request)];
                var more = rows.Length == 0 || request.More is not { } columns ? null
                    : await columns.Load(symbol, new(rows[0].Moment, TimeSpan.Zero), new(rows[^1].Moment, TimeSpan.Zero), token);
                foreach (var row in rows)
                {
                    Append(sink, symbol, more is null ? row
                        : row with { Values = [.. row.Values, .. more(new(row.Moment, TimeSpan.Zero))] }, request.Horizon > 0);
                    await sink.EndRowAsync(token);
                }
            }
        }, cancellationToken);
    }

    /// <param name="Moment">Of the row.</param>
    /// <param name="Date">Session of the last bar that was known.</param>
    /// <param name="KnownAt">Since when the last of what went in is known.</param>
    /// <param name="Close">Of that bar, adjusted as the indicators are.</param>
    /// <param name="Label">Return from the close of that session to that of a later one, with splits and dividends, by what is known
    /// now.</param>
    /// <param name="LabelKnownAt">Since when all that is in the label is known: both bars, and what came between them.</param>
    internal readonly record struct MatrixRow(
        DateTime Moment, DateOnly Date, DateTime KnownAt, double Close, double[] Values, double Label, DateTime? LabelKnownAt);

    internal static IEnumerable<MatrixRow> Rows(SymbolHistory history, IndicatorSet set, MatrixRequest request)
    {
        // A bar takes part from when it is known, an action from when it is known and its day has come.
        var events = history.Complete().Select(v => (At: v.KnownAt, Day: v.Bar.Date, Bar: (StoredBar?)v, Action: default(CorporateAction)))
            .Concat(history.Actions.Select(a => a.Action.ExDate.ToDateTime(default, DateTimeKind.Utc) is var day
                ? (At: a.KnownAt > day ? a.KnownAt : day, Day: day, Bar: (StoredBar?)null, a.Action) : default))
            .OrderBy(e => e.At).ThenBy(e => e.Bar is null).ThenBy(e => e.Day).ToArray();
        var (latest, actions) = (history.Latest(), history.LatestActions());
        CorporateAction[] plain = [.. actions.Select(a => a.Action)];
        var places = latest.Select((v, i) => (v.Bar.Date, i)).ToDictionary(p => p.Date, p => p.i);
        var past = new PointInTimeSeries(set);
        var next = 0;
        foreach (var moment in latest.Select(v => history.EndOf(v.Bar.Date) + request.Delay))
        {
            for (; next < events.Length && events[next].At <= moment; next++)
                if (events[next].Bar is { } version) past.Take(version, events[next].At);
                else past.Take(events[next].Action, events[next].At);
            if (moment < request.From?.UtcDateTime || moment >= request.To?.UtcDateTime || past.Count == 0) continue;
            var (bar, values) = past.Current();
            var (label, since) = Label(places[bar.Date]);
            yield return new(moment, DateOnly.FromDateTime(bar.Date), past.KnownAt, bar.Close, values, label, since);
        }

        (double Value, DateTime? KnownAt) Label(int place)
        {
            if (request.Horizon == 0 || place + request.Horizon >= latest.Length) return (double.NaN, null);
            var (value, used, between) = Adjustment.Return(latest, place, place + request.Horizon, plain);
            var known = used.Select(p => latest[p].KnownAt)
                .Concat(actions.Where(a => between.Contains(a.Action)).Select(a => a.KnownAt));
            return (value, known.Max());
        }
    }

    static void Append(DuckDbSource sink, string symbol, MatrixRow row, bool labelled)
    {
        void Number(double value)
        {
            if (double.IsFinite(value)) sink.Append(value);
            else sink.AppendNull();
        }
        sink.Append(symbol);
        sink.AppendTimestamp(DuckDbTime.Micros(row.Moment));
        sink.Append(row.Date);
        sink.AppendTimestamp(DuckDbTime.Micros(row.KnownAt));
        sink.Append(row.Close);
        foreach (var value in row.Values) Number(value);
        if (!labelled) return;
        Number(row.Label);
        if (row.LabelKnownAt is { } since) sink.AppendTimestamp(DuckDbTime.Micros(since));
        else sink.AppendNull();
    }
}
