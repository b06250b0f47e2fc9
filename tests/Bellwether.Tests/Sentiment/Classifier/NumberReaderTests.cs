using Bellwether.Sentiment.Classifier;
using Bellwether.Sentiment.Lexicon;

namespace Bellwether.Tests.Sentiment.Classifier;

public sealed class NumberReaderTests
{
    [Fact]
    public void Forecast_behind_an_older_figure_is_compared_with_the_newest()
    {
        var moves = Moves("Earnings per share came to $0.83, compared with $1.11 a year ago; analysts had looked for $1.05");
        Assert.Equal([-1, -1], moves.Select(m => (int)m.Meaning));
    }

    [Theory]
    [InlineData("Sales rose to 5 million from 4 million and profit to 3 million from 2 million", 2)]
    [InlineData("Cash flow fell to 19 million, and net debt rose above 200 million", 0)]
    public void Figures_of_different_things_are_not_compared(string text, int comparisons) => Assert.Equal(comparisons, Moves(text).Count(m => m.Direction > 0));

    [Theory]
    [InlineData("Net sales rose to EUR 13.1 mn from EUR 8.7 mn", 1, 1)]
    [InlineData("Net sales fell from EUR 13.1 mn to EUR 8.7 mn", -1, -1)]
    [InlineData("Revenue was $1.2bn, compared with $980 million a year earlier", 1, 1)]
    [InlineData("Revenue was 3.2 versus 2.9 billion", 1, 1)]
    [InlineData("Operating profit totalled EUR 0,39 mn (EUR 0,45 mn)", -1, -1)]
    [InlineData("Costs were 1,250 thousand against 1,100 thousand", 1, -1)]
    [InlineData("Net loss narrowed to 2.1 million from 4.4 million", 1, 1)]
    [InlineData("Net loss was 4.4 million, compared with a loss of 2.1 million", -1, -1)]
    [InlineData("The loss was 4.4 million against a profit of 2.1 million", -1, -1)]
    [InlineData("Profit of 2.1 million, compared with a loss of 4.4 million", 1, 1)]
    [InlineData("The operating margin was 11.4%, up from 9.8%", 1, 1)]
    [InlineData("Revenue of 500 million was the same as 500 million, compared with 500 million", 0, 0)]
    [InlineData("Widgets: 12 vs 9", 1, 0)]
    [InlineData("Net loss was $31.4 million, or $0.44 per share, compared with a net loss of $12.9 million, or $0.19 per share", -1, -1)]
    [InlineData("Revenue of $610 million is below our earlier estimate of $660 million", -1, -1)]
    [InlineData("Record profit of EUR 9 mn against EUR 7 mn", 1, 1)]
    [InlineData("The loss per share was 0.44, compared with 0.19 in the prior year", -1, -1)]
    [InlineData("Diluted net loss per share was $0.19 versus $0.44", 1, 1)]
    [InlineData("Operating profit was EUR -3.1 mn, compared with EUR 2.0 mn", -1, -1)]
    [InlineData("EPS of -$0.12 vs -$0.31 a year ago", 1, 1)]
    [InlineData("EPS of ($0.52) vs consensus of ($0.31)", -1, -1)]
    [InlineData("The operating result was EUR (2.0) million, compared with EUR (4.1) million", 1, 1)]
    [InlineData("Revenue was Rs 1,20,000 crore, compared with Rs 95,000 crore", 1, 1)]
    [InlineData("Net sales were 1.234,5 million compared with 980,0 million", 1, 1)]
    [InlineData("Net sales were 1,234.5 million compared with 980.0 million", 1, 1)]
    [InlineData("Net loss of -3.1 mn versus -4.4 mn", 1, 1)]
    [InlineData("Revenue of 10-12 million, compared with 9 million", 1, 1)]
    [InlineData("Revenue is seen at $4.1-4.4 billion, up from $3.9-4.2 billion", 1, 1)]
    [InlineData("Sales of $1.00-$1.20 billion vs. $1.15 billion consensus", -1, -1)]
    [InlineData("The margin is now seen at 8.5-9.5% (previously 9-10%)", -1, -1)]
    [InlineData("Price target 40 (was 31)", 1, 1)]
    [InlineData("Price target $31 (prev. $40)", -1, -1)]
    [InlineData("The vacancy rate improved to 4.2% from 6.1%", -1, 1)]
    [InlineData("The vacancy rate deteriorated to 6.1% from 4.2%", 1, -1)]
    [InlineData("Analysts were looking for sales of 30 million; the company reported 33 million", 1, 1)]
    [InlineData("The company reported sales of 29 million, where analysts saw 33 million", -1, -1)]
    [InlineData("Consensus was for a profit of 4 million, it made 3 million", -1, -1)]
    [InlineData("Days of sales outstanding rose to 61 from 48", 1, -1)]
    [InlineData("The bad loan ratio was 3.4%, down from 5.2%", -1, 1)]
    [InlineData("Net cash stood at 12 million, against net debt of 40 million", 1, 1)]
    [InlineData("Net debt rose to 12 million from 9 million", -1, -1)]
    [InlineData("The time it takes to deliver came to 9 days, against 14", -1, 1)]
    [InlineData("Net sales were EUR 5 mn, while they were EUR 4 mn a year earlier", 1, 1)]
    public void Two_numbers_of_one_thing_are_compared(string text, int direction, int meaning)
    {
        var move = Assert.Single(Moves(text).Take(1));
        Assert.Equal((direction, meaning), (move.Direction, move.Meaning));
    }

    [Theory]
    [InlineData("Sales rose 12% from 2019 to 2020")]
    [InlineData("Revenue rose 5% to $3 billion from customers in 12 countries")]
    [InlineData("The 1st of 30 stores")]
    [InlineData("Profit 12 and sales 13")]
    [InlineData("Profit was EUR 5 mn, the same as a year earlier, and the dividend is EUR 1")]
    [InlineData("The company expects sales of 20 million and a profit of 3 million")]
    [InlineData("")]
    public void Numbers_of_different_things_are_not(string text) => Assert.Empty(Moves(text));

    static NumberMove[] Moves(string text)
    {
        var reader = new SentenceReader(text, new char[1024], new Token[128]);
        if (!reader.Read()) return [];
        var (matches, moves) = (new Match[64], new NumberMove[NumberReader.MaxMoves]);
        var found = SentenceScorer.Find(ClassifierTerms.Table, reader, matches);
        return moves[..NumberReader.Find(reader, matches.AsSpan(0, found), moves)];
    }
}
