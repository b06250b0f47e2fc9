using Bellwether.Sentiment.Lexicon;

namespace Bellwether.Tests.Sentiment;

public sealed class SentenceReaderTests
{
    [Theory]
    [InlineData("$AAPL beats Q3 EPS by $0.12, up +4.5% premarket", "beats q3 eps by # up +# premarket")]
    [InlineData("Kellogg's stock falls -3.5% https://t.co/x?y=1 via @user #Stocks", "kellogg stock falls -# via stocks")]
    [InlineData("better-than-expected F&O data don’t lie", "better than expected f&o data don't lie")]
    [InlineData("rev $1,234.5bn vs. est. 3Q", "rev # vs est #")]
    [InlineData("GME 🚀🚀 ✅", "gme 🚀 🚀 ✅")]
    [InlineData("range 5-7 or 5%-7%", "range # # or # #")]
    public void Words_are_normalised(string text, string words) => Assert.Equal([words], Sentences(text));

    [Fact]
    public void Sentences_end_at_marks_and_lines_and_not_at_abbreviations()
    {
        Assert.Equal(
            ["title here", "mr smith of u s steel corp said so", "yes", "really", "the rest"],
            Sentences("Title here\nMr. Smith of U.S. Steel Corp. said so. Yes! Really? \"The rest"));
    }

    [Fact]
    public void Sentence_longer_than_the_buffers_continues_without_losing_words()
    {
        var text = string.Join(' ', Enumerable.Repeat("abcdefghij", 1000));

        Assert.Equal(1000, Sentences(text).Sum(s => s.Split(' ').Length));
    }

    [Fact]
    public void Text_without_words_has_no_sentence()
    {
        Assert.Empty(Sentences(""));
        Assert.Empty(Sentences(" \n\0 ... !!! \ud83d \udc00 --- $ @ $TSLA http://x.y"));
    }

    static List<string> Sentences(string text)
    {
        var reader = new SentenceReader(text, new char[1024], new Token[128]);
        var sentences = new List<string>();
        while (reader.Read())
            sentences.Add(reader.Words.ToString());
        return sentences;
    }
}
