using System.Buffers.Binary;
using System.Security.Cryptography;
using Bellwether.Backup;

namespace Bellwether.Tests.Backup;

public sealed class CopyDigestTests
{
    static readonly byte[] Header = [.. "PGCOPY\n"u8, 0xff, 0x0d, 0x0a, 0, 0, 0, 0, 0, 0, 0, 0, 2, 7, 7];

    static byte[] Row(params string?[] fields)
    {
        var row = new List<byte>([0, (byte)fields.Length]);
        foreach (var field in fields)
        {
            var length = new byte[4];
            BinaryPrimitives.WriteInt32BigEndian(length, field?.Length ?? -1);
            row.AddRange(length);
            if (field is not null) row.AddRange(System.Text.Encoding.ASCII.GetBytes(field));
        }
        return [.. row];
    }

    static (long Rows, string Hash, bool Complete) Read(byte[] stream, int piece)
    {
        using var digest = new CopyDigest();
        foreach (var part in stream.Chunk(piece)) digest.Append(part);
        return (digest.Rows, digest.ContentHash, digest.IsComplete);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(1000)]
    public void Hash_is_the_sum_of_the_hashes_of_rows_whatever_the_pieces_and_their_order(int piece)
    {
        byte[] one = Row("abc", null, ""), two = Row("abc", "", null);
        var sum = System.Numerics.BigInteger.Zero;
        foreach (var row in (byte[][])[one, two]) sum += new System.Numerics.BigInteger(SHA256.HashData(row), isUnsigned: true);
        var expected = $"sha256-rowsum:{(sum % System.Numerics.BigInteger.Pow(2, 256)).ToString("x64")[^64..]}";
        Assert.Equal((2, expected, true), Read([.. Header, .. one, .. two, 0xff, 0xff], piece));
        Assert.Equal((2, expected, true), Read([.. Header, .. two, .. one, 0xff, 0xff], piece));
        Assert.NotEqual(expected, Read([.. Header, .. one, .. one, 0xff, 0xff], piece).Hash);
    }

    [Fact]
    public void What_is_cut_off_or_no_copy_is_told()
    {
        Assert.False(Read([.. Header, .. Row("abc")], 5).Complete);
        Assert.Equal((0L, true), Read([.. Header, 0xff, 0xff], 3) is var empty ? (empty.Rows, empty.Complete) : default);
        Assert.Throws<InvalidDataException>(() => Read(new byte[30], 30));
        Assert.Throws<InvalidDataException>(() => Read([.. Header, 0xff, 0xff, 1], 30));
    }
}
