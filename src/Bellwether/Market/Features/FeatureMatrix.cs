using Bellwether.Analytics.Indicators;
using Bellwether.Engines.DuckDb;
using Bellwether.Feeds;
using Bellwether.Lake;
using Bellwether.Market.Calendars;
using Bellwether.Market.Prices;
using Bellwether.Storage;
using Npgsql;

namespace Bellwether.Market.Features;

/// <param name="Indicators">Names of values; those that compare with a benchmark are not among them.</param>
/// <param name="Delay">Rows stand so long after the close of each session: who acts then knows what was known by then.</param>
/// <param name="Horizon">Sessions ahead that the label looks, 0 for no label.</param>
public sealed record MatrixRequest(IReadOnlyList<string> Symbols, IReadOnlyList<string> Indicators, DateTimeOffset? From, DateTimeOffset? To)
{
    public TimeSpan Delay { get; init; } = TimeSpan.FromMinutes(15);

    public int Horizon { get; init; } = 5;

    /// <summary>Beside the indicators; null for none.</summary>
    public MatrixColumns? More { get; init; }
}

/// <summary>
/// A table for training: each row holds, for one symbol and moment, indicators computed from exactly those versions of the bars that were known at the
/// moment. Where a bar was restated, rows before see the old version and rows after it the new one, in all of its past.
/// </summary>
public sealed class FeatureMatrix(NpgsqlDataSource dataSource, LakeOptions options, TimeProvider time)
{
    public async Task<long> WriteAsync(MatrixRequest request, string path, CancellationToken cancellationToken)
    {
        var set = IndicatorSet.Parse(request.Indicators);
        if (set.Reads.HasFlag(BarFields.Benchmark)) throw new FormatException("beta and correlation need a series to compare with, which a matrix does not have");
        await KnowledgeBarrier.WaitAsync(dataSource, time.GetUtcNow(), time, cancellationToken);
        (string, DuckDbType)[] columns =
        [
            ("symbol", DuckDbType.Varchar), ("timestamp", DuckDbType.TimestampTz), ("bar_date", DuckDbType.Date), ("known_at", DuckDbType.TimestampTz),
            ("close", DuckDbType.Double), .. set.Names.Concat(request.More?.Names ?? []).Select(name => (name, DuckDbType.Double)),
            .. request.Horizon > 0 ? ((string, DuckDbType)[])[($"forward_return_{request.Horizon}", DuckDbType.Double), ("label_known_at", DuckDbType.TimestampTz)] : [],
        ];
        using var database = FactorJob.Open(options);
        return await ParquetSink.WriteAsync(database, path, columns, async (sink, token) =>
        {
            foreach (var symbol in request.Symbols)
            {
                var versions = await VersionsAsync(symbol, token);
                if (versions.Count == 0) throw new FeedException(symbol, "no daily bars are known", $"Read some in: bellwether market import FILE --symbol {symbol}");
                MatrixRow[] rows = [.. Rows(versions, set, request)];
                var more = rows.Length == 0 || request.More is not { } columns ? null : await columns.Load(symbol, new(rows[0].Moment, TimeSpan.Zero), new(rows[^1].Moment, TimeSpan.Zero), token);
                foreach (var row in rows)
                {
                    Append(sink, symbol, more is null ? row : row with { Values = [.. row.Values, .. more(new(row.Moment, TimeSpan.Zero))] }, request.Horizon > 0);
                    await sink.EndRowAsync(token);
                }
            }
        }, cancellationToken);
    }

    /// <param name="Moment">Of the row.</param>
    /// <param name="Date">Session of the last bar that was known.</param>
    /// <param name="KnownAt">Since when the last of the versions that went in is known.</param>
    /// <param name="Label">Return from the close of that session to that of a later one, by what is known now.</param>
    internal readonly record struct MatrixRow(DateTime Moment, DateOnly Date, DateTime KnownAt, double Close, double[] Values, double Label, DateTime? LabelKnownAt);

    /// <param name="versions">All versions of all bars.</param>
    internal static IEnumerable<MatrixRow> Rows(IReadOnlyList<StoredBar> versions, IndicatorSet set, MatrixRequest request)
    {
        // A bar takes part from when it is known and over, whatever was stated.
        var events = versions.Select(v => (At: v.KnownAt > End(v.Bar.Date) ? v.KnownAt : End(v.Bar.Date), Version: v)).OrderBy(e => e.At).ThenBy(e => e.Version.Bar.Date).ToArray();
        var latest = versions.GroupBy(v => v.Bar.Date).Select(g => g.MaxBy(v => v.KnownAt)).OrderBy(v => v.Bar.Date).ToArray();
        var places = latest.Select((v, i) => (v.Bar.Date, i)).ToDictionary(p => p.Date, p => p.i);
        var past = new PointInTimeSeries(set);
        var next = 0;
        foreach (var moment in latest.Select(v => End(v.Bar.Date) + request.Delay))
        {
            for (; next < events.Length && events[next].At <= moment; next++) past.Take(events[next].Version, events[next].At);
            if (moment < request.From?.UtcDateTime || moment >= request.To?.UtcDateTime || past.Count == 0) continue;
            var (bar, values) = past.Current();
            var ahead = places[bar.Date] + request.Horizon;
            var labelled = request.Horizon > 0 && ahead < latest.Length;
            var label = labelled ? latest[ahead].Bar.Close / latest[places[bar.Date]].Bar.Close - 1 : double.NaN;
            DateTime? since = labelled ? latest[ahead].KnownAt > End(latest[ahead].Bar.Date) ? latest[ahead].KnownAt : End(latest[ahead].Bar.Date) : null;
            yield return new(moment, DateOnly.FromDateTime(bar.Date), past.KnownAt, bar.Close, values, label, since);
        }
    }

    static DateTime End(DateTime date) => UnitedStatesCalendar.End(DateOnly.FromDateTime(date));

    async Task<IReadOnlyList<StoredBar>> VersionsAsync(string symbol, CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand($"SELECT {PriceReader.Columns} FROM {PriceStore.Table} WHERE ticker = $1 AND bar_interval = '1d' ORDER BY date, known_at");
        command.Parameters.Add(new() { Value = symbol });
        var versions = new List<StoredBar>();
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken)) versions.Add(PriceReader.Read(row));
        return versions;
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
