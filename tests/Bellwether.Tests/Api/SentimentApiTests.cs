using System.Globalization;
using System.Net;
using System.Text.Json;
using Bellwether.Tests.Support;
using static Bellwether.Tests.Api.ServedDesk;

namespace Bellwether.Tests.Api;

/// <summary>GET /sentiment…</summary>
public sealed class SentimentApiTests(TestServer server)
{
    [Fact]
    public async Task As_of_shows_what_was_known_then_and_nothing_later()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(SentimentApiTests));
        await desk.PushAsync(Event("1", "ACME", "Acme beats estimates"));
        var first = await desk.JsonAsync("/api/v1/sentiment/ACME");
        // Known later, though it happened earlier.
        await desk.PushAsync(Event("2", "ACME", "Acme sued for fraud", "2024-04-01T00:00:00Z"));

        var then = await desk.JsonAsync($"/api/v1/sentiment/ACME?asOf={Moment(first, "last_updated")}");
        Assert.Equal(first.GetProperty("score").GetDouble(), then.GetProperty("score").GetDouble());
        Assert.Equal(1, Number(then, "count"));
        Assert.Equal(first.GetProperty("last_updated").GetDateTimeOffset(), then.GetProperty("as_of").GetDateTimeOffset());

        Assert.Equal(2, Number(await desk.JsonAsync("/api/v1/sentiment/ACME"), "count"));
        using var before = await desk.GetAsync("/api/v1/sentiment/ACME?asOf=2024-05-02T00:00:00Z");
        Assert.Contains("2024-05-02", (await ProblemAsync(before, 404)).GetProperty("detail").GetString());
        var many = await desk.JsonAsync($"/api/v1/sentiment?tickers=ACME,NONE&asOf={Moment(first, "last_updated")}");
        Assert.Equal(1, Number(many.GetProperty("items")[0], "count"));
        Assert.Equal("NONE", many.GetProperty("missing")[0].GetString());
        var articles = await desk.JsonAsync($"/api/v1/sentiment/ACME/articles?asOf={Moment(first, "last_updated")}");
        Assert.Equal(1, articles.GetProperty("items").GetArrayLength());
        var history = await desk.JsonAsync($"/api/v1/sentiment/ACME/history?from=2024-01-01&to=2024-06-01&interval=1d&asOf={Moment(first, "last_updated")}");
        Assert.Equal(1, history.GetProperty("items").GetArrayLength());
    }

    [Fact]
    public async Task A_clock_a_little_ahead_asks_about_now()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(SentimentApiTests));
        await desk.PushAsync(Event("1", "ACME", "Acme beats estimates"));
        var soon = desk.Desk.Desk.Time.GetUtcNow().AddSeconds(50);
        var answer = await desk.JsonAsync($"/api/v1/sentiment/ACME?asOf={soon:yyyy-MM-ddTHH:mm:ssZ}");
        Assert.True(answer.GetProperty("as_of").GetDateTimeOffset() < soon);
        using var later = await desk.GetAsync($"/api/v1/sentiment/ACME?asOf={soon.AddHours(1):yyyy-MM-ddTHH:mm:ssZ}");
        var problem = await ProblemAsync(later, 400);
        Assert.Equal("asOf", problem.GetProperty("errors")[0].GetProperty("field").GetString());
    }

    [Fact]
    public async Task An_offset_in_a_query_is_read_with_its_plus_sign_escaped_or_not()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(SentimentApiTests));
        foreach (var sign in new[] { "+", "%2B" })
        {
            var history = await desk.JsonAsync($"/api/v1/sentiment/ACME/history?from=2024-05-01T02:00:00{sign}02:00&to=2024-05-02");
            Assert.Equal(new DateTimeOffset(2024, 5, 1, 0, 0, 0, TimeSpan.Zero), history.GetProperty("from").GetDateTimeOffset());
        }
    }

    [Fact]
    public async Task An_unchanged_ticker_is_not_sent_twice()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(SentimentApiTests));
        await desk.PushAsync(Event("1", "ACME", "Acme beats estimates"));
        using var first = await desk.GetAsync("/api/v1/sentiment/ACME");
        var tag = first.Headers.ETag!.ToString();
        using var same = await desk.GetAsync("/api/v1/sentiment/ACME", ("If-None-Match", tag));
        Assert.Equal(HttpStatusCode.NotModified, same.StatusCode);
        Assert.Equal(tag, same.Headers.ETag?.ToString());
        Assert.Empty(await same.Content.ReadAsByteArrayAsync(Token));
        await desk.PushAsync(Event("2", "ACME", "Acme misses estimates"));
        using var changed = await desk.GetAsync("/api/v1/sentiment/ACME", ("If-None-Match", tag));
        Assert.Equal(HttpStatusCode.OK, changed.StatusCode);
        Assert.NotEqual(tag, changed.Headers.ETag?.ToString());
    }

    [Fact]
    public async Task Articles_come_in_pages_newest_first_each_once()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(SentimentApiTests));
        // Five share one time, so that the page border falls among equals.
        await desk.PushAsync([.. Enumerable.Range(0, 23)
            .Select(i => Event($"{i}", "ACME", $"Acme rises {i}", $"2024-05-01T00:{(i < 5 ? 0 : i):00}:00Z"))]);
        var seen = new List<(DateTimeOffset Time, string Id)>();
        string? cursor = null;
        do
        {
            var page = await desk.JsonAsync($"/api/v1/sentiment/ACME/articles?limit=4{(cursor is null ? "" : $"&cursor={cursor}")}");
            Assert.InRange(page.GetProperty("items").GetArrayLength(), 1, 4);
            seen.AddRange(page.GetProperty("items").EnumerateArray()
                .Select(a => (a.GetProperty("timestamp").GetDateTimeOffset(), a.GetProperty("article_id").GetString()!)));
            cursor = page.TryGetProperty("next_cursor", out var next) ? next.GetString() : null;
        }
        while (cursor is not null);
        Assert.Equal(23, seen.Select(s => s.Id).Distinct().Count());
        Assert.Equal(23, seen.Count);
        Assert.Equal(seen.Select(s => s.Time).OrderDescending(), seen.Select(s => s.Time));
    }

    [Fact]
    public async Task Full_text_comes_on_request_only()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(SentimentApiTests));
        var text = $"Acme rises. {new string('y', 900)}";
        await desk.PushAsync(Event("1", "ACME", text));
        var brief = (await desk.JsonAsync("/api/v1/sentiment/ACME/articles")).GetProperty("items")[0];
        Assert.False(brief.TryGetProperty("text", out _));
        Assert.EndsWith("...", brief.GetProperty("text_preview").GetString());
        Assert.Equal(text, (await desk.JsonAsync("/api/v1/sentiment/ACME/articles?text=true")).GetProperty("items")[0].GetProperty("text")
            .GetString());
    }

    [Fact]
    public async Task All_tickers_come_in_pages_in_ordinal_order()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(SentimentApiTests));
        string[] tickers = ["A", "A-B", "A.B", "AA", "B1", "Z", "0TC"];
        await desk.PushAsync([.. tickers.Select((t, i) => Event($"{i}", t, $"Acme rises {i}"))]);
        var seen = new List<string>();
        string? cursor = null;
        do
        {
            var page = await desk.JsonAsync($"/api/v1/sentiment?limit=2{(cursor is null ? "" : $"&cursor={cursor}")}");
            seen.AddRange(page.GetProperty("items").EnumerateArray().Select(t => t.GetProperty("ticker").GetString()!));
            cursor = page.TryGetProperty("next_cursor", out var next) ? next.GetString() : null;
        }
        while (cursor is not null);
        Assert.Equal(tickers.Order(StringComparer.Ordinal), seen);
    }

    [Theory]
    [InlineData("/api/v1/sentiment/ACME?asOf=yesterday", "asOf", "yesterday")]
    [InlineData("/api/v1/sentiment/ACME?as_of=2024-01-01", "as_of", null)]
    [InlineData("/api/v1/sentiment/A'%20OR%201=1", "ticker", "A' OR 1=1")]
    [InlineData("/api/v1/sentiment/ABCDEFGHIJKLMNOPQRSTUVWXYZ", "ticker", "ABCDEFGHIJKLMNOPQRSTUVWXYZ")]
    [InlineData("/api/v1/sentiment?tickers=,", "tickers", ",")]
    [InlineData("/api/v1/sentiment?tickers=A,B;DROP%20TABLE", "tickers", "B;DROP TABLE")]
    [InlineData("/api/v1/sentiment?limit=0", "limit", "0")]
    [InlineData("/api/v1/sentiment?asOf=2024-01-01", "asOf", "2024-01-01")]
    [InlineData("/api/v1/sentiment?cursor=made-up", "cursor", "made-up")]
    [InlineData("/api/v1/sentiment/ACME/history?interval=1y", "interval", "1y")]
    [InlineData("/api/v1/sentiment/ACME/history?interval=1s&from=2020-01-01", "interval", "1s")]
    [InlineData("/api/v1/sentiment/ACME/history?from=2024-02-01&to=2024-01-01", "from", "2024-02-01")]
    [InlineData("/api/v1/sentiment/ACME/articles?text=yes", "text", "yes")]
    [InlineData("/api/v1/sentiment/ACME/articles?cursor=dHxaWlo", "cursor", "dHxaWlo")]
    [InlineData("/api/v1/dead-letters?stage=nowhere", "stage", "nowhere")]
    [InlineData("/api/v1/dead-letters/x", "id", "x")]
    public async Task A_bad_parameter_is_named_with_its_value(string path, string field, string? value)
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(SentimentApiTests));
        using var response = await desk.GetAsync(path);
        var error = Assert.Single((await ProblemAsync(response, 400)).GetProperty("errors").EnumerateArray());
        Assert.Equal((field, value),
            (error.GetProperty("field").GetString(), error.TryGetProperty("value", out var given) ? given.GetString() : null));
        Assert.NotEmpty(error.GetProperty("reason").GetString()!);
    }

    [Fact]
    public async Task Everything_wrong_with_a_request_is_told_at_once()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(SentimentApiTests));
        using var response = await desk.GetAsync("/api/v1/sentiment/A*/history?interval=x&from=y&asOf=z");
        var fields = (await ProblemAsync(response, 400)).GetProperty("errors").EnumerateArray()
            .Select(e => e.GetProperty("field").GetString());
        Assert.Equal(["asOf", "from", "interval", "ticker"], fields.Order());
    }

    [Fact]
    public async Task History_has_the_weighted_mean_of_each_interval()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(SentimentApiTests));
        await desk.PushAsync(
            Event("1", "ACME", "Acme beats estimates", "2024-05-01T10:05:00Z"),
            Event("2", "ACME", "Acme sued for fraud", "2024-05-01T10:55:00Z", ",\"weight\":3"),
            Event("3", "ACME", "Acme rises", "2024-05-01T12:00:00Z"));
        var items = (await desk.JsonAsync("/api/v1/sentiment/ACME/history?from=2024-05-01T10:00:00Z&to=2024-05-01T13:00:00Z&interval=1h"))
            .GetProperty("items");
        var articles = (await desk.JsonAsync("/api/v1/sentiment/ACME/articles")).GetProperty("items").EnumerateArray()
            .ToDictionary(a => a.GetProperty("timestamp").GetDateTimeOffset().ToString("HH:mm", CultureInfo.InvariantCulture), a =>
                a.GetProperty("sentiment").GetDouble());
        Assert.Equal(2, items.GetArrayLength());
        Assert.Equal((articles["10:05"] + 3 * articles["10:55"]) / 4, items[0].GetProperty("score").GetDouble(), 12);
        Assert.Equal((2, articles["10:55"], articles["10:05"]),
            (Number(items[0], "count"), items[0].GetProperty("low").GetDouble(), items[0].GetProperty("high").GetDouble()));
        Assert.Equal(articles["12:00"], items[1].GetProperty("score").GetDouble(), 12);
    }

    static string Moment(JsonElement of, string name) => Uri.EscapeDataString(of.GetProperty(name).GetString()!);
}
