using System.Buffers;

namespace Bellwether.App.Api.Sql;

/// <summary>An answer as it is written, which must not grow beyond a size; what does not fit can be taken back.</summary>
sealed class SqlAnswerBuffer(int limit) : IBufferWriter<byte>
{
    byte[] _bytes = new byte[4096];
    int _written;

    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, _written);

    /// <exception cref="SqlAnswerException">So many bytes more do not fit.</exception>
    public void Require(int bytes)
    {
        if (bytes > limit - _written) throw new SqlAnswerException();
    }

    public void CutTo(int length) => _written = length;

    /// <summary>What closes the answer; it always fits.</summary>
    public void End(ReadOnlySpan<byte> bytes)
    {
        Grow(bytes.Length);
        bytes.CopyTo(_bytes.AsSpan(_written));
        _written += bytes.Length;
    }

    public void Advance(int count)
    {
        Require(count);
        _written += count;
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        // Writers ask for somewhat more than they need.
        const int Slack = 4096;
        Require(Math.Max(0, sizeHint - Slack));
        Grow(Math.Max(sizeHint, 256));
        return _bytes.AsMemory(_written);
    }

    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    void Grow(int bytes)
    {
        if (_bytes.Length - _written < bytes) Array.Resize(ref _bytes, (int)Math.Min(Array.MaxLength, Math.Max((long)_bytes.Length * 2, (long)_written + bytes)));
    }
}

/// <summary>An answer would be larger than is allowed.</summary>
sealed class SqlAnswerException : Exception;
