using System.Globalization;

namespace Bellwether.Lake;

/// <summary>Selects hot rows by UTC days, in conditions that PostgreSQL can prune partitions by.</summary>
static class HotRows
{
    public const string Table = "sentiment.sentiment_data";

    public static string Select(IEnumerable<LakeColumn> columns, string condition) =>
        $"SELECT {string.Join(", ", columns.Select(column => column.PostgresExpression))} FROM {Table} WHERE {condition}";

    /// <summary>In the order of a lake file; text by its bytes, whatever the collation of the database.</summary>
    public static string SelectSorted(IEnumerable<LakeColumn> columns, string condition) =>
        $"{Select(columns, condition)} ORDER BY timestamp, ticker COLLATE \"C\", article_id COLLATE \"C\"";

    /// <summary>In the order of a lake file; of rows with the same article and ticker on one day only the one that was known last.</summary>
    public static string SelectNewest(IEnumerable<LakeColumn> columns, string condition)
    {
        var names = string.Join(", ", columns.Select(column => column.PostgresExpression));
        return $"""
            SELECT {names} FROM (SELECT *, row_number() OVER (PARTITION BY (timestamp AT TIME ZONE 'UTC')::date, article_id, ticker
                ORDER BY processing_timestamp_utc DESC, timestamp DESC) AS newest FROM {Table} WHERE {condition}) AS late
            WHERE newest = 1 ORDER BY timestamp, ticker COLLATE "C", article_id COLLATE "C"
            """;
    }

    /// <summary>Rows of the given days.</summary>
    public static string In(IEnumerable<DateOnly> days) => Or(Ranges(days).Select(range => Between(range.From, range.To)));

    /// <summary>Runs of adjacent days, half-open.</summary>
    static IEnumerable<(DateOnly From, DateOnly To)> Ranges(IEnumerable<DateOnly> days)
    {
        (DateOnly From, DateOnly To)? run = null;
        foreach (var day in days.Order().Distinct())
        {
            if (run is { } current && current.To == day)
            {
                run = (current.From, day.AddDays(1));
                continue;
            }
            if (run is { } done) yield return done;
            run = (day, day.AddDays(1));
        }
        if (run is { } last) yield return last;
    }

    static string Or(IEnumerable<string> conditions) => string.Join(" OR ", conditions) is { Length: > 0 } any ? any : "false";

    public static string Between(DateOnly from, DateOnly to) => $"timestamp >= {At(from)} AND timestamp < {At(to)}";

    static string At(DateOnly day) => string.Create(CultureInfo.InvariantCulture, $"timestamptz '{day:yyyy-MM-dd} 00:00:00+00'");
}
