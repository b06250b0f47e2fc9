using System.Globalization;
using Bellwether.Engines.DuckDb;

namespace Bellwether.Lake;

/// <summary>
/// Streams rows that come in the order of the lake into one Parquet file a day. PostgreSQL's rows are taken apart and hashed here while DuckDB
/// compresses those before on another thread; neither side holds more than a few chunks and one row group.
/// </summary>
sealed class LakeDayFiles(DuckDbConnection lake, DuckDbSource source, string folder, LakeWriter.Batch batch)
{
    const long MicrosPerDay = 86_400_000_000;
    const string SourceName = "incoming";

    readonly LakeKind[] _kinds = [.. LakeSchema.Columns.Select(column => column.Kind)];
    readonly LakeRowEncoder _encoder = new();
    LakeDigest? _digest;
    long _dayStart;
    Task _copy = Task.CompletedTask;

    /// <summary>The function that the files are written from; one serves a whole run.</summary>
    public static DuckDbSource CreateSource(DuckDbConnection lake) =>
        new(lake, SourceName, LakeSchema.Columns.Select(column => (column.Name, Type(column.Kind), Alias(column.Kind))));

    /// <exception cref="DuckDbException">A file could not be written; neither source nor connection are of use any more.</exception>
    public async Task WriteAsync(PostgresCopyReader rows, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            while (await rows.FillAsync(stop.Token).ConfigureAwait(false))
                while (rows.Next())
                {
                    var timestamp = PostgresToDuckDb.Timestamp(rows.Field(LakeSchema.Timestamp));
                    if (_digest is null || timestamp - _dayStart is < 0 or >= MicrosPerDay)
                        await NextDayAsync(timestamp, stop).ConfigureAwait(false);
                    _encoder.Encode(rows);
                    _digest!.Add(timestamp, _encoder.Row);
                    PostgresToDuckDb.Append(source, _kinds, rows);
                    await source.EndRowAsync(stop.Token).ConfigureAwait(false);
                }
            await EndDayAsync(stop.Token).ConfigureAwait(false);
        }
        catch (Exception) when (!_copy.IsCompletedSuccessfully)
        {
            // Only a failed COPY stops the producer by itself: its error is then the reason. Otherwise the COPY must not wait for more rows.
            if (stop.IsCancellationRequested && !cancellationToken.IsCancellationRequested) await _copy.ConfigureAwait(false);
            source.Stop();
            await _copy.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }
    }

    async Task NextDayAsync(long timestamp, CancellationTokenSource stop)
    {
        await EndDayAsync(stop.Token).ConfigureAwait(false);
        var days = timestamp >= 0 ? timestamp / MicrosPerDay : (timestamp + 1) / MicrosPerDay - 1;
        _dayStart = days * MicrosPerDay;
        var day = DateOnly.FromDateTime(DateTime.UnixEpoch.AddDays(days));
        var file = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{day:yyyy-MM-dd}.parquet"));
        batch.Sent.Add(day, _digest = new());
        batch.Staged.Add(day, file);
        _copy = CopyAsync(file, stop);
    }

    async Task EndDayAsync(CancellationToken cancellationToken)
    {
        if (_digest is null) return;
        await source.EndSectionAsync(cancellationToken).ConfigureAwait(false);
        await _copy.ConfigureAwait(false);
    }

    async Task CopyAsync(string file, CancellationTokenSource stop)
    {
        var sql = $"COPY (FROM {SourceName}()) TO '{file.Replace("'", "''")}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE_BYTES '16MB')";
        try
        {
            await Task.Run(() => lake.Execute(sql, stop.Token), stop.Token).ConfigureAwait(false);
        }
        catch
        {
            // The producer may be waiting for room that will not come.
            await stop.CancelAsync().ConfigureAwait(false);
            throw;
        }
    }

    static DuckDbType Type(LakeKind kind) => kind switch
    {
        LakeKind.Text or LakeKind.Json => DuckDbType.Varchar,
        LakeKind.Double => DuckDbType.Double,
        LakeKind.SmallInt => DuckDbType.SmallInt,
        LakeKind.Timestamp => DuckDbType.TimestampTz,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "not a kind of column in a lake file"),
    };

    static string? Alias(LakeKind kind) => kind == LakeKind.Json ? "JSON" : null;
}
