using System.Text;
using Bellwether.Analytics.Joins;
using Bellwether.Engines.DuckDb;
using Bellwether.Lake;

namespace Bellwether.Market.Joins;

/// <summary>Numbers of groups, the same for the same values on both sides; -1 where one is NULL.</summary>
sealed class JoinKeys
{
    readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);
    readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _lookup;
    char[] _text = new char[256];

    public JoinKeys() => _lookup = _numbers.GetAlternateLookup<ReadOnlySpan<char>>();

    public int Of(DuckDbReader rows, int columns, int row)
    {
        var used = 0;
        for (var i = 0; i < columns; i++)
        {
            if (rows.Vector(i).IsNull(row)) return -1;
            var bytes = rows.Vector(i).Bytes(row);
            if (_text.Length < used + bytes.Length + 1) Array.Resize(ref _text, 2 * (used + bytes.Length + 1));
            used += Encoding.UTF8.GetChars(bytes, _text.AsSpan(used));
            // No text of a database holds it: two values never read as another two.
            _text[used++] = '\0';
        }
        var key = _text.AsSpan(0, used);
        if (_lookup.TryGetValue(key, out var number)) return number;
        _numbers.Add(new(key), number = _numbers.Count);
        return number;
    }
}

/// <summary>One side of a join, by column; in the order of its table.</summary>
sealed class JoinSide(int[] keys, long[] times, long[]? known, long[]? versions)
{
    public int[] Keys => keys;

    public AsOfRows Rows => new(keys, times) { Known = known, Versions = versions };

    public static JoinSide Read(DuckDbConnection engine, string table, string dataset, SideColumns columns, JoinKeys groups,
        UnreadTimes unread, CancellationToken cancellationToken)
    {
        var count = (int)(long)engine.Scalar($"SELECT count(*) FROM {table}", null, cancellationToken)!;
        var (keys, times) = (new int[count], new long[count]);
        var (known, versions) = (columns.Known is null ? null : new long[count], columns.Version is null ? null : new long[count]);
        var by = columns.By.Count;
        var select = columns.By
            .Select(name => $"{(columns.Fold ? "upper" : "")}(CAST({LakeColumn.Quote(name)} AS VARCHAR))").Append(Micros(columns.Time));
        if (columns.Known is not null) select = select.Append(Micros(columns.Known));
        if (columns.Version is not null) select = select.Append($"TRY_CAST({LakeColumn.Quote(columns.Version)} AS BIGINT)");
        foreach (var name in new[] { columns.Time, columns.Known }.OfType<string>())
            unread.Look(engine, table, dataset, name, cancellationToken);
        using var rows = engine.Query($"SELECT {string.Join(", ", select)} FROM {table} ORDER BY rowid",
            cancellationToken: cancellationToken);
        var at = 0;
        while (rows.ReadChunk())
            for (var row = 0; row < rows.RowCount; row++, at++)
            {
                var next = by;
                keys[at] = groups.Of(rows, by, row);
                Take(rows, next++, row, times, at);
                if (known is not null) Take(rows, next++, row, known, at);
                if (versions is not null) versions[at] = rows.Vector(next).IsNull(row) ? long.MinValue : rows.Vector(next).At<long>(row);
            }
        return new(keys, times, known, versions);

        // Without a time a row never meets any.
        void Take(DuckDbReader rows, int column, int row, long[] values, int place)
        {
            if (rows.Vector(column).IsNull(row)) keys[place] = -1;
            else values[place] = rows.Vector(column).At<long>(row);
        }
    }

    static string Micros(string column) => $"epoch_us(TRY_CAST({LakeColumn.Quote(column)} AS TIMESTAMPTZ))";
}
