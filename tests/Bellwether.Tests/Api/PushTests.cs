using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Bellwether.Tests.Support;
using static Bellwether.Tests.Api.ServedDesk;

namespace Bellwether.Tests.Api;

/// <summary>POST /events.</summary>
public sealed class PushTests(TestServer server)
{
    [Fact]
    public async Task A_pushed_event_becomes_the_sentiment_of_its_ticker()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(PushTests));
        using var pushed = await desk.Http.PostAsync("/api/v1/events?wait=scored",
            Json(Event("1", "ACME", "Acme beats estimates and raises guidance")), Token);
        Assert.Equal(HttpStatusCode.Accepted, pushed.StatusCode);
        var answer = await JsonAsync(pushed);
        Assert.Equal((1, 0, 0, true),
            (Number(answer, "accepted"), Number(answer, "duplicates"), Number(answer, "rejected"), answer.GetProperty("scored")
            .GetBoolean()));
        var result = Assert.Single(answer.GetProperty("results").EnumerateArray());
        Assert.Equal("accepted", result.GetProperty("status").GetString());
        Assert.Equal(32, result.GetProperty("article_id").GetString()!.Length);

        var sentiment = await desk.JsonAsync("/api/v1/sentiment/acme");
        Assert.Equal("ACME", sentiment.GetProperty("ticker").GetString());
        Assert.True(sentiment.GetProperty("score").GetDouble() > 0.15);
        Assert.Equal(1, Number(sentiment, "count"));
        Assert.Equal("Acme beats estimates and raises guidance", sentiment.GetProperty("article_title").GetString());
        Assert.Equal(1, sentiment.GetProperty("model_counts").GetProperty("classifier").GetInt32());
    }

    [Fact]
    public async Task A_redelivered_event_is_a_duplicate_and_counts_once()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(PushTests));
        await desk.PushAsync(Event("1", "ACME", "Acme beats estimates"));
        var again = await desk.PushAsync(Event("1", "ACME", "Acme beats estimates"), Event("2", "ACME", "Acme misses estimates"));
        Assert.Equal((1, 1), (Number(again, "accepted"), Number(again, "duplicates")));
        Assert.Equal(["duplicate", "accepted"], again.GetProperty("results").EnumerateArray()
            .Select(r => r.GetProperty("status").GetString()));
        Assert.Equal(2, Number(await desk.JsonAsync("/api/v1/sentiment/ACME"), "count"));
    }

    [Fact]
    public async Task Bad_lines_are_rejected_by_number_and_the_others_are_taken()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(PushTests));
        var answer = await desk.PushAsync(
            Event("1", "ACME", "Acme beats estimates"), "{\"text\": nonsense", "", Event("2", "ACME", "Acme falls", "not a time"),
            Event("3", "A; DROP TABLE x", "Acme falls"),
            Event("4", "ACME", "Acme rises"));
        Assert.Equal((2, 0, 3), (Number(answer, "accepted"), Number(answer, "duplicates"), Number(answer, "rejected")));
        var results = answer.GetProperty("results").EnumerateArray().Select(r => (Number(r, "line"), r.GetProperty("status").GetString()))
            .ToArray();
        Assert.Equal([(1, "accepted"), (2, "rejected"), (4, "rejected"), (5, "rejected"), (6, "accepted")], results);
        Assert.Contains("not a time", answer.GetProperty("results")[2].GetProperty("reason").GetString());

        var letters = (await desk.JsonAsync("/api/v1/dead-letters?stage=normalise")).GetProperty("items");
        Assert.Equal(["http:5", "http:4", "http:2"], letters.EnumerateArray().Select(l => l.GetProperty("origin").GetString())
            .OrderDescending());
        var letter = await desk.JsonAsync($"/api/v1/dead-letters/{letters.EnumerateArray().First(l => l.GetProperty("origin").GetString() == "http:2").GetProperty("id").GetInt64()}");
        Assert.Equal(("utf-8", "{\"text\": nonsense"),
            (letter.GetProperty("value_encoding").GetString(), letter.GetProperty("value").GetString()));
    }

    [Theory]
    [InlineData("application/json", "[{\"a\":1}", 400)]
    [InlineData("application/json", "{\"text\": nonsense}", 400)]
    [InlineData("application/json", "", 400)]
    [InlineData("application/json", "[]", 400)]
    [InlineData("application/x-ndjson", "so\nno\n", 400)]
    [InlineData("application/json", "{\"text\":\"no time is given\"}", 422)]
    [InlineData("text/csv", "a,b\n1,2\n", 415)]
    public async Task A_body_that_holds_no_event_is_refused_as_a_whole(string type, string body, int expected)
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(PushTests));
        using var response = await desk.Http.PostAsync("/api/v1/events", new StringContent(body, Encoding.UTF8, type), Token);
        var problem = await ProblemAsync(response, expected);
        Assert.NotEmpty(problem.GetProperty("errors").EnumerateArray());
        Assert.Equal(0, await desk.Desk.Database.ScalarAsync<long>("SELECT coalesce(sum(next_offset), 0)::bigint FROM ops.log_partitions WHERE topic <> 'analyzed-sentiment'"));
        Assert.Equal(expected == 422 ? 1 : 0, await desk.Desk.Database.ScalarAsync<long>("SELECT count(*) FROM ops.dead_letters"));
    }

    [Fact]
    public async Task A_body_cut_off_in_an_array_appends_nothing()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(PushTests));
        using var response = await desk.Http.PostAsync("/api/v1/events",
            Json($"[{Event("1", "ACME", "Acme rises")},{Event("2", "ACME", "Acme ris")[..40]}"), Token);
        await ProblemAsync(response, 400);
        using var nothing = await desk.GetAsync("/api/v1/sentiment/ACME");
        await ProblemAsync(nothing, 404);
    }

    [Fact]
    public async Task A_body_over_the_limit_is_refused_whether_its_length_is_told_or_not()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(PushTests), o => o with { MaxRequestBytes = 4_096 });
        var body = Event("1", "ACME", new string('x', 8_000));
        using var told = await desk.Http.PostAsync("/api/v1/events", Json(body), Token);
        await ProblemAsync(told, 413);
        using var chunked = await desk.SendAsync(HttpMethod.Post, "/api/v1/events", Json(body), ("Transfer-Encoding", "chunked"));
        await ProblemAsync(chunked, 413);
    }

    [Fact]
    public async Task A_small_body_that_unpacks_to_a_large_one_is_refused()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(PushTests), o => o with { MaxRequestBytes = 65_536 });
        var lines = Enumerable.Range(0, 500).Select(i => Event($"{i}", "ACME", new string('x', 2_000)));
        using var response = await desk.Http.PostAsync("/api/v1/events", Packed(string.Join('\n', lines)), Token);
        await ProblemAsync(response, 413);
    }

    [Fact]
    public async Task A_line_over_the_limit_is_kept_in_part_and_tells_its_whole_size()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(PushTests));
        var line = Event("1", "ACME", new string('x', 6_000_000));
        var answer = await desk.PushAsync(line, Event("2", "ACME", "Acme rises"));
        Assert.Equal((1, 1), (Number(answer, "accepted"), Number(answer, "rejected")));
        var id = (await desk.JsonAsync("/api/v1/dead-letters")).GetProperty("items")[0].GetProperty("id").GetInt64();
        var letter = await desk.JsonAsync($"/api/v1/dead-letters/{id}");
        Assert.Equal((line.Length, true), (Number(letter, "bytes"), letter.GetProperty("truncated").GetBoolean()));
        Assert.Equal(65_536, letter.GetProperty("value").GetString()!.Length);
    }

    [Fact]
    public async Task A_line_that_unpacks_beyond_the_limit_of_bodies_is_refused()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(PushTests), o => o with { MaxRequestBytes = 4 << 20 });
        using var response = await desk.Http.PostAsync("/api/v1/events", Packed(Event("1", "ACME", new string('x', 17 << 20))), Token);
        Assert.Contains("unpacks to more than 16777216 bytes", (await ProblemAsync(response, 413)).GetProperty("detail").GetString());
    }

    [Theory]
    [InlineData("Content-Type", "text/csv", null)]
    [InlineData("Content-Encoding", "application/json", "br")]
    public async Task The_header_that_is_not_read_is_named(string header, string type, string? encoding)
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(PushTests));
        using var content = new StringContent("{}", Encoding.UTF8, type);
        if (encoding is not null) content.Headers.ContentEncoding.Add(encoding);
        using var response = await desk.Http.PostAsync("/api/v1/events", content, Token);
        Assert.Equal(header, Assert.Single((await ProblemAsync(response, 415)).GetProperty("errors").EnumerateArray()).GetProperty("field").GetString());
    }

    [Fact]
    public async Task Reasons_speak_of_the_event_and_not_of_the_command_line()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(PushTests));
        using var response = await desk.Http.PostAsync("/api/v1/events", Lines(
            Event("1", "ACME", "Acme rises", "2097-01-01T00:00:00Z"), Event("2", "ACME", "Acme rises", more: ",\"type\":\"rumour\"")), Token);
        var problem = await ProblemAsync(response, 422);
        Assert.Equal(2, problem.GetProperty("errors").GetArrayLength());
        Assert.DoesNotContain("--", problem.GetRawText());
    }

    [Fact]
    public async Task One_article_sent_once_for_each_ticker_is_waited_for_as_a_whole()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(PushTests));
        var answer = await desk.PushAsync(
            Event("1", "ACME", "Acme rises"), Event("1", "BETA", "Acme rises"),
            """{"event_id":"2","timestamp":"2024-05-01","text":"fine weather today","tickers":[]}""");
        Assert.Equal(3, Number(answer, "accepted"));
        Assert.Equal(2, (await desk.JsonAsync("/api/v1/sentiment?tickers=ACME,BETA")).GetProperty("items").GetArrayLength());
        var letter = Assert.Single((await desk.JsonAsync("/api/v1/dead-letters")).GetProperty("items").EnumerateArray());
        Assert.Equal("NoTicker", letter.GetProperty("error_class").GetString());
        Assert.Equal(1, Number(answer, "dead_lettered"));
        Assert.Equal(["accepted", "accepted", "dead_lettered"], answer.GetProperty("results").EnumerateArray().Select(r => r.GetProperty("status").GetString()));
        Assert.Contains("no ticker", answer.GetProperty("results")[2].GetProperty("reason").GetString());
    }

    [Fact]
    public async Task A_packed_body_is_read()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(PushTests));
        using var response = await desk.Http.PostAsync("/api/v1/events",
            Packed(Event("1", "ACME", "Acme rises") + "\n" + Event("2", "ACME", "Acme falls")), Token);
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        Assert.Equal(2, Number(await JsonAsync(response), "accepted"));
    }

    [Fact]
    public async Task Many_requests_at_once_are_answered_each_with_its_own_results()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(PushTests));
        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(async i =>
        {
            using var response = await desk.Http.PostAsync("/api/v1/events?wait=scored",
                Json(Event($"{i}", $"T{i % 20}", $"Acme rises {i} percent")), Token);
            return (await JsonAsync(response)).GetProperty("results")[0].GetProperty("article_id").GetString();
        }));
        Assert.Equal(200, answers.Distinct().Count());
        var all = await desk.JsonAsync("/api/v1/sentiment");
        Assert.Equal(20, all.GetProperty("items").GetArrayLength());
        Assert.All(all.GetProperty("items").EnumerateArray(), t => Assert.Equal(10, Number(t, "count")));
    }

    static ByteArrayContent Packed(string text)
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.SmallestSize, leaveOpen: true)) gzip.Write(Encoding.UTF8.GetBytes(text));
        return new(packed.ToArray())
        {
            Headers = { ContentType = new MediaTypeHeaderValue("application/x-ndjson"),
            ContentEncoding = { "gzip" } }
        };
    }
}
