using Bellwether.Sentiment;
using Bellwether.Sentiment.Classifier;
using FsCheck;
using FsCheck.Fluent;

namespace Bellwether.Tests.Sentiment.Classifier;

public sealed class ClassifierModelTests
{
    static readonly ClassifierModel Model = ClassifierModel.Load();

    [Theory]
    [InlineData("Apple beats estimates and raises guidance")]
    [InlineData("Net loss narrows at Acme as costs fall")]
    [InlineData("Operating profit rose to EUR 13.1 mn from EUR 8.7 mn in the corresponding period in 2007.")]
    [InlineData("Net sales totalled EUR 51 mn, compared with EUR 43 mn a year earlier.")]
    [InlineData("The net loss per share was EUR 0.19, compared with EUR 0.44 a year earlier.")]
    [InlineData("$AAPL - Apple upgraded to buy at Needham")]
    [InlineData("Acme wins a contract worth EUR 20 million to supply pumps to Norway")]
    [InlineData("Sensex rallies 400 points to a record high")]
    public void Good_news_is_positive(string text) => Assert.Equal(1, Class(text));

    [Theory]
    [InlineData("Apple misses estimates and cuts guidance")]
    [InlineData("Acme's net loss widens as costs rise")]
    [InlineData("Operating profit fell to EUR 8.7 mn from EUR 13.1 mn in the corresponding period in 2007.")]
    [InlineData("Net sales totalled EUR 43 mn, compared with EUR 51 mn a year earlier.")]
    [InlineData("The net loss per share was EUR 0.44, compared with EUR 0.19 a year earlier.")]
    [InlineData("$AAPL - Apple downgraded to sell at Needham")]
    [InlineData("Acme lays off 300 workers and closes its plant")]
    [InlineData("Sensex tumbles 400 points to a 52-week low")]
    public void Bad_news_is_negative(string text) => Assert.Equal(-1, Class(text));

    [Theory]
    [InlineData("Acme will publish its interim report on 12 February.")]
    [InlineData("The company is based in Oslo and has 1,200 employees.")]
    [InlineData("The value of the contract was not disclosed.")]
    [InlineData("Acme appoints Jane Doe as chief financial officer")]
    public void Plain_facts_are_neutral(string text) => Assert.Equal(0, Class(text));

    [Fact]
    public void Numbers_decide_where_words_do_not()
    {
        Assert.True(Model.Score("Operating profit was EUR 9.1 mn, compared with EUR 4.2 mn in 2019.").Score > Model.Score("Operating profit was EUR 4.2 mn, compared with EUR 9.1 mn in 2019.").Score + 0.5);
        Assert.True(Model.Score("Net loss was EUR 4.2 mn, compared with a loss of EUR 9.1 mn.").Score > Model.Score("Net loss was EUR 9.1 mn, compared with a loss of EUR 4.2 mn.").Score + 0.5);
    }

    [Fact]
    public void Long_text_leans_as_its_lead_does()
    {
        var filler = string.Concat(Enumerable.Repeat("The company is based in Oslo. It makes pumps for ships and has offices in nine countries. ", 20));
        var good = Model.Score("Acme beats estimates and raises its outlook\n" + filler);
        Assert.InRange(good.Score, 0.15, 1);
        Assert.InRange(Model.Score("Acme misses estimates and cuts its outlook\n" + filler).Score, -1, -0.15);
        Assert.True(Model.Score(filler + "Acme beats estimates and raises its outlook").Score < good.Score);
    }

    [Fact]
    public async Task Two_companies_of_one_text_get_their_own_scores()
    {
        const string Text = "Infosys surges on strong results, Wipro slumps after downgrade";
        var scores = await Model.ScoreEntitiesAsync(
            [new(Text, [new(0, 7)], [new(34, 5)]), new(Text, [new(34, 5)], [new(0, 7)])], TestContext.Current.CancellationToken);
        Assert.InRange(scores[0].Score, 0.3, 1);
        Assert.InRange(scores[1].Score, -1, -0.3);
    }

    [Theory]
    [InlineData("$AAPL surges on strong results, $INTC slumps after downgrade", "AAPL", "INTC")]
    [InlineData("$NVDA jumps on record sales, $AMD falls after a profit warning", "NVDA", "AMD")]
    [InlineData("Long $TSLA after the upgrade, $GM plunges on weak guidance", "TSLA", "GM")]
    public async Task Two_cashtags_of_one_text_get_their_own_scores(string text, string good, string bad)
    {
        TextSpan At(string name) => new(text.IndexOf(name, StringComparison.Ordinal), name.Length);
        var scores = await Model.ScoreEntitiesAsync([new(text, [At(good)], [At(bad)]), new(text, [At(bad)], [At(good)])], TestContext.Current.CancellationToken);
        Assert.InRange(scores[0].Score, 0.15, 1);
        Assert.InRange(scores[1].Score, -1, -0.15);
    }

    [Fact]
    public async Task Entity_of_a_long_text_is_scored_by_its_own_sentences()
    {
        var text = "Markets were mixed on Tuesday. " + string.Concat(Enumerable.Repeat("Traders waited for the central bank. ", 15)) + "Infosys surges on strong results. Wipro slumps after a downgrade.";
        var (infosys, wipro) = (new TextSpan(text.IndexOf("Infosys", StringComparison.Ordinal), 7), new TextSpan(text.IndexOf("Wipro", StringComparison.Ordinal), 5));
        var scores = await Model.ScoreEntitiesAsync([new(text, [infosys], [wipro]), new(text, [wipro], [infosys])], TestContext.Current.CancellationToken);
        Assert.InRange(scores[0].Score, 0.2, 1);
        Assert.InRange(scores[1].Score, -1, -0.2);
    }

    [Fact]
    public void Any_text_gives_the_same_probabilities_each_time() => Prop.ForAll<string?>(given =>
    {
        var text = given ?? "";
        var score = Model.Score(text);
        return score.Positive >= 0 && score.Negative >= 0 && score.Positive + score.Negative <= 1 + 1e-9 && score == Model.Score(text);
    }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("\0\uD800 \uDFFF💩", 1)]
    [InlineData("loss (((((12%%% $$$ @@ ", 5_000)]
    [InlineData("aaaaaaaaaaaaaaaa", 2_000)]
    public void Odd_and_long_input_is_scored(string part, int times) => Assert.InRange(Model.Score(string.Concat(Enumerable.Repeat(part, times))).Score, -1, 1);

    [Fact]
    public async Task Scoring_allocates_the_list_of_scores_and_nothing_for_a_text()
    {
        string[] texts = [.. Enumerable.Range(0, 500).Select(i => $"Company {i} beats estimates, shares rise {i % 20}.5% to ${i} from ${i - 3} " + new string('x', i))];
        await Model.ScoreAsync(texts, CancellationToken.None);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var pending = Model.ScoreAsync(texts, CancellationToken.None);
        var bytes = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(pending.IsCompletedSuccessfully);
        // Sixteen bytes a score, and the array's own; the budget of the product is 1,024.
        Assert.InRange(bytes / (double)texts.Length, 16, 24);
        Assert.Equal(texts.Length, (await pending).Count);
    }

    [Fact]
    public async Task Cancelled_and_null_are_refused()
    {
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Model.ScoreAsync(["up"], new(canceled: true)));
        await Assert.ThrowsAsync<ArgumentNullException>(async () => await Model.ScoreAsync([null!], CancellationToken.None));
    }

    static int Class(string text)
    {
        var score = Model.Score(text);
        TestContext.Current.TestOutputHelper?.WriteLine($"{score.Negative:F2} {score.Neutral:F2} {score.Positive:F2} {text}");
        return score.Neutral >= Math.Max(score.Positive, score.Negative) ? 0 : score.Positive >= score.Negative ? 1 : -1;
    }
}
