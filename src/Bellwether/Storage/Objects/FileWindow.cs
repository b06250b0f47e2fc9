using Microsoft.Win32.SafeHandles;

namespace Bellwether.Storage.Objects;

/// <summary>A part of a file as a stream of its own. Many may read one handle at once.</summary>
sealed class FileWindow(SafeFileHandle file, long offset, long length, Action moved) : Stream
{
    long _position;

    public override int Read(Span<byte> buffer)
    {
        var wanted = (int)Math.Min(buffer.Length, length - _position);
        if (wanted <= 0) return 0;
        var read = RandomAccess.Read(file, buffer[..wanted], offset + _position);
        if (read == 0) throw new EndOfStreamException("the file has become shorter while it was read");
        _position += read;
        moved();
        return read;
    }

    public override int Read(byte[] buffer, int start, int count) => Read(buffer.AsSpan(start, count));

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(Read(buffer.Span));
    }

    public override Task<int> ReadAsync(byte[] buffer, int start, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(start, count), cancellationToken).AsTask();

    public override long Seek(long to, SeekOrigin origin) =>
        _position = origin switch { SeekOrigin.Begin => to, SeekOrigin.Current => _position + to, _ => length + to };

    public override long Position { get => _position; set => _position = value; }
    public override long Length => length;
    public override bool CanRead => true;
    public override bool CanSeek => true;
    public override bool CanWrite => false;
    public override void Flush() { }
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int start, int count) => throw new NotSupportedException();
}
