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

    [Fact]
    public async Task An_answer_beyond_the_size_is_cut_at_whole_rows()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(SqlApiTests), o => o with { SqlMaxBytes = 100_000 });
        var cut = await QueryAsync(desk, "select range as n, repeat('x', 9999) as t, [repeat('\u00fc', 10)] as l from range(50) order by n");
        var rows = cut.GetProperty("rows");
        Assert.True(cut.GetProperty("truncated").GetBoolean());
        Assert.Equal(9, rows.GetArrayLength());
        Assert.Equal(9, Number(cut, "row_count"));
        Assert.Equal(Enumerable.Range(0, 9), rows.EnumerateArray().Select(r => r[0].GetInt32()));
        Assert.All(rows.EnumerateArray(), r => Assert.Equal((9_999, 10), (r[1].GetString()!.Length, r[2][0].GetString()!.Length)));
    }

    [Theory]
    [InlineData("select repeat('x', 100001)")]
    [InlineData("select [repeat('\"', 60000)]")]
    [InlineData("select repeat('x', 200000000)")]
    [InlineData("select {'a': repeat('x', 200000000)}")]
    public async Task A_row_that_is_larger_than_any_answer_is_told(string sql)
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(SqlApiTests), o => o with { SqlMaxBytes = 100_000 });
        using var response = await desk.Http.PostAsync("/api/v1/sql", Json(System.Text.Json.JsonSerializer.Serialize(new { sql })), Token);
        Assert.Contains("100000 bytes", (await ProblemAsync(response, 422)).GetProperty("detail").GetString());
    }

    [Theory]
    [InlineData("""{"sql":5}""", "sql must be a text")]
    [InlineData("""{"query":"select 1"}""", "the field sql is missing or empty")]
    [InlineData("select 1", "the body is not a JSON object with the field sql")]
    public async Task A_body_without_a_query_is_told_in_words(string body, string reason)
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(SqlApiTests));
        using var response = await desk.Http.PostAsync("/api/v1/sql", Json(body), Token);
        Assert.Equal(reason, (await ProblemAsync(response, 400)).GetProperty("detail").GetString());
    }

    static async Task<System.Text.Json.JsonElement> QueryAsync(ServedDesk desk, string sql)
    {
        using var response = await desk.Http.PostAsync("/api/v1/sql", Json(System.Text.Json.JsonSerializer.Serialize(new { sql })), Token);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(Token));
        return await JsonAsync(response);
    }
}
