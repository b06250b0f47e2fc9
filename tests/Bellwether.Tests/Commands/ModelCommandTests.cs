using System.Text.Json;
using Bellwether.Sentiment.Classifier;

namespace Bellwether.Tests.Commands;

public sealed class ModelCommandTests : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("bellwether-model-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    Task<CliResult> RunAsync(params string[] args) => Cli.RunAsync(["--data", _folder, .. args]);

    string Write(string name, string content)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, content);
        return path;
    }

    // Enough of each class for a classifier to be trained; no two alike.
    string Headlines(string name = "set.csv") => Write(name, "text,label\n" + string.Concat(Enumerable.Range(0, 40).Select(i =>
        $"Acme {i} shares jump on strong orders,positive\nAcme {i} shares sink on weak orders,negative\nAcme {i} holds its meeting in May,neutral\n")));

    [Fact]
    public async Task List_tells_which_models_are_sound_and_which_is_used()
    {
        var models = (await RunAsync("model", "list", "--json")).Succeeds().Json.EnumerateArray().ToArray();
        Assert.Equal(["classifier", "lexicon"], models.Select(m => m.GetProperty("name").GetString()));
        Assert.All(models, m => Assert.True(m.GetProperty("sound").GetBoolean()));
        Assert.Equal([true, false], models.Select(m => m.GetProperty("used").GetBoolean()));

        Write("bellwether.json", $$"""{ "Scoring": { "ClassifierFile": "{{Write("bad.bin", "no model")}}" } }""");
        var bad = (await RunAsync("model", "list", "--json")).Succeeds().Json[0];
        Assert.False(bad.GetProperty("sound").GetBoolean());
        Assert.Contains("no classifier file", bad.GetProperty("problem").GetString());
        Assert.Contains("bad.bin", (await RunAsync("model", "show", "--json")).Fails(3).ErrorJson.GetProperty("message").GetString());
    }

    [Theory]
    [InlineData("cut.bin", "not usable")]
    [InlineData("none.bin", "no such model file")]
    [InlineData("", "this is a folder, not a model file. Look")]
    public async Task Doctor_tells_what_list_tells_of_a_classifier_file_that_cannot_be_used(string file, string says)
    {
        if (file == "cut.bin")
        {
            var whole = Path.Combine(_folder, file);
            (await RunAsync("model", "train", "--data", Headlines(), "--out", whole)).Succeeds();
            await File.WriteAllBytesAsync(whole, (await File.ReadAllBytesAsync(whole, TestContext.Current.CancellationToken))[..5_000], TestContext.Current.CancellationToken);
        }
        Write("bellwether.json", $$"""{ "Scoring": { "ClassifierFile": "{{Path.Combine(_folder, file)}}" } }""");
        var listed = (await RunAsync("model", "list", "--json")).Succeeds().Json[0].GetProperty("problem").GetString()!;
        var (status, told) = await DoctorOnModelsAsync();
        Assert.Equal(("warning", true), (status, told.Contains(listed)));
        Assert.Contains(says, told);
        Assert.DoesNotContain("..", told);
        Assert.DoesNotContain("Everything needed", (await RunAsync("doctor")).Out);
    }

    [Fact]
    public async Task Doctor_tells_which_models_score_and_which_there_is_not()
    {
        var sound = await DoctorOnModelsAsync();
        Assert.Equal("ok", sound.Status);
        Assert.StartsWith("classifier ", sound.Detail);
        Write("bellwether.json", """{ "Scoring": { "Model": "nosuch" } }""");
        var missing = await DoctorOnModelsAsync();
        Assert.Equal("warning", missing.Status);
        Assert.StartsWith("nosuch is not usable: ", missing.Detail);
    }

    async Task<(string? Status, string Detail)> DoctorOnModelsAsync()
    {
        var found = (await RunAsync("doctor", "--json")).Json.GetProperty("findings").EnumerateArray().Single(f => f.GetProperty("name").GetString() == "models");
        return (found.GetProperty("status").GetString(), found.GetProperty("detail").GetString()!);
    }

    [Fact]
    public async Task List_tells_limits_of_a_model_that_there_is_not()
    {
        Write("bellwether.json", """{ "Scoring": { "Routing": { "Limits": { "classifer": { "Concurrent": 2 } } } } }""");
        Assert.Contains("limits for the model 'classifer'", (await RunAsync("model", "list", "--json")).Succeeds().Error);
        Write("bellwether.json", """{ "Scoring": { "Routing": { "Limits": { "classifier": { "Concurrent": 2 } } } } }""");
        Assert.Empty((await RunAsync("model", "list", "--json")).Succeeds().Error);
    }

    [Fact]
    public async Task Show_prints_data_licence_figures_and_limits()
    {
        var text = (await RunAsync("model", "show")).Succeeds().Out;
        Assert.All(new[] { "data: ", "MIT", "licence: ", "accuracy", "ece", "limit: " }, part => Assert.Contains(part, text));
        var json = (await RunAsync("model", "show", "classifier", "--json")).Succeeds().Json;
        Assert.Equal("classifier", json.GetProperty("name").GetString());
        Assert.True(json.GetProperty("metrics").GetArrayLength() > 4);
        Assert.Contains("lexicon", (await RunAsync("model", "show", "lexicon")).Succeeds().Out);
        Assert.Contains("no model 'finbert'", (await RunAsync("model", "show", "finbert")).Fails(2).Error);
    }

    [Fact]
    public async Task Training_is_reproducible_and_its_file_can_be_used()
    {
        var (data, first, second) = (Headlines(), Path.Combine(_folder, "a.bin"), Path.Combine(_folder, "b.bin"));
        var answer = (await RunAsync("model", "train", "--data", data, "--out", first, "--licence", "mine", "--json")).Succeeds().Json;
        (await RunAsync("model", "train", "--data", data, "--out", second, "--licence", "mine", "--json")).Succeeds();

        Assert.Equal(await File.ReadAllBytesAsync(first, TestContext.Current.CancellationToken), await File.ReadAllBytesAsync(second, TestContext.Current.CancellationToken));
        var card = JsonDocument.Parse(await File.ReadAllTextAsync(first + ".json", TestContext.Current.CancellationToken)).RootElement;
        Assert.Equal(answer.GetProperty("input_hash").GetString(), card.GetProperty("input_hash").GetString());
        Assert.Equal(120, card.GetProperty("data")[0].GetProperty("rows").GetInt32());
        Assert.Equal("mine", card.GetProperty("data")[0].GetProperty("licence").GetString());
        Assert.True(ClassifierModel.Load(first).Score("Acme shares jump on strong orders").Score > 0.3);
        var measured = (await RunAsync("sentiment", "eval", data, "--model", first, "--json")).Succeeds().Json;
        Assert.InRange(measured.GetProperty("accuracy").GetDouble(), 0.95, 1);
    }

    [Fact]
    public async Task Training_tells_the_version_and_what_texts_it_was()
    {
        var file = Path.Combine(_folder, "a.bin");
        var told = (await RunAsync("model", "train", "--data", Headlines(), "--out", file)).Succeeds().Out;
        Assert.StartsWith($"classifier {ClassifierModel.Load(file).Version}: ", told);
        Assert.Contains("limit: Trained on texts of 31 to 36 characters", told);
    }

    [Fact]
    public async Task Training_without_a_class_or_with_scores_is_refused()
    {
        var two = (await RunAsync("model", "train", "--data", Write("two.csv", "text,label\na,positive\nb,negative\n"), "--out", Path.Combine(_folder, "x.bin"))).Fails(3).Error;
        Assert.Contains("none of the 2 texts is neutral", two);
        var scores = (await RunAsync("model", "train", "--data", Write("scores.csv", "text,score\na,0.5\nb,-0.5\n"), "--out", Path.Combine(_folder, "x.bin"))).Fails(3).Error;
        Assert.Contains("scores.csv: it has scores", scores);
        // Nothing is said of a card that there will not be, and each file is named once.
        Assert.All(new[] { two, scores }, error => Assert.DoesNotContain("figures of the card", error));
        Assert.Single(System.Text.RegularExpressions.Regex.Matches(scores, "scores\\.csv"));
        Assert.False(File.Exists(Path.Combine(_folder, "x.bin")));
    }

    [Fact]
    public async Task Place_of_a_model_is_looked_at_before_anything_is_trained()
    {
        var (data, other) = (Headlines(), Write("notes.txt", "my notes"));
        Task<CliResult> TrainAsync(string path, params string[] more) => RunAsync(["model", "train", "--data", data, "--out", path, .. more]);

        var none = (await TrainAsync(Path.Combine(_folder, "none", "e.bin"))).Fails(2).Error;
        Assert.Contains("there is no folder", none);
        Assert.DoesNotContain("fold 1", none);
        Assert.Contains("it is a folder", (await TrainAsync(_folder)).Fails(2).Error);
        Assert.Contains("is no classifier", (await TrainAsync(other)).Fails(2).Error);
        Assert.Equal("my notes", File.ReadAllText(other));
        (await TrainAsync(other, "--replace")).Succeeds();
        // One classifier may take the place of another.
        Assert.Contains("120 rows", (await TrainAsync(other)).Succeeds().Error);
        Assert.Contains("whoever trained it", (await RunAsync("model", "show", other)).Succeeds().Out);
    }

    [Fact]
    public async Task Too_few_rows_of_a_class_are_refused() => Assert.Contains("1 negative, 1 neutral, 1 positive",
        (await RunAsync("model", "train", "--data", Write("three.csv", "text,label\na,positive\nb,negative\nc,neutral\n"), "--out", Path.Combine(_folder, "x.bin"))).Fails(3).Error);

    [Fact]
    public async Task Evaluation_on_the_texts_that_were_trained_on_says_so_and_one_can_be_compared_with_the_shipped_one()
    {
        var (data, mine) = (Headlines(), Path.Combine(_folder, "mine.bin"));
        (await RunAsync("model", "train", "--data", data, "--out", mine)).Succeeds();
        var known = (await RunAsync("sentiment", "eval", data, "--model", mine, "--json")).Succeeds();
        Assert.True(known.Json.GetProperty("trained_on").GetBoolean());
        Assert.Contains("trained on this very file", known.Error);
        var fresh = (await RunAsync("sentiment", "eval", data, "--json")).Succeeds();
        Assert.False(fresh.Json.GetProperty("trained_on").GetBoolean());
        Assert.DoesNotContain("trained on", fresh.Error);
        Assert.Equal(JsonValueKind.Null, (await RunAsync("sentiment", "eval", data, "--model", "lexicon", "--json")).Succeeds().Json.GetProperty("trained_on").ValueKind);

        var points = (await RunAsync("model", "route", "--report", data, "--models", $"classifier,{mine}", "--json")).Succeeds().Json;
        Assert.Equal(2, points[0].GetProperty("asked").EnumerateObject().Count());
        Assert.DoesNotContain("Parameter", (await RunAsync("model", "route", "--report", Write("s.csv", "text,score\na,0.5\nb,-0.5\n"))).Fails(2).Error);
    }

    [Fact]
    public async Task Evaluation_tells_an_interval_and_the_rows_that_are_wrong()
    {
        var (file, wrong) = (Write("four.csv", "text,label\nAcme beats estimates and raises guidance,positive\nAcme misses estimates and cuts guidance,positive\n"
            + "\"Acme, once more, will publish its report on Tuesday.\",neutral\nAcme shares sink on weak orders,negative\n"), Path.Combine(_folder, "wrong.csv"));
        var json = (await RunAsync("sentiment", "eval", file, "--errors", wrong, "--json")).Succeeds().Json;
        Assert.Equal(0.75, json.GetProperty("accuracy").GetDouble());
        // Three of four, by Wilson's formula.
        Assert.Equal([0.3006, 0.9544], json.GetProperty("accuracy_interval").EnumerateArray().Select(v => v.GetDouble()));
        var lines = File.ReadAllLines(wrong);
        Assert.Equal("line,text,entity,label,predicted,negative,neutral,positive,reason,detail", lines[0]);
        Assert.StartsWith("3,Acme misses estimates and cuts guidance,,positive,negative,0.", Assert.Single(lines.Skip(1)));
        Assert.Contains("is the file that is measured on", (await RunAsync("sentiment", "eval", file, "--errors", file)).Fails(2).Error);
        Assert.Contains("--errors", (await RunAsync("sentiment", "eval", file, "--errors", _folder)).Fails(2).Error);

        var scores = Write("scores.csv", "text,score\nAcme shares sink on weak orders,0.5\nAcme shares sink,0.05\nAcme beats estimates,0.7\n");
        (await RunAsync("sentiment", "eval", scores, "--errors", wrong)).Succeeds();
        Assert.StartsWith("2,Acme shares sink on weak orders,,0.5,-0.", Assert.Single(File.ReadAllLines(wrong).Skip(1)));
    }

    [Fact]
    public async Task Evaluation_answers_by_the_contract()
    {
        var file = Write("tweets.csv", "id,body,mood\n1,Acme beats estimates and raises guidance,1\n2,Acme misses estimates and cuts guidance,0\n3,Acme will publish its report on Tuesday.,2\n");
        var json = (await RunAsync("sentiment", "eval", file, "--text", "body", "--label", "mood", "--labels", "negative=0,positive=1,neutral=2", "--json")).Succeeds().Json;

        Assert.Equal(["rows", "accuracy", "macro_f1", "weighted_f1", "per_class", "confusion", "ece", "texts_per_second"], json.EnumerateObject().Take(8).Select(p => p.Name));
        Assert.Equal(3, json.GetProperty("rows").GetInt32());
        Assert.Equal(1, json.GetProperty("accuracy").GetDouble());
        Assert.Equal(1, json.GetProperty("per_class").GetProperty("positive").GetProperty("support").GetInt32());
        Assert.Equal(1, json.GetProperty("confusion")[0][0].GetInt32());
        Assert.Equal("classifier", json.GetProperty("model").GetString());
        Assert.Contains("accuracy 100", (await RunAsync("sentiment", "eval", file, "--text", "body", "--label", "mood", "--labels", "negative=0,positive=1,neutral=2")).Succeeds().Out);
        Assert.Contains("--labels", (await RunAsync("sentiment", "eval", file, "--text", "body", "--label", "mood")).Fails(3).Error);
        Assert.Contains("'title'", (await RunAsync("sentiment", "eval", file, "--text", "title")).Fails(2).Error);
    }

    [Fact]
    public async Task Evaluation_of_scores_gives_error_correlation_and_sign()
    {
        var file = Write("scores.json", """[{"title":"Acme beats estimates, shares jump","sentiment":0.7},{"title":"Acme misses estimates, shares sink","sentiment":-0.6},{"title":"Acme meets","sentiment":0.01}]""");
        var json = (await RunAsync("sentiment", "eval", file, "--json", "--model", "lexicon")).Succeeds().Json;
        Assert.Equal((3, 2, 1.0), (json.GetProperty("rows").GetInt32(), json.GetProperty("sign_rows").GetInt32(), json.GetProperty("sign_agreement").GetDouble()));
        Assert.InRange(json.GetProperty("correlation").GetDouble(), 0.5, 1);
        Assert.Contains("--folds needs classes", (await RunAsync("sentiment", "eval", file, "--folds", "3")).Fails(2).Error);
    }

    [Fact]
    public async Task Folds_measure_texts_that_were_not_trained_on()
    {
        var json = (await RunAsync("sentiment", "eval", Headlines(), "--folds", "4", "--json")).Succeeds().Json;
        Assert.Equal((120, 4), (json.GetProperty("rows").GetInt32(), json.GetProperty("folds").GetInt32()));
        Assert.InRange(json.GetProperty("accuracy").GetDouble(), 0.9, 1);
        // Labels drawn by lot cannot be learned, unless a text is in two folds.
        var random = new Bellwether.Analytics.Text.SplitMix(5);
        var texts = Enumerable.Range(0, 150).Select(i => $"Word{random.Next(1000)} word{random.Next(1000)} thing{i},{new[] { "positive", "negative", "neutral" }[random.Next(3)]}").ToArray();
        var noise = (await RunAsync("sentiment", "eval", Write("noise.csv", "text,label\n" + string.Join('\n', texts.Concat(texts))), "--folds", "4", "--json")).Succeeds().Json;
        Assert.InRange(noise.GetProperty("accuracy").GetDouble(), 0, 0.55);
    }

    [Fact]
    public async Task Bench_tells_speed_and_allocation()
    {
        var json = (await RunAsync("bench", "classify", "--texts", "2000", "--json")).Succeeds().Json;
        Assert.Equal("classifier", json.GetProperty("model").GetString());
        Assert.InRange(json.GetProperty("bytes_per_text").GetDouble(), 1, 1_024);
        Assert.True(json.GetProperty("texts_per_second").GetDouble() > 0);
    }
}
