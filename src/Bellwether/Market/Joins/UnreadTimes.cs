using Bellwether.Engines.DuckDb;
using Bellwether.Feeds;
using Bellwether.Lake;

namespace Bellwether.Market.Joins;

/// <summary>Gathers the times of both sides that cannot be read.</summary>
/// <param name="strict">The first of them ends the join.</param>
sealed class UnreadTimes(bool strict)
{
    const int Most = 20;

    readonly List<UnreadTime> _first = [];

    public long Count { get; private set; }

    public IReadOnlyList<UnreadTime> First => _first;

    /// <exception cref="FeedException">None of the column can be read: it is another one that is meant.</exception>
    public void Look(DuckDbConnection engine, string table, string dataset, string column, CancellationToken cancellationToken)
    {
        var name = LakeColumn.Quote(column);
        var wrong = $"{name} IS NOT NULL AND TRY_CAST({name} AS TIMESTAMPTZ) IS NULL";
        long Number(string what) => (long)engine.Scalar($"SELECT count(*) FROM {table} WHERE {what}", null, cancellationToken)!;
        if (Number(wrong) is var count && count == 0) return;
        var all = count == Number($"{name} IS NOT NULL");
        using var rows = engine.Query(
            $"SELECT rowid + 1, CAST({name} AS VARCHAR) FROM {table} WHERE {wrong} ORDER BY rowid LIMIT {Most}",
            cancellationToken: cancellationToken);
        while (rows.Read())
        {
            if (strict || all)
                throw new FeedException(dataset, $"{column} '{rows.GetString(1)}' of row {rows.GetInt64(0)} is not a time that can be read",
                    "Write 2026-03-02T14:30:00Z or 2026-03-02.");
            if (_first.Count < Most) _first.Add(new(dataset, rows.GetInt64(0), column, rows.GetString(1)));
        }
        Count += count;
    }
}
