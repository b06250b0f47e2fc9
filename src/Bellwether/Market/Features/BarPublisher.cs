using Bellwether.Engines.DuckDb;
using Bellwether.Lake;
using Bellwether.Market.Prices;
using Bellwether.Storage;
using Npgsql;

namespace Bellwether.Market.Features;

/// <summary>Writes bars as they were known at one moment to a Parquet file, in order of symbol and time.</summary>
public sealed class BarPublisher(NpgsqlDataSource dataSource, LakeOptions options, TimeProvider time)
{
    static readonly (string, DuckDbType)[] Columns =
    [
        ("ticker", DuckDbType.Varchar), ("date", DuckDbType.TimestampTz), ("open_price", DuckDbType.Double),
        ("high_price", DuckDbType.Double), ("low_price", DuckDbType.Double),
        ("close_price", DuckDbType.Double), ("volume", DuckDbType.BigInt), ("adjusted_close", DuckDbType.Double),
        ("known_at", DuckDbType.TimestampTz),
    ];

    /// <param name="adjusted">For splits and dividends known by the moment.</param>
    /// <returns>How many bars the file has.</returns>
    public async Task<long> RunAsync(string path, BarInterval interval, bool adjusted, DateTimeOffset? asOf,
        CancellationToken cancellationToken)
    {
        if (asOf is { } moment) await KnowledgeBarrier.WaitAsync(dataSource, moment, time, cancellationToken);
        using var database = FactorJob.Open(options);
        return await ParquetSink.WriteAsync(database, path, Columns, (sink, token) => ReadAsync(sink, interval, adjusted, asOf, token),
            cancellationToken);
    }

    async Task ReadAsync(DuckDbSource sink, BarInterval interval, bool adjusted, DateTimeOffset? asOf, CancellationToken cancellationToken)
    {
        var prices = new PriceReader(dataSource, time);
        var stated = await new TradingHoursStore(dataSource, time).AllAsync(cancellationToken);
        await using var command = dataSource.CreateCommand($"""
            SELECT {PriceReader.Columns}, ticker FROM {PriceStore.Table}
            WHERE bar_interval = $1 AND ($2::timestamptz IS NULL OR known_at <= $2) ORDER BY ticker COLLATE "C", date, known_at DESC
            """);
        command.CommandTimeout = 0;
        command.Parameters.Add(new() { Value = interval.Name });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset?> { TypedValue = asOf?.ToUniversalTime() });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var (ticker, bars, hours) = ("", new List<StoredBar>(), StatedHours.Default);
        while (await row.ReadAsync(cancellationToken))
        {
            var name = row.GetString(11);
            if (name != ticker)
            {
                await FlushAsync();
                (ticker, hours) = (name, TradingHoursStore.At(stated[name], asOf?.UtcDateTime));
            }
            // Of the versions, newest first, the first that is of the whole bar.
            if (bars.Count > 0 && bars[^1].Bar.Date == row.GetDateTime(0)) continue;
            var bar = PriceReader.Read(row);
            if (hours.IsComplete(in bar, interval)) bars.Add(bar);
        }
        await FlushAsync();

        async Task FlushAsync()
        {
            IReadOnlyList<PriceBar> shown = adjusted && bars.Count > 0
                ? Adjustment.Apply(bars, await prices.ActionsAsync(ticker, asOf, cancellationToken), interval)
                    : [.. bars.Select(b => b.Bar)];
            for (var i = 0; i < bars.Count; i++)
            {
                Append(sink, ticker, shown[i], bars[i].KnownAt);
                await sink.EndRowAsync(cancellationToken);
            }
            bars.Clear();
        }
    }

    static void Append(DuckDbSource sink, string ticker, PriceBar bar, DateTime known)
    {
        sink.Append(ticker);
        sink.AppendTimestamp(DuckDbTime.Micros(bar.Date));
        sink.Append(bar.Open);
        sink.Append(bar.High);
        sink.Append(bar.Low);
        sink.Append(bar.Close);
        if (bar.Volume is { } volume) sink.Append(volume);
        else sink.AppendNull();
        if (bar.AdjustedClose is { } close) sink.Append(close);
        else sink.AppendNull();
        sink.AppendTimestamp(DuckDbTime.Micros(known));
    }
}
