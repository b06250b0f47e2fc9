using Bellwether.Sentiment.Classifier;

namespace Bellwether.Tests.Sentiment.Classifier;

public sealed class BoilerplateTests
{
    const string Safe = "This release contains forward-looking statements, which involve risks such as losses, lawsuits, defaults and a collapse of demand. "
        + "Actual results could differ materially. The company undertakes no obligation to update them.";
    const string News = "Orvane's sales rose 12 percent and its profit doubled.";
    static readonly ClassifierModel Model = ClassifierModel.Load();

    [Fact]
    public void Safe_harbour_behind_the_news_is_cut()
    {
        Assert.Equal(News.Length, News.TrimEnd().Length);
        var text = $"{News} {Safe}";
        Assert.Equal(News, text[..StartOf(text)].Trim());
    }

    [Fact]
    public void Text_without_it_and_one_of_nothing_else_stay_whole()
    {
        Assert.Equal(News.Length, StartOf(News));
        Assert.Equal(Safe.Length, StartOf(Safe));
        Assert.Equal(0, StartOf(""));
    }

    [Fact]
    public void News_behind_its_paragraph_counts_again()
    {
        var text = $"{News}\n\n{Safe}\n\nThe board raised the dividend by a tenth and ordered a new plant for its growing business.";
        Assert.Equal(text.Length, StartOf(text));
    }

    [Theory]
    [InlineData("Orvane's actual results were better than it had forecast in May, and the board expects that the second half will be as strong as the first one was.")]
    [InlineData("Actual results beat the forecast of every analyst who follows Orvane, whose shares rose 9 percent to the highest price in four years on Tuesday.")]
    [InlineData("Analysts had been too careful: actual results differed from their estimates by a tenth, and Orvane has raised its outlook for the whole year since.")]
    public void Actual_results_that_are_told_are_news(string text)
    {
        Assert.Equal(text.Length, StartOf(text));
        Assert.False(default(Boilerplate.State).Skips(text, 0, text.Length));
    }

    [Theory]
    [InlineData("Actual results may be worse.")]
    [InlineData("Many events could cause actual results to differ from what is said here.")]
    [InlineData("Actual results could vary, and so could the costs.")]
    public void Actual_results_that_could_be_others_are_none(string legal)
    {
        var text = $"{News} Its plants in Leeds and Ghent are used to the full, and a third is being built. {legal}";
        Assert.Equal(legal, text[StartOf(text)..].Trim());
    }

    [Fact]
    public void News_behind_a_sentence_of_it_without_a_line_break_counts()
    {
        const string Behind = "Orvane also lost its greatest customer, and its profit fell by half in the quarter.";
        var text = $"The report contains forward-looking statements. {Behind}";
        Assert.Equal(text.Length, StartOf(text));
        Assert.InRange(Model.Score(text).Score, -1, -0.5);
        Assert.Equal(Model.Score(Behind).Score, Model.Score(text).Score, 0.05);
        var between = $"{News} {Safe} {Behind}";
        Assert.Equal(between.Length, StartOf(between));
        Assert.Equal(Model.Score($"{News} It has plants in Leeds and Ghent. {Behind}").Score, Model.Score(between).Score, 0.4);
    }

    [Fact]
    public void Passage_that_reads_on_is_cut_to_its_end_without_a_line_break()
    {
        const string Passage = "This text contains forward-looking statements. Words such as \"expects\" mark them. The plant may burn down and customers may go bankrupt. "
            + "These and other risks and uncertainties are told in our filings. They speak only as of the date of this text.";
        var text = $"{News} {Passage}";
        Assert.Equal(Passage, text[StartOf(text)..].Trim());
    }

    [Theory]
    [InlineData("Orvane's sales rose 12 percent and its profit doubled.")]
    [InlineData("Orvane's sales fell 12 percent and it made a heavy loss.")]
    [InlineData("Orvane will publish its annual report on 12 March.")]
    public void Score_of_the_news_stays_as_it_is(string news)
    {
        var alone = Model.Score(news).Score;
        Assert.Equal(alone, Model.Score($"{news} {Safe}").Score, 0.02);
        var body = $"{news}\nDetails are in the report.\n\n";
        Assert.Equal(Model.Score(body).Score, Model.Score($"{body}Forward-looking statements\n{Safe}\n\nAbout Orvane\nOrvane is a leading, award-winning maker of strong and reliable pumps with a record of growth.\n").Score, 0.25);
    }

    static int StartOf(string text) => Boilerplate.StartOf(text, out _);
}
