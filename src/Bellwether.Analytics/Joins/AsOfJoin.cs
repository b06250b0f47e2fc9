namespace Bellwether.Analytics.Joins;

/// <summary>Rows of one side of a join, by column.</summary>
/// <param name="Keys">Number of each row's group, from 0; rows meet only within their group. A negative one never meets any.</param>
/// <param name="Times">When it happened, in any unit that both sides share.</param>
public readonly ref struct AsOfRows(ReadOnlySpan<int> keys, ReadOnlySpan<long> times)
{
    public ReadOnlySpan<int> Keys { get; } = keys;

    public ReadOnlySpan<long> Times { get; } = times;

    /// <summary>Since when each row is known; empty where it is known since it happened.</summary>
    public ReadOnlySpan<long> Known { get; init; }

    /// <summary>Of rows with the same time and knowledge the greatest counts; empty where the last one does.</summary>
    public ReadOnlySpan<long> Versions { get; init; }
}

/// <summary>
/// Finds for each left row the right row that was the latest at its time: of the right rows of its group that had happened and were known by then,
/// bounds included, the one that happened last; of several versions of it the one that became known last, then the highest version, then the last row.
/// </summary>
public static class AsOfJoin
{
    public const string Formula = "as-of-v1";

    /// <param name="matches">Index of the right row for each left one, -1 where there is none.</param>
    /// <param name="maxAge">The right row happened at most so long before; null for no bound.</param>
    /// <returns>How many left rows have found one.</returns>
    public static int Match(in AsOfRows left, in AsOfRows right, Span<int> matches, long? maxAge = null)
    {
        Check(in left, nameof(left));
        Check(in right, nameof(right));
        if (matches.Length < left.Keys.Length) throw new ArgumentException($"{left.Keys.Length} rows need as many places; there are {matches.Length}.", nameof(matches));
        // A right row takes part from when it has happened and is known.
        var starts = right.Known.IsEmpty ? right.Times : Later(right.Times, right.Known);
        var (lefts, rights) = (Order.Of(left.Keys, left.Times), Order.Of(right.Keys, starts));
        var (found, next, best, key) = (0, 0, -1, int.MinValue);
        foreach (var row in lefts)
        {
            var (group, time) = (left.Keys[row], left.Times[row]);
            if (group != key)
            {
                (key, best) = (group, -1);
                while (next < rights.Length && right.Keys[rights[next]] < group) next++;
            }
            for (; next < rights.Length && right.Keys[rights[next]] == group && starts[rights[next]] <= time; next++)
                if (best < 0 || IsLater(in right, rights[next], best)) best = rights[next];
            var taken = group >= 0 && best >= 0 && !(time - right.Times[best] > maxAge);
            matches[row] = taken ? best : -1;
            if (taken) found++;
        }
        return found;
    }

    static bool IsLater(in AsOfRows rows, int row, int than)
    {
        if (rows.Times[row] != rows.Times[than]) return rows.Times[row] > rows.Times[than];
        if (!rows.Known.IsEmpty && rows.Known[row] != rows.Known[than]) return rows.Known[row] > rows.Known[than];
        if (!rows.Versions.IsEmpty && rows.Versions[row] != rows.Versions[than]) return rows.Versions[row] > rows.Versions[than];
        return row > than;
    }

    static long[] Later(ReadOnlySpan<long> times, ReadOnlySpan<long> known)
    {
        var later = new long[times.Length];
        for (var i = 0; i < later.Length; i++) later[i] = Math.Max(times[i], known[i]);
        return later;
    }

    static void Check(in AsOfRows rows, string name)
    {
        if (rows.Times.Length != rows.Keys.Length || !rows.Known.IsEmpty && rows.Known.Length != rows.Keys.Length || !rows.Versions.IsEmpty && rows.Versions.Length != rows.Keys.Length)
            throw new ArgumentException($"{rows.Keys.Length} keys with {rows.Times.Length} times, {rows.Known.Length} of knowledge and {rows.Versions.Length} versions; expected as many of each.", name);
    }

    /// <summary>Rows by group and time; those of one moment keep their order.</summary>
    static class Order
    {
        const int Bits = 11, Buckets = 1 << Bits;

        public static int[] Of(ReadOnlySpan<int> keys, ReadOnlySpan<long> times)
        {
            var order = new int[keys.Length];
            for (var i = 0; i < order.Length; i++) order[i] = i;
            if (IsSorted(keys, times)) return order;
            var spare = new int[order.Length];
            var (least, most) = (long.MaxValue, long.MinValue);
            foreach (var time in times) (least, most) = (Math.Min(least, time), Math.Max(most, time));
            // Least significant digits first: each pass keeps the order of the one before it.
            for (var shift = 0; shift < 64 && (ulong)(most - least) >> shift != 0; shift += Bits)
            {
                Pass(order, spare, times, least, shift);
                (order, spare) = (spare, order);
            }
            var (first, last) = (int.MaxValue, int.MinValue);
            foreach (var key in keys) (first, last) = (Math.Min(first, key), Math.Max(last, key));
            for (var shift = 0; shift < 32 && (uint)(last - first) >> shift != 0; shift += Bits)
            {
                Pass(order, spare, keys, first, shift);
                (order, spare) = (spare, order);
            }
            return order;
        }

        static bool IsSorted(ReadOnlySpan<int> keys, ReadOnlySpan<long> times)
        {
            for (var i = 1; i < keys.Length; i++)
                if (keys[i] < keys[i - 1] || keys[i] == keys[i - 1] && times[i] < times[i - 1]) return false;
            return true;
        }

        static void Pass(int[] from, int[] to, ReadOnlySpan<long> values, long least, int shift)
        {
            Span<int> places = stackalloc int[Buckets];
            places.Clear();
            foreach (var row in from) places[(int)((ulong)(values[row] - least) >> shift) & (Buckets - 1)]++;
            Sum(places);
            foreach (var row in from) to[places[(int)((ulong)(values[row] - least) >> shift) & (Buckets - 1)]++] = row;
        }

        static void Pass(int[] from, int[] to, ReadOnlySpan<int> values, int least, int shift)
        {
            Span<int> places = stackalloc int[Buckets];
            places.Clear();
            foreach (var row in from) places[(int)((uint)(values[row] - least) >> shift) & (Buckets - 1)]++;
            Sum(places);
            foreach (var row in from) to[places[(int)((uint)(values[row] - least) >> shift) & (Buckets - 1)]++] = row;
        }

        static void Sum(Span<int> places)
        {
            var sum = 0;
            for (var i = 0; i < places.Length; i++) (places[i], sum) = (sum, sum + places[i]);
        }
    }
}
