using Bellwether.Analytics.Text;
using Bellwether.Sentiment;
using Bellwether.Sentiment.Classifier;
using Bellwether.Sentiment.Evaluation;

namespace Bellwether.Tests.Sentiment.Classifier;

/// <summary>What the classifier must hold, measured on rows that it was not trained on.</summary>
public sealed class ClassifierEvaluationTests
{
    static readonly LabelledOptions TweetLabels = new() { Labels = LabelledOptions.ParseLabels("negative=0,positive=1,neutral=2") };

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void Headlines_by_five_folds_hold_their_accuracy_and_are_calibrated()
    {
        var result = CrossValidated(LabelledFile.Read(SharedData.File("sentiment", "sentfin_single_entity.csv")));
        Assert.InRange(result.Classes!.Accuracy, 0.84, 1);
        Assert.InRange(result.Classes.Ece, 0, 0.05);
    }

    [Fact]
    public void Tweets_by_five_folds_hold_their_f1_and_are_calibrated()
    {
        var result = CrossValidated(LabelledFile.Read(SharedData.File("sentiment", "twitter_financial_news_train.csv"), TweetLabels));
        // docs/models.md says what was tried. This floor keeps what was reached.
        Assert.InRange(result.Classes!.WeightedF1, 0.84, 1);
        Assert.InRange(result.Classes.Ece, 0, 0.05);
    }

    [Fact]
    public async Task Fifth_of_the_tweets_that_was_held_out_holds_its_f1_and_is_calibrated()
    {
        var tweets = LabelledFile.Read(SharedData.File("sentiment", "twitter_financial_news_train.csv"), TweetLabels);
        var (seen, held) = HoldOutFifth(tweets, seed: 20);
        Assert.InRange(held.Rows.Count, 1_800, 2_000);
        var bytes = ClassifierTraining.Train([(LabelledFile.Read(SharedData.File("sentiment", "SEntFiN.csv")), "MIT"), (seen, "MIT")], new() { Folds = 2 }, TimeProvider.System, null, Cancel);
        var result = await SentimentEvaluation.RunAsync(ClassifierModel.Of(ClassifierFile.Read(bytes, "held out")), held, TimeProvider.System, Cancel);
        TestContext.Current.TestOutputHelper?.WriteLine($"{result.Classes!.Rows} rows, weighted F1 {result.Classes.WeightedF1:F4}, ECE {result.Classes.Ece:F4}");
        // 0.86 is what it should be; a tweet that was sent again with another link is on one side here.
        Assert.InRange(result.Classes!.WeightedF1, 0.815, 1);
        Assert.InRange(result.Classes.Ece, 0, 0.05);
    }

    [Fact]
    public void Entities_of_texts_that_name_several_hold_their_accuracy()
    {
        var result = CrossValidated(LabelledFile.Read(SharedData.File("sentiment", "SEntFiN.csv")));
        Assert.InRange(result.ByEntities!["several"].Accuracy, 0.70, 1);
        Assert.InRange(result.Classes!.Ece, 0, 0.05);
    }

    [Theory]
    [InlineData("FiQA_post.json", "sentence", "info.sentiment_score", 0.82)]
    [InlineData("SemEval2017Task5Headlines.json", "title", "sentiment", 0.80)]
    public async Task Sets_that_were_never_trained_on_agree_in_sign(string file, string text, string label, double least)
    {
        var set = LabelledFile.Read(SharedData.File("sentiment", file), new() { Text = text, Label = label });
        var result = await SentimentEvaluation.RunAsync(ClassifierModel.Load(), set, TimeProvider.System, Cancel);
        TestContext.Current.TestOutputHelper?.WriteLine($"{result.Scores}");
        Assert.InRange(result.Scores!.SignAgreement!.Value, least, 1);
    }

    [Fact]
    public async Task Sentences_of_releases_are_understood()
    {
        var set = LabelledFile.Read(Path.Combine(AppContext.BaseDirectory, "Sentiment", "Classifier", "releases.txt"));
        var result = await SentimentEvaluation.RunAsync(ClassifierModel.Load(), set, TimeProvider.System, Cancel);
        Assert.All(result.Classes!.PerClass, c => Assert.InRange(c.Support, 50, 60));
        Assert.InRange(result.Classes.Accuracy, 0.85, 1);
        Assert.InRange(result.Classes.MacroF1, 0.85, 1);
    }

    [Fact]
    public void No_sentence_of_the_releases_is_made_up_for_training()
    {
        var made = TemplateTexts.BuiltIn.Make(20_000, 3).Select(t => t.Text).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var set = LabelledFile.Read(Path.Combine(AppContext.BaseDirectory, "Sentiment", "Classifier", "releases.txt"));
        Assert.DoesNotContain(set.Rows, r => made.Contains(r.Text) || made.Contains(r.Text.TrimEnd('.')));
    }

    [Fact]
    public void Sentences_of_the_kinds_that_are_hard_are_understood()
    {
        var byKind = Kinds().GroupBy(k => k.Kind).ToDictionary(g => g.Key, g => (Right: g.Count(k => ClassOf(Shipped.Score(k.Text)) == k.Label), All: g.Count()));
        foreach (var (kind, (right, all)) in byKind) TestContext.Current.TestOutputHelper?.WriteLine($"{kind}: {right} of {all}");
        Assert.Equal(173, byKind.Values.Sum(k => k.All));
        Assert.InRange(byKind.Values.Sum(k => k.Right), 136, 173);
        Assert.All(byKind, k => Assert.InRange(k.Value.Right / (double)k.Value.All, 0.65, 1));
    }

    [Fact]
    public async Task Texts_of_two_securities_are_told_apart()
    {
        var set = LabelledFile.Read(Beside("pairs.txt"));
        var result = await SentimentEvaluation.RunAsync(Shipped, set, TimeProvider.System, Cancel);
        Assert.Equal(48, result.Classes!.Rows);
        Assert.InRange(result.Classes.Accuracy, 0.85, 1);
    }

    [Fact]
    public void No_sentence_that_is_held_out_is_made_up_for_training()
    {
        var made = TemplateTexts.BuiltIn.Make(20_000, 3).Select(t => t.Text).Concat(TemplateTexts.BuiltIn.MakePairs(5_000, 3).Select(r => r.Text)).Select(TrainingRows.KeyOf).ToHashSet();
        Assert.DoesNotContain(Kinds(), k => made.Contains(TrainingRows.KeyOf(k.Text)));
        Assert.DoesNotContain(LabelledFile.Read(Beside("pairs.txt")).Rows, r => made.Contains(TrainingRows.KeyOf(r.Text)));
    }

    [Fact]
    public void Long_articles_with_and_without_a_turn_are_understood()
    {
        var rows = LabelledFile.Read(Beside("articles.txt")).Rows.Select(r => (Kind: r.Text[..r.Text.IndexOf(": ", StringComparison.Ordinal)], Text: r.Text[(r.Text.IndexOf(": ", StringComparison.Ordinal) + 2)..], Label: r.Label!.Value)).ToList();
        var right = rows.Where(r => ClassOf(Shipped.Score(r.Text)) == r.Label).ToList();
        TestContext.Current.TestOutputHelper?.WriteLine($"{right.Count} of {rows.Count}, with a turn {right.Count(r => r.Kind == "turn")} of {rows.Count(r => r.Kind == "turn")}");
        Assert.Equal((20, 10), (rows.Count, rows.Count(r => r.Kind == "turn")));
        Assert.InRange(right.Count, 16, 20);
        Assert.InRange(right.Count(r => r.Kind == "turn"), 7, 10);
    }

    [Theory]
    [InlineData("Sweetwater Mills filed for Chapter 11 on Friday.", -1)]
    [InlineData("Sweetwater Mills emerged from Chapter 11 with half of its former debt.", 1)]
    [InlineData("The bank's bad loan ratio was 3.4%, down from 5.2%.", 1)]
    [InlineData("Churn came to 2.2%, up from 1.7%.", -1)]
    [InlineData("Net cash was 12 million euros, against net debt of 40 million a year ago.", 1)]
    [InlineData("Earnings per share were $1.20, compared with $1.45 a year ago; the consensus was $1.38.", -1)]
    [InlineData("The publisher lowered its forecast on Monday. Its printing works in Leeds is to be closed. The publisher was founded in 1902 and has good brands. The shares lost 9 %.", -1)]
    public void Credit_events_figures_and_short_articles_have_their_sign(string text, int sign) => Assert.Equal(sign, Math.Sign(Math.Round(Shipped.Score(text).Positive - Shipped.Score(text).Negative, 1)));

    static ClassifierModel Shipped { get; } = ClassifierModel.Load();

    static string Beside(string file) => Path.Combine(AppContext.BaseDirectory, "Sentiment", "Classifier", file);

    // "kind: sentence@label".
    static IEnumerable<(string Kind, string Text, byte Label)> Kinds() =>
        LabelledFile.Read(Beside("kinds.txt")).Rows.Select(r => (r.Text[..r.Text.IndexOf(": ", StringComparison.Ordinal)], r.Text[(r.Text.IndexOf(": ", StringComparison.Ordinal) + 2)..], r.Label!.Value));

    static byte ClassOf(SentimentScore score) => (byte)(score.Neutral >= Math.Max(score.Positive, score.Negative) ? 1 : score.Positive > score.Negative ? 2 : 0);

    // As many of each class, texts that are the same but for their links together.
    static (LabelledSet Seen, LabelledSet Held) HoldOutFifth(LabelledSet set, ulong seed)
    {
        var held = new HashSet<string>();
        foreach (var same in set.Rows.DistinctBy(r => TrainingRows.KeyOf(r.Text)).GroupBy(r => r.Label!.Value).OrderBy(g => g.Key))
        {
            string[] keys = [.. same.Select(r => TrainingRows.KeyOf(r.Text))];
            new SplitMix(seed).Shuffle(keys);
            held.UnionWith(keys[..(keys.Length / 5)]);
        }
        return (set with { Rows = [.. set.Rows.Where(r => !held.Contains(TrainingRows.KeyOf(r.Text)))] }, set with { Rows = [.. set.Rows.Where(r => held.Contains(TrainingRows.KeyOf(r.Text)))] });
    }

    static EvaluationResult CrossValidated(LabelledSet set)
    {
        var held = ClassifierTraining.CrossValidate(set, new(), TimeProvider.System, null, Cancel);
        var result = SentimentEvaluation.Of("classifier", "folds", set, held.Scores, held.TextsPerSecond);
        TestContext.Current.TestOutputHelper?.WriteLine($"accuracy {result.Classes!.Accuracy:F4}, macro F1 {result.Classes.MacroF1:F4}, weighted F1 {result.Classes.WeightedF1:F4}, ECE {result.Classes.Ece:F4}");
        foreach (var (part, report) in result.ByEntities ?? new Dictionary<string, ClassReport>()) TestContext.Current.TestOutputHelper?.WriteLine($"{part}: {report.Accuracy:F4}");
        return result;
    }
}
