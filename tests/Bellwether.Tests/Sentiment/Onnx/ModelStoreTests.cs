using Bellwether.App.Bench;
using Bellwether.Engines.Onnx;
using Bellwether.Sentiment.Classifier;
using Bellwether.Sentiment.Onnx;

namespace Bellwether.Tests.Sentiment.Onnx;

public sealed class ModelStoreTests
{
    static CancellationToken Token => TestContext.Current.CancellationToken;

    static async Task<string> RefusedAsync(BertExport export, string? labels = null)
    {
        var error = await Assert.ThrowsAsync<ModelFileException>(() => export.AddAsync(labels: labels));
        Assert.Empty(export.Store.Names);
        // Nothing half done stays.
        Assert.Empty(Directory.Exists(export.Store.Directory) ? Directory.EnumerateFileSystemEntries(export.Store.Directory) : []);
        return error.Message;
    }

    [Fact]
    public async Task Added_model_is_copied_whole_and_found_again()
    {
        using var export = new BertExport();
        using (var added = await export.AddAsync())
        {
            Directory.Delete(export.Folder, recursive: true);
            var stored = export.Store.Get("finbert");
            Assert.Equal(["config.json", "model.onnx", "tokenizer_config.json", "vocab.txt"], stored.Files.Select(f => f.Name).Order());
            using var again = BertModel.Load(stored, BertExport.Options);
            Assert.Equal(await added.ScoreAsync(["profit rose"], Token), await again.ScoreAsync(["profit rose"], Token));
            Assert.Equal((added.Version, "fp32", false), (again.Version, stored.Precision, stored.Alone));
        }
        export.Store.Remove("finbert");
        Assert.Empty(export.Store.Names);
        Assert.Contains("no model of that name", Assert.Throws<ModelFileException>(() => export.Store.Get("finbert")).Message);
    }

    [Fact]
    public async Task Weights_beside_the_graph_are_taken_along_and_those_elsewhere_are_not_read()
    {
        using var export = new BertExport(BertExport.Small with { WeightsFile = "model.onnx.data" });
        using var whole = new BertExport();
        using var model = await export.AddAsync();
        using var same = await whole.AddAsync();
        Assert.Contains("model.onnx.data", export.Store.Get("finbert").Files.Select(f => f.Name));
        Assert.Equal(await same.ScoreAsync(["profit rose"], Token), await model.ScoreAsync(["profit rose"], Token));

        using var lost = new BertExport(BertExport.Small with { WeightsFile = "model.onnx.data" });
        File.Delete(lost["model.onnx.data"]);
        Assert.Contains("model.onnx.data: there is no such file", await RefusedAsync(lost));
        using var outside = new BertExport(BertExport.Small with { WeightsFile = "../weights" });
        Assert.Contains("'../weights', which is not beside it", await RefusedAsync(outside));
    }

    [Fact]
    public async Task Linked_model_stays_where_it_is_and_is_refused_when_it_changes()
    {
        using var export = new BertExport();
        (await export.AddAsync(link: true)).Dispose();
        Assert.Equal(export.Folder, export.Store.Get("finbert").Folder);
        Assert.Equal(["model.json"], Directory.EnumerateFiles(Path.Combine(export.Store.Directory, "finbert")).Select(f => Path.GetFileName(f)));
        File.WriteAllText(export["config.json"], File.ReadAllText(export["config.json"]).Replace("\"0\": \"positive\", \"1\": \"negative\"", "\"0\": \"negative\", \"1\": \"positive\""));
        Assert.Contains("not what it was", Assert.Throws<ModelFileException>(() => BertModel.Load(export.Store.Get("finbert"), BertExport.Options)).Message);
        export.Store.Remove("finbert");
        Assert.True(File.Exists(export["model.onnx"]));
    }

    [Fact]
    public async Task Name_that_is_taken_is_given_up_only_on_demand()
    {
        using var export = new BertExport();
        (await export.AddAsync()).Dispose();
        Assert.Contains("added before", (await Assert.ThrowsAsync<ModelFileException>(() => export.AddAsync())).Message);
        (await export.AddAsync(replace: true)).Dispose();
        (await export.AddAsync(name: "tone")).Dispose();
        Assert.Equal(["finbert", "tone"], export.Store.Names);
    }

    [Theory]
    [InlineData("model.onnx")]
    [InlineData("vocab.txt")]
    public async Task Stored_file_that_is_cut_off_or_altered_or_gone_is_refused(string file)
    {
        using var export = new BertExport();
        (await export.AddAsync()).Dispose();
        var path = Path.Combine(export.Store.Directory, "finbert", file);
        var bytes = await File.ReadAllBytesAsync(path, Token);
        await File.WriteAllBytesAsync(path, bytes[..(bytes.Length / 2)], Token);
        Assert.Contains("cut off or altered", Load());
        bytes[bytes.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(path, bytes, Token);
        Assert.Contains("not what it was", Load());
        File.Delete(path);
        Assert.Contains("no such file any more", Load());

        string Load() => Assert.Throws<ModelFileException>(() => BertModel.Load(export.Store.Get("finbert"), BertExport.Options)).Message;
    }

    [Fact]
    public async Task Export_that_lacks_a_file_is_refused()
    {
        foreach (var file in (string[])["model.onnx", "vocab.txt", "config.json"])
        {
            using var export = new BertExport();
            File.Delete(export[file]);
            Assert.Contains(file, await RefusedAsync(export));
        }
        using var bpe = new BertExport();
        File.Delete(bpe["vocab.txt"]);
        File.WriteAllText(bpe["merges.txt"], "");
        Assert.Contains("another kind of tokenizer", await RefusedAsync(bpe));
    }

    [Fact]
    public async Task Graph_that_is_no_classifier_of_texts_is_refused_with_the_reason()
    {
        using var wrongName = new BertExport(BertExport.Small with { IdsName = "tokens" });
        Assert.Contains("no input 'input_ids'", await RefusedAsync(wrongName));
        using var wrongClasses = new BertExport(BertExport.Small with { Classes = 5 });
        Assert.Contains("has 5 classes, config.json names 3", await RefusedAsync(wrongClasses));
        using var deaf = new BertExport(BertExport.Small with { HeedsMask = false });
        Assert.Contains("does not heed attention_mask", await RefusedAsync(deaf));
        using var cut = new BertExport();
        await File.WriteAllBytesAsync(cut["model.onnx"], (await File.ReadAllBytesAsync(cut["model.onnx"], Token))[..5_000], Token);
        Assert.Contains("cut off", await RefusedAsync(cut));
        using var small = new BertExport();
        File.AppendAllText(small["vocab.txt"], "more\n");
        Assert.Contains("the model knows", await RefusedAsync(small));
    }

    [Theory]
    [InlineData(null, 1)]
    [InlineData(null, 2)]
    [InlineData(null, 100_000)]
    [InlineData(5_000, null)]
    [InlineData(1_000, 60_000)]
    public async Task Graph_of_sizes_that_cannot_be_is_refused(int? texts, int? tokens)
    {
        using var export = new BertExport(BertExport.Small with { FixedTexts = texts, FixedTokens = tokens });
        Assert.Contains(texts is null || tokens is null ? "exported for exactly" : "have more than", await RefusedAsync(export));
    }

    [Fact]
    public async Task Settings_that_promise_longer_texts_than_the_model_takes_are_found_out_at_once()
    {
        using var export = new BertExport(BertExport.Small with { Positions = 128 });
        File.WriteAllText(export["config.json"], File.ReadAllText(export["config.json"]).Replace("\"max_position_embeddings\": 128", "\"max_position_embeddings\": 512"));
        Assert.Contains("cannot score a text of 512 tokens", await RefusedAsync(export));
    }

    [Fact]
    public async Task Model_that_gave_way_when_a_process_was_killed_is_still_there()
    {
        using var export = new BertExport();
        using var model = await export.AddAsync();
        var (place, replaced) = (Path.Combine(export.Store.Directory, "finbert"), Path.Combine(export.Store.Directory, ".replaced-finbert"));
        // As a kill between the two steps of a replacement leaves it.
        Directory.Move(place, replaced);
        Assert.Equal(["finbert"], export.Store.Names);
        using (var again = BertModel.Load(export.Store.Get("finbert"), BertExport.Options)) Assert.Equal(model.Version, again.Version);
        Assert.Contains("added before", (await Assert.ThrowsAsync<ModelFileException>(() => export.AddAsync())).Message);

        (await export.AddAsync(replace: true)).Dispose();
        Assert.Equal([place], Directory.EnumerateFileSystemEntries(export.Store.Directory));

        // And as one after them does: the new one counts, and both go.
        CopyOf(place, replaced);
        export.Store.Remove("finbert");
        Assert.Empty(export.Store.Names);

        static void CopyOf(string from, string to)
        {
            Directory.CreateDirectory(to);
            foreach (var file in Directory.EnumerateFiles(from)) File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        }
    }

    [Fact]
    public async Task Replacement_that_fails_leaves_the_model_that_was()
    {
        using var export = new BertExport();
        (await export.AddAsync()).Dispose();
        var added = export.Store.Get("finbert").Added;
        Assert.ThrowsAny<IOException>(() => export.Store.Publish(Path.Combine(export.Store.Directory, "no such draft"), "finbert"));
        Assert.Equal(added, export.Store.Get("finbert").Added);
        Assert.Equal(["finbert"], Directory.EnumerateDirectories(export.Store.Directory).Select(Path.GetFileName));
    }

    [Fact]
    public async Task Drafts_of_processes_that_were_killed_go_after_a_day()
    {
        using var export = new BertExport();
        var (old, young) = (Path.Combine(export.Store.Directory, ".draft-old"), Path.Combine(export.Store.Directory, ".draft-young"));
        foreach (var draft in (string[])[old, young]) Directory.CreateDirectory(draft);
        Directory.SetLastWriteTimeUtc(old, TimeProvider.System.GetUtcNow().UtcDateTime.AddDays(-2));
        (await export.AddAsync()).Dispose();
        Assert.Equal([".draft-young", "finbert"], Directory.EnumerateDirectories(export.Store.Directory).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("\"files\": [", "\"files\": null, \"was\": [")]
    [InlineData("\"files\": [", "\"files\": [null, ")]
    [InlineData("\"source\":", "\"source\": null, \"was\":")]
    public async Task Description_with_holes_is_refused(string part, string by)
    {
        using var export = new BertExport();
        (await export.AddAsync()).Dispose();
        var file = Path.Combine(export.Store.Directory, "finbert", StoredModel.FileName);
        var text = await File.ReadAllTextAsync(file, Token);
        Assert.Contains(part, text);
        await File.WriteAllTextAsync(file, text.Replace(part, by), Token);
        Assert.Contains("cannot be read", Assert.Throws<ModelFileException>(() => export.Store.Get("finbert")).Message);
    }

    [Fact]
    public async Task Session_that_is_given_back_while_it_computes_ends_what_it_has_begun()
    {
        using var export = new BertExport(BertExport.Small with { Hidden = 256, Intermediate = 1_024, Layers = 4, Positions = 256, Spread = 0.02f });
        await OnnxTestLibrary.RequireAsync();
        OnnxInput Of(string name, long value) => new(name, Enumerable.Repeat(value, 32 * 200).ToArray(), [32, 200]);
        OnnxInput[] inputs = [Of("input_ids", 5), Of("attention_mask", 1), Of("token_type_ids", 0)];
        float[] expected;
        using (var session = new OnnxSession(export["model.onnx"], new(1))) expected = session.Run(inputs, "logits", Token).Values;
        for (var i = 0; i < 5; i++)
        {
            var session = new OnnxSession(export["model.onnx"], new(1));
            var begun = new TaskCompletionSource();
            var running = Task.Run(() =>
            {
                begun.SetResult();
                return session.Run(inputs, "logits", Token).Values;
            }, Token);
            await begun.Task;
            await Task.Delay(TimeSpan.FromMilliseconds(i), TimeProvider.System, Token);
            session.Dispose();
            try
            {
                Assert.Equal(expected, await running);
            }
            catch (ObjectDisposedException)
            {
                // It was given back before it had begun.
            }
        }
    }

    [Fact]
    public async Task Session_tells_what_the_runtime_says()
    {
        await OnnxTestLibrary.RequireAsync();
        using var export = new BertExport();
        using var session = new OnnxSession(export["model.onnx"], new(1));
        Assert.Equal(["input_ids", "attention_mask", "token_type_ids"], session.Inputs.Select(i => i.Name));
        Assert.Equal("logits float[?, 3]", session.Outputs.Single().ToString());
        Assert.Equal(OnnxType.Int64, session.Inputs[0].Type);
        Assert.Equal([-1, -1], session.Inputs[0].Dimensions);
        OnnxInput Of(string name, long value, params long[] shape) => new(name, new[] { value }, shape);
        Assert.Contains("no input 'ids'", Assert.Throws<OnnxException>(() => session.Run([Of("ids", 1, 1, 1), Of("input_ids", 1, 1, 1), Of("attention_mask", 1, 1, 1), Of("token_type_ids", 0, 1, 1)], "logits", Token)).Message);
        Assert.Contains("attention_mask", Assert.Throws<OnnxException>(() => session.Run([Of("input_ids", 1, 1, 1)], "logits", Token)).Message);
        // A piece that the table does not have.
        var beyond = Assert.Throws<OnnxException>(() => session.Run([Of("input_ids", 9_999, 1, 1), Of("attention_mask", 1, 1, 1), Of("token_type_ids", 0, 1, 1)], "logits", Token));
        Assert.Contains("out of", beyond.Message);
        Assert.Throws<ArgumentException>(() => session.Run([Of("input_ids", 1, 1, 2), Of("attention_mask", 1, 1, 1), Of("token_type_ids", 0, 1, 1)], "logits", Token));
        var ok = session.Run([Of("input_ids", 2, 1, 1), Of("attention_mask", 1, 1, 1), Of("token_type_ids", 0, 1, 1)], "logits", Token);
        Assert.Equal([1, 3], ok.Shape);
        session.Dispose();
        Assert.Throws<ObjectDisposedException>(() => session.Run([], "logits", Token));
        await File.WriteAllTextAsync(export["model.onnx"], "no model", Token);
        Assert.Equal(OnnxError.InvalidProtobuf, Assert.Throws<OnnxException>(() => new OnnxSession(export["model.onnx"], new(1))).Code);
    }
}
