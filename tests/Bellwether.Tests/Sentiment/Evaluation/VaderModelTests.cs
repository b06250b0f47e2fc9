using Bellwether.Sentiment.Evaluation;

namespace Bellwether.Tests.Sentiment.Evaluation;

/// <summary>Compounds as the authors publish them for their examples, and for the last ones by hand from their rules.</summary>
public sealed class VaderModelTests
{
    [Theory]
    [InlineData("VADER is smart, handsome, and funny.", 0.8316)]
    [InlineData("VADER is smart, handsome, and funny!", 0.8439)]
    [InlineData("VADER is very smart, handsome, and funny.", 0.8545)]
    [InlineData("VADER is VERY SMART, handsome, and FUNNY.", 0.9227)]
    [InlineData("VADER is not smart, handsome, nor funny.", -0.7424)]
    [InlineData("The book was good.", 0.4404)]
    [InlineData("At least it isn't a horrible book.", 0.431)]
    [InlineData("The plot was good, but the characters are uncompelling and the dialog is not great.", -0.7042)]
    [InlineData("Today SUX!", -0.5461)]
    [InlineData("The company filed its report", 0)]
    // 1.9 × −0.74 − 0.293 × 0.95; the degree word adds to what the negation has made of it.
    [InlineData("really not good", -0.3988)]
    // 1.9 − 0.293 + 0.733: capitals add, on a word that weakens too.
    [InlineData("it was SLIGHTLY good", 0.5171)]
    // −1.5 for "kiss" and for "death": the phrase counts in the place of both.
    [InlineData("it is the kiss of death", -0.6124)]
    // 1.9 × −0.74
    [InlineData("there is no good in it", -0.3412)]
    public async Task Compound_is_the_published_one(string text, double compound)
    {
        var model = VaderModel.Load(SharedData.File("lexicons", "vader_lexicon.txt"));
        Assert.Equal(compound, Math.Round(model.Compound(text), 4));
        var score = (await model.ScoreAsync([text], TestContext.Current.CancellationToken))[0];
        Assert.Equal(Math.Sign(compound), Math.Sign(score.Score));
    }
}
