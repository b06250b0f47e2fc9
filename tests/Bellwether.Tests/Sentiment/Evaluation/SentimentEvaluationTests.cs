using Bellwether.Sentiment;
using Bellwether.Sentiment.Evaluation;
using Bellwether.Sentiment.Routing;

namespace Bellwether.Tests.Sentiment.Evaluation;

public sealed class SentimentEvaluationTests
{
    static CancellationToken Token => TestContext.Current.CancellationToken;

    static LabelledSet Set(params (string Text, byte Label)[] rows) => new("set", "", [.. rows.Select(r => new LabelledRow(r.Text, r.Label, null))]);

    static readonly LabelledSet Ten = Set([.. Enumerable.Range(0, 10).Select(i => ($"text {i}", (byte)(i < 5 ? 0 : 2)))]);

    [Fact]
    public async Task Text_without_a_score_counts_as_wrong_and_is_told()
    {
        var neutral = Set([.. Enumerable.Range(0, 10).Select(i => ($"text {i}", (byte)1))]);
        var result = await SentimentEvaluation.RunAsync(new Fake("m", t => t == "text 3" ? new(0.1, 0.1) : TextOutcome.NoScore), neutral, TimeProvider.System, Token);
        Assert.Equal((9, 0.1), (result.Unscored, result.Classes!.Accuracy));
        Assert.Equal((10, 0.1), (result.Classes.PerClass[1].Support, result.Classes.PerClass[1].Recall));
        Assert.Equal(1, result.Classes.Confusion[1].Sum());
        Assert.Equal(0.2, result.Classes.Ece, 1e-9);

        var none = await SentimentEvaluation.RunAsync(new Fake("m", _ => TextOutcome.NoScore), Ten, TimeProvider.System, Token);
        Assert.Equal((10, 0d, 0d), (none.Unscored, none.Classes!.Accuracy, none.Classes.Ece));
    }

    [Fact]
    public async Task Text_without_a_score_is_a_zero_among_scores()
    {
        var set = new LabelledSet("set", "", [new("up", null, 0.5), new("down", null, -0.5)]);
        var result = await SentimentEvaluation.RunAsync(new Fake("m", t => t == "up" ? TextOutcome.NoScore : new(0, 0.5)), set, TimeProvider.System, Token);
        Assert.Equal((1, 0.25, 0.5), (result.Unscored, result.Scores!.Mae, result.Scores.SignAgreement));
    }

    [Fact]
    public async Task Model_that_takes_few_texts_is_asked_for_each_once()
    {
        var dear = new Fake("m", _ => new(0.9, 0.05)) { MostAtOnce = 16 };
        await SentimentEvaluation.RunAsync(dear, Ten, TimeProvider.System, Token);
        Assert.Equal(10, dear.Texts);
        await CascadeReport.RunAsync([dear], Ten, TimeProvider.System, Token);
        Assert.Equal(20, dear.Texts);
    }

    [Fact]
    public async Task Small_set_is_repeated_where_it_costs_nothing_so_that_its_speed_is_that_of_more_than_a_moment()
    {
        var quick = new Fake("m", _ => new(0.9, 0.05));
        var result = await SentimentEvaluation.RunAsync(quick, Ten, new StandingTime(), Token);
        // On a clock that stands still as often as it may be, before and while it is timed.
        Assert.Equal(40_010, quick.Texts);
        Assert.Equal((10, 10), (result.Predicted.Count, result.Classes!.Rows));
    }

    [Fact]
    public async Task Cascade_leaves_what_has_no_score_to_the_next_model_and_at_last_to_the_lexicon()
    {
        // Right in all that it scores, and it scores only half.
        var picky = new Fake("picky", t => int.Parse(t[5..6]) % 2 == 0 ? TextOutcome.NoScore : Right(t));
        var points = await CascadeReport.RunAsync([picky, new Fake("next", Right)], Ten, TimeProvider.System, Token);
        Assert.All(points, p => Assert.Equal((1, 0), (p.Accuracy, p.Fallback)));
        Assert.Equal(0.5, points[0].Asked["next"]);

        var alone = await CascadeReport.RunAsync([picky], Set(("text 2 profit rises strongly", 2), ("text 4 a loss and a profit warning", 0)), TimeProvider.System, Token);
        Assert.All(alone, p => Assert.Equal((1, 1), (p.Accuracy, p.Fallback)));

        // The second model's refusal leaves what the first one said.
        var last = await CascadeReport.RunAsync([new Fake("unsure", t => Right(t) is var r ? new(r.Positive / 2, r.Negative / 2) : r), new Fake("mute", _ => TextOutcome.NoScore)], Ten, TimeProvider.System, Token);
        Assert.Equal((0d, 1d), (last[^1].Fallback, last[^1].Asked["mute"]));
        Assert.Equal((0d, 1d), (last[^1].Unscored["unsure"], last[^1].Unscored["mute"]));
        Assert.Equal(0d, last[0].Unscored["mute"]);
        Assert.Equal(0.5, points[0].Unscored["picky"]);

        static SentimentScore Right(string text) => int.Parse(text[5..6]) < 5 ? new(0.05, 0.9) : new(0.9, 0.05);
    }

    [Fact]
    public async Task Models_of_one_name_are_told_apart_by_their_versions()
    {
        Fake one = new("m", _ => new(0.9, 0.05)) { Version = "1" }, two = new("m", _ => new(0.9, 0.05)) { Version = "2" };
        Assert.Equal(["m 1", "m 2"], (await CascadeReport.RunAsync([one, two], Ten, TimeProvider.System, Token))[0].Asked.Keys);
        Assert.Contains("there twice", (await Assert.ThrowsAsync<ArgumentException>(() => CascadeReport.RunAsync([one, one], Ten, TimeProvider.System, Token))).Message);
    }

    sealed class StandingTime : TimeProvider
    {
        public override long GetTimestamp() => 0;
    }

    sealed class Fake(string name, Func<string, SentimentScore> score) : ISentimentModel
    {
        public int Texts { get; private set; }

        public string Name => name;

        public string Version { get; init; } = "1";

        public int MostAtOnce { get; init; } = int.MaxValue;

        public ValueTask<IReadOnlyList<SentimentScore>> ScoreAsync(IReadOnlyList<string> texts, CancellationToken cancellationToken)
        {
            Texts += texts.Count;
            return new([.. texts.Select(score)]);
        }
    }
}
