using System.Text.RegularExpressions;
using Bellwether.App;
using Bellwether.App.Commands;
using Bellwether.Tests.Commands;
using Bellwether.Tests.Support;
using static Bellwether.Tests.Deploy.DeployFiles;

namespace Bellwether.Tests.Deploy;

/// <summary>The files of deploy/, as far as they can be checked without running containers.</summary>
public sealed partial class DeployTests
{
    static string Deploy(params string[] parts) => DeployFiles.Of(parts);

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

    /// <summary>Where each engine keeps its data is said, and is a volume: else it goes with the container.</summary>
    [Theory]
    [InlineData("postgres", "PGDATA")]
    [InlineData("kafka", "KAFKA_LOG_DIRS")]
    [InlineData("objects", "server")]
    [InlineData("prometheus", "--storage.tsdb.path=")]
    [InlineData("grafana", "GF_PATHS_DATA")]
    public void Every_engine_keeps_its_data_on_its_volume(string name, string setting)
    {
        var compose = Assert.Single(Documents("compose.yaml"));
        var service = At(compose, "services", name);
        var words = service.GetValueOrDefault("command") is List<object> list ? list.Select(w => $"{w}").ToList() : [];
        var path = service.GetValueOrDefault("environment") is Dictionary<object, object> values && Text(values, setting) is { } value ? value
            : words.Find(w => w.StartsWith(setting, StringComparison.Ordinal) && w.Length > setting.Length)?[setting.Length..]
                ?? words[words.IndexOf(setting) + 1];
        var volumes = ((List<object>)service["volumes"]).Select(v => $"{v}".Split(':')).Where(v => v[0] == name).ToArray();
        Assert.Equal([name, path], Assert.Single(volumes));
        Assert.Contains(name, At(compose, "volumes").Keys);
    }

    [Fact]
    public void Every_volume_is_that_of_an_engine_whose_path_is_checked() => Assert.Equal(
        At(Assert.Single(Documents("compose.yaml")), "volumes").Keys.Select(k => $"{k}").Order(),
        typeof(DeployTests).GetMethod(nameof(Every_engine_keeps_its_data_on_its_volume))!.GetCustomAttributes(typeof(InlineDataAttribute), false)
            .Select(a => $"{((InlineDataAttribute)a).Data[0]}").Order());

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
}
