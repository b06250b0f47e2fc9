using Bellwether.App.Bench;
using Bellwether.Sentiment;
using Bellwether.Sentiment.Onnx;

namespace Bellwether.Tests.Sentiment.Onnx;

/// <summary>Small networks of random weights, whose outputs are computed a second time in the plain way.</summary>
public sealed class BertModelTests
{
    static CancellationToken Token => TestContext.Current.CancellationToken;

    static readonly string[] Texts =
    [
        "", "profit rose", "The profit fell to EUR 10 mn from EUR 12.5 mn a year earlier.", "shares up", "net sales down, shares down", "Ünknown 🚀 wörds", "a", "金 sales - up",
        "the the the the the the the the the the the the",
    ];

    static int[] Tokens(BertModel model, string text)
    {
        var pieces = new List<int>();
        model.Tokenizer.Encode(text, int.MaxValue, pieces);
        return [2, .. pieces, 3];
    }

    static void Near(SentimentScore expected, SentimentScore found, double within = 2e-5)
    {
        Assert.Equal(expected.Positive, found.Positive, within);
        Assert.Equal(expected.Negative, found.Negative, within);
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public async Task Scores_are_those_of_the_same_network_computed_the_plain_way(bool narrow, bool hasTypes)
    {
        using var export = new BertExport(BertExport.Small with { Narrow = narrow, HasTypes = hasTypes }, """{"0": "Neutral", "1": "Positive", "2": "Negative"}""");
        using var model = await export.AddAsync();
        var reference = new BertReference(export.Plan);

        var scores = await model.ScoreAsync(Texts, Token);

        for (var i = 0; i < Texts.Length; i++)
        {
            var expected = reference.Probabilities(Tokens(model, Texts[i]));
            Near(new(expected[1], expected[2]), scores[i]);
        }
        // Not all alike: the comparison would prove little.
        Assert.True(scores.Max(s => s.Score) - scores.Min(s => s.Score) > 0.05);
        Assert.Equal(hasTypes ? 3 : 2, model.Inputs.Count);
    }

    [Fact]
    public async Task Scores_do_not_depend_on_the_other_texts_of_the_batch()
    {
        using var export = new BertExport();
        using var model = await export.AddAsync();
        var together = await model.ScoreAsync([.. Texts, .. Texts.Reverse()], Token);
        for (var i = 0; i < Texts.Length; i++)
        {
            var alone = (await model.ScoreAsync([Texts[i]], Token))[0];
            Near(alone, together[i], 1e-6);
            Near(alone, together[^(i + 1)], 1e-6);
        }
    }

    [Fact]
    public async Task Eight_bit_scores_do_not_depend_on_other_texts_in_any_bit()
    {
        using var export = new BertExport(BertExport.Small with { Int8 = true });
        using var model = await export.AddAsync();
        Assert.True(model.Stored.Alone);
        var together = await model.ScoreAsync(Texts, Token);
        var full = new BertReference(export.Plan);
        for (var i = 0; i < Texts.Length; i++)
        {
            Assert.Equal((await model.ScoreAsync([Texts[i]], Token))[0], together[i]);
            var expected = full.Probabilities(Tokens(model, Texts[i]));
            Near(new(expected[0], expected[1]), together[i], 0.1);
        }
    }

    [Theory]
    [InlineData(3, null)]
    [InlineData(null, 24)]
    [InlineData(1, 24)]
    public async Task Graph_of_fixed_sizes_is_filled_up_to_them(int? texts, int? tokens)
    {
        using var export = new BertExport(BertExport.Small with { FixedTexts = texts, FixedTokens = tokens });
        using var model = await export.AddAsync();
        var reference = new BertReference(export.Plan);
        var scores = await model.ScoreAsync([.. Texts.Where(t => Tokens(model, t).Length <= 24)], Token);
        var expected = Texts.Select(t => Tokens(model, t)).Where(t => t.Length <= 24).Select(reference.Probabilities).ToArray();
        Assert.True(expected.Length >= 7, $"only {expected.Length} texts are short enough");
        for (var i = 0; i < expected.Length; i++) Near(new(expected[i][0], expected[i][1]), scores[i]);
    }

    [Theory]
    [InlineData(3, null)]
    [InlineData(4, 24)]
    public async Task Model_that_scales_by_batch_is_asked_for_one_text_at_a_time_also_where_its_graph_is_for_several(int texts, int? tokens)
    {
        using var export = new BertExport(BertExport.Small with { Int8 = true, FixedTexts = texts, FixedTokens = tokens });
        using var model = await export.AddAsync();
        var some = Texts.Where(t => Tokens(model, t).Length <= 24).ToArray();
        var together = await model.ScoreAsync(some, Token);
        for (var i = 0; i < some.Length; i++) Assert.Equal((await model.ScoreAsync([some[i]], Token))[0], together[i]);
    }

    [Fact]
    public async Task Graph_that_gives_probabilities_is_taken_at_its_word()
    {
        using var export = new BertExport(BertExport.Small with { Probabilities = true });
        using var model = await export.AddAsync();
        Assert.True(model.Stored.Probabilities);
        var expected = new BertReference(export.Plan).Probabilities(Tokens(model, "profit rose"));
        Near(new(expected[0], expected[1]), (await model.ScoreAsync(["profit rose"], Token))[0]);
        using var again = BertModel.Load(export.Store.Get("finbert"), BertExport.Options);
        Assert.Equal((await model.ScoreAsync(["profit rose"], Token))[0], (await again.ScoreAsync(["profit rose"], Token))[0]);
    }

    [Fact]
    public async Task Two_classes_leave_nothing_for_neutral()
    {
        using var export = new BertExport(BertExport.Small with { Classes = 2 }, """{"0": "NEGATIVE", "1": "POSITIVE"}""");
        using var model = await export.AddAsync();
        var score = (await model.ScoreAsync(["profit rose"], Token))[0];
        Assert.Equal(1, score.Positive + score.Negative, 1e-12);
        Assert.Equal(new BertReference(export.Plan).Probabilities(Tokens(model, "profit rose"))[1], score.Positive, 2e-5);
    }

    [Fact]
    public async Task Long_text_is_read_in_pieces_of_which_the_first_counts_most()
    {
        using var export = new BertExport();
        var text = string.Join(' ', Enumerable.Range(0, 70).Select(i => i % 3 == 0 ? "sales rose" : i % 3 == 1 ? "profit fell xyz" : "shares down"));
        var model = await export.AddAsync(BertExport.Options with { MaxWindows = 3 });
        var reference = new BertReference(export.Plan);
        int[] all = Tokens(model, text)[1..^1];
        // 30 fit; a word that would be cut begins the next piece.
        var (windows, start) = (new List<int[]>(), 0);
        while (start < all.Length && windows.Count < 3)
        {
            var end = Math.Min(start + 30, all.Length);
            while (end < all.Length && BertExport.Pieces[all[end]].StartsWith("##")) end--;
            windows.Add([2, .. all[start..end], 3]);
            start = end;
        }
        Assert.Equal(3, windows.Count);
        Assert.True(start < all.Length, "the text must be longer than what is read");
        double positive = 0, negative = 0, weights = 0;
        for (var i = 0; i < windows.Count; i++)
        {
            var p = reference.Probabilities(windows[i]);
            var weight = (i == 0 ? 1 : 0.6) * (0.15 + 0.85 * (1 - p[2]));
            (positive, negative, weights) = (positive + weight * p[0], negative + weight * p[1], weights + weight);
        }

        Near(new(positive / weights, negative / weights), (await model.ScoreAsync(["up", text, "down"], Token))[1]);
        var version = model.Version;
        model.Dispose();

        using var cut = BertModel.Load(export.Store.Get("finbert"), BertExport.Options with { LongText = LongText.Truncate });
        var first = reference.Probabilities([2, .. all[..30], 3]);
        Assert.NotEqual(version, cut.Version);
        Near(new(first[0], first[1]), (await cut.ScoreAsync([text], Token))[0]);
    }

    [Fact]
    public async Task Version_changes_with_files_and_reading_and_not_with_threads_and_batches()
    {
        using var export = new BertExport();
        using var model = await export.AddAsync();
        var stored = export.Store.Get("finbert");
        Assert.Equal(model.Version, stored.VersionFor(new() { Threads = 7, BatchTexts = 3, BatchTokens = 99 }));
        Assert.NotEqual(model.Version, stored.VersionFor(new() { MaxWindows = 9 }));
        File.WriteAllText(export["config.json"], File.ReadAllText(export["config.json"]).Replace("positive", "Positive"));
        using var other = await export.AddAsync(replace: true);
        Assert.NotEqual(model.Version, other.Version);
    }

    [Fact]
    public async Task Several_callers_at_once_get_their_own_scores()
    {
        using var export = new BertExport();
        using var model = await export.AddAsync();
        var expected = await model.ScoreAsync(Texts, Token);
        var found = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => model.ScoreAsync([.. Texts.Skip(i % 8)], Token).AsTask()));
        for (var i = 0; i < 16; i++)
            foreach (var (a, b) in expected.Skip(i % 8).Zip(found[i])) Near(a, b, 1e-6);
    }

    [Fact]
    public async Task Cancelling_ends_a_computation_under_way()
    {
        using var export = new BertExport(BertExport.Small with { Hidden = 512, Heads = 8, Intermediate = 2_048, Layers = 4, Positions = 512, Spread = 0.02f });
        using var model = await export.AddAsync(BertExport.Options with { BatchTexts = 512, BatchTokens = 1 << 18 });
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var pending = model.ScoreAsync([.. Enumerable.Repeat(string.Join(' ', Enumerable.Repeat("sales", 500)), 400)], stop.Token).AsTask();
        stop.CancelAfter(TimeSpan.FromMilliseconds(200));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pending);
        Assert.Single(await model.ScoreAsync(["up"], Token));
    }

    [Fact]
    public void Batches_are_of_similar_length_and_within_the_limits()
    {
        var random = new Bellwether.Analytics.Text.SplitMix(3);
        var windows = Enumerable.Range(0, 500).Select(i => new TextWindow(i, 0, new int[2 + random.Next(120)])).ToArray();
        var batches = BertBatches.Plan(windows, 16, 800).ToArray();
        Assert.Equal(Enumerable.Range(0, 500), batches.SelectMany(b => b).Order());
        Assert.All(batches, batch =>
        {
            var lengths = batch.Select(i => windows[i].Tokens.Length).ToArray();
            Assert.InRange(batch.Length, 1, 16);
            Assert.True(batch.Length == 1 || batch.Length * lengths.Max() <= 800);
            Assert.True(lengths.Min() >= lengths.Max() * 3 / 4 - 4);
        });
        Assert.InRange(batches.Sum(b => b.Length * b.Max(i => windows[i].Tokens.Length)) / (double)windows.Sum(w => w.Tokens.Length), 1, 1.1);
    }
}
