using System.Text.RegularExpressions;
using Bellwether.App;
using Bellwether.App.Commands;
using Bellwether.Tests.Commands;
using Bellwether.Tests.Support;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.Serialization;

namespace Bellwether.Tests.Deploy;

/// <summary>The files of deploy/, as far as they can be checked without running containers.</summary>
public sealed partial class DeployTests
{
    static string Deploy(params string[] parts) => Repository.File(["deploy", .. parts]);

    public static TheoryData<string> Manifests => [.. Directory.EnumerateFiles(Deploy(), "*.y*ml", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(Deploy(), f)).Order()];

    [Theory, MemberData(nameof(Manifests))]
    public void Every_manifest_is_sound_YAML(string file) => Assert.NotEmpty(Documents(file));

    [Theory]
    [InlineData("compose.yaml")]
    [InlineData("kubernetes/bellwether.yaml")]
    public void Every_setting_is_one_that_the_program_knows_and_takes(string file)
    {
        var settings = new Dictionary<string, string?>();
        foreach (var (name, value) in Scalars(Documents(file)))
            if (name.StartsWith("BELLWETHER__", StringComparison.Ordinal)) settings[name["BELLWETHER__".Length..].Replace("__", ":", StringComparison.Ordinal)] = value;
        Assert.True(settings.Count > 8, string.Join(", ", settings.Keys));
        var secrets = TestFolder.Create("deploy");
        try
        {
            var secret = Path.Combine(secrets, "secret");
            File.WriteAllText(secret, "a secret that is none\n");
            // Mounted files are not here; that they are named is what counts.
            foreach (var (name, value) in settings.ToArray())
                if (value is ['/', ..]) settings[name] = secret;
            var options = DeskOptions.Load(secrets, settings);
            Assert.Equal(("Kafka", "Redis"), ($"{options.EventLog.Kind}", $"{options.HotStore.Kind}"));
            Assert.StartsWith("s3://", options.Lake);
            Assert.StartsWith("Host=", options.Postgres);
        }
        finally
        {
            Directory.Delete(secrets, recursive: true);
        }
    }

    [Theory]
    [InlineData("compose.yaml", "command", 3)]
    [InlineData("kubernetes/bellwether.yaml", "args", 3)]
    public void Every_command_line_is_one_that_the_program_takes(string file, string key, int count)
    {
        var lines = Lists(Documents(file), key).Where(l => l.FirstOrDefault() == "serve").ToArray();
        Assert.Equal(count, lines.Length);
        var root = CommandLine.Build(new Screen(TextWriter.Null, TextWriter.Null, () => Stream.Null), new());
        Assert.All(lines, line => Assert.Empty(root.Parse(line).Errors));
        // Together the roles are the whole program.
        Assert.Equal(["api", "lake", "scheduler", "worker"], lines.SelectMany(l => l[l.IndexOf("--roles") + 1].Split(',')).Order());
    }

    [Theory]
    [InlineData("bellwether.service")]
    [InlineData("bellwether@.service")]
    public async Task Every_unit_passes_the_check_of_systemd_and_starts_what_exists(string unit)
    {
        var text = await File.ReadAllTextAsync(Deploy("systemd", unit), TestContext.Current.CancellationToken);
        var line = Assert.Single(text.Split('\n'), l => l.StartsWith("ExecStart=", StringComparison.Ordinal))["ExecStart=".Length..];
        var words = ShellWords.Split(line.Replace("%i", "worker", StringComparison.Ordinal));
        Assert.Empty(CommandLine.Build(new Screen(TextWriter.Null, TextWriter.Null, () => Stream.Null), new()).Parse(words.Skip(1).ToArray()).Errors);
        if (!Programs.Has("systemd-analyze")) return;
        var folder = TestFolder.Create("units");
        try
        {
            var file = Path.Combine(folder, unit.Replace("@.", "@worker.", StringComparison.Ordinal));
            await File.WriteAllTextAsync(file, text.Replace("/opt/bellwether/Bellwether.App", "/bin/true", StringComparison.Ordinal), TestContext.Current.CancellationToken);
            var (code, output) = await Programs.RunAsync("systemd-analyze", "verify", "--man=no", file);
            // Which of its own services a machine lacks is not the unit's matter.
            Assert.DoesNotContain(output.Split('\n'), l => l.Contains("bellwether", StringComparison.Ordinal) && !l.Contains("user", StringComparison.OrdinalIgnoreCase));
            Assert.True(code == 0 || output.Length > 0);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void The_image_is_made_of_what_is_there()
    {
        var lines = File.ReadAllLines(Deploy("container", "Containerfile"));
        foreach (var line in lines.Where(l => l.StartsWith("COPY ", StringComparison.Ordinal) && !l.Contains("--from", StringComparison.Ordinal)))
            foreach (var source in line.Split(' ')[1..^1])
                Assert.True(Path.Exists(Repository.File(source)), $"{line}: there is no {source}");
        foreach (Match fetch in Fetch().Matches(string.Join('\n', lines)))
            Assert.Contains($"  {fetch.Groups[1].Value})", File.ReadAllText(Repository.File("engines", "fetch")));
        Assert.Contains(lines, l => l == "USER bellwether");
    }

    [Fact]
    public void Containers_run_without_rights_and_within_limits_and_are_probed()
    {
        var pods = Documents("kubernetes/bellwether.yaml").Where(d => Text(d, "kind") == "Deployment").Select(d => At(d, "spec", "template", "spec")).ToArray();
        Assert.Equal(3, pods.Length);
        Assert.All(pods, pod =>
        {
            Assert.Equal("true", Text(At(pod, "securityContext"), "runAsNonRoot"));
            var container = (Dictionary<object, object>)Assert.Single((List<object>)pod["containers"]);
            Assert.Equal("false", Text(At(container, "securityContext"), "allowPrivilegeEscalation"));
            Assert.Superset(new HashSet<object> { "cpu", "memory" }, At(container, "resources", "limits").Keys.ToHashSet());
            Assert.Equal(("/health/live", "/health/ready"), (Text(At(container, "livenessProbe", "httpGet"), "path"), Text(At(container, "readinessProbe", "httpGet"), "path")));
        });
    }

    [Fact]
    public void No_secret_stands_in_a_manifest()
    {
        foreach (var file in Directory.EnumerateFiles(Deploy(), "*", SearchOption.AllDirectories).Where(f => !f.Contains("/secrets/", StringComparison.Ordinal)))
            foreach (var (line, number) in File.ReadAllLines(file).Select((l, i) => (l, i + 1)))
                Assert.False(Secret().IsMatch(line), $"{file}:{number}: {line}");
    }

    // A password that is neither named by file, nor computed, nor the word PASSWORD.
    [GeneratedRegex("""(?i)(password|secret_access_key|token)\s*[=:]\s*(?!PASSWORD|SECRET|at least|\$|/|"?\$|\[|\{|%s|.*_FILE|.*__FILE)["']?[A-Za-z0-9]{8,}["']?\s*$""")]
    private static partial Regex Secret();

    [GeneratedRegex(@"engines/fetch (\w+) ")]
    private static partial Regex Fetch();

    static IReadOnlyList<Dictionary<object, object>> Documents(string file)
    {
        using var reader = new StreamReader(Deploy(file.Split('/')));
        var parser = new MergingParser(new Parser(reader));
        var (yaml, documents) = (new DeserializerBuilder().Build(), new List<Dictionary<object, object>>());
        parser.Consume<StreamStart>();
        while (parser.Accept<DocumentStart>(out _)) documents.Add(yaml.Deserialize<Dictionary<object, object>>(parser));
        return documents;
    }

    static IEnumerable<(string Name, string Value)> Scalars(object? node) => node switch
    {
        Dictionary<object, object> map => map.SelectMany(p => p.Value is string text ? [($"{p.Key}", text)] : Scalars(p.Value)),
        IEnumerable<object> list => list.SelectMany(Scalars),
        _ => [],
    };

    static IEnumerable<List<string>> Lists(object? node, string key) => node switch
    {
        Dictionary<object, object> map => map.SelectMany(p =>
            $"{p.Key}" == key && p.Value is List<object> list ? [[.. list.Select(i => $"{i}")]] : $"{p.Key}".StartsWith("x-", StringComparison.Ordinal) ? [] : Lists(p.Value, key)),
        IEnumerable<object> list => list.SelectMany(i => Lists(i, key)),
        _ => [],
    };

    static Dictionary<object, object> At(Dictionary<object, object> map, params string[] path) =>
        path.Aggregate(map, (at, name) => (Dictionary<object, object>)at[name]);

    static string? Text(Dictionary<object, object> map, string name) => map.GetValueOrDefault(name) as string;
}
