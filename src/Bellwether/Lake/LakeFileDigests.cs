using Bellwether.Engines.DuckDb;

namespace Bellwether.Lake;

/// <summary>What files really hold, row by row.</summary>
static class LakeFileDigests
{
    /// <summary>Digest of each file, and whether its rows are in the order of a lake file.</summary>
    /// <exception cref="DuckDbException">A file is no Parquet file of the lake's schema.</exception>
    public static (LakeDigest Digest, bool InOrder)[] Read(DuckDbConnection lake, IReadOnlyList<string> paths, CancellationToken cancellationToken)
    {
        if (paths.Count == 0) return [];
        using var reader = lake.Query(
            $"SELECT file_index, {LakeSchema.Names(LakeSchema.Columns)} FROM {LakeSchema.From(paths, "file_index, ")}", cancellationToken: cancellationToken);
        var found = paths.Select(_ => new LakeDigest()).ToArray();
        var ordered = paths.Select(_ => true).ToArray();
        var encoder = new LakeRowEncoder();
        var order = new RowOrder();
        while (reader.ReadChunk())
        {
            ref readonly var index = ref reader.Vector(0);
            ref readonly var timestamps = ref reader.Vector(1 + LakeSchema.Timestamp);
            for (var row = 0; row < reader.RowCount; row++)
            {
                encoder.Encode(reader, row, firstColumn: 1);
                var file = (int)index.At<ulong>(row);
                found[file].Add(timestamps.At<long>(row), encoder.Row);
                ordered[file] &= order.Follows(file, reader, row);
            }
        }
        return [.. found.Zip(ordered)];
    }

    /// <summary>Remembers the key of the row before.</summary>
    sealed class RowOrder
    {
        int _file = -1;
        long _timestamp;
        byte[] _ticker = [];
        byte[] _article = [];

        public bool Follows(int file, DuckDbReader reader, int row)
        {
            var timestamp = reader.Vector(1 + LakeSchema.Timestamp).At<long>(row);
            var ticker = reader.Vector(1 + LakeSchema.Ticker).Bytes(row);
            var article = reader.Vector(1 + LakeSchema.ArticleId).Bytes(row);
            var follows = file != _file || timestamp > _timestamp || timestamp == _timestamp
                && (ticker.SequenceCompareTo(_ticker) is var byTicker && byTicker != 0 ? byTicker : article.SequenceCompareTo(_article)) > 0;
            (_file, _timestamp) = (file, timestamp);
            Keep(ref _ticker, ticker);
            Keep(ref _article, article);
            return follows;
        }

        static void Keep(ref byte[] kept, ReadOnlySpan<byte> value)
        {
            if (kept.Length != value.Length) kept = new byte[value.Length];
            value.CopyTo(kept);
        }
    }
}
