using System.Text.Json;
using Bellwether.Sentiment.HotStore;

namespace Bellwether.Tests.Sentiment;

public sealed class TickerSnapshotTests
{
    [Fact]
    public void Json_has_exactly_the_documented_names()
    {
        var snapshot = new TickerSnapshot
        {
            Ticker = "AAPL",
            Score = 0.5,
            Weight = 1,
            Count = 1,
            LastUpdated = new(2024, 5, 6, 13, 30, 0, TimeSpan.Zero),
            ModelCounts = new Dictionary<string, long> { ["lexicon"] = 1 },
            Revision = 1,
            LatestTimestamp = DateTimeOffset.UnixEpoch,
        };

        var json = JsonSerializer.SerializeToElement(snapshot, TickerSnapshotJson.Default.TickerSnapshot);

        Assert.Equal(
            ["ticker", "score", "weight", "count", "article_title", "source_url", "text_preview", "last_updated", "model_counts",
                "revision", "latest_timestamp"],
            json.EnumerateObject().Select(p => p.Name));
        Assert.Equal("2024-05-06T13:30:00+00:00", json.GetProperty("last_updated").GetString());
        Assert.Equal(1, json.GetProperty("model_counts").GetProperty("lexicon").GetInt64());
    }

    [Fact]
    public void Preview_keeps_up_to_100_characters_and_marks_the_rest()
    {
        Assert.Null(TickerSnapshot.Preview(null));
        Assert.Equal("", TickerSnapshot.Preview(""));
        Assert.Equal(new string('x', 100), TickerSnapshot.Preview(new string('x', 100)));
        Assert.Equal(new string('x', 100) + "...", TickerSnapshot.Preview(new string('x', 101)));
    }

    [Fact]
    public void Preview_never_cuts_a_surrogate_pair()
    {
        Assert.Equal(new string('x', 99) + "...", TickerSnapshot.Preview(new string('x', 99) + "🚀 to the moon"));
        Assert.Equal(new string('x', 98) + "🚀...", TickerSnapshot.Preview(new string('x', 98) + "🚀 to the moon"));
        Assert.Equal(new string('x', 99) + "\ud83d...", TickerSnapshot.Preview(new string('x', 99) + "\ud83dlone half"));
    }
}
