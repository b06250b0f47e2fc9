using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using System.Text.Json;
using Bellwether.Sentiment.Lexicon;

namespace Bellwether.Sentiment.Classifier;

/// <summary>A model file that cannot be used. The message names the file, what is wrong, and what helps.</summary>
public sealed class ModelFileException(string file, string problem, string mend, Exception? inner = null) : Exception($"{file}: {problem}. {mend}", inner)
{
    public string File { get; } = file;
    public string Problem { get; } = problem;
    public string Mend { get; } = mend;
}

/// <summary>
/// The file of a trained classifier: "BWCL", version of the format, length and JSON of its card, the terms that its features come from, weights of the
/// head for texts and of the one for entities (of each which buckets are used, a bit each, then three bytes for each of these), CRC-32C of all
/// before it. Little-endian, not compressed: it is read from front to back in a few milliseconds.
/// </summary>
sealed class ClassifierFile(byte[] card, string name, LexiconTable terms, PackedWeights text, PackedWeights entity, string hash)
{
    /// <summary>Changes with the layout and with the features: weights for others mean nothing.</summary>
    public const int Format = 200 + TextFeatures.Version;

    const int MaxBytes = 8 << 20;
    const int MaxBits = 22;
    const int HashBytes = 4;

    static ReadOnlySpan<byte> Magic => "BWCL"u8;

    /// <summary>The model that ships with the program.</summary>
    public const string BuiltIn = "built-in classifier.bin";

    const string Train = "Train it again: `bellwether model train`.";

    public LexiconTable Terms => terms;

    public PackedWeights Text => text;

    public PackedWeights Entity => entity;

    /// <summary>Checksum of the file, hexadecimal.</summary>
    public string Hash => hash;

    /// <summary>Read when it is asked for: scoring needs no card.</summary>
    /// <exception cref="ModelFileException">It is no card.</exception>
    public ModelCard Card
    {
        get
        {
            try
            {
                return field ??= ModelCard.FromJson(card);
            }
            catch (JsonException error)
            {
                throw new ModelFileException(name, $"its card cannot be understood: {error.Message}", Train, error);
            }
        }
    }

    public static byte[] Write(ModelCard card, LexiconTable terms, PackedWeights text, PackedWeights entity)
    {
        var file = new MemoryStream();
        var json = card.ToJson();
        using (var writer = new BinaryWriter(file, Encoding.UTF8, leaveOpen: true))
        {
            writer.Write(Magic);
            writer.Write(Format);
            writer.Write(json.Length);
            writer.Write(json);
            terms.Write(writer);
            Write(writer, text);
            Write(writer, entity);
        }
        Span<byte> hash = stackalloc byte[HashBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(hash, Checksum(file.GetBuffer().AsSpan(0, (int)file.Length)));
        file.Write(hash);
        return file.ToArray();
    }

    public static bool HasMagic(string path)
    {
        using var stream = System.IO.File.OpenRead(path);
        Span<byte> begin = stackalloc byte[4];
        return stream.ReadAtLeast(begin, begin.Length, throwOnEndOfStream: false) == begin.Length && begin.SequenceEqual(Magic);
    }

    /// <exception cref="ModelFileException">The file is missing, cut off, altered, or of another version.</exception>
    public static ClassifierFile ReadFile(string path)
    {
        byte[] bytes;
        try
        {
            var info = new FileInfo(path);
            if (info.Exists && info.Length > MaxBytes) throw new ModelFileException(path, $"it has {info.Length:n0} bytes, a classifier has at most {MaxBytes:n0}", Train);
            bytes = System.IO.File.ReadAllBytes(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Of a folder the system only says that access is denied.
            throw new ModelFileException(path, Directory.Exists(path) ? "this is a folder, not a model file"
                : error is FileNotFoundException or DirectoryNotFoundException ? "there is no such model file"
                : $"the model file cannot be read: {error.Message.TrimEnd('.')}",
                "Look at Scoring:ClassifierFile, or train one: `bellwether model train --out FILE`.", error);
        }
        return Read(bytes, path);
    }

    /// <exception cref="ModelFileException">The model is not in this build, or is not sound.</exception>
    public static ClassifierFile ReadBuiltIn()
    {
        using var stream = typeof(ClassifierFile).Assembly.GetManifestResourceStream("classifier/classifier.bin")
            ?? throw new ModelFileException(BuiltIn, "the model is not in this build", Train);
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return Read(bytes, BuiltIn);
    }

    public static ClassifierFile Read(ReadOnlySpan<byte> bytes, string name)
    {
        if (bytes.Length < 12 + HashBytes || !bytes.StartsWith(Magic)) throw new ModelFileException(name, "this is no classifier file, or it was cut off", Train);
        var format = BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]);
        if (format != Format) throw new ModelFileException(name, $"it is of version {format}, this program reads version {Format}", Train);
        var content = bytes[..^HashBytes];
        var hash = BinaryPrimitives.ReadUInt32LittleEndian(bytes[^HashBytes..]);
        if (Checksum(content) != hash) throw new ModelFileException(name, "its content does not match its checksum: it was cut off or altered", Train);
        try
        {
            var reader = new ByteReader(content[8..]);
            var card = reader.Take(reader.Int32()).ToArray();
            var file = new ClassifierFile(card, name, LexiconTable.Read(ref reader), ReadWeights(ref reader), ReadWeights(ref reader), $"{hash:x8}");
            return reader.Left == 0 ? file : throw new InvalidDataException($"{reader.Left} bytes behind its end");
        }
        catch (Exception error) when (error is InvalidDataException or ArgumentException)
        {
            throw new ModelFileException(name, $"it cannot be understood: {error.Message}", Train, error);
        }
    }

    // Finds what was cut off or altered by accident, eight bytes at a time.
    internal static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        for (; bytes.Length >= 8; bytes = bytes[8..]) crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        foreach (var b in bytes) crc = BitOperations.Crc32C(crc, b);
        return ~crc;
    }

    static void Write(BinaryWriter writer, PackedWeights weights)
    {
        writer.Write(weights.Bits);
        writer.Write(weights.Step);
        writer.Write(weights.Bias.Negative);
        writer.Write(weights.Bias.Neutral);
        writer.Write(weights.Bias.Positive);
        writer.Write(weights.Temperature);
        var used = new byte[weights.Buckets.Length / 8];
        for (var i = 0; i < weights.Buckets.Length; i++)
            if (weights.Buckets[i] != 0) used[i / 8] |= (byte)(1 << i % 8);
        writer.Write(used);
        foreach (var bucket in weights.Buckets)
            if (bucket != 0) writer.Write([(byte)bucket, (byte)(bucket >> 8), (byte)(bucket >> 16)]);
    }

    static PackedWeights ReadWeights(ref ByteReader reader)
    {
        var bits = reader.Int32();
        if (bits is < 3 or > MaxBits) throw new InvalidDataException($"2^{bits} buckets");
        var weights = new PackedWeights(bits, reader.Single(), (reader.Single(), reader.Single(), reader.Single()), reader.Single(), new int[1 << bits]);
        var (negative, neutral, positive) = weights.Bias;
        if (!float.IsFinite(negative + neutral + positive) || !(weights.Step > 0 && float.IsFinite(weights.Step)) || !(weights.Temperature > 0 && float.IsFinite(weights.Temperature)))
            throw new InvalidDataException($"its scale of {weights.Step}, its bias and its temperature of {weights.Temperature} are not all numbers above zero that a score can be made with");
        var used = reader.Take(weights.Buckets.Length / 8);
        var count = 0;
        foreach (var eight in used) count += BitOperations.PopCount(eight);
        var values = reader.Take(count * 3);
        var at = 0;
        for (var i = 0; i < used.Length; i++)
            for (var eight = (uint)used[i]; eight != 0; eight &= eight - 1, at += 3)
                weights.Buckets[i * 8 + BitOperations.TrailingZeroCount(eight)] = values[at] | values[at + 1] << 8 | values[at + 2] << 16;
        return weights;
    }
}
