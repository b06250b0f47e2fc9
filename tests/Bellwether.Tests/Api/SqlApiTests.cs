using Bellwether.Tests.Support;
using static Bellwether.Tests.Api.ServedDesk;

namespace Bellwether.Tests.Api;

/// <summary>POST /sql.</summary>
public sealed class SqlApiTests(TestServer server)
{
    [Fact]
    public async Task A_query_sees_what_was_pushed_and_is_cut_at_the_row_limit()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(SqlApiTests), o => o with { SqlMaxRows = 2 });
        await desk.PushAsync(Event("1", "ACME", "Acme rises"), Event("2", "BETA", "Beta falls"), Event("3", "GAMMA", "Gamma rises"));
        var few = await QueryAsync(desk,
            "select ticker, count(*) as n from all_sentiment where ticker <> 'BETA' group by ticker order by ticker");
        Assert.Equal("""[["ACME",1],["GAMMA",1]]""", few.GetProperty("rows").GetRawText());
        Assert.Equal(["ticker", "n"], few.GetProperty("columns").EnumerateArray().Select(c => c.GetProperty("name").GetString()));
        Assert.Equal((2, false), (Number(few, "row_count"), few.GetProperty("truncated").GetBoolean()));
        var many = await QueryAsync(desk, "select ticker from all_sentiment");
        Assert.Equal((2, true), (Number(many, "row_count"), many.GetProperty("truncated").GetBoolean()));
    }

    [Theory]
    [InlineData("delete from all_sentiment")]
    [InlineData("select * from read_csv('/etc/passwd')")]
    [InlineData("select 1; select 2")]
    [InlineData("select nothing from nowhere")]
    [InlineData(" ")]
    public async Task What_is_no_plain_query_is_refused(string sql)
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(SqlApiTests));
        using var response = await desk.Http.PostAsync("/api/v1/sql", Json(System.Text.Json.JsonSerializer.Serialize(new { sql })), Token);
        var error = Assert.Single((await ProblemAsync(response, 400)).GetProperty("errors").EnumerateArray());
        Assert.Equal("sql", error.GetProperty("field").GetString());
    }

    [Fact]
    public async Task A_query_that_takes_too_long_is_stopped()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(SqlApiTests), o =>
            o with { SqlTimeout = TimeSpan.FromMilliseconds(300) });
        using var response = await desk.Http.PostAsync("/api/v1/sql",
            Json("""{"sql":"select sum(a.range * b.range) from range(10000000) a, range(10000000) b"}"""), Token);
        await ProblemAsync(response, 408);
    }

    static async Task<System.Text.Json.JsonElement> QueryAsync(ServedDesk desk, string sql)
    {
        using var response = await desk.Http.PostAsync("/api/v1/sql", Json(System.Text.Json.JsonSerializer.Serialize(new { sql })), Token);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(Token));
        return await JsonAsync(response);
    }
}
