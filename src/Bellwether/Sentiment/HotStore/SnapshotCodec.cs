using System.IO.Compression;
using System.Text;
using System.Text.Json;

namespace Bellwether.Sentiment.HotStore;

/// <summary>
/// Snapshots as values of a store. Compact is: byte 1, revision, ';', bytes of the JSON, ';' (both decimal, for scripts on the server),
/// numbers and names, and the three texts as one Brotli block, or as they are where that is no shorter.
/// </summary>
static class SnapshotCodec
{
    const byte Packed = 1;

    // Measured on headlines: 9 saves nothing more, 11 saves 30 bytes of 390 and takes several times as long.
    const int Quality = 5, Window = 16;

    // No snapshot comes near it; other people's bytes may claim anything.
    const int LongestTexts = 1 << 24;

    public static byte[] Encode(TickerSnapshot snapshot, SnapshotEncoding encoding)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(snapshot, TickerSnapshotJson.Default.TickerSnapshot);
        return encoding == SnapshotEncoding.Json ? json : Pack(snapshot, json.Length);
    }

    /// <summary>False for what no encoding of ours has written.</summary>
    public static bool TryDecode(string ticker, byte[] value, out TickerSnapshot? snapshot)
    {
        snapshot = null;
        try
        {
            snapshot = value.Length > 0 && value[0] == Packed
                ? Unpack(ticker, value)
                : JsonSerializer.Deserialize(value, TickerSnapshotJson.Default.TickerSnapshot);
            return snapshot is not null;
        }
        catch (Exception error) when (error is JsonException or FormatException or IOException or ArgumentException or OverflowException)
        {
            return false;
        }
    }

    static byte[] Pack(TickerSnapshot s, int jsonLength)
    {
        using var value = new MemoryStream(256);
        value.Write(Encoding.UTF8.GetBytes($"{(char)Packed}{s.Revision};{jsonLength};"));
        using var writer = new BinaryWriter(value, Encoding.UTF8, leaveOpen: true);
        writer.Write(s.Score);
        writer.Write(s.Weight);
        writer.Write7BitEncodedInt64(s.Count);
        writer.Write(s.LastUpdated.UtcTicks);
        writer.Write(s.LatestTimestamp.UtcTicks);
        writer.Write7BitEncodedInt(s.ModelCounts.Count);
        foreach (var (model, count) in s.ModelCounts)
        {
            writer.Write(model);
            writer.Write7BitEncodedInt64(count);
        }
        var texts = new[] { s.ArticleTitle, s.SourceUrl, s.TextPreview }.Select(t => t is null ? null : Encoding.UTF8.GetBytes(t)).ToArray();
        // 0 is none, so that an empty text stays one.
        foreach (var text in texts) writer.Write7BitEncodedInt(text is null ? 0 : text.Length + 1);
        var block = texts.SelectMany(t => t ?? []).ToArray();
        var shorter = new byte[block.Length];
        writer.Write(BrotliEncoder.TryCompress(block, shorter, out var length, Quality, Window) && length < block.Length
            ? shorter.AsSpan(0, length) : block);
        return value.ToArray();
    }

    static TickerSnapshot Unpack(string ticker, byte[] value)
    {
        var first = Array.IndexOf(value, (byte)';');
        var second = Array.IndexOf(value, (byte)';', first + 1);
        if (first < 0 || second < 0) throw new FormatException("no head");
        using var reader = new BinaryReader(new MemoryStream(value, second + 1, value.Length - second - 1), Encoding.UTF8);
        var (score, weight, count) = (reader.ReadDouble(), reader.ReadDouble(), reader.Read7BitEncodedInt64());
        var (updated, latest) = (Time(reader), Time(reader));
        var models = new Dictionary<string, long>(StringComparer.Ordinal);
        for (var left = reader.Read7BitEncodedInt(); left > 0; left--) models[reader.ReadString()] = reader.Read7BitEncodedInt64();
        var lengths = new[] { reader.Read7BitEncodedInt(), reader.Read7BitEncodedInt(), reader.Read7BitEncodedInt() };
        var texts = Texts(value.AsSpan(value.Length - (int)(reader.BaseStream.Length - reader.BaseStream.Position)), lengths);
        return new()
        {
            Ticker = ticker,
            Score = score,
            Weight = weight,
            Count = count,
            ArticleTitle = texts[0],
            SourceUrl = texts[1],
            TextPreview = texts[2],
            LastUpdated = updated,
            ModelCounts = models,
            Revision = long.Parse(value.AsSpan(1, first - 1), System.Globalization.CultureInfo.InvariantCulture),
            LatestTimestamp = latest,
        };
    }

    static string?[] Texts(ReadOnlySpan<byte> block, int[] lengths)
    {
        var length = lengths.Sum(l => Math.Max(0L, l - 1));
        if (length > LongestTexts) throw new FormatException("texts too long");
        var whole = new byte[length];
        if (block.Length == whole.Length) block.CopyTo(whole);
        else if (!BrotliDecoder.TryDecompress(block, whole, out var written) || written != whole.Length) throw new FormatException("no texts");
        var texts = new string?[lengths.Length];
        for (int i = 0, at = 0; i < texts.Length; i++)
            if (lengths[i] > 0)
            {
                texts[i] = Encoding.UTF8.GetString(whole, at, lengths[i] - 1);
                at += lengths[i] - 1;
            }
        return texts;
    }

    static DateTimeOffset Time(BinaryReader reader) => new(reader.ReadInt64(), TimeSpan.Zero);
}
