using System.Text.Json;
using Bellwether.App.Bench;
using Bellwether.Tests.Sentiment.Llm;
using Bellwether.Tests.Sentiment.Onnx;

namespace Bellwether.Tests.Commands;

public sealed class ModelAddCommandTests : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("bellwether-model-add-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    Task<CliResult> RunAsync(params string[] args) => Cli.RunAsync(["--data", _folder, .. args]);

    [Fact]
    public async Task Model_is_added_listed_shown_measured_and_removed()
    {
        await OnnxTestLibrary.RequireAsync();
        using var export = new BertExport();
        var added = (await RunAsync("model", "add", "finbert", "--path", export.Folder, "--json")).Succeeds().Json;
        Assert.Equal(("finbert", "fp32", "0 positive, 1 negative, 2 neutral", 32), (added.GetProperty("name").GetString(), added.GetProperty("precision").GetString(), added.GetProperty("labels").GetString(), added.GetProperty("max_tokens").GetInt32()));
        Assert.Equal(1, added.GetProperty("positive").GetDouble() + added.GetProperty("neutral").GetDouble() + added.GetProperty("negative").GetDouble(), 1e-5);
        Assert.InRange(added.GetProperty("drift").GetDouble(), 0, 1e-5);
        Assert.Equal(Bellwether.Sentiment.Onnx.ModelStore.TrialSentence, added.GetProperty("sentence").GetString());

        Assert.Contains("added before", (await RunAsync("model", "add", "finbert", "--path", export.Folder)).Fails(3).Error);
        var text = (await RunAsync("model", "add", "bert", "--path", export.Folder, "--name", "tone", "--labels", "negative=0,positive=1,neutral=2")).Succeeds().Out;
        Assert.All(new[] { "tone 1.", "fp32", "0 negative, 1 positive, 2 neutral", "input_ids int64[?, ?]", "positive 0.", "Scoring" }, part => Assert.Contains(part, text));

        var listed = (await RunAsync("model", "list", "--json")).Succeeds().Json.EnumerateArray().ToArray();
        Assert.Equal(["classifier", "lexicon", "finbert", "tone"], listed.Select(m => m.GetProperty("name").GetString()));
        Assert.All(listed, m => Assert.True(m.GetProperty("sound").GetBoolean(), m.GetRawText()));
        Assert.Equal(added.GetProperty("version").GetString(), listed[2].GetProperty("version").GetString());
        Assert.Contains("precision: fp32", (await RunAsync("model", "show", "finbert")).Succeeds().Out);

        var file = Path.Combine(_folder, "set.csv");
        await File.WriteAllTextAsync(file, "text,label\nprofit rose,positive\nsales fell,negative\n", TestContext.Current.CancellationToken);
        var measured = (await RunAsync("sentiment", "eval", file, "--model", "finbert", "--json")).Succeeds().Json;
        Assert.Equal(("finbert", 2), (measured.GetProperty("model").GetString(), measured.GetProperty("rows").GetInt32()));

        await File.WriteAllTextAsync(Path.Combine(_folder, "bellwether.json"), """{ "Scoring": { "Model": "finbert", "Onnx": { "Threads": 1, "LongText": "truncate" } } }""", TestContext.Current.CancellationToken);
        Assert.Contains("--force", (await RunAsync("model", "remove", "finbert")).Fails(2).Error);
        (await RunAsync("model", "remove", "finbert", "--force")).Succeeds();
        (await RunAsync("model", "remove", "tone")).Succeeds();
        Assert.Contains("it is built in", (await RunAsync("model", "remove", "lexicon")).Fails(2).Error);
        // The one that is asked for and is not there is told of.
        var last = (await RunAsync("model", "list", "--json")).Succeeds().Json[2];
        Assert.Equal((true, false), (last.GetProperty("used").GetBoolean(), last.GetProperty("sound").GetBoolean()));
        Assert.Contains("no such model", last.GetProperty("problem").GetString());
    }

    [Fact]
    public async Task Export_that_cannot_be_used_is_refused_with_what_is_wrong_and_where()
    {
        await OnnxTestLibrary.RequireAsync();
        using var export = new BertExport(BertExport.Small with { IdsName = "tokens" });
        var error = (await RunAsync("model", "add", "finbert", "--path", export.Folder, "--json")).Fails(3).ErrorJson;
        Assert.Contains("no input 'input_ids'", error.GetProperty("message").GetString());
        Assert.Contains("docs/models-onnx.md", error.GetProperty("mend").GetString());
        Assert.DoesNotContain(".draft-", error.GetProperty("message").GetString());
        Assert.Contains(export["model.onnx"], error.GetProperty("message").GetString());
        Assert.Contains("no such folder", (await RunAsync("model", "add", "finbert", "--path", Path.Combine(_folder, "none"))).Fails(3).Error);
        Assert.Contains("--path", (await RunAsync("model", "add", "finbert")).Fails(2).Error);
        Assert.Contains("--name", (await RunAsync("model", "add", "bert", "--path", export.Folder, "--name", "../x")).Fails(2).Error);
        Assert.Contains("--name", (await RunAsync("model", "add", "bert", "--path", export.Folder, "--name", "lexicon")).Fails(2).Error);
    }

    [Fact]
    public async Task Errors_of_an_export_name_the_files_and_options_that_were_given()
    {
        await OnnxTestLibrary.RequireAsync();
        using var export = new BertExport();
        async Task<string> Error(int code, params string[] more) =>
            (await RunAsync(["model", "add", "bert", "--path", export.Folder, "--name", "tone", .. more])).Fails(code).Error.TrimEnd().Split('\n')[^1];

        var few = await Error(2, "--labels", "negative=1,positive=0");
        Assert.Contains("--labels: it names 2 classes", few);
        Assert.DoesNotContain("config.json", few);
        Assert.DoesNotContain("config.json", await Error(2, "--labels", "negative=0,positive=1,neutral=7"));

        (await RunAsync("model", "add", "bert", "--path", export.Folder, "--name", "tone")).Succeeds();
        await File.WriteAllTextAsync(Path.Combine(_folder, "models", "tone", "vocab.txt"), "x", TestContext.Current.CancellationToken);
        var problem = (await RunAsync("model", "list", "--json")).Succeeds().Json[2].GetProperty("problem").GetString()!;
        var command = problem[problem.IndexOf("bellwether model add", StringComparison.Ordinal)..].Split(' ');
        // What is told can be run.
        (await RunAsync([.. command.Skip(1)])).Succeeds();

        await File.WriteAllTextAsync(export["config.json"], "{ broken", TestContext.Current.CancellationToken);
        var broken = await Error(3, "--replace");
        Assert.Contains(export["config.json"], broken);
        Assert.DoesNotContain(".draft-", broken);
    }

    [Fact]
    public async Task List_tells_which_rules_use_a_model_and_stays_narrow()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "bellwether.json"), """
            { "Scoring": { "ClassifierFile": "/a/long/way/to/a/file/of/a/classifier/that/is/not/there/at/all.bin",
              "Routing": { "Rules": [ { "Name": "posts", "Type": "tweet", "Models": ["lexicon"] }, { "Name": "rest", "Models": ["lexicon", "classifier"] } ] } } }
            """, TestContext.Current.CancellationToken);
        var json = (await RunAsync("model", "list", "--json")).Succeeds().Json;
        Assert.Equal(["posts", "rest"], json[1].GetProperty("rules").EnumerateArray().Select(r => r.GetString()));
        var lines = (await RunAsync("model", "list")).Succeeds().Out.Split('\n');
        Assert.All(lines.Take(4), line => Assert.InRange(line.Length, 0, 150));
        Assert.Contains(lines, line => line.StartsWith("classifier") && line.Contains("by default; by rest") && line.Contains("not usable"));
        Assert.Contains(lines, line => line.StartsWith("classifier is not usable: /a/long"));
        Assert.StartsWith("lexicon", (await RunAsync("model", "show", "lexicon")).Succeeds().Out);
        Assert.Equal(json[1].GetProperty("version").GetString(), (await RunAsync("model", "show", "lexicon", "--json")).Succeeds().Json.GetProperty("version").GetString());
    }

    [Fact]
    public async Task Language_model_of_the_settings_is_listed_without_asking_it_and_its_key_is_not_shown()
    {
        await using var stub = await LlmStub.StartAsync();
        await File.WriteAllTextAsync(Path.Combine(_folder, "bellwether.json"),
            $$"""{ "Scoring": { "Llm": { "fingpt": { "Endpoint": "{{stub.Endpoint}}", "Model": "fingpt-v3", "ApiKey": "sk-secret", "Format": "text" } } } }""", TestContext.Current.CancellationToken);
        var listed = (await RunAsync("model", "list", "--json")).Succeeds();
        Assert.Equal("fingpt", listed.Json[2].GetProperty("name").GetString());
        Assert.StartsWith("fingpt-v3.", listed.Json[2].GetProperty("version").GetString());
        var shown = (await RunAsync("model", "show", "fingpt")).Succeeds();
        Assert.Contains("key: set", shown.Out);
        Assert.DoesNotContain("sk-secret", listed.Out + shown.Out);
        Assert.Empty(stub.Requests);

        stub.Answer = (request, _, context) => LlmStub.SayAsync(context, request.Text.Contains("rose") ? "positive" : "who knows");
        var file = Path.Combine(_folder, "set.csv");
        await File.WriteAllTextAsync(file, "text,label\nprofit rose,positive\nsales fell,negative\n", TestContext.Current.CancellationToken);
        var measured = (await RunAsync("sentiment", "eval", file, "--model", "fingpt", "--json")).Succeeds();
        Assert.Equal(0.5, measured.Json.GetProperty("accuracy").GetDouble());
        Assert.Contains("no score for 1 of the texts", measured.Error);
    }

    [Theory]
    [InlineData("""{ "Scoring": { "Llm": { "x": { "Endpoint": "http://127.0.0.1:1/v1" } } } }""", "Scoring:Llm:x:")]
    [InlineData("""{ "Scoring": { "Onnx": { "Threads": 0 } } }""", "Scoring:Onnx:")]
    [InlineData("""{ "Scoring": { "Onnx": { "Thread": 1 } } }""", "Thread")]
    [InlineData("""{ "Scoring": { "Model": "No Model" } }""", "Scoring:Model is 'No Model'")]
    public async Task Settings_that_cannot_be_are_refused_by_name(string settings, string expected)
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "bellwether.json"), settings, TestContext.Current.CancellationToken);
        Assert.Contains(expected, (await RunAsync("model", "list")).Fails(2).Error);
    }

    [Fact]
    public async Task Bench_compares_with_the_runtimes_own_calls()
    {
        await OnnxTestLibrary.RequireAsync();
        var json = (await RunAsync("bench", "onnx", "--texts", "40", "--rounds", "2", "--json")).Succeeds().Json;
        Assert.True(json.GetProperty("raw_seconds").GetDouble() > 0);
        Assert.Equal(json.GetProperty("seconds").GetDouble() / json.GetProperty("raw_seconds").GetDouble(), json.GetProperty("ratio").GetDouble(), 0.01);
        Assert.True(json.GetProperty("padded_tokens").GetInt32() >= json.GetProperty("tokens").GetInt32());
        Assert.Equal(("random-bert", 40), (json.GetProperty("model").GetString(), json.GetProperty("texts").GetInt32()));
    }
}
