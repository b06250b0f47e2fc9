using Bellwether.App.Commands;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Commands;

public sealed class SqlCommandTests(TestServer server)
{
    static async Task<CliDesk> FedAsync(TestServer server, bool lake)
    {
        var desk = await CliDesk.OpenAsync(server, nameof(SqlCommandTests));
        string[] wait = lake ? ["--wait"] : [];
        (await desk.RunAsync(["ingest", desk.Write("a.csv", "id,title,date,stock\n1,\"Apple, again\",2026-03-02T14:30:00Z,AAPL\n2,Tesla falls,2026-03-03T14:30:00Z,TSLA\n"), .. wait])).Succeeds();
        return desk;
    }

    [Fact]
    public async Task Answers_in_every_format()
    {
        await using var desk = await FedAsync(server, lake: true);
        const string sql = "select ticker, article_title from all_sentiment order by ticker";
        Assert.Equal("""[{"ticker":"AAPL","article_title":"Apple, again"},{"ticker":"TSLA","article_title":"Tesla falls"}]""",
            (await desk.RunAsync("sql", sql, "--format", "json")).Succeeds().Out.Trim());
        Assert.Equal((await desk.RunAsync("sql", sql, "--json")).Out, (await desk.RunAsync("sql", sql, "--format", "json")).Out);
        Assert.Equal(["ticker,article_title", "AAPL,\"Apple, again\"", "TSLA,Tesla falls"],
            (await desk.RunAsync("sql", sql, "--format", "csv")).Succeeds().Out.Split("\r\n", StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains("Tesla falls", (await desk.RunAsync("sql", sql)).Succeeds().Out);
    }

    [Theory]
    [InlineData("delete from all_sentiment")]
    [InlineData("copy all_sentiment to 'out.csv'")]
    [InlineData("select * from read_text('/etc/passwd')")]
    [InlineData("select 1; select 2")]
    [InlineData("attach 'other.db'")]
    public async Task More_than_reading_is_refused_with_5(string sql)
    {
        await using var desk = await FedAsync(server, lake: false);
        Assert.Equal("refused", (await desk.RunAsync("sql", sql, "--json")).Fails(ExitCode.Refused).ErrorJson.GetProperty("kind").GetString());
    }

    [Fact]
    public async Task Wrong_sql_is_wrong_usage()
    {
        await using var desk = await FedAsync(server, lake: false);
        (await desk.RunAsync("sql", "selec")).Fails(ExitCode.Usage);
        (await desk.RunAsync("sql", "select nonsense from all_sentiment")).Fails(ExitCode.Usage);
    }

    [Fact]
    public async Task File_is_replaced_only_by_a_whole_answer()
    {
        await using var desk = await FedAsync(server, lake: true);
        var file = desk.Write("out.csv", "what was there");
        (await desk.RunAsync("sql", "select cast(article_title as int) from all_sentiment", "--out", file)).Fails(ExitCode.Usage);
        Assert.Equal("what was there", File.ReadAllText(file));
        (await desk.RunAsync("sql", "select ticker from all_sentiment order by 1", "--out", file)).Succeeds();
        Assert.StartsWith("ticker", File.ReadAllText(file));
        Assert.Empty(Directory.GetFiles(desk.Folder, "*.partial"));
    }
}
