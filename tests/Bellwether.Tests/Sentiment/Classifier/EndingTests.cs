using Bellwether.Sentiment.Classifier;
using Bellwether.Sentiment.Lexicon;

namespace Bellwether.Tests.Sentiment.Classifier;

/// <summary>What comes to its end is judged by what it was.</summary>
public sealed class EndingTests
{
    [Theory]
    [InlineData("The ban on wood imports was lifted", 1)]
    [InlineData("Prosecutor drops her bribery probe", 1)]
    [InlineData("Pilots call off strike", 1)]
    [InlineData("Insolvency averted", 1)]
    [InlineData("The licence was revoked", -1)]
    [InlineData("State ends subsidy", -1)]
    [InlineData("Takeover talks broke off", -1)]
    [InlineData("Shares drop on tariffs", 0)]
    [InlineData("Sanctions lifted oil prices", 0)]
    [InlineData("Sales dropped", 0)]
    public void End_of_a_burden_is_good_and_of_a_boon_bad(string text, int expected)
    {
        var reader = new SentenceReader(text, new char[1024], new Token[128]);
        Assert.True(reader.Read());
        var matches = new Match[64];
        var found = matches[..SentenceScorer.Find(ClassifierTerms.Table, reader, matches)];
        Assert.Equal(expected, found.Where(m => m.IsEnding).Select(m => Math.Sign(m.Value)).SingleOrDefault());
    }

    [Fact]
    public void Lexicon_as_a_model_of_its_own_knows_no_endings() =>
        Assert.DoesNotContain(LexiconTable.Shared.Terms, t => t.Value.Modifier == Modifier.End || t.Value.Event != 0);

    [Theory]
    [InlineData("Same message http://t.co/a1", "SAME  message! https://t.co/b2")]
    [InlineData("Q3 profit: up 5%", "q3 profit up 5 %")]
    public void Texts_that_differ_in_links_and_marks_only_are_in_one_fold(string one, string other) =>
        Assert.Equal(TrainingRows.KeyOf(one).Replace(" ", ""), TrainingRows.KeyOf(other).Replace(" ", ""));

    [Fact]
    public void Texts_of_other_numbers_are_not_the_same() => Assert.NotEqual(TrainingRows.KeyOf("Profit up 5%"), TrainingRows.KeyOf("Profit up 6%"));
}
