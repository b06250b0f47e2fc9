using System.Text;

namespace Bellwether.Sentiment.Lexicon;

sealed partial class LexiconTable
{
    // Far above what the files hold; a length beyond it was not written by this program.
    const int MostTerms = 1 << 18;

    const byte FollowsBit = 1, TermBit = 2, BoonBit = 4, BurdenBit = 8;

    /// <summary>Writes the table so that <see cref="Read"/> gives it back: hash, terms as one string, and column by column the lengths and entries.</summary>
    public void Write(BinaryWriter writer)
    {
        writer.Write(Hash);
        var letters = Encoding.UTF8.GetBytes(_letters);
        writer.Write(_entries.Length);
        writer.Write(letters.Length);
        writer.Write(letters);
        for (var i = 0; i < _entries.Length; i++) writer.Write((byte)TermAt(i).Length);
        foreach (var entry in _entries)
        {
            writer.Write(entry.Weight);
            writer.Write(entry.Direction);
            writer.Write(entry.Factor);
            writer.Write(entry.Polarity);
            writer.Write((byte)entry.Modifier);
            writer.Write(entry.LongestTerm);
            writer.Write((byte)((entry.SubjectFollows ? FollowsBit : 0) | (entry.IsTerm ? TermBit : 0)
                | (entry.Event > 0 ? BoonBit : entry.Event < 0 ? BurdenBit : 0)));
        }
    }

    /// <exception cref="InvalidDataException">The bytes are no table.</exception>
    public static LexiconTable Read(ref ByteReader reader)
    {
        var hash = Encoding.ASCII.GetString(reader.Take(reader.Byte()));
        var (count, bytes) = (reader.Int32(), reader.Int32());
        if (count is < 0 or > MostTerms) throw new InvalidDataException($"{count} terms");
        var letters = Encoding.UTF8.GetString(reader.Take(bytes));
        var (ends, entries) = (new int[count], new LexiconEntry[count]);
        var lengths = reader.Take(count);
        for (var (i, end) = (0, 0); i < count; i++) ends[i] = end += lengths[i];
        if (count > 0 && ends[^1] != letters.Length) throw new InvalidDataException($"terms of {ends[^1]} letters in {letters.Length}");
        foreach (ref var entry in entries.AsSpan())
        {
            entry = new() { Weight = reader.Single(), Direction = reader.Single(), Factor = reader.Single(), Polarity = (sbyte)reader.Byte(), Modifier = (Modifier)reader.Byte(), LongestTerm = reader.Byte() };
            var bits = reader.Byte();
            (entry.SubjectFollows, entry.IsTerm) = ((bits & FollowsBit) != 0, (bits & TermBit) != 0);
            entry.Event = (sbyte)((bits & BoonBit) != 0 ? 1 : (bits & BurdenBit) != 0 ? -1 : 0);
        }
        return new(letters, ends, entries, hash);
    }
}

/// <summary>Reads little-endian values off the front of a span.</summary>
/// <remarks>What reads beyond its end throws <see cref="InvalidDataException"/>.</remarks>
ref struct ByteReader(ReadOnlySpan<byte> bytes)
{
    ReadOnlySpan<byte> _rest = bytes;

    public readonly int Left => _rest.Length;

    public ReadOnlySpan<byte> Take(int count)
    {
        if ((uint)count > (uint)_rest.Length) throw new InvalidDataException($"{count} bytes where {_rest.Length} are left");
        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }

    public byte Byte() => Take(1)[0];

    public int Int32() => System.Buffers.Binary.BinaryPrimitives.ReadInt32LittleEndian(Take(4));

    public float Single() => System.Buffers.Binary.BinaryPrimitives.ReadSingleLittleEndian(Take(4));
}
