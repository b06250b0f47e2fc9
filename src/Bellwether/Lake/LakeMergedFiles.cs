using System.Security.Cryptography;
using Bellwether.Engines.DuckDb;

namespace Bellwether.Lake;

/// <summary>A row of a day by what names it. 128 bits of a hash stand for the texts: what must be kept in memory of a day is its late rows only.</summary>
readonly record struct LakeKey(DateOnly Day, UInt128 Article)
{
    public static LakeKey Of(DateOnly day, ReadOnlySpan<byte> article, ReadOnlySpan<byte> ticker)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        Span<byte> both = stackalloc byte[2 * SHA256.HashSizeInBytes];
        SHA256.HashData(article, both);
        SHA256.HashData(ticker, both[SHA256.HashSizeInBytes..]);
        SHA256.HashData(both, hash);
        return new(day, System.Buffers.Binary.BinaryPrimitives.ReadUInt128LittleEndian(hash));
    }
}

/// <summary>
/// The rows of lake files, one after the other in their order, without those that were removed or replaced. Every row is hashed, whether kept or
/// not, so that a damaged file is found out before its rows go into a new one.
/// </summary>
/// <param name="removed">Keys to leave out.</param>
/// <param name="late">Rows of PostgreSQL and when they were known; of two rows with the same key the one known later counts.</param>
sealed class LakeMergedFiles(DuckDbConnection lake, IReadOnlyList<string> paths, HashSet<LakeKey> removed, Dictionary<LakeKey, long> late, CancellationToken cancellationToken)
    : IDisposable
{
    static readonly string Columns = LakeSchema.Names(LakeSchema.Columns);

    readonly LakeRowEncoder _encoder = new();
    readonly byte[] _hash = new byte[SHA256.HashSizeInBytes];
    readonly HashSet<LakeKey> _replaced = [];
    readonly HashSet<LakeKey> _stale = [];
    DuckDbReader? _reader;
    int _row = -1;

    /// <summary>What each day's file was found to hold.</summary>
    public Dictionary<DateOnly, LakeDigest> Found { get; } = [];

    public long Timestamp => _reader!.Vector(LakeSchema.Timestamp).At<long>(_row);

    /// <summary>SHA-256 of the row as <see cref="LakeDigest"/> defines it.</summary>
    public ReadOnlySpan<byte> Hash => _hash;

    /// <summary>Finds keys that are on both sides, which is rare and must be known before the first row goes out. To be called first.</summary>
    public void Start()
    {
        if (paths.Count == 0) return;
        if (late.Count > 0)
        {
            using var keys = Query("timestamp, ticker, article_id, processing_timestamp_utc");
            while (keys.ReadChunk())
                for (var row = 0; row < keys.RowCount; row++)
                {
                    var key = LakeKey.Of(LakeDayFiles.DayOf(keys.Vector(0).At<long>(row)), keys.Vector(2).Bytes(row), keys.Vector(1).Bytes(row));
                    if (late.TryGetValue(key, out var known)) (known >= keys.Vector(3).At<long>(row) || removed.Contains(key) ? _replaced : _stale).Add(key);
                }
        }
        _reader = Query(Columns);
    }

    /// <summary>Moves to the next row that is kept; false at the end.</summary>
    public bool Next()
    {
        if (_reader is null) return false;
        while (true)
        {
            if (++_row >= _reader.RowCount)
            {
                if (!_reader.ReadChunk()) return false;
                _row = 0;
            }
            _encoder.Encode(_reader, _row, firstColumn: 0);
            SHA256.HashData(_encoder.Row, _hash);
            var day = LakeDayFiles.DayOf(Timestamp);
            if (!Found.TryGetValue(day, out var digest)) Found.Add(day, digest = new());
            digest.AddHash(Timestamp, _hash);
            if (removed.Count + _replaced.Count == 0) return true;
            var key = LakeKey.Of(day, Bytes(LakeSchema.ArticleId), Bytes(LakeSchema.Ticker));
            if (!removed.Contains(key) && !_replaced.Contains(key)) return true;
        }
    }

    /// <summary>Whether a row of PostgreSQL goes into the new file: one that the file knows a later version of does not.</summary>
    public bool Keeps(PostgresCopyReader row) => _stale.Count == 0 || !_stale.Contains(LakeKey.Of(
        LakeDayFiles.DayOf(PostgresToDuckDb.Timestamp(row.Field(LakeSchema.Timestamp))), row.Field(LakeSchema.ArticleId), row.Field(LakeSchema.Ticker)));

    /// <summary>Whether the current row belongs behind a row of PostgreSQL.</summary>
    public bool ComesAfter(PostgresCopyReader row)
    {
        var order = Timestamp.CompareTo(PostgresToDuckDb.Timestamp(row.Field(LakeSchema.Timestamp)));
        if (order == 0) order = Bytes(LakeSchema.Ticker).SequenceCompareTo(row.Field(LakeSchema.Ticker));
        return (order != 0 ? order : Bytes(LakeSchema.ArticleId).SequenceCompareTo(row.Field(LakeSchema.ArticleId))) > 0;
    }

    /// <summary>Appends the current row.</summary>
    public void Append(DuckDbRows target, ReadOnlySpan<LakeKind> kinds)
    {
        for (var i = 0; i < kinds.Length; i++)
        {
            ref readonly var vector = ref _reader!.Vector(i);
            if (vector.IsNull(_row))
            {
                target.AppendNull();
                continue;
            }
            switch (kinds[i])
            {
                case LakeKind.Timestamp:
                    target.AppendTimestamp(vector.At<long>(_row));
                    break;
                case LakeKind.Double:
                    target.Append(vector.At<double>(_row));
                    break;
                case LakeKind.SmallInt:
                    target.Append(vector.At<short>(_row));
                    break;
                default:
                    target.AppendUtf8(vector.Bytes(_row));
                    break;
            }
        }
    }

    public void Dispose() => _reader?.Dispose();

    ReadOnlySpan<byte> Bytes(int column) => _reader!.Vector(column).Bytes(_row);

    DuckDbReader Query(string columns) => lake.Query($"SELECT {columns} FROM {LakeSchema.From(paths)}", cancellationToken: cancellationToken);
}
