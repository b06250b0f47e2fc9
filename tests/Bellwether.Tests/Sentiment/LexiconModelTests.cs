using Bellwether.Sentiment.Lexicon;
using FsCheck;
using FsCheck.Fluent;

namespace Bellwether.Tests.Sentiment;

public sealed class LexiconModelTests
{
    static readonly LexiconModel Model = new();

    [Theory]
    [InlineData("Apple beats estimates and raises guidance")]
    [InlineData("Net loss narrows at Acme as costs fall")]
    [InlineData("Acme raises dividend by 10%")]
    [InlineData("Price target raised to $300 at BofA")]
    [InlineData("Unemployment falls to a new low for the decade")]
    [InlineData("$GME 🚀🚀 to the moon")]
    [InlineData("Chipmaker +12% premarket")]
    [InlineData("Shares rise despite weak sales")]
    public void Good_news_scores_positive(string text) => Assert.InRange(Model.Score(text).Score, 0.2, 1);

    [Theory]
    [InlineData("Apple misses estimates and cuts guidance")]
    [InlineData("Acme's net loss widens as costs rise")]
    [InlineData("Acme cuts dividend")]
    [InlineData("Downgraded to sell at BofA")]
    [InlineData("Profit fell 12% in the third quarter")]
    [InlineData("Lower demand and higher debt")]
    [InlineData("Total bagholder here, rug pull 💀")]
    [InlineData("Chipmaker -12% premarket")]
    [InlineData("Acme files for Chapter 11 bankruptcy")]
    public void Bad_news_scores_negative(string text) => Assert.InRange(Model.Score(text).Score, -1, -0.2);

    [Theory]
    [InlineData("Acme to hold its annual meeting on Tuesday")]
    [InlineData("Acme steps down the path of a stop loss at Rs 120")]
    [InlineData("")]
    [InlineData("\0\0\0")]
    public void Plain_statement_is_neutral(string text)
    {
        var score = Model.Score(text);

        Assert.Equal(0, score.Score);
        Assert.True(score.Neutral > 0.6);
    }

    [Theory]
    [InlineData("results are strong", "results are not strong")]
    [InlineData("a profitable, lucrative business", "a profitable, lucrative business that may fail")]
    [InlineData("shares surge", "shares surge?")]
    [InlineData("profit rose sharply", "profit rose slightly")]
    [InlineData("This is a GREAT stock", "This is a great stock")]
    [InlineData("great stock!!!", "great stock")]
    [InlineData("weak sales, but strong margins", "strong margins, but weak sales")]
    [InlineData("Acme surges\nThe company had problems.", "Acme has problems\nThe company surges.")]
    public void First_scores_above_second(string first, string second) => Assert.True(Model.Score(first).Score > Model.Score(second).Score);

    [Fact]
    public void Any_text_gives_probabilities() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(500),
        Prop.ForAll(Arb.From(Texts), text =>
        {
            var score = Model.Score(text);
            return score.Positive is > 0 and < 1 && score.Negative is > 0 and < 1 && score.Positive + score.Negative < 1
                && score == Model.Score(new string(text));
        }));

    [Fact]
    public void Huge_text_is_read_to_the_stated_bound_only()
    {
        var head = string.Concat(Enumerable.Repeat("Nothing of note happened here today. ", 600))[..LexiconModel.MaxCharacters];

        Assert.Equal(Model.Score(head), Model.Score(head + string.Concat(Enumerable.Repeat(" bankruptcy fraud", 600_000))));
        Assert.True(double.IsFinite(Model.Score(new string('x', 10_000_000)).Score));
        Assert.True(Model.Score(string.Concat(Enumerable.Repeat("great surge ", 800_000))).Score < 1);
    }

    [Fact]
    public async Task Batch_equals_single_scores_from_any_thread()
    {
        var texts = Enumerable.Range(0, 2000).Select(i => $"Stock {i} {(i % 2 == 0 ? "surges" : "plunges")} after {i}% move").ToArray();

        var batches = await Task.WhenAll(Enumerable.Range(0, 4).Select(
            _ => Task.Run(async () => await Model.ScoreAsync(texts, TestContext.Current.CancellationToken))));

        Assert.All(batches, batch => Assert.Equal(texts.Select(t => Model.Score(t)), batch));
        Assert.Empty(await Model.ScoreAsync([], TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Batch_stops_when_cancelled() => await Assert.ThrowsAnyAsync<OperationCanceledException>(
        async () => await Model.ScoreAsync(["up"], new CancellationToken(canceled: true)));

    [Fact]
    public void Score_allocates_nothing()
    {
        const string Text = "Acme Corp. beats estimates, but warns on costs: shares don't rise! 🚀 https://example.com";
        for (var i = 0; i < 100; i++)
            Model.Score(Text);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
            Model.Score(Text);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Version_names_rules_and_files()
    {
        Assert.Equal("lexicon", Model.Name);
        Assert.Matches(@"^\d+\.[0-9a-f]{8}$", Model.Version);
        Assert.Equal(Model.Version, new LexiconModel().Version);
    }

    static readonly Gen<string> Texts = Gen.OneOf(
        ArbMap.Default.GeneratorFor<string>().Select(s => s ?? ""),
        Gen.Elements("beats", "not", "but", "🚀", "\ud83d", "\udc00", "\0", "$", "+3%", "-", "’", "\n", ".", "?!", "profit", "falls",
            "é", "İ", "ﬁ")
            .ListOf().Select(parts => string.Join(' ', parts)),
        ArbMap.Default.GeneratorFor<char[]>().Select(c => new string(c)));
}
