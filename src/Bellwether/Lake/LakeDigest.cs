using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;

namespace Bellwether.Lake;

/// <summary>
/// Row count, time range and content hash of one day. The hash is the sum modulo 2^256 of the SHA-256 of every row, so the order of rows
/// does not matter while a changed, missing or doubled row does. A row is hashed over its columns in the order of the lake schema: a byte 0
/// for NULL, else a byte 1 followed by the value: times as microseconds since 1970-01-01 UTC and integers as 8 bytes, doubles as their 8 IEEE bytes,
/// text and JSON as a 4-byte length and UTF-8; all little-endian. Columns that the first version of the schema did not have are left out where
/// all of them are NULL.
/// </summary>
sealed class LakeDigest
{
    public const string Algorithm = "sha256-rowsum";

    readonly byte[] _hash = new byte[SHA256.HashSizeInBytes];
    UInt128 _low;
    UInt128 _high;

    public long Rows { get; private set; }

    /// <summary>Microseconds since 1970-01-01 UTC.</summary>
    public long MinTimestamp { get; private set; } = long.MaxValue;

    public long MaxTimestamp { get; private set; } = long.MinValue;

    public void Add(long timestamp, ReadOnlySpan<byte> row)
    {
        SHA256.HashData(row, _hash);
        AddHash(timestamp, _hash);
    }

    /// <param name="hash">SHA-256 of the row.</param>
    public void AddHash(long timestamp, ReadOnlySpan<byte> hash)
    {
        var low = BinaryPrimitives.ReadUInt128LittleEndian(hash);
        _low += low;
        _high += BinaryPrimitives.ReadUInt128LittleEndian(hash[16..]) + (_low < low ? UInt128.One : UInt128.Zero);
        Rows++;
        MinTimestamp = Math.Min(MinTimestamp, timestamp);
        MaxTimestamp = Math.Max(MaxTimestamp, timestamp);
    }

    /// <summary>As the manifest keeps it: <c>sha256-rowsum:</c> and 64 hexadecimal digits, highest first.</summary>
    public string ContentHash => Text(_high, _low);

    /// <summary>What the rows of two digests have together: the sum modulo 2^256.</summary>
    public static string Sum(string first, string second)
    {
        var ((firstHigh, firstLow), (secondHigh, secondLow)) = (Parse(first), Parse(second));
        var low = firstLow + secondLow;
        return Text(firstHigh + secondHigh + (low < firstLow ? UInt128.One : UInt128.Zero), low);
    }

    /// <summary>Of no rows.</summary>
    public static string Nothing => Text(0, 0);

    static (UInt128 High, UInt128 Low) Parse(string hash)
    {
        var digits = hash.AsSpan(Algorithm.Length + 1);
        return (UInt128.Parse(digits[..32], NumberStyles.HexNumber, CultureInfo.InvariantCulture), UInt128.Parse(digits[32..], NumberStyles.HexNumber, CultureInfo.InvariantCulture));
    }

    static string Text(UInt128 high, UInt128 low) => $"{Algorithm}:{high:x32}{low:x32}";

    public override string ToString() => Text(Rows, MinTimestamp, MaxTimestamp, ContentHash);

    public static string Text(long rows, long minTimestamp, long maxTimestamp, string contentHash) =>
        $"{rows} rows, {minTimestamp}..{maxTimestamp} µs, {contentHash}";
}
