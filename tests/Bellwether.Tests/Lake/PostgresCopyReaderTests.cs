using Bellwether.Lake;
using FsCheck;
using FsCheck.Fluent;

namespace Bellwether.Tests.Lake;

public sealed class PostgresCopyReaderTests
{
    static readonly Config Quick = Config.QuickThrowOnFailure.WithMaxTest(200);

    [Fact]
    public void Rows_come_back_however_the_stream_is_cut()
    {
        var field = Gen.OneOf(
            Gen.Constant<byte[]?>(null), Gen.Choose(0, 40).Select(length => (byte[]?)new byte[length].Select((_, i) => (byte)i).ToArray()),
            Gen.Choose(0, 3000).Select(length => (byte[]?)new byte[length]));
        var rows = field.ArrayOf(3).ArrayOf();
        Prop.ForAll(rows.ToArbitrary(), Gen.Choose(1, 200).ToArbitrary(), Gen.Elements(0, 5, 300).ToArbitrary(), (table, piece, extension) =>
        {
            var copy = new CopyStreamBuilder(extension);
            foreach (var row in table) copy.Row(row);
            var read = ReadAsync(new PiecewiseStream(copy.ToStream(), piece), 3).GetAwaiter().GetResult();
            return read.Count == table.Length && read.Zip(table).All(pair => pair.First.Zip(pair.Second)
                .All(fields => fields.First is null == fields.Second is null && (fields.First is null || fields.First.SequenceEqual(fields.Second!))));
        }).Check(Quick);
    }

    [Fact]
    public async Task Row_larger_than_the_buffer_comes_back_whole()
    {
        var copy = new CopyStreamBuilder();
        var large = new byte[5_000_000];
        Random.Shared.NextBytes(large);
        copy.Row([1], large);
        copy.Row(null, [2]);
        var rows = await ReadAsync(copy.ToStream(), 2);
        Assert.Equal(large, rows[0][1]);
        Assert.Null(rows[1][0]);
        Assert.Equal(2, rows.Count);
    }

    [Fact]
    public async Task Stream_that_ends_early_is_an_error()
    {
        var copy = new CopyStreamBuilder();
        copy.Row([1], [2]);
        await Assert.ThrowsAsync<LakeException>(() => ReadAsync(copy.ToStream(whole: false), 2));
        await Assert.ThrowsAsync<LakeException>(() => ReadAsync(new MemoryStream([1, 2, 3]), 2));
    }

    [Fact]
    public async Task Row_of_another_shape_is_an_error()
    {
        var copy = new CopyStreamBuilder();
        copy.Row([1], [2], [3]);
        Assert.Contains("3 fields, not 2", (await Assert.ThrowsAsync<LakeException>(() => ReadAsync(copy.ToStream(), 2))).Message);
    }

    static async Task<List<byte[]?[]>> ReadAsync(Stream stream, int columns)
    {
        using var reader = new PostgresCopyReader(stream, columns);
        var rows = new List<byte[]?[]>();
        while (await reader.FillAsync(CancellationToken.None))
            while (reader.Next())
                rows.Add([.. Enumerable.Range(0, columns).Select(i => reader.IsNull(i) ? null : reader.Field(i).ToArray())]);
        return rows;
    }

    sealed class PiecewiseStream(Stream inner, int piece) : Stream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            inner.ReadAsync(buffer[..Math.Min(buffer.Length, piece)], cancellationToken);

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }
        public override void Flush() { }
        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
