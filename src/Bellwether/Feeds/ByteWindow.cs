using System.Buffers;

namespace Bellwether.Feeds;

/// <summary>
/// The part of a stream that is being looked at. Grows only as far as one record needs. A stream that fails midway is reported when
/// what came before it has been taken, so that complete records are not lost to a damaged end.
/// </summary>
sealed class ByteWindow(Stream stream) : IAsyncDisposable
{
    const int Chunk = 64 * 1024;

    byte[] _buffer = ArrayPool<byte>.Shared.Rent(2 * Chunk);
    int _start;
    int _end;
    Exception? _failure;

    public ReadOnlyMemory<byte> Memory => _buffer.AsMemory(_start, _end - _start);

    public ReadOnlySpan<byte> Span => _buffer.AsSpan(_start, _end - _start);

    public int Length => _end - _start;

    /// <summary>Position of the first byte in view, bytes from the start of the (decompressed) stream.</summary>
    public long Offset { get; private set; }

    /// <summary>Nothing comes after what is in view.</summary>
    public bool AtEnd { get; private set; }

    public void Advance(int bytes)
    {
        _start += bytes;
        Offset += bytes;
    }

    /// <summary>
    /// Brings more into view; false at the end of the stream. A large view is doubled, so that what rescans it stays linear; a small one
    /// takes what there is, so that a slow pipe is not waited for.
    /// </summary>
    public async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        if (_failure is not null) throw _failure;
        if (AtEnd) return false;
        var before = Length;
        var wanted = before < Chunk ? 1 : before;
        MakeRoom(Math.Max(Chunk, wanted));
        while (Length - before < wanted)
        {
            int read;
            try
            {
                read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken).ConfigureAwait(false);
            }
            catch (Exception error) when (error is not OperationCanceledException && Length > before)
            {
                _failure = error;
                break;
            }
            if (read == 0)
            {
                AtEnd = true;
                break;
            }
            _end += read;
        }
        return Length > before;
    }

    /// <summary>Fills until so many bytes are in view or the stream ends.</summary>
    public async ValueTask FillToAsync(int bytes, CancellationToken cancellationToken)
    {
        while (Length < bytes && await FillAsync(cancellationToken).ConfigureAwait(false)) { }
    }

    void MakeRoom(int bytes)
    {
        if (_buffer.Length - _end >= bytes) return;
        var target = _buffer;
        if (_buffer.Length - Length < bytes) target = ArrayPool<byte>.Shared.Rent(Math.Max(_buffer.Length * 2, Length + bytes));
        Span.CopyTo(target);
        if (target != _buffer) ArrayPool<byte>.Shared.Return(_buffer);
        (_buffer, _end, _start) = (target, Length, 0);
    }

    /// <summary>The rest of the stream, from the first byte in view on.</summary>
    public Stream AsStream() => new Rest(this);

    public async ValueTask DisposeAsync()
    {
        await stream.DisposeAsync().ConfigureAwait(false);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
        _start = _end = 0;
        AtEnd = true;
    }

    sealed class Rest(ByteWindow window) : ReadOnlyStream
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (window.Length == 0 && !await window.FillAsync(cancellationToken).ConfigureAwait(false)) return 0;
            var count = Math.Min(buffer.Length, window.Length);
            window.Memory[..count].CopyTo(buffer);
            window.Advance(count);
            return count;
        }

        public override ValueTask DisposeAsync() => window.DisposeAsync();
    }
}

/// <summary>Counts what passes for a progress bar, and stops a download that is larger than allowed.</summary>
sealed class CountedStream(Stream inner, string origin, FeedProgress? progress, long limit) : ReadOnlyStream
{
    long _read;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = await inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        _read += count;
        if (_read > limit) throw new FeedException(origin, $"is larger than {limit:N0} bytes",
            "Raise the download limit or fetch a smaller page.");
        progress?.Add(count);
        return count;
    }

    public override ValueTask DisposeAsync() => inner.DisposeAsync();
}

/// <summary>What a forward-only asynchronous source has to say to the rest of <see cref="Stream"/>.</summary>
abstract class ReadOnlyStream : Stream
{
    public sealed override bool CanRead => true;

    public sealed override bool CanSeek => false;

    public sealed override bool CanWrite => false;

    public sealed override long Length => throw new NotSupportedException();

    public sealed override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public abstract override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default);

    public sealed override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public sealed override int Read(byte[] buffer, int offset, int count) =>
        throw new NotSupportedException("Feeds are read asynchronously.");

    public sealed override void Flush()
    {
    }

    public sealed override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public sealed override void SetLength(long value) => throw new NotSupportedException();

    public sealed override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
