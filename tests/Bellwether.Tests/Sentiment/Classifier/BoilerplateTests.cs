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
        Assert.Equal(News, text[..Boilerplate.StartOf(text)].Trim());
    }

    [Fact]
    public void Text_without_it_and_one_of_nothing_else_stay_whole()
    {
        Assert.Equal(News.Length, Boilerplate.StartOf(News));
        Assert.Equal(Safe.Length, Boilerplate.StartOf(Safe));
        Assert.Equal(0, Boilerplate.StartOf(""));
    }

    [Fact]
    public void News_behind_its_paragraph_counts_again()
    {
        var text = $"{News}\n\n{Safe}\n\nThe board raised the dividend by a tenth and ordered a new plant for its growing business.";
        Assert.Equal(text.Length, Boilerplate.StartOf(text));
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
}
