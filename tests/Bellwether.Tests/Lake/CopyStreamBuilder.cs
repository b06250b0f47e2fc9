using System.Buffers.Binary;

namespace Bellwether.Tests.Lake;

/// <summary>Builds a binary COPY stream as PostgreSQL's manual describes it.</summary>
sealed class CopyStreamBuilder
{
    readonly MemoryStream _stream = new();

    public CopyStreamBuilder(int headerExtension = 0)
    {
        _stream.Write("PGCOPY"u8);
        _stream.Write([(byte)'\n', 0xFF, (byte)'\r', (byte)'\n', 0]);
        _stream.Write(Int32(0));
        _stream.Write(Int32(headerExtension));
        _stream.Write(new byte[headerExtension]);
    }

    public void Row(params byte[]?[] fields)
    {
        _stream.Write([(byte)(fields.Length >> 8), (byte)fields.Length]);
        foreach (var field in fields)
        {
            _stream.Write(Int32(field?.Length ?? -1));
            if (field is not null) _stream.Write(field);
        }
    }

    public MemoryStream ToStream(bool whole = true)
    {
        if (whole) _stream.Write([0xFF, 0xFF]);
        else _stream.SetLength(_stream.Length - 1);
        return new MemoryStream(_stream.ToArray());
    }

    public static byte[] Int64(long value)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, value);
        return bytes;
    }

    static byte[] Int32(int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }
}
