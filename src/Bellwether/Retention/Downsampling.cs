using Bellwether.Lake;
using Bellwether.Retention.Archive;
using Npgsql;

namespace Bellwether.Retention;

/// <summary>
/// Adds rows up into their table of daily summaries, in the caller's transaction, and compares both before the rows may go. Late rows of a day
/// that was summed up already are added to it: first and last go by the moments that are kept with them.
/// </summary>
sealed class Downsampling(LiveTable source, string time, DailySummary summary)
{
    readonly (SummaryColumn Column, ArchiveColumn Type)[] _columns =
        [.. summary.Columns.Where(column => source.Column(column.Name) is not null).Select(column => (column, source.Column(column.Name)!))];

    readonly string _time = LakeColumn.Quote(time);
    readonly string _target = $"{LakeColumn.Quote(source.Schema)}.{LakeColumn.Quote(summary.Target)}";

    string Keys(string row) => string.Concat(summary.Keys.Select(key => $"{row}{LakeColumn.Quote(key)}, "));

    string Day(string row) => $"({row}{_time} AT TIME ZONE 'UTC')::date";

    /// <param name="rows">Relation and condition; the row is named t.</param>
    /// <param name="expected">How many they are.</param>
    /// <exception cref="RetentionException">The summaries do not tell what the rows do.</exception>
    public async Task AddAsync(NpgsqlConnection connection, string rows, long expected, CancellationToken cancellationToken)
    {
        if (summary.Keys.FirstOrDefault(key => source.Column(key) is null) is { } missing) throw new RetentionException($"{source.Name} has no column {missing} to sum it up by");
        await RunAsync(connection, Create(), cancellationToken).ConfigureAwait(false);
        var before = await SamplesAsync(connection, rows, cancellationToken).ConfigureAwait(false);
        await RunAsync(connection, Insert(rows), cancellationToken).ConfigureAwait(false);
        var after = await SamplesAsync(connection, rows, cancellationToken).ConfigureAwait(false);
        if (after - before != expected)
            throw new RetentionException($"{summary.Target} grew by {after - before} samples for {expected} rows of {source.Name}; nothing was removed");
        await using var wrong = new NpgsqlCommand(Differences(rows), connection) { CommandTimeout = 0 };
        if (await wrong.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is long and > 0 and var count)
            throw new RetentionException($"{summary.Target} does not agree with {count} rows of {source.Name}; nothing was removed");
    }

    string Create() => $"""
        CREATE TABLE IF NOT EXISTS {_target} (
            {string.Concat(summary.Keys.Select(key => $"{LakeColumn.Quote(key)} {source.Column(key)!.Type} NOT NULL, "))}day date NOT NULL,
            {string.Concat(_columns.Select(c => $"{c.Type.Quoted} {(c.Column.Kind == SummaryKind.Sum ? "numeric" : c.Type.Type)}, "))}
            samples bigint NOT NULL, first_at timestamptz NOT NULL, last_at timestamptz NOT NULL, formula text NOT NULL,
            PRIMARY KEY ({Keys("")}day))
        """;

    string Insert(string rows)
    {
        var names = string.Concat(_columns.Select(c => $"{c.Type.Quoted}, "));
        return $"""
            INSERT INTO {_target} AS d ({Keys("")}day, {names}samples, first_at, last_at, formula)
            SELECT {Keys("t.")}{Day("t.")}, {string.Concat(_columns.Select(c => Aggregate(c.Column, $"t.{c.Type.Quoted}") + ", "))}
                count(*), min(t.{_time}), max(t.{_time}), '{summary.Formula}'
            FROM {rows} GROUP BY {Keys("t.")}{Day("t.")}
            ON CONFLICT ({Keys("")}day) DO UPDATE SET {string.Concat(_columns.Select(c => $"{c.Type.Quoted} = {Merge(c.Column, c.Type.Quoted)}, "))}
                samples = d.samples + excluded.samples, first_at = least(d.first_at, excluded.first_at), last_at = greatest(d.last_at, excluded.last_at),
                formula = excluded.formula
            """;
    }

    string Aggregate(SummaryColumn column, string value) => column.Kind switch
    {
        SummaryKind.First => $"(array_agg({value} ORDER BY t.{_time}) FILTER (WHERE {value} IS NOT NULL))[1]",
        SummaryKind.Last => $"(array_agg({value} ORDER BY t.{_time} DESC) FILTER (WHERE {value} IS NOT NULL))[1]",
        SummaryKind.Least => $"min({value})",
        SummaryKind.Greatest => $"max({value})",
        _ => $"sum({value})",
    };

    static string Merge(SummaryColumn column, string name) => column.Kind switch
    {
        SummaryKind.First => $"CASE WHEN excluded.first_at < d.first_at THEN coalesce(excluded.{name}, d.{name}) ELSE coalesce(d.{name}, excluded.{name}) END",
        SummaryKind.Last => $"CASE WHEN excluded.last_at > d.last_at THEN coalesce(excluded.{name}, d.{name}) ELSE coalesce(d.{name}, excluded.{name}) END",
        SummaryKind.Least => $"least(d.{name}, excluded.{name})",
        SummaryKind.Greatest => $"greatest(d.{name}, excluded.{name})",
        _ => $"coalesce(d.{name} + excluded.{name}, d.{name}, excluded.{name})",
    };

    /// <summary>Rows that their summary does not cover: told in another way than the summary is made.</summary>
    string Differences(string rows)
    {
        var checks = _columns.Select(c => (c.Column.Kind, Name: c.Type.Quoted)).Select(c => c.Kind switch
        {
            SummaryKind.First => $"t.{_time} = d.first_at AND t.{c.Name} IS NOT NULL AND d.{c.Name} IS DISTINCT FROM t.{c.Name}",
            SummaryKind.Last => $"t.{_time} = d.last_at AND t.{c.Name} IS NOT NULL AND d.{c.Name} IS DISTINCT FROM t.{c.Name}",
            SummaryKind.Least => $"t.{c.Name} < d.{c.Name}",
            SummaryKind.Greatest => $"t.{c.Name} > d.{c.Name}",
            _ => $"t.{c.Name} IS NOT NULL AND d.{c.Name} IS NULL",
        }).Append($"t.{_time} < d.first_at OR t.{_time} > d.last_at").Append("d.samples IS NULL");
        return $"""
            SELECT count(*) FROM (SELECT t.* FROM {rows}) AS t LEFT JOIN {_target} AS d
            ON {string.Concat(summary.Keys.Select(key => $"d.{LakeColumn.Quote(key)} = t.{LakeColumn.Quote(key)} AND "))}d.day = {Day("t.")}
            WHERE {string.Join(" OR ", checks.Select(check => $"({check})"))}
            """;
    }

    /// <summary>Samples of the days that the rows belong to.</summary>
    async Task<long> SamplesAsync(NpgsqlConnection connection, string rows, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            $"SELECT coalesce(sum(samples), 0)::bigint FROM {_target} AS d WHERE ({Keys("d.")}d.day) IN (SELECT {Keys("t.")}{Day("t.")} FROM {rows})", connection) { CommandTimeout = 0 };
        return (long)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
    }

    static async Task RunAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }
}
