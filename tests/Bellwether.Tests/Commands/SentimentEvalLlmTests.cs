using System.Diagnostics;
using Bellwether.App;
using Bellwether.App.Commands;
using Bellwether.Tests.Sentiment.Llm;

namespace Bellwether.Tests.Commands;

/// <summary>What a language model behind an endpoint costs and tells where it is measured.</summary>
public sealed class SentimentEvalLlmTests : IDisposable
{
    static CancellationToken Token => TestContext.Current.CancellationToken;

    readonly string _folder = Directory.CreateTempSubdirectory("bellwether-eval-llm-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    Task<CliResult> RunAsync(params string[] args) => Cli.RunAsync(["--data", _folder, .. args]);

    string Write(string name, string content)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, content);
        return path;
    }

    string Rows => Write("set.csv", "text,label\n" + string.Concat(Enumerable.Range(0, 10).Select(i => $"Text {i} of ten,neutral\n")));

    void Use(string endpoint, string more = "") =>
        Write(DeskOptions.FileName, $$"""{ "Scoring": { "Model": "llama", "Llm": { "llama": { "Endpoint": "{{endpoint}}", "Model": "m", "Tries": 1{{more}} } } } }""");

    [Fact]
    public async Task Each_text_is_asked_once_and_what_was_refused_counts_as_wrong()
    {
        await using var stub = await LlmStub.StartAsync();
        stub.Answer = (request, _, context) => request.Text.Contains("Text 3") ? LlmStub.SayAsync(context, """{"label":"neutral"}""") : LlmStub.SayAsync(context, null, refusal: "no");
        Use(stub.Endpoint);
        var json = (await RunAsync("sentiment", "eval", Rows, "--json")).Succeeds().Json;
        Assert.Equal((10, 9, 0.1), (json.GetProperty("rows").GetInt32(), json.GetProperty("unscored").GetInt32(), json.GetProperty("accuracy").GetDouble()));
        Assert.Equal(10, stub.Requests.Count);

        var points = (await RunAsync("model", "route", "--report", Rows, "--models", "lexicon,llama", "--json")).Succeeds().Json;
        Assert.Equal(20, stub.Requests.Count);
        Assert.Equal(0, points[0].GetProperty("tokens_per_text").GetDouble());
        Assert.Equal(57, points[13].GetProperty("tokens_per_text").GetDouble());

        Assert.Contains("takes 16 texts at a time", (await RunAsync("bench", "classify", "--texts", "200")).Fails(ExitCode.Usage).Error);
        Assert.Equal(20, stub.Requests.Count);
    }

    [Fact]
    public async Task Texts_without_a_score_have_their_reason_in_the_file_and_are_counted_by_it()
    {
        await using var stub = await LlmStub.StartAsync();
        stub.Answer = (request, _, context) => request.Text switch
        {
            var text when text.Contains("Text 1 of") => LlmStub.SayAsync(context, null, refusal: "I will not judge this."),
            var text when text.Contains("Text 2 of") || text.Contains("Text 3 of") => LlmStub.SayAsync(context, """{"label":"splendid","confidence":0.9}"""),
            _ => LlmStub.SayAsync(context, """{"label":"neutral","confidence":0.9}"""),
        };
        Use(stub.Endpoint);
        var wrong = Path.Combine(_folder, "wrong.csv");
        var json = (await RunAsync("sentiment", "eval", Rows, "--errors", wrong, "--json")).Succeeds().Json;

        Assert.Equal(3, json.GetProperty("unscored").GetInt32());
        Assert.Equal("""{"Refused":1,"WrongLabel":2}""", json.GetProperty("unscored_by").GetRawText());
        var lines = await File.ReadAllLinesAsync(wrong, Token);
        Assert.Equal("line,text,entity,label,predicted,negative,neutral,positive,reason,detail", lines[0]);
        Assert.Equal(["Refused", "WrongLabel", "WrongLabel"], lines[1..].Select(l => l.Split(',')[8]).Order());
        Assert.Contains("I will not judge this", lines.Single(l => l.Contains(",Refused,")));
        Assert.Contains("Refused 1, WrongLabel 2", (await RunAsync("sentiment", "eval", Rows, "--errors", wrong)).Succeeds().Error);

        // What a person wrote is kept.
        Write("wrong.csv", "my notes\n");
        Assert.Contains("--replace", (await RunAsync("sentiment", "eval", Rows, "--errors", wrong)).Fails(ExitCode.Usage).Error);
        Assert.Equal("my notes\n", await File.ReadAllTextAsync(wrong, Token));
        (await RunAsync("sentiment", "eval", Rows, "--errors", wrong, "--replace")).Succeeds();
        Assert.StartsWith("line,text,", await File.ReadAllTextAsync(wrong, Token));
    }

    [Fact]
    public async Task Report_of_a_cascade_tells_for_how_many_texts_a_model_gave_no_score()
    {
        await using var stub = await LlmStub.StartAsync();
        stub.Answer = (request, _, context) => Enumerable.Range(1, 4).Any(i => request.Text.Contains($"Text {i} of"))
            ? LlmStub.SayAsync(context, null, refusal: "no") : LlmStub.SayAsync(context, """{"label":"neutral","confidence":0.9}""");
        Use(stub.Endpoint);
        var points = (await RunAsync("model", "route", "--report", Rows, "--models", "lexicon,llama", "--json")).Succeeds().Json;
        Assert.Equal((0.4, 0d), (points[13].GetProperty("unscored").GetProperty("llama").GetDouble(), points[13].GetProperty("unscored").GetProperty("lexicon").GetDouble()));
        var table = (await RunAsync("model", "route", "--report", Rows, "--models", "lexicon,llama")).Succeeds().Out;
        Assert.Contains("no score by llama", table);
        Assert.DoesNotContain("no score by lexicon", table);
    }

    [Fact]
    public async Task Server_that_is_down_is_unavailable_and_no_unexpected_failure()
    {
        Use("http://127.0.0.1:1/v1");
        var error = (await RunAsync("sentiment", "eval", Rows, "--json")).Fails(ExitCode.Unavailable).ErrorJson;
        Assert.Equal("model", error.GetProperty("kind").GetString());
        Assert.Contains("127.0.0.1:1", error.GetProperty("message").GetString());
    }

    [Theory]
    [InlineData(500, "{}", "answered 500: {}")]
    [InlineData(401, "", "answered 401.")]
    [InlineData(404, "no such model", "answered 404: no such model")]
    [InlineData(400, "unknown response_format", "answered 400: unknown response_format")]
    [InlineData(307, "", "answered 307, which sends requests on")]
    [InlineData(200, "<html>", "no JSON object")]
    public async Task Server_that_answers_otherwise_is_unavailable_with_its_words(int status, string body, string told)
    {
        await using var stub = await LlmStub.StartAsync();
        stub.Answer = (_, _, context) => status == 200 ? LlmStub.RawAsync(context, body) : LlmStub.FailAsync(context, status, body);
        Use(stub.Endpoint);
        var error = (await RunAsync("sentiment", "eval", Rows, "--json")).Fails(ExitCode.Unavailable).ErrorJson;
        if (status != 200) Assert.Contains(told, error.GetProperty("message").GetString());
        Assert.Contains("Scoring:Llm", error.GetProperty("mend").GetString());
    }

    [Fact]
    public async Task Answer_that_is_too_long_is_told_without_words_of_the_library()
    {
        await using var stub = await LlmStub.StartAsync();
        stub.Answer = (_, _, context) => LlmStub.RawAsync(context, new string('x', 2 << 20));
        Use(stub.Endpoint);
        Assert.Contains("more than 1 MiB", (await RunAsync("sentiment", "eval", Rows)).Fails(ExitCode.Unavailable).Error);
    }

    [Fact(Timeout = 180_000)]
    public async Task What_goes_to_this_machine_passes_no_proxy()
    {
        await using var proxy = await LlmStub.StartAsync();
        Use("http://127.0.0.1:1/v1", ", \"ApiKey\": \"sk-secret\"");
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "Bellwether.App"), ["--data", _folder, "sentiment", "eval", Rows, "--json"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["http_proxy"] = new Uri(proxy.Endpoint).GetLeftPart(UriPartial.Authority), ["no_proxy"] = "" },
        };
        using var process = Process.Start(start)!;
        var said = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(Token), process.StandardError.ReadToEndAsync(Token));
        await process.WaitForExitAsync(Token);
        Assert.True(process.ExitCode == ExitCode.Unavailable, $"exit code {process.ExitCode}: {string.Concat(said)}");
        Assert.Empty(proxy.Requests);
    }
}
