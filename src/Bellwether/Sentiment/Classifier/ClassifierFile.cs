using System.Buffers.Binary;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;

namespace Bellwether.Sentiment.Classifier;

/// <summary>A model file that cannot be used. The message names the file, what is wrong, and what helps.</summary>
public sealed class ModelFileException(string file, string problem, string mend, Exception? inner = null) : Exception($"{file}: {problem}. {mend}", inner)
{
    public string File { get; } = file;
    public string Problem { get; } = problem;
    public string Mend { get; } = mend;
}

/// <summary>
/// The file of a trained classifier: "BWCL", version of the format, length and JSON of its card, compressed weights of the head for texts and of
/// the one for entities, SHA-256 of all before it. Little-endian.
/// </summary>
sealed record ClassifierFile(ModelCard Card, PackedWeights Text, PackedWeights Entity, string Hash)
{
    /// <summary>Changes with the layout and with the features: weights for others mean nothing.</summary>
    public const int Format = 100 + TextFeatures.Version;

    const int MaxBytes = 8 << 20;
    const int MaxBits = 22;
    const int HashBytes = 32;

    static ReadOnlySpan<byte> Magic => "BWCL"u8;

    /// <summary>The model that ships with the program.</summary>
    public const string BuiltIn = "built-in classifier.bin";

    const string Train = "Train it again: `bellwether model train`.";

    public static byte[] Write(ModelCard card, PackedWeights text, PackedWeights entity)
    {
        var file = new MemoryStream();
        var head = new byte[12];
        var json = card.ToJson();
        Magic.CopyTo(head);
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(4), Format);
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(8), json.Length);
        file.Write(head);
        file.Write(json);
        using (var packed = new ZLibStream(file, CompressionLevel.SmallestSize, leaveOpen: true))
        using (var writer = new BinaryWriter(packed))
        {
            Write(writer, text);
            Write(writer, entity);
        }
        file.Write(SHA256.HashData(file.GetBuffer().AsSpan(0, (int)file.Length)));
        return file.ToArray();
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
            throw new ModelFileException(path, error is FileNotFoundException or DirectoryNotFoundException ? "there is no such model file" : $"the model file cannot be read: {error.Message}",
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
        var hash = bytes[^HashBytes..];
        if (!SHA256.HashData(content).AsSpan().SequenceEqual(hash)) throw new ModelFileException(name, "its content does not match its checksum: it was cut off or altered", Train);
        var length = BinaryPrimitives.ReadInt32LittleEndian(content[8..]);
        try
        {
            var card = ModelCard.FromJson(content.Slice(12, length));
            using var packed = new ZLibStream(new MemoryStream(content[(12 + length)..].ToArray()), CompressionMode.Decompress);
            using var reader = new BinaryReader(packed);
            return new(card, ReadWeights(reader), ReadWeights(reader), Convert.ToHexStringLower(hash[..4]));
        }
        catch (Exception error) when (error is IOException or InvalidDataException or JsonException or ArgumentException)
        {
            throw new ModelFileException(name, $"it cannot be understood: {error.Message}", Train, error);
        }
    }

    static void Write(BinaryWriter writer, PackedWeights weights)
    {
        writer.Write(weights.Bits);
        writer.Write(weights.Step);
        writer.Write(weights.Bias.Negative);
        writer.Write(weights.Bias.Neutral);
        writer.Write(weights.Bias.Positive);
        writer.Write(weights.Temperature);
        writer.Write(MemoryMarshal.AsBytes(weights.Buckets.AsSpan()));
    }

    static PackedWeights ReadWeights(BinaryReader reader)
    {
        var bits = reader.ReadInt32();
        if (bits is < 1 or > MaxBits) throw new InvalidDataException($"2^{bits} buckets");
        var weights = new PackedWeights(bits, reader.ReadSingle(), (reader.ReadSingle(), reader.ReadSingle(), reader.ReadSingle()), reader.ReadSingle(), new int[1 << bits]);
        reader.BaseStream.ReadExactly(MemoryMarshal.AsBytes(weights.Buckets.AsSpan()));
        return weights;
    }
}
