using System.Globalization;
using System.Text.Json;
using CsvHelper;

namespace Bellwether.Tests.Sentiment;

/// <summary>The labelled sets: classes −1, 0, 1 of the train sets, scores −1 to 1 of the sets for evaluation only.</summary>
static class LabelledTexts
{
    public static List<(string Text, int Label)> Headlines() => Read("sentfin_single_entity.csv");

    public static List<(string Text, int Label)> Tweets() => Read("twitter_financial_news_train.csv");

    public static List<(string Text, double Score)> FinancialPosts()
    {
        using var json = JsonDocument.Parse(File.ReadAllText(SharedData.File("sentiment", "FiQA_post.json")));
        return [.. json.RootElement.EnumerateObject().Select(post => (
            post.Value.GetProperty("sentence").GetString()!,
            post.Value.GetProperty("info").EnumerateArray().Average(
                target => double.Parse(target.GetProperty("sentiment_score").GetString()!, CultureInfo.InvariantCulture))))];
    }

    public static List<(string Text, double Score)> CompanyHeadlines()
    {
        using var json = JsonDocument.Parse(File.ReadAllText(SharedData.File("sentiment", "SemEval2017Task5Headlines.json")));
        return [.. json.RootElement.EnumerateArray().Select(
            headline => (headline.GetProperty("title").GetString()!, headline.GetProperty("sentiment").GetDouble()))];
    }

    static List<(string Text, int Label)> Read(string file)
    {
        using var csv = new CsvReader(new StreamReader(SharedData.File("sentiment", file)), CultureInfo.InvariantCulture);
        var rows = new List<(string, int)>();
        csv.Read();
        csv.ReadHeader();
        while (csv.Read())
        {
            rows.Add((csv.GetField("text")!, csv.GetField("label") switch
            {
                "positive" or "1" => 1,
                "negative" or "0" => -1,
                "neutral" or "2" => 0,
                var label => throw new InvalidDataException($"{file}: label {label}"),
            }));
        }
        return rows;
    }
}
