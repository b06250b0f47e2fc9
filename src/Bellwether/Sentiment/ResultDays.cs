using Bellwether.Storage;
using Npgsql;

namespace Bellwether.Sentiment;

/// <summary>
/// Makes the partitions that results need. Days since shortly before the first start have one each, so that they can be dropped one by one; months of
/// the two years before, so that what is not old enough to leave yet is never much; and older history, which comes in bulk over thousands of
/// sparse days, shares one: PostgreSQL slows down by the number of partitions.
/// </summary>
public sealed class ResultDays(NpgsqlDataSource dataSource, ScoringOptions options, TimeProvider time)
{
    readonly RangePartitions _days = new(dataSource, "sentiment.sentiment_data");
    DateOnly? _history;

    const int HistoryMonths = 24;

    public async Task EnsureAsync(IReadOnlyCollection<DateOnly> days, CancellationToken cancellationToken)
    {
        if (days.Count == 0) return;
        _history ??= await HistoryEndAsync(cancellationToken);
        foreach (var day in days)
            if (day >= DaysFrom(_history.Value)) await _days.EnsureDayAsync(day, cancellationToken);
            else if (day >= _history) await _days.EnsureMonthAsync(new(day.Year, day.Month, 1), cancellationToken);
    }

    /// <summary>After a row had nowhere to go: the partition of a day that was sealed is gone, and late rows get a new one.</summary>
    public void Forget(IEnumerable<DateOnly> days)
    {
        foreach (var day in days) _days.Forget(day);
    }

    /// <summary>Where history ends amid a month, days begin at once.</summary>
    static DateOnly DaysFrom(DateOnly history) => history.Day == 1 ? history.AddMonths(HistoryMonths) : history;

    async Task<DateOnly> HistoryEndAsync(CancellationToken cancellationToken)
    {
        var hot = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime).AddDays(-options.HotDays);
        await _days.EnsureBeforeAsync(new DateOnly(hot.Year, hot.Month, 1).AddMonths(-HistoryMonths), cancellationToken);
        await using var read = dataSource.CreateCommand("""
            SELECT (regexp_match(pg_get_expr(relpartbound, oid), 'TO \(''([0-9-]{10})'))[1]::date
            FROM pg_class WHERE oid = 'sentiment.sentiment_data_history'::regclass
            """);
        return (DateOnly)(await read.ExecuteScalarAsync(cancellationToken))!;
    }
}
