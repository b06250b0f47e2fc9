using System.CommandLine;
using Bellwether.App.Commands;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Commands;

public sealed class CommandLineTests
{
    static readonly Screen Nowhere = new(TextWriter.Null, TextWriter.Null, () => Stream.Null);

    public static TheoryData<string> Commands => [.. Walk(CommandLine.Build(Nowhere, new()), "").Where(c => c.Path.Length > 0).Select(c => c.Path)];

    static IEnumerable<(string Path, Command Command)> Walk(Command command, string path)
    {
        yield return (path, command);
        foreach (var child in command.Subcommands.Where(child => !child.Hidden))
            foreach (var below in Walk(child, path.Length == 0 ? child.Name : $"{path} {child.Name}")) yield return below;
    }

    static Verb Find(string path) => (Verb)path.Split(' ').Aggregate((Command)CommandLine.Build(Nowhere, new()), (c, name) => c.Subcommands.Single(s => s.Name == name));

    [Theory, MemberData(nameof(Commands))]
    public async Task Help_shows_examples_and_exit_codes(string path)
    {
        var help = (await Cli.RunAsync([.. path.Split(' '), "--help"])).Succeeds().Out;
        Assert.NotEmpty(Find(path).Examples);
        foreach (var example in Find(path).Examples) Assert.Contains($"  bellwether {example}", help);
        foreach (var (code, meaning) in ExitCode.All) Assert.Matches($@"\b{code}\s+{System.Text.RegularExpressions.Regex.Escape(meaning)}", help);
    }

    [Theory, MemberData(nameof(Commands))]
    public void Every_example_parses(string path)
    {
        foreach (var example in Find(path).Examples)
        {
            var line = ShellWords.Split(example).TakeWhile(w => w is not (">" or "<")).ToArray();
            var parsed = CommandLine.Build(Nowhere, new()).Parse(line);
            Assert.True(parsed.Errors.Count == 0, $"{example}: {string.Join(' ', parsed.Errors.Select(e => e.Message))}");
            Assert.StartsWith(path.Split(' ')[0], example);
        }
    }

    [Theory, MemberData(nameof(Commands))]
    public void Every_command_option_and_argument_is_described(string path)
    {
        var verb = Find(path);
        Assert.False(string.IsNullOrWhiteSpace(verb.Description));
        foreach (var symbol in verb.Options.Cast<Symbol>().Concat(verb.Arguments)) Assert.False(string.IsNullOrWhiteSpace(symbol.Description), symbol.Name);
    }

    [Theory, MemberData(nameof(Commands))]
    public void Page_of_the_command_line_names_every_command_and_option(string path)
    {
        var page = File.ReadAllText(Repository.File("docs", "cli.md"));
        Assert.Contains($"bellwether {path}", page);
        foreach (var option in Find(path).Options) Assert.Contains($"`{option.Name}", page);
    }

    [Fact]
    public void Page_of_the_command_line_names_every_exit_code()
    {
        var page = File.ReadAllText(Repository.File("docs", "cli.md"));
        foreach (var (code, meaning) in ExitCode.All) Assert.Contains($"| {code} | {meaning} |", page);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("")]
    [InlineData("ingest")]
    [InlineData("nonsense --help")]
    [InlineData("model nonsense -h")]
    [InlineData("ingest a.csv --type poem")]
    [InlineData("sql \"select 1\" --format pdf")]
    [InlineData("dlq show seven")]
    [InlineData("dlq list --limit 0")]
    [InlineData("sentiment AAPL --as-of yesterday")]
    [InlineData("sentiment history AAPL --interval 5parsecs")]
    [InlineData("demo --events 0")]
    public async Task Wrong_usage_exits_2_with_one_sentence_and_the_way_to_help(string line)
    {
        var result = (await Cli.RunAsync([.. ShellWords.Split(line)])).Fails(ExitCode.Usage);
        Assert.Empty(result.Out);
        Assert.StartsWith("bellwether: ", result.Error);
        Assert.Contains("--help", result.Error);
        Assert.Single(result.Error.TrimEnd().Split('\n'));
    }

    [Theory]
    [InlineData("bogus")]
    [InlineData("export")]
    [InlineData("model lst")]
    public async Task Help_for_a_command_that_there_is_not_is_told_as_without_the_wish_for_help(string line)
    {
        var (plain, help) = (await Cli.RunAsync(line.Split(' ')), await Cli.RunAsync([.. line.Split(' '), "--help"]));
        Assert.Equal((plain.Code, plain.Error, ""), (help.Code, help.Error, help.Out));
    }

    [Theory, MemberData(nameof(Commands))]
    public async Task Help_tells_no_default_twice(string path)
    {
        var help = (await Cli.RunAsync([.. path.Split(' '), "--help"])).Succeeds().Out.ReplaceLineEndings("\n");
        // What is told of an option may go on in further lines, which begin with more blanks than the option does.
        foreach (var entry in System.Text.RegularExpressions.Regex.Split(help, @"\n  (?=\S)"))
            Assert.True(entry.Split("[default:").Length <= 2, entry);
    }

    [Theory, MemberData(nameof(Commands))]
    public async Task What_cannot_be_read_is_told_without_internals(string path)
    {
        string[] inner = ["System.", "expected type", "Bellwether.", "`1", "\t"];
        var verb = Find(path);
        foreach (var option in verb.Options.Where(o => o.ValueType != typeof(bool)))
        {
            string[] line = [.. path.Split(' '), option.Name, "~nonsense"];
            // Only what is refused: a name that may be anything would be looked for.
            if (CommandLine.Build(Nowhere, new()).Parse(line).Errors.Count == 0) continue;
            var error = (await Cli.RunAsync(line)).Fails(ExitCode.Usage).Error;
            Assert.All(inner, word => Assert.DoesNotContain(word, error));
        }
        foreach (var argument in verb.Arguments)
        {
            string[] line = [.. path.Split(' '), .. Enumerable.Repeat("~nonsense", verb.Arguments.Count)];
            if (CommandLine.Build(Nowhere, new()).Parse(line).Errors.Count == 0) continue;
            var error = (await Cli.RunAsync(line)).Fails(ExitCode.Usage).Error;
            Assert.All(inner, word => Assert.DoesNotContain(word, error));
        }
    }

    [Theory, MemberData(nameof(Commands))]
    public void Every_file_that_a_command_writes_is_tried_out_first(string path)
    {
        foreach (var option in Find(path).Options.Where(o => o.Name is "--out" or "--html" or "--plot"))
            foreach (var place in new[] { "/nowhere-at-all/a.parquet", "/nowhere-at-all/a.html", "/nowhere-at-all/a.svg" })
            {
                var errors = CommandLine.Build(Nowhere, new()).Parse([.. path.Split(' '), .. path == "confluence" ? (string[])["X"] : [], option.Name, place]).Errors.Select(e => e.Message).ToArray();
                Assert.Contains(errors, e => e.StartsWith($"{option.Name}: '{place}' cannot be written: ", StringComparison.Ordinal));
            }
    }

    [Theory, MemberData(nameof(Commands))]
    public async Task Number_that_is_none_is_told_by_name(string path)
    {
        foreach (var option in Find(path).Options.Where(o => (Nullable.GetUnderlyingType(o.ValueType) ?? o.ValueType) is { IsPrimitive: true } type && type != typeof(bool)))
        {
            var error = (await Cli.RunAsync([.. path.Split(' '), option.Name, "12x", "--json"])).Fails(ExitCode.Usage).ErrorJson.GetProperty("message").GetString()!;
            Assert.Matches($"{option.Name}: '12x' is (no|not a) ", error);
            Assert.DoesNotContain("System.", error);
        }
    }

    [Fact]
    public async Task Words_that_may_stand_there_are_told_in_one_line()
    {
        var error = (await Cli.RunAsync("sql", "select 1", "--format", "pdf")).Fails(ExitCode.Usage).Error;
        Assert.DoesNotContain('\t', error);
        Assert.Matches("'table', |'csv', ", error);
    }

    [Fact]
    public async Task Wrong_usage_with_json_is_an_error_object()
    {
        var error = (await Cli.RunAsync("ingest", "--json")).Fails(ExitCode.Usage).ErrorJson;
        Assert.Equal("usage", error.GetProperty("kind").GetString());
        Assert.Equal(2, error.GetProperty("exit_code").GetInt32());
        Assert.Contains("FILE", error.GetProperty("message").GetString());
    }

    [Theory]
    [InlineData("sql \"select 1\" --format parquet", "--out")]
    [InlineData("ingest a.csv --delimiter ;;", "one character")]
    [InlineData("ingest a.csv --map nonsense=a", "not a field")]
    [InlineData("sentiment history 'NO WAY!'", "ticker")]
    [InlineData("serve --roles cook", "not a role")]
    [InlineData("serve --urls http://0.0.0.0:0", "token")]
    public async Task Wrong_values_are_refused_before_a_database_is_started(string line, string says)
    {
        var folder = TestFolder.Create("usage");
        try
        {
            var result = (await Cli.RunAsync(["--data", folder, .. ShellWords.Split(line)])).Fails(ExitCode.Usage);
            Assert.Contains(says, result.Error);
            Assert.Empty(Directory.EnumerateFileSystemEntries(folder));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Unknown_setting_names_the_file()
    {
        var folder = TestFolder.Create("settings");
        try
        {
            File.WriteAllText(Path.Combine(folder, "bellwether.json"), """{ "Scorring": { "HalfLifeSeconds": 60 } }""");
            var result = (await Cli.RunAsync("--data", folder, "sentiment")).Fails(ExitCode.Usage);
            Assert.Contains("Scorring", result.Error);
            Assert.Contains("bellwether.json", result.Error);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Database_that_cannot_be_reached_exits_4_without_a_stack_trace()
    {
        var result = (await Cli.RunAsync("--data", Path.GetTempPath(), "--postgres", "Host=127.0.0.1;Port=1;Database=x;Username=x;Password=hush", "sentiment"))
            .Fails(ExitCode.Unavailable);
        Assert.DoesNotContain("   at ", result.Error);
        Assert.DoesNotContain("hush", result.Error);
    }

    [Fact]
    public async Task Cancelled_before_it_began_exits_130()
    {
        using var stop = new CancellationTokenSource();
        await stop.CancelAsync();
        var folder = TestFolder.Create("cancel");
        var result = await Cli.RunAsync(["--data", folder, "sentiment"], TimeProvider.System, stop.Token);
        Directory.Delete(folder, recursive: true);
        result.Fails(ExitCode.Interrupted);
    }

    [Theory]
    [InlineData("bash", "complete -o default -F _bellwether bellwether")]
    [InlineData("zsh", "#compdef bellwether")]
    [InlineData("fish", "complete -c bellwether")]
    public async Task Completion_script_asks_the_program(string shell, string says)
    {
        var script = (await Cli.RunAsync("completions", shell)).Succeeds().Out;
        Assert.Contains(says, script);
        Assert.Contains("[suggest:", script);
    }

    [Theory]
    [InlineData("bellwether sent", "sentiment")]
    [InlineData("bellwether ingest --ty", "--type")]
    [InlineData("bellwether ingest --type ", "filing")]
    [InlineData("bellwether sentiment h", "history")]
    [InlineData("bellwether serve --roles ", "scheduler")]
    public async Task Completion_suggests_what_may_follow(string typed, string expected) =>
        Assert.Contains(expected, (await Cli.RunAsync($"[suggest:{typed.Length}]", typed)).Succeeds().Out.Split('\n', StringSplitOptions.TrimEntries));

    [Theory]
    [InlineData("bellwether ")]
    [InlineData("bellwether serve ")]
    public async Task Completion_offers_no_word_that_begins_with_a_slash(string typed) =>
        Assert.DoesNotContain((await Cli.RunAsync($"[suggest:{typed.Length}]", typed)).Succeeds().Out.Split('\n', StringSplitOptions.TrimEntries), w => w.StartsWith('/'));

    [Theory]
    [InlineData("--requests-per-second", "0")]
    [InlineData("--max-request-bytes", "5")]
    [InlineData("--sql-max-bytes", "5")]
    [InlineData("--database-timeout", "-1")]
    [InlineData("--database-timeout", "7000")]
    [InlineData("--sql-timeout", "NaN")]
    public async Task Limit_of_the_server_out_of_range_is_named_as_it_was_given(string option, string value)
    {
        var failed = (await Cli.RunAsync("serve", option, value)).Fails(ExitCode.Usage);
        Assert.Contains($"{option} must be", failed.Error);
    }

    [Fact]
    public async Task Version_tells_program_schema_and_runtime()
    {
        var json = (await Cli.RunAsync("version", "--json")).Succeeds().Json;
        Assert.Matches(@"^\d+\.\d+\.\d+$", json.GetProperty("version").GetString());
        Assert.Equal(Bellwether.Storage.Migration.Shipped.Count, json.GetProperty("schema").GetInt32());
    }

    [Fact]
    public async Task Doctor_lists_what_it_found_and_changes_nothing()
    {
        var folder = Path.Combine(Path.GetTempPath(), $"bellwether-doctor-{Guid.NewGuid():N}");
        var json = (await Cli.RunAsync("--data", folder, "doctor", "--json")).Json;
        Assert.Contains("PostgreSQL", json.GetProperty("findings").EnumerateArray().Select(f => f.GetProperty("name").GetString()!).Aggregate("", (a, n) => a + n));
        Assert.False(Directory.Exists(folder));
    }
}
