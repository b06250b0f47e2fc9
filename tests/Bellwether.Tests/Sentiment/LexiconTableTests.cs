using Bellwether.Sentiment.Lexicon;

namespace Bellwether.Tests.Sentiment;

public sealed class LexiconTableTests
{
    static readonly LexiconTable Table = LexiconTable.Load();

    [Fact]
    public void Every_term_is_spelled_as_the_reader_would_read_it()
    {
        var unreachable = Table.Terms.Select(t => t.Key).Where(term => Read(term.Replace("+#", "+3%").Replace("-#", "-3%").Replace("#", "3")) != term);

        Assert.Equal("", string.Join(", ", unreachable));
    }

    [Fact]
    public void Weights_and_factors_are_within_their_stated_ranges() => Assert.All(Table.Terms, pair =>
    {
        Assert.InRange(pair.Value.Weight, -4, 4);
        Assert.InRange(pair.Value.Direction, -4, 4);
        Assert.InRange(pair.Value.Factor, -1, 2);
        Assert.InRange(pair.Value.LongestTerm, 0, 6);
    });

    [Fact]
    public void Table_is_the_same_at_every_load()
    {
        var again = LexiconTable.Load();

        Assert.Equal(Table.Hash, again.Hash);
        Assert.Equal(Table.Terms.OrderBy(t => t.Key, StringComparer.Ordinal), again.Terms.OrderBy(t => t.Key, StringComparer.Ordinal));
        Assert.InRange(Table.Terms.Count(), 5000, 20_000);
    }

    static string Read(string text)
    {
        var reader = new SentenceReader(text, new char[256], new Token[32]);
        return reader.Read() ? reader.Words.ToString() : "";
    }
}
