using Bellwether.Engines.DuckDb;
using Bellwether.Storage.Objects;

namespace Bellwether.Lake;

public sealed partial class LakeWriter
{
    /// <summary>Reads the staged files back and compares them with what was sent.</summary>
    static List<WrittenFile> Verify(Batch batch, Run run, CancellationToken cancellationToken)
    {
        var staged = batch.Staged;
        if (staged.Count == 0) return [];
        var list = string.Join(", ", staged.Values.Select(path => $"'{path.Replace("'", "''")}'"));
        using var reader = run.Lake.Query(
            $"SELECT file_index, {LakeSchema.Names(LakeSchema.Columns)} FROM read_parquet([{list}], hive_partitioning = false)",
            cancellationToken: cancellationToken);
        var found = staged.Keys.Select(_ => new LakeDigest()).ToArray();
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
                if (!order.Follows(file, reader, row))
                    throw new LakeException($"the file written for {staged.Keys.ElementAt(file):O} is not in the order of timestamp, ticker, article_id");
            }
        }
        var files = new List<WrittenFile>(staged.Count);
        foreach (var ((day, path), digest) in staged.Zip(found))
        {
            if (digest.ToString() != batch.Sent[day].ToString())
                throw new LakeException($"the file written for {day:O} holds {digest}; sent were {batch.Sent[day]}. The day stays dirty");
            files.Add(new(day, path, digest, new FileInfo(path).Length, ContentHash.OfFile(path, cancellationToken)));
        }
        return files;
    }

    sealed record WrittenFile(DateOnly Day, string Path, LakeDigest Digest, long Bytes, string Sha256);

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
