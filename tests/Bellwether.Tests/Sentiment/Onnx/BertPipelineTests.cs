using Bellwether.Diagnostics;
using Bellwether.Feeds;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Sentiment.Onnx;

public sealed class BertPipelineTests(TestServer server)
{
    static async Task<TestDesk> IngestAsync(TestServer server, BertExport export)
    {
        var desk = await TestDesk.OpenAsync(server, nameof(BertPipelineTests), o => o with
        {
            Scoring = o.Scoring with { Model = "finbert", ModelsDirectory = export.Store.Directory, Onnx = BertExport.Options with { BatchTexts = 2 } },
        });
        var news = Path.Combine(desk.Folder, "news.csv");
        await File.WriteAllTextAsync(news, "title,date,stock\n" + string.Concat(Enumerable.Range(0, 30).Select(i => $"Apple profit rose {i},2024-03-01T10:{i:00}:00Z,AAPL\n")), TestContext.Current.CancellationToken);
        Assert.Equal(30, (await desk.IngestAsync(new() { Type = EventType.News }, news)).Results);
        return desk;
    }

    [Fact]
    public async Task Added_model_scores_the_pipeline_and_is_named_on_the_rows()
    {
        using var export = new BertExport();
        string version;
        using (var model = await export.AddAsync()) version = model.Version;
        await using var desk = await IngestAsync(server, export);
        Assert.Equal(30, await desk.Database.ScalarAsync<long>($"SELECT count(*) FROM sentiment.sentiment_data WHERE model = 'finbert' AND model_version = '{version}'"));
    }

    [Theory]
    [InlineData("truncated")]
    [InlineData("missing")]
    public async Task Model_that_is_not_sound_leaves_its_place_to_the_classifier_and_that_is_told(string trouble)
    {
        using var metrics = new PrometheusMetrics(PrometheusMetrics.Defaults);
        using var export = new BertExport();
        (await export.AddAsync()).Dispose();
        var file = Path.Combine(export.Store.Directory, "finbert", "model.onnx");
        if (trouble == "missing") export.Store.Remove("finbert");
        else await File.WriteAllBytesAsync(file, (await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken))[..1_000], TestContext.Current.CancellationToken);

        await using var desk = await IngestAsync(server, export);

        Assert.Equal("classifier", await desk.Database.ScalarAsync<string>("SELECT DISTINCT model FROM sentiment.sentiment_data"));
        Assert.EndsWith(" instead of finbert", await desk.Database.ScalarAsync<string>("SELECT DISTINCT model_version FROM sentiment.sentiment_data"));
        var page = new PrometheusText();
        metrics.Write(page);
        Assert.Contains("bellwether_model_fallback{model=\"finbert\"} 1", page.ToString());
    }
}
