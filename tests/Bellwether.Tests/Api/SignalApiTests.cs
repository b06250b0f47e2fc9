using Bellwether.App.Commands;
using Bellwether.Market;
using Bellwether.Market.Prices;
using Bellwether.Tests.Commands;
using Bellwether.Tests.Support;
using static Bellwether.Tests.Api.ServedDesk;

namespace Bellwether.Tests.Api;

/// <summary>Reports of signals over HTTP, and what was saved of aggregates and confluence.</summary>
public sealed class SignalApiTests(TestServer server)
{
    static readonly DateTime First = new(2023, 1, 2, 0, 0, 0, DateTimeKind.Utc);

    [Fact]
    public async Task A_report_is_that_of_the_command()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(SignalApiTests));
        var (random, price, bars) = (new Random(5), 100.0, new List<PriceBar>());
        for (var day = First; day < First.AddDays(500); day = day.AddDays(1))
        {
            if (day.DayOfWeek is DayOfWeek.Saturday or DayOfWeek.Sunday) continue;
            price *= Math.Exp(0.01 * (random.NextDouble() - 0.5));
            bars.Add(new(day, price, price * 1.01, price * 0.99, price * (1 + 0.002 * (random.NextDouble() - 0.5)), 1_000, null));
        }
        await new PriceStore(desk.Desk.Desk.DataSource, desk.Desk.Desk.Time).WriteAsync("X", BarInterval.Day, "test", bars.ToArray(), b => b.Date.AddHours(22), Token);
        var answer = await desk.JsonAsync("/api/v1/signals/report?signal=technical&symbols=x&from=2023-03-01&to=2024-05-01&asOf=2024-05-10&horizons=1,5&quantiles=3");
        var command = (await Cli.RunAsync("--data", desk.Desk.Folder, "--postgres", desk.Desk.Desk.Options.Postgres!, "signal", "report", "--signal", "technical", "--symbols", "X", "--from", "2023-03-01", "--to", "2024-05-01",
            "--as-of", "2024-05-10", "--horizons", "1,5", "--quantiles", "3", "--json")).Succeeds().Json;
        Assert.Equal(command.GetProperty("says").GetString(), answer.GetProperty("says").GetString());
        Assert.Equal([1, 5], answer.GetProperty("horizons").EnumerateArray().Select(h => h.GetProperty("horizon").GetInt32()));
        for (var i = 0; i < 2; i++)
            Assert.Equal(command.GetProperty("horizons")[i].GetProperty("information_coefficient").GetProperty("value").GetDouble(),
                answer.GetProperty("horizons")[i].GetProperty("information_coefficient").GetProperty("value").GetDouble());
        Assert.Equal("2024-05-10T00:00:00Z", answer.GetProperty("as_of").GetString());
        using var unknown = await desk.GetAsync("/api/v1/signals/report?symbols=NOPE");
        Assert.Contains("No daily bars of NOPE were known", (await ProblemAsync(unknown, 404)).GetProperty("detail").GetString());
        using var nothing = await desk.GetAsync("/api/v1/signals/report");
        Assert.Contains("No symbol has both", (await ProblemAsync(nothing, 422)).GetProperty("detail").GetString());
    }

    [Theory]
    [InlineData("signal=moon&horizons=0&quantiles=1&from=2030-01-01&to=2024-01-01&x=1", new[] { "signal", "horizons", "quantiles", "from", "x" })]
    [InlineData("horizons=1,,999&hindsight=yes&symbols=,", new[] { "horizons", "hindsight", "symbols" })]
    public async Task All_that_is_wrong_with_a_request_is_told(string query, string[] fields)
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(SignalApiTests));
        using var response = await desk.GetAsync($"/api/v1/signals/report?{query}");
        Assert.Equal(fields.Order(), (await ProblemAsync(response, 400)).GetProperty("errors").EnumerateArray().Select(e => e.GetProperty("field").GetString()!).Distinct().Order());
    }

    [Fact]
    public async Task A_chart_shows_price_and_confluence_as_they_were_known()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(SignalApiTests));
        var bars = Enumerable.Range(0, 80).Select(i => new PriceBar(First.AddDays(i), 50, 61, 49, 50 + i % 10, 1_000, null)).ToArray();
        await new PriceStore(desk.Desk.Desk.DataSource, desk.Desk.Desk.Time).WriteAsync("X", BarInterval.Day, "test", bars, b => b.Date.AddHours(22), Token);
        async Task<string> Draw(string query)
        {
            using var drawn = await desk.GetAsync($"/api/v1/confluence/x/chart?{query}", ("Accept", "image/*"));
            Assert.Equal("image/svg+xml", drawn.Content.Headers.ContentType!.MediaType);
            return await drawn.Content.ReadAsStringAsync(Token);
        }
        var then = await Draw("from=2023-01-20&asOf=2023-02-20T12:00:00Z");
        Assert.Contains("X: confluence at the close of each session, from what was known at 2023-02-20 12:00:00Z", then);
        Assert.Equal(then, await Draw("from=2023-01-20&asOf=2023-02-20T12:00:00Z&to=2030-01-01"));
        Assert.NotEqual(then, await Draw("from=2023-01-20&to=2023-02-01&asOf=2023-02-20T12:00:00Z"));
        Assert.Contains("<polyline", then);
        foreach (var (query, accept) in new[] { ("&format=png", "*/*"), ("", "image/png,image/*;q=0.5") })
        {
            using var picture = await desk.GetAsync($"/api/v1/confluence/x/chart?from=2023-01-20&asOf=2023-02-20T12:00:00Z{query}", ("Accept", accept));
            Assert.Equal("image/png", picture.Content.Headers.ContentType!.MediaType);
            Assert.Equal(Bellwether.Plots.PngPlot.Of(then), await picture.Content.ReadAsByteArrayAsync(Token));
        }
        using var none = await desk.GetAsync("/api/v1/confluence/ZZ/chart");
        await ProblemAsync(none, 404);
        using var wrong = await desk.GetAsync("/api/v1/confluence/x/chart?from=2024-01-01&to=2023-01-01");
        await ProblemAsync(wrong, 400);
        using var json = await desk.GetAsync("/api/v1/confluence/x/chart", ("Accept", "application/json"));
        Assert.Equal(406, (int)json.StatusCode);
    }

    [Fact]
    public async Task Saved_versions_are_listed_as_they_were_known()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(SignalApiTests));
        await desk.PushAsync(Event("1", "X", "X rises to a record", $"{desk.Desk.Desk.Time.GetUtcNow():yyyy-MM-ddTHH:mm:ssZ}"));
        var first = desk.Desk.Desk.Time.GetUtcNow();
        await desk.Desk.Desk.ConfluenceSaver.SaveAsync(first, Token);
        var second = desk.Desk.Desk.Time.GetUtcNow();
        await desk.Desk.Desk.ConfluenceSaver.SaveAsync(second, Token);
        foreach (var path in new[] { "/api/v1/confluence/x/history", "/api/v1/sentiment/x/aggregate/history" })
        {
            string[] Moments(System.Text.Json.JsonElement answer) => [.. answer.GetProperty("items").EnumerateArray().Select(i => Micro(i.GetProperty("timestamp").GetDateTimeOffset()))];
            Assert.Equal([Micro(first), Micro(second)], Moments(await desk.JsonAsync(path)));
            Assert.Equal([Micro(second)], Moments(await desk.JsonAsync($"{path}?limit=1")));
            Assert.Equal([Micro(first)], Moments(await desk.JsonAsync($"{path}?asOf={first.AddMicroseconds(1):yyyy-MM-ddTHH:mm:ss.ffffffZ}")));
            Assert.Equal([Micro(second)], Moments(await desk.JsonAsync($"{path}?from={first.AddMicroseconds(1):yyyy-MM-ddTHH:mm:ss.ffffffZ}")));
            Assert.Equal([Micro(first)], Moments(await desk.JsonAsync($"{path}?to={second:yyyy-MM-ddTHH:mm:ss.ffffffZ}")));
            Assert.Empty(Moments(await desk.JsonAsync(path.Replace("/x/", "/ZZ/", StringComparison.Ordinal))));
        }
        var item = (await desk.JsonAsync("/api/v1/sentiment/X/aggregate/history")).GetProperty("items")[0];
        Assert.Equal((await desk.Desk.Desk.Aggregates.ReadAsync("X", first, first, Token))!.UnifiedSentiment, item.GetProperty("unified_sentiment").GetDouble());

        static string Micro(DateTimeOffset time) => time.UtcDateTime.ToString("O")[..26];
    }
}
