using Bellwether.Diagnostics;
using Bellwether.Feeds;
using Bellwether.Sentiment;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Sentiment.Classifier;

/// <summary>A classifier that cannot be used does not stop the pipeline, and is not passed over in silence.</summary>
public sealed class FallbackTests(TestServer server)
{
    [Theory]
    [InlineData("missing")]
    [InlineData("corrupt")]
    [InlineData("other version")]
    public async Task Pipeline_runs_on_the_lexicon_and_says_so_on_rows_and_in_metrics(string trouble)
    {
        using var metrics = new PrometheusMetrics(PrometheusMetrics.Defaults);
        var folder = Directory.CreateTempSubdirectory("bellwether-fallback-").FullName;
        var file = Path.Combine(folder, "model.bin");
        if (trouble == "corrupt") await File.WriteAllTextAsync(file, new string('x', 5_000), TestContext.Current.CancellationToken);
        if (trouble == "other version") await File.WriteAllBytesAsync(file, [.. "BWCL"u8, 9, 0, 0, 0, .. new byte[100]], TestContext.Current.CancellationToken);
        await using var desk = await TestDesk.OpenAsync(server, nameof(FallbackTests), o => o with { Scoring = o.Scoring with { ClassifierFile = file } });
        var news = Path.Combine(folder, "news.csv");
        await File.WriteAllTextAsync(news, "title,date,stock\nApple beats estimates and raises guidance,2024-03-01T10:00:00Z,AAPL\n", TestContext.Current.CancellationToken);

        var outcome = await desk.IngestAsync(new() { Type = EventType.News }, news);

        Assert.Equal(1, outcome.Results);
        Assert.Equal("lexicon", await desk.Database.ScalarAsync<string>("SELECT model FROM sentiment.sentiment_data"));
        Assert.EndsWith(" instead of classifier", await desk.Database.ScalarAsync<string>("SELECT model_version FROM sentiment.sentiment_data"));
        // The process has one such figure, and workers of other tests say meanwhile that theirs is well.
        const string Says = "bellwether_model_fallback{model=\"classifier\"} 1";
        var page = Page();
        for (var attempt = 1; !page.Contains(Says) && attempt < 20; attempt++)
        {
            await File.AppendAllTextAsync(news, $"Apple beats estimates again in week {attempt},2024-03-02T10:{attempt:00}:00Z,AAPL\n", TestContext.Current.CancellationToken);
            await desk.IngestAsync(new() { Type = EventType.News }, news);
            page = Page();
        }
        Assert.Contains(Says, page);
        Directory.Delete(folder, recursive: true);

        string Page()
        {
            var text = new PrometheusText();
            metrics.Write(text);
            return text.ToString();
        }
    }

    [Fact]
    public async Task Worker_without_an_event_says_already_that_another_model_will_score()
    {
        // Other tests tell of the usual models at the same time.
        const string Name = "idle-model";
        using var metrics = new PrometheusMetrics(PrometheusMetrics.Defaults);
        await using var desk = await TestDesk.OpenAsync(server, nameof(FallbackTests), o => o with { Scoring = o.Scoring with { Model = Name } });
        await using (desk.Work())
        {
        }

        var page = new PrometheusText();
        metrics.Write(page);
        Assert.Contains($"bellwether_model_fallback{{model=\"{Name}\"}} 1", page.ToString());
    }

    [Fact]
    public async Task Each_ticker_of_a_text_gets_the_score_of_what_is_said_of_it()
    {
        await using var desk = await TestDesk.OpenAsync(server, nameof(FallbackTests));
        var news = Path.Combine(desk.Folder, "news.csv");
        await File.WriteAllTextAsync(news, "title,date,stock\n\"Apple surges on strong results, Intel slumps after downgrade\",2024-03-01T10:00:00Z,\"AAPL,INTC\"\n", TestContext.Current.CancellationToken);

        await desk.IngestAsync(new() { Type = EventType.News }, news);

        Assert.Equal("classifier", await desk.Database.ScalarAsync<string>("SELECT DISTINCT model FROM sentiment.sentiment_data"));
        Assert.InRange(await Score("AAPL"), 0.2, 1);
        Assert.InRange(await Score("INTC"), -1, -0.2);

        Task<double> Score(string ticker) => desk.Database.ScalarAsync<double>($"SELECT score FROM sentiment.ticker_sentiment WHERE ticker = '{ticker}'");
    }

    [Fact]
    public async Task Whole_text_counts_for_every_ticker_where_the_options_say_so()
    {
        await using var desk = await TestDesk.OpenAsync(server, nameof(FallbackTests), o => o with { Scoring = o.Scoring with { ScoreEachTicker = false } });
        var news = Path.Combine(desk.Folder, "news.csv");
        await File.WriteAllTextAsync(news, "title,date,stock\n\"Apple surges on strong results, Intel slumps after downgrade\",2024-03-01T10:00:00Z,\"AAPL,INTC\"\n", TestContext.Current.CancellationToken);

        await desk.IngestAsync(new() { Type = EventType.News }, news);

        Assert.Equal(1, await desk.Database.ScalarAsync<long>("SELECT count(DISTINCT sentiment) FROM sentiment.sentiment_data"));
    }

    [Fact]
    public void Mentions_are_where_the_text_names_securities()
    {
        const string Text = "Apple's rival Microsoft ($MSFT) gains; shares of Intel fall (NASDAQ: INTC)";
        Assert.Equal(
            [("AAPL", "Apple's"), ("MSFT", "Microsoft"), ("MSFT", "MSFT"), ("INTC", "Intel"), ("INTC", "INTC")],
            TickerExtractor.Default.Mentions(Text).Select(m => (m.Symbol, Text.Substring(m.Start, m.Length))));
        Assert.Equal(TickerExtractor.Default.Extract(Text), TickerExtractor.Default.Mentions(Text).Select(m => m.Symbol).Distinct().Order(StringComparer.Ordinal));
    }
}
