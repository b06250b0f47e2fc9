using Bellwether.App;
using Bellwether.Tests.Commands;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Settings;

/// <summary>A setting that cannot be is told with its key, its value, what is allowed and where it stands.</summary>
public sealed class SettingsErrorTests : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("bellwether-settings-").FullName;

    string SettingsFile => Path.Combine(_folder, DeskOptions.FileName);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    string ErrorOf(string json)
    {
        File.WriteAllText(SettingsFile, json);
        return Assert.Throws<DeskOptionsException>(() => DeskOptions.Load(_folder, new Dictionary<string, string?>())).Message;
    }

    static string Rule(string field) => $$"""
        { "Scoring": { "Routing": { "Rules": [
          { "Name": "first", "Priority": "high", "Models": ["lexicon"] },
          { "Name": "second", "Models": ["lexicon"],
            {{field}} } ] } } }
        """;

    [Theory]
    [InlineData("\"Priority\": \"urgent\"", "Scoring:Routing:Rules:1:Priority is 'urgent'", "Standard or High")]
    [InlineData("\"Type\": \"blog\"", "Scoring:Routing:Rules:1:Type is 'blog'", "News, Tweet, Reddit or Filing")]
    [InlineData("\"DeferBelow\": \"x\"", "Scoring:Routing:Rules:1:DeferBelow is 'x'", "a number")]
    [InlineData("\"MinCharacters\": -4", "MinCharacters is -4", "0 or more")]
    [InlineData("\"MinCharacters\": 1.5", "Scoring:Routing:Rules:1:MinCharacters is '1.5'", "a whole number")]
    [InlineData("\"Defer\": 1", "no setting Scoring:Routing:Rules:1:Defer ", "DeferBelow")]
    [InlineData("\"Type\": { \"a\": 1 }", "Scoring:Routing:Rules:1:Type has settings within it", "News")]
    public void Field_of_a_rule_is_named_with_its_line_and_what_is_allowed(string field, string named, string allowed)
    {
        var error = ErrorOf(Rule(field));
        Assert.Contains(named, error);
        Assert.Contains(allowed, error);
        Assert.Contains($"{SettingsFile}, line 4", error);
    }

    [Theory]
    [InlineData("""{ "Scoring": { "Routing": { "Limits": { "lexicon": { "Timeout": "banana" } } } } }""", "Scoring:Routing:Limits:lexicon:Timeout is 'banana'", "00:00:30")]
    [InlineData("""{ "Scoring": { "Routing": { "Limits": { "lexicon": { "Concurrent": 0 } } } } }""", "Scoring:Routing:Limits:lexicon:Concurrent is 0", "1 to 1024")]
    [InlineData("""{ "Scoring": { "HalfLifeSeconds": -1 } }""", "Scoring:HalfLifeSeconds is -1", "0.001 to infinity")]
    [InlineData("""{ "Scoring": { "Modles": "x" } }""", "no setting Scoring:Modles", "did you mean Model?")]
    [InlineData("""{ "Wombat": 1 }""", "no setting Wombat", "known there: DataDirectory")]
    [InlineData("""{ "Scoring": { "Llm": { "llama": { "Endpoint": "http://127.0.0.1:1/v1" } } } }""", "Scoring:Llm:llama:Model is missing", "")]
    [InlineData("""{ "Scoring": { "Llm": { "llama": { "Endpoint": "http://127.0.0.1:1/v1", "Model": "m", "Tries": 99 } } } }""", "Scoring:Llm:llama:Tries is 99", "1 to 20")]
    [InlineData("""{ "Scoring": "classifier" }""", "Scoring is a single value", "Model")]
    [InlineData("""{ "WatchedTickers": "AAPL" }""", "WatchedTickers is a single value", "a list")]
    [InlineData("""{ "LakeThreads": 0 }""", "LakeThreads is 0", "1 to 256")]
    [InlineData("""{ "HotStore": { "Kind": "7" } }""", "HotStore:Kind is '7'", "Redis")]
    [InlineData("""{ "HotStore": { "Redis": { "Database": 70000 } } }""", "HotStore:Redis:Database is 70000", "0 to 65535")]
    [InlineData("""{ "Aggregation": { "Reliability": { "Twitter": "no" } } }""", "Aggregation:Reliability:Twitter is 'no'", "a number")]
    public void Setting_is_named_with_its_value_and_what_is_allowed(string json, string named, string allowed)
    {
        var error = ErrorOf(json);
        Assert.Contains(named, error);
        Assert.Contains(allowed, error);
        // What is not there has no place.
        if (!named.EndsWith("is missing")) Assert.Contains($"{SettingsFile}, line 1", error);
    }

    [Fact]
    public void All_that_is_wrong_is_told_at_once()
    {
        var error = ErrorOf("""
            { "LakeThreads": "many",
              "LakeSealExternal": "perhaps" }
            """);
        Assert.Contains("line 1", error);
        Assert.Contains("line 2", error);
        Assert.Contains("true or false", error);
    }

    [Fact]
    public void Broken_file_is_told_with_its_line_and_without_words_of_the_library()
    {
        var error = ErrorOf("{\n  \"Scoring\": {\n    \"Model\": }\n}");
        Assert.Contains($"{SettingsFile}, line 3: this is not JSON", error);
        Assert.DoesNotContain("BytePosition", error);
    }

    [Fact]
    public void Secret_is_never_told()
    {
        const string Secret = "s3cr3t-value";
        foreach (var json in (string[])[
            $$"""{ "Scoring": { "Llm": { "llama": { "ApiKye": "{{Secret}}" } } } }""", $$"""{ "HotStore": { "Redis": "{{Secret}}" } }""",
            $$"""{ "Postgres": { "Host": "{{Secret}}" } }""", $$"""{ "EventLog": { "Kind": "Kafka", "Kafka": { "User": "u", "Password": "{{Secret}}" } } }"""])
            Assert.DoesNotContain(Secret, ErrorOf(json));
    }

    [Fact]
    public async Task Environment_variable_is_named_as_it_is_written()
    {
        var program = Path.Combine(AppContext.BaseDirectory, "Bellwether.App");
        Task<(int Code, string Output)> RunAsync(string variable) => Programs.RunAsync("env", variable, program, "--data", _folder, "model", "list");

        var format = await RunAsync("BELLWETHER__SCORING__LLM__LLAMA__FORMAT=xml");
        Assert.Equal(2, format.Code);
        Assert.Contains("Format is 'xml' (environment variable BELLWETHER__SCORING__LLM__LLAMA__FORMAT). It must be JsonSchema, JsonObject or Text.", format.Output);
        Assert.Contains("environment variable BELLWETHER__SCORNIG__MODEL); did you mean Scoring?", (await RunAsync("BELLWETHER__SCORNIG__MODEL=lexicon")).Output);
        Assert.Contains("environment variable RETENTION_CLEANUP_SCHEDULE_HOURS", (await RunAsync("RETENTION_CLEANUP_SCHEDULE_HOURS=often")).Output);
    }

    [Fact]
    public void Relative_classifier_file_lies_beside_the_settings()
    {
        File.WriteAllText(SettingsFile, """{ "Scoring": { "ClassifierFile": "models/my.bin" } }""");
        Assert.Equal(Path.Combine(_folder, "models/my.bin"), DeskOptions.Load(_folder, new Dictionary<string, string?>()).Scoring.ClassifierFile);
    }
}
