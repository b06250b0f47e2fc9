namespace Bellwether.Analytics.Text;

/// <summary>
/// Texts as sparse rows: for each group of features a list of buckets and the factor that all of them have. Rows are added once and read in
/// any order.
/// </summary>
/// <param name="bits">Buckets are 0 to 2^bits − 1.</param>
/// <param name="groups">Groups of each row.</param>
public sealed class FeatureRows(int bits, int groups)
{
    readonly List<uint> _buckets = [];
    readonly List<int> _ends = [];
    readonly List<float> _scales = [];
    readonly List<byte> _labels = [];
    readonly List<float> _weights = [];

    public int Bits => bits;

    public int Groups => groups;

    public int Count => _labels.Count;

    /// <summary>Adds the next group of the row that is under way; after the last one comes <see cref="EndRow"/>.</summary>
    public void AddGroup(ReadOnlySpan<uint> buckets, float scale)
    {
        foreach (var bucket in buckets) _buckets.Add(bucket);
        _ends.Add(_buckets.Count);
        _scales.Add(scale);
    }

    /// <param name="label">Class, 0 to 2.</param>
    /// <param name="weight">How much the row counts.</param>
    /// <exception cref="InvalidOperationException">The row has not as many groups as rows have here.</exception>
    public void EndRow(byte label, float weight)
    {
        if (_ends.Count != (Count + 1) * groups) throw new InvalidOperationException($"row {Count} has {_ends.Count - Count * groups} groups, not {groups}");
        _labels.Add(label);
        _weights.Add(weight);
    }

    public byte Label(int row) => _labels[row];

    public float Weight(int row) => _weights[row];

    public float Scale(int row, int group) => _scales[row * groups + group];

    public ReadOnlySpan<uint> Buckets(int row, int group)
    {
        var at = row * groups + group;
        var begin = at == 0 ? 0 : _ends[at - 1];
        return System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_buckets)[begin.._ends[at]];
    }
}
