using Bellwether.Engines.DuckDb;
using Bellwether.Lake;
using Bellwether.Tests.Engines.DuckDb;

namespace Bellwether.Tests.Lake;

/// <summary>Either side of the pipeline may fail; the other must not wait for ever.</summary>
public sealed class LakeDayFilesTests : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("lake-files-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    static MemoryStream Rows(int count, bool whole = true)
    {
        var copy = new CopyStreamBuilder();
        for (var i = 0; i < count; i++)
        {
            var at = CopyStreamBuilder.Int64(i * 1_000_000L);
            var text = new byte[500];
            byte[] number = [0, 0, 0, 0, 0, 0, 0, 0];
            byte[] letter = [(byte)'x'];
            copy.Row(at, letter, null, number, number, letter, null, letter, letter, text, at, at, null, letter, letter, letter, number, letter,
                number, number, [0, 1], letter, number);
        }
        return copy.ToStream(whole);
    }

    async Task WriteAsync(Stream stream, string folder, CancellationToken cancellationToken)
    {
        using var engine = LakeWriter.OpenEngine(new() { Directory = _folder, ScratchDirectory = _folder, DuckDbLibrary = DuckDbTestLibrary.Path }, Path.Combine(_folder, "spill"));
        using var connection = LakeWriter.Connect(engine);
        using var source = LakeDayFiles.CreateSource(connection);
        using var rows = new PostgresCopyReader(stream, LakeSchema.Columns.Length);
        await new LakeDayFiles(connection, source, folder, new([], [], [])).WriteAsync(rows, cancellationToken);
    }

    [Fact]
    public async Task Whole_stream_becomes_a_file_a_day()
    {
        await WriteAsync(Rows(100_000), _folder, TestContext.Current.CancellationToken);
        Assert.Equal(["2000-01-01.parquet", "2000-01-02.parquet"], Directory.EnumerateFiles(_folder).Select(Path.GetFileName).Order());
        using var engine = DuckDbTestLibrary.Open();
        using var connection = engine.Connect();
        Assert.Equal(100_000L, connection.Scalar("SELECT count(*) FROM read_parquet($1)", [$"{_folder}/*.parquet"]));
    }

    [Fact]
    public async Task Failing_copy_ends_the_producer_with_its_reason()
    {
        var error = await Assert.ThrowsAsync<DuckDbException>(
            () => WriteAsync(Rows(100_000), Path.Combine(_folder, "missing"), TestContext.Current.CancellationToken));
        Assert.Equal("IO", error.ErrorClass);
    }

    [Fact]
    public async Task Broken_stream_ends_the_copy()
    {
        var error = await Assert.ThrowsAsync<LakeException>(() => WriteAsync(Rows(50_000, whole: false), _folder, TestContext.Current.CancellationToken));
        Assert.Contains("ends within a row", error.Message);
    }

    [Fact]
    public async Task Cancellation_in_the_middle_of_a_day_ends_both()
    {
        using var cancel = new CancellationTokenSource();
        var rows = Rows(80_000);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => WriteAsync(new CancellingStream(rows, rows.Length / 2, cancel), _folder, cancel.Token));
    }

    sealed class CancellingStream(Stream inner, long at, CancellationTokenSource cancel) : Stream
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (inner.Position >= at) await cancel.CancelAsync();
            cancellationToken.ThrowIfCancellationRequested();
            return await inner.ReadAsync(buffer[..Math.Min(buffer.Length, 10_000)], cancellationToken);
        }

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => inner.Length;
        public override long Position { get => inner.Position; set => throw new NotSupportedException(); }
        public override void Flush() { }
        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
