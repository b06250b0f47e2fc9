using System.Text.Json;
using Bellwether.Sentiment.HotStore;

namespace Bellwether.Tests.Sentiment;

/// <summary>Snapshots as values of a shared store: every one comes back as it was, and strange bytes are told from them.</summary>
public sealed class SnapshotCodecTests
{
    static readonly SnapshotEncoding[] Encodings = Enum.GetValues<SnapshotEncoding>();

    static TickerSnapshot Any(Random random)
    {
        return new()
        {
            Ticker = $"T{random.Next(100)}",
            Score = random.NextDouble() * 2 - 1,
            Weight = random.NextDouble() * Math.Pow(10, random.Next(-300, 300)),
            Count = random.NextInt64(),
            ArticleTitle = Text(80),
            SourceUrl = Text(200),
            TextPreview = Text(103),
            LastUpdated = new(random.NextInt64(DateTime.MaxValue.Ticks), TimeSpan.Zero),
            ModelCounts = Enumerable.Range(0, random.Next(4)).ToDictionary(i => $"modèle-{i}", _ => random.NextInt64()),
            Revision = random.NextInt64(long.MinValue, long.MaxValue),
            LatestTimestamp = new(random.NextInt64(DateTime.MaxValue.Ticks), TimeSpan.Zero),
        };

        string? Text(int longest) => random.Next(4) switch
        {
            0 => null,
            1 => "",
            2 => string.Concat(Enumerable.Range(0, random.Next(longest)).Select(_ => "profit rises; Größe 漲 🚀\0\"\\".EnumerateRunes().ElementAt(random.Next(26)))),
            _ => string.Concat(Enumerable.Repeat("beats estimates ", random.Next(12))),
        };
    }

    static string Json(TickerSnapshot snapshot) => JsonSerializer.Serialize(snapshot, TickerSnapshotJson.Default.TickerSnapshot);

    [Fact]
    public void Every_snapshot_comes_back_as_it_was()
    {
        var random = new Random(11);
        for (var i = 0; i < 2_000; i++)
        {
            var snapshot = Any(random);
            foreach (var encoding in Encodings)
            {
                Assert.True(SnapshotCodec.TryDecode(snapshot.Ticker, SnapshotCodec.Encode(snapshot, encoding), out var read));
                Assert.Equal(Json(snapshot), Json(read!));
            }
        }
    }

    [Fact]
    public void Compact_values_carry_revision_and_size_of_the_json_in_their_head()
    {
        var random = new Random(12);
        for (var i = 0; i < 200; i++)
        {
            var snapshot = Any(random);
            var head = System.Text.Encoding.Latin1.GetString(SnapshotCodec.Encode(snapshot, SnapshotEncoding.Compact)).Split(';', 3);
            Assert.Equal($"\u0001{snapshot.Revision}", head[0]);
            Assert.Equal($"{System.Text.Encoding.UTF8.GetByteCount(Json(snapshot))}", head[1]);
        }
    }

    [Fact]
    public void Damaged_and_foreign_bytes_never_throw()
    {
        var random = new Random(13);
        var refused = 0;
        for (var i = 0; i < 20_000; i++)
        {
            var value = SnapshotCodec.Encode(Any(random), Encodings[i % Encodings.Length]);
            if (i % 5 == 0) random.NextBytes(value);
            else if (i % 5 == 1) value = value[..random.Next(value.Length)];
            else value[random.Next(value.Length)] = (byte)random.Next(256);
            if (i % 10 == 0) value[0] = 1;
            if (!SnapshotCodec.TryDecode("T", value, out var read)) refused++;
            else Assert.NotNull(read);
        }
        Assert.True(refused > 8_000);
        Assert.False(SnapshotCodec.TryDecode("T", [], out _));
    }
}
