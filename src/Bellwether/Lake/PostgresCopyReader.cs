using System.Buffers;
using System.Buffers.Binary;

namespace Bellwether.Lake;

/// <summary>
/// Reads the rows of <c>COPY … TO STDOUT (FORMAT binary)</c> as spans over one buffer, so that text goes from the socket to DuckDB without
/// becoming a string. Source of the format: PostgreSQL manual, COPY, "Binary Format".
/// </summary>
sealed class PostgresCopyReader(Stream stream, int columns) : IDisposable
{
    const int HeaderLength = 19;
    const int FirstBuffer = 1 << 20;

    readonly int[] _offsets = new int[columns];
    readonly int[] _lengths = new int[columns];
    byte[] _buffer = ArrayPool<byte>.Shared.Rent(FirstBuffer);
    int _start;
    int _end;
    bool _headerRead;
    bool _finished;

    /// <summary>Fills the buffer; false when all rows have been read.</summary>
    public async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        if (_finished) return await DrainAsync(cancellationToken).ConfigureAwait(false);
        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        (_start, _end) = (0, _end - _start);
        // What is left did not hold a whole row: more than a full buffer of it means that the row needs a larger one.
        if (_end > _buffer.Length / 2) Grow();
        var wanted = Math.Max(_end + 1, _buffer.Length / 2);
        while (_end < wanted)
        {
            var read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken).ConfigureAwait(false);
            if (read == 0) break;
            _end += read;
        }
        if (!_headerRead)
        {
            if (_end < HeaderLength) throw Broken("it ends within the header");
            _start = HeaderLength + BinaryPrimitives.ReadInt32BigEndian(_buffer.AsSpan(HeaderLength - 4));
            _headerRead = true;
        }
        if (_end < wanted && !HasRow()) throw Broken("it ends within a row");
        return !_finished || await DrainAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Moves to the next row in the buffer; false when more has to be filled in.</summary>
    public bool Next()
    {
        if (!HasRow() || _finished) return false;
        _start = _offsets[^1] + Math.Max(_lengths[^1], 0);
        return true;
    }

    public bool IsNull(int column) => _lengths[column] < 0;

    /// <summary>The bytes of a value, valid until the next fill.</summary>
    public ReadOnlySpan<byte> Field(int column) => _buffer.AsSpan(_offsets[column], _lengths[column]);

    public void Dispose() => ArrayPool<byte>.Shared.Return(Interlocked.Exchange(ref _buffer, []));

    // Npgsql cancels a COPY that is closed before its end has been read.
    async ValueTask<bool> DrainAsync(CancellationToken cancellationToken)
    {
        while (await stream.ReadAsync(_buffer, cancellationToken).ConfigureAwait(false) > 0) { }
        return false;
    }

    // True at the trailer as well, which sets _finished.
    bool HasRow()
    {
        if (_finished) return false;
        var at = _start;
        if (_end - at < 2) return false;
        var fields = BinaryPrimitives.ReadInt16BigEndian(_buffer.AsSpan(at));
        at += 2;
        if (fields == -1)
        {
            _finished = true;
            return true;
        }
        if (fields != columns) throw Broken($"a row has {fields} fields, not {columns}");
        for (var i = 0; i < columns; i++)
        {
            if (_end - at < 4) return false;
            var length = BinaryPrimitives.ReadInt32BigEndian(_buffer.AsSpan(at));
            at += 4;
            if (length > _end - at) return false;
            _offsets[i] = at;
            _lengths[i] = length;
            at += Math.Max(length, 0);
        }
        return true;
    }

    void Grow()
    {
        var larger = ArrayPool<byte>.Shared.Rent(checked(_buffer.Length * 2));
        _buffer.AsSpan(0, _end).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }

    static LakeException Broken(string what) => new($"PostgreSQL's COPY stream is not as expected: {what}");
}
