using System.Globalization;

namespace Bellwether.Market.Hypertables;

/// <summary>What may be asked of hypertables beside being ones.</summary>
/// <param name="CompressAfter">Chunks are compressed when all in them is older; null for never.</param>
/// <param name="DropAfter">Chunks are dropped, without an archive, when all in them is older; null for never.</param>
public sealed record HypertablePolicy(TimeSpan? CompressAfter, TimeSpan? DropAfter);

/// <summary>A table that TimescaleDB can keep: its time, which every unique key of it contains, and how its chunks are
/// compressed.</summary>
public sealed record HypertableSpec(string Name, string Time, string SegmentBy, string OrderBy)
{
    const string Chunk = "INTERVAL '30 days'";

    public static IReadOnlyList<HypertableSpec> All { get; } =
    [
        new("price_history", "date", "ticker, bar_interval", "date DESC, known_at DESC"),
        new("market_conditions", "timestamp", "symbol", "\"timestamp\" DESC"),
        new("options_data", "fetch_timestamp", "ticker", "fetch_timestamp DESC, expiration_date, strike_price, option_type, known_at DESC"),
    ];

    public string Table => $"market.{Name}";

    /// <summary>
    /// Statements of one transaction. TimescaleDB takes no table that PostgreSQL partitions, so the rows go to a new one of the same name.
    /// It is named before it becomes a hypertable: everything that renames meets plain tables only.
    /// </summary>
    /// <param name="keys">Keys and indexes of the table, as its catalogue has them.</param>
    internal IEnumerable<string> Convert(IReadOnlyList<TableKey> keys)
    {
        var before = $"{Table}_before";
        yield return $"LOCK TABLE {Table} IN ACCESS EXCLUSIVE MODE";
        yield return $"ALTER TABLE {Table} RENAME TO {Name}_before";
        foreach (var key in keys) yield return $"ALTER INDEX market.{key.Name} RENAME TO {key.Name}_before";
        yield return $"CREATE TABLE {Table} (LIKE {before} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)";
        foreach (var key in keys)
            yield return key.IsConstraint ? $"ALTER TABLE {Table} ADD CONSTRAINT {key.Name} {key.Definition}" : key.Definition;
        yield return $"SELECT create_hypertable('{Table}', '{Time}', chunk_time_interval => {Chunk}, create_default_indexes => false)";
        yield return $"INSERT INTO {Table} SELECT * FROM {before}";
        yield return $"DO $$ BEGIN IF (SELECT count(*) FROM {Table}) <> (SELECT count(*) FROM {before}) THEN "
            + $"RAISE EXCEPTION 'not all rows of {Table} were moved'; END IF; END $$";
        yield return $"DROP TABLE {before}";
    }

    /// <summary>Statements that set the policies of a hypertable.</summary>
    /// <param name="replace">Those of before go first; one that has just been made has none.</param>
    /// <param name="compressed">How it is compressed was said already, and cannot be said again while there are compressed chunks.</param>
    internal IEnumerable<string> Policies(HypertablePolicy policy, bool replace, bool compressed)
    {
        if (replace)
        {
            yield return $"SELECT remove_compression_policy('{Table}', if_exists => true)";
            yield return $"SELECT remove_retention_policy('{Table}', if_exists => true)";
        }
        if (policy.CompressAfter is { } compress)
        {
            if (!compressed)
                yield return $"ALTER TABLE {Table} SET (timescaledb.compress, timescaledb.compress_segmentby = '{SegmentBy}', "
                    + $"timescaledb.compress_orderby = '{OrderBy}')";
            yield return $"SELECT add_compression_policy('{Table}', {Interval(compress)})";
        }
        if (policy.DropAfter is { } drop) yield return $"SELECT add_retention_policy('{Table}', {Interval(drop)})";
    }

    static string Interval(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"INTERVAL '{(long)time.TotalSeconds} seconds'");
}

/// <param name="Definition">Of a constraint what follows its name, of an index the whole statement.</param>
sealed record TableKey(string Name, bool IsConstraint, string Definition);
