using System.Text.Json;
using Bellwether.Analytics.Confluence;
using Bellwether.App.Api;
using Bellwether.App.Commands;
using Bellwether.Confluence;
using Bellwether.Sentiment.Aggregation;

namespace Bellwether.Tests.Confluence;

/// <summary>Mentions that never fade: a setting that no JSON has a number for.</summary>
public sealed class EndlessHalfLifeTests
{
    static readonly AggregateInputs Inputs = new(
        DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch, double.PositiveInfinity, 3_600, new(), [], [], []);

    static readonly ConfluenceInputs Whole = new(
        DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch, 0.5, 0.3, 0.2, new ConfluenceThresholds(), new(0, null, null, 0, null, [], []),
            Inputs);

    [Fact]
    public void What_is_stored_comes_back()
    {
        Assert.Equal(double.PositiveInfinity, AggregateInputs.FromJson(Inputs.ToJson()).HalfLifeSeconds);
        Assert.Equal(double.PositiveInfinity, ConfluenceInputs.FromJson(Whole.ToJson()).Sentiment!.HalfLifeSeconds);
    }

    [Fact]
    public void Commands_and_the_API_answer_as_it_is_stored()
    {
        var (aggregate, confluence) = (AggregatedSentiment.Of("X", Inputs), ConfluenceScore.Of("X", Whole));
        string[] answers =
        [
            JsonSerializer.Serialize(aggregate, ApiJson.Default.AggregatedSentiment),
                JsonSerializer.Serialize(aggregate, CommandJson.Relaxed.AggregatedSentiment),
            JsonSerializer.Serialize(confluence, ApiJson.Default.ConfluenceScore),
            JsonSerializer.Serialize(confluence, CommandJson.Relaxed.ConfluenceScore),
        ];
        foreach (var answer in answers)
        {
            var inputs = JsonElement.Parse(answer).GetProperty("inputs");
            if (inputs.TryGetProperty("sentiment", out var within)) inputs = within;
            Assert.Equal("Infinity", inputs.GetProperty("half_life_seconds").GetString());
        }
        // A number stays one.
        var usual = JsonSerializer.Serialize(AggregatedSentiment.Of("X", Inputs with { HalfLifeSeconds = 60 }),
            ApiJson.Default.AggregatedSentiment);
        Assert.Equal(60, JsonElement.Parse(usual).GetProperty("inputs").GetProperty("half_life_seconds").GetDouble());
    }
}
