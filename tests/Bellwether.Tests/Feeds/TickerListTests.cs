using Bellwether.Feeds;
using FsCheck;
using FsCheck.Fluent;

namespace Bellwether.Tests.Feeds;

public sealed class TickerListTests
{
    [Theory]
    [InlineData("AAPL", "AAPL")]
    [InlineData(" aapl ", "AAPL")]
    [InlineData("$TSLA", "TSLA")]
    [InlineData("NASDAQ:AAPL", "AAPL")]
    [InlineData("NYSE: T", "T")]
    [InlineData("NYSE: T NASDAQ: MSFT", "MSFT T")]
    [InlineData("AAPL:US", "AAPL")]
    [InlineData("MSFT, AAPL,MSFT", "AAPL MSFT")]
    [InlineData("MSFT;AAPL", "AAPL MSFT")]
    [InlineData("MSFT|AAPL", "AAPL MSFT")]
    [InlineData("MSFT AAPL", "AAPL MSFT")]
    [InlineData("[\"MSFT\",\"BRK.B\"]", "BRK.B MSFT")]
    [InlineData("['MSFT', 'BF-B']", "BF-B MSFT")]
    [InlineData("[]", "")]
    public void TryParse_of_usual_spellings_gives_symbols(string text, string expected)
    {
        Assert.True(TickerList.TryParse(text, out var tickers, out var problem), problem);
        Assert.Equal(expected.Split(' ', StringSplitOptions.RemoveEmptyEntries), tickers);
    }

    [Theory]
    [InlineData("'; DROP TABLE sentiment_data; --")]
    [InlineData("AAPL; DROP TABLE users")]
    [InlineData("AAPL' OR '1'='1")]
    [InlineData("ABCDEFGHIJKLMNOP")]
    [InlineData(".AAPL")]
    [InlineData("AA/PL")]
    [InlineData("ſPY")]
    [InlineData("FOO:AAPL")]
    [InlineData("$")]
    public void TryParse_of_what_is_no_ticker_names_it(string text)
    {
        Assert.False(TickerList.TryParse(text, out _, out var problem));
        Assert.StartsWith("ticker '", problem);
    }

    [Fact]
    public void TryParse_of_too_many_names_the_count()
    {
        Assert.True(TickerList.TryParse(string.Join(',', Enumerable.Range(0, 256).Select(i => $"T{i}")), out var tickers, out _));
        Assert.Equal(256, tickers.Count);
        Assert.False(TickerList.TryParse(string.Join(',', Enumerable.Range(0, 100_000).Select(i => $"T{i}")), out _, out var problem));
        Assert.Equal("100000 tickers on one event; at most 256 are allowed", problem);
        Assert.False(TickerList.TryParse(Enumerable.Range(0, 257).Select(i => $"T{i}"), out _, out problem));
        Assert.StartsWith("257 tickers", problem);
    }

    [Fact]
    public void TryParse_of_any_text_accepts_only_the_documented_form()
    {
        Check.One(Config.QuickThrowOnFailure.WithQuietOnSuccess(true)
            .WithMaxTest(2000), Prop.ForAll(ArbMap.Default.ArbFor<string>(), text =>
        {
            if (!TickerList.TryParse(text ?? "", out var tickers, out _)) return;
            Assert.All(tickers, t => Assert.Matches(@"^[A-Z0-9][A-Z0-9.\-]{0,14}\z", t));
        }));
    }
}
