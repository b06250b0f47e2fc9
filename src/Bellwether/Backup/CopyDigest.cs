using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Bellwether.Backup;

/// <summary>
/// Counts and hashes the rows of <c>COPY … (FORMAT binary)</c> as they pass by, whatever the pieces they come in. Source of the format: PostgreSQL
/// manual, COPY, "Binary Format".
/// </summary>
sealed class CopyDigest : IDisposable
{
    const int HeaderLength = 19;

    readonly IncrementalHash _row = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    readonly byte[] _small = new byte[HeaderLength];
    readonly byte[] _hash = new byte[SHA256.HashSizeInBytes];
    UInt128 _low;
    UInt128 _high;
    State _state = State.Header;
    int _have;
    int _fields;
    long _skip;

    static ReadOnlySpan<byte> Signature => [0x50, 0x47, 0x43, 0x4F, 0x50, 0x59, 0x0A, 0xFF, 0x0D, 0x0A, 0x00];

    enum State { Header, Extension, Tuple, Length, Value, End }

    public long Rows { get; private set; }

    /// <summary>Whether the trailer was reached: a stream that is cut off has none.</summary>
    public bool IsComplete => _state == State.End;

    public string ContentHash => $"sha256-rowsum:{_high:x32}{_low:x32}";

    /// <exception cref="InvalidDataException">It is no such stream.</exception>
    public void Append(ReadOnlySpan<byte> data)
    {
        while (data.Length > 0)
        {
            switch (_state)
            {
                case State.Header when Take(ref data, HeaderLength):
                    if (!_small.AsSpan(0, 11).SequenceEqual(Signature)) throw new InvalidDataException("this is no binary copy of a table");
                    _skip = BinaryPrimitives.ReadInt32BigEndian(_small.AsSpan(HeaderLength - 4));
                    _state = _skip > 0 ? State.Extension : State.Tuple;
                    break;
                case State.Extension:
                    if (Pass(ref data, hash: false)) _state = State.Tuple;
                    break;
                case State.Tuple when Take(ref data, 2):
                    _fields = BinaryPrimitives.ReadInt16BigEndian(_small);
                    if (_fields == -1)
                    {
                        _state = State.End;
                        break;
                    }
                    _row.AppendData(_small.AsSpan(0, 2));
                    NextField();
                    break;
                case State.Length when Take(ref data, 4):
                    _row.AppendData(_small.AsSpan(0, 4));
                    _skip = BinaryPrimitives.ReadInt32BigEndian(_small);
                    if (_skip > 0) _state = State.Value;
                    else NextField();
                    break;
                case State.Value:
                    if (Pass(ref data, hash: true)) NextField();
                    break;
                case State.End:
                    throw new InvalidDataException("there is something behind the last row");
            }
        }
    }

    public void Dispose() => _row.Dispose();

    void NextField()
    {
        if (_fields-- > 0)
        {
            _state = State.Length;
            return;
        }
        _state = State.Tuple;
        _row.GetHashAndReset(_hash);
        var low = BinaryPrimitives.ReadUInt128LittleEndian(_hash);
        _low += low;
        _high += BinaryPrimitives.ReadUInt128LittleEndian(_hash.AsSpan(16)) + (_low < low ? UInt128.One : UInt128.Zero);
        Rows++;
    }

    /// <summary>Gathers a few bytes; true when they are all there.</summary>
    bool Take(ref ReadOnlySpan<byte> data, int count)
    {
        var part = Math.Min(count - _have, data.Length);
        data[..part].CopyTo(_small.AsSpan(_have));
        data = data[part..];
        _have += part;
        if (_have < count) return false;
        _have = 0;
        return true;
    }

    /// <summary>Goes over a value; true at its end.</summary>
    bool Pass(ref ReadOnlySpan<byte> data, bool hash)
    {
        var part = (int)Math.Min(_skip, data.Length);
        if (hash) _row.AppendData(data[..part]);
        data = data[part..];
        _skip -= part;
        return _skip == 0;
    }
}
