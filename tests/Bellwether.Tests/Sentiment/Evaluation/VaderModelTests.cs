using Bellwether.Sentiment.Evaluation;

namespace Bellwether.Tests.Sentiment.Evaluation;

/// <summary>Compounds as the authors publish them for their examples.</summary>
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
    public async Task Compound_is_the_published_one(string text, double compound)
    {
        var model = VaderModel.Load(SharedData.File("lexicons", "vader_lexicon.txt"));
        Assert.Equal(compound, Math.Round(model.Compound(text), 4));
        var score = (await model.ScoreAsync([text], TestContext.Current.CancellationToken))[0];
        Assert.Equal(Math.Sign(compound), Math.Sign(score.Score));
    }
}
