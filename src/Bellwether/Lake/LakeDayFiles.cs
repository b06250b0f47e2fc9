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
    static readonly int EpochDay = DateOnly.FromDateTime(DateTime.UnixEpoch).DayNumber;

    readonly LakeKind[] _kinds = [.. LakeSchema.Columns.Select(column => column.Kind)];
    readonly LakeRowEncoder _encoder = new();
    LakeDigest? _digest;
    long _dayStart;
    Task _copy = Task.CompletedTask;

    /// <summary>The function that the files are written from; one serves a whole run.</summary>
    public static DuckDbSource CreateSource(DuckDbConnection lake) =>
        new(lake, SourceName, LakeSchema.Columns.Select(column => (column.Name, Type(column.Kind), Alias(column.Kind))));

    /// <exception cref="DuckDbException">A file could not be written; neither source nor connection are of use any more.</exception>
    public Task WriteAsync(PostgresCopyReader rows, CancellationToken cancellationToken) => RunAsync(async stop =>
    {
        while (await rows.FillAsync(stop.Token).ConfigureAwait(false))
            while (rows.Next()) await AddAsync(rows, stop).ConfigureAwait(false);
    }, cancellationToken);

    /// <summary>Writes the rows of files and of PostgreSQL as one sequence; both come in the order of the lake.</summary>
    /// <inheritdoc cref="WriteAsync"/>
    public Task MergeAsync(PostgresCopyReader late, LakeMergedFiles files, CancellationToken cancellationToken) => RunAsync(async stop =>
    {
        var (lateRow, fileRow) = (await NextAsync(late, files, stop.Token).ConfigureAwait(false), files.Next());
        while (lateRow || fileRow)
        {
            if (lateRow && (!fileRow || files.ComesAfter(late)))
            {
                await AddAsync(late, stop).ConfigureAwait(false);
                lateRow = await NextAsync(late, files, stop.Token).ConfigureAwait(false);
            }
            else
            {
                if (IsOtherDay(files.Timestamp)) await NextDayAsync(files.Timestamp, stop).ConfigureAwait(false);
                _digest!.AddHash(files.Timestamp, files.Hash);
                files.Append(source, _kinds);
                await source.EndRowAsync(stop.Token).ConfigureAwait(false);
                fileRow = files.Next();
            }
        }
    }, cancellationToken);

    static async ValueTask<bool> NextAsync(PostgresCopyReader late, LakeMergedFiles files, CancellationToken cancellationToken)
    {
        do
        {
            while (!late.Next())
                if (!await late.FillAsync(cancellationToken).ConfigureAwait(false)) return false;
        }
        while (!files.Keeps(late));
        return true;
    }

    async ValueTask AddAsync(PostgresCopyReader row, CancellationTokenSource stop)
    {
        var timestamp = PostgresToDuckDb.Timestamp(row.Field(LakeSchema.Timestamp));
        if (IsOtherDay(timestamp)) await NextDayAsync(timestamp, stop).ConfigureAwait(false);
        _encoder.Encode(row);
        _digest!.Add(timestamp, _encoder.Row);
        PostgresToDuckDb.Append(source, _kinds, row);
        await source.EndRowAsync(stop.Token).ConfigureAwait(false);
    }

    bool IsOtherDay(long timestamp) => _digest is null || timestamp - _dayStart is < 0 or >= MicrosPerDay;

    async Task RunAsync(Func<CancellationTokenSource, Task> produce, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            await produce(stop).ConfigureAwait(false);
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

    /// <summary>The UTC day of microseconds since 1970-01-01.</summary>
    public static DateOnly DayOf(long timestamp) =>
        DateOnly.FromDayNumber(EpochDay + (int)(timestamp >= 0 ? timestamp / MicrosPerDay : (timestamp + 1) / MicrosPerDay - 1));

    async Task NextDayAsync(long timestamp, CancellationTokenSource stop)
    {
        await EndDayAsync(stop.Token).ConfigureAwait(false);
        var day = DayOf(timestamp);
        _dayStart = (day.DayNumber - EpochDay) * MicrosPerDay;
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
