using System.Diagnostics;
using Bellwether.App;
using Bellwether.App.Api;
using Bellwether.App.Commands;
using Bellwether.Tests.Commands;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Deploy;

/// <summary>The units, the parts that are added to them, and the settings beside them.</summary>
public sealed class SystemdTests
{
    const string Program = "/opt/bellwether/Bellwether.App", Credentials = "%d/";
    static readonly string[] Roles = ["api", "worker", "lake", "scheduler"];

    static string Folder => DeployFiles.Of("systemd");

    static IReadOnlyList<string> Parts => [.. Directory.EnumerateFiles(Path.Combine(Folder, "bellwether@.service.d")).Order()];

    [Fact]
    public async Task Every_unit_with_all_its_parts_passes_the_check_of_systemd_without_a_word()
    {
        var analyze = Programs.Require("systemd-analyze", "systemd");
        var folder = Copy();
        try
        {
            var units = Roles.Select(r => Path.Combine(folder, $"bellwether@{r}.service")).Append(Path.Combine(folder, "bellwether.service")).ToArray();
            var (code, output) = await Programs.RunAsync(analyze, ["verify", "--man=no", .. units]);
            // What a machine lacks of its own services is not the units' matter; all that is said of them names one of their files.
            Assert.DoesNotContain(output.Split('\n'), l => l.Contains("bellwether", StringComparison.Ordinal));
            Assert.True(code == 0, output);

            // The check sees what it is shown: a part with a mistake is told.
            await File.AppendAllTextAsync(Path.Combine(folder, "bellwether@.service.d", "s3.conf"), "LoadCredentials=none\n", TestContext.Current.CancellationToken);
            Assert.Contains("s3.conf", (await Programs.RunAsync(analyze, "verify", "--man=no", units[0])).Output);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>The units as they are, but for the program, which is not installed here; one file for each role.</summary>
    static string Copy()
    {
        var folder = TestFolder.Create("units");
        foreach (var file in Directory.EnumerateFiles(Folder, "*.service"))
            foreach (var name in file.Contains('@') ? Roles.Select(r => $"bellwether@{r}.service") : [Path.GetFileName(file)])
                File.WriteAllText(Path.Combine(folder, name), File.ReadAllText(file).Replace(Program, "/bin/true", StringComparison.Ordinal));
        Directory.CreateDirectory(Path.Combine(folder, "bellwether@.service.d"));
        foreach (var part in Parts) File.Copy(part, Path.Combine(folder, "bellwether@.service.d", Path.GetFileName(part)));
        return folder;
    }

    [Fact]
    public async Task The_user_of_the_units_is_one_that_sysusers_makes()
    {
        var sysusers = Programs.Require("systemd-sysusers", "systemd");
        var root = TestFolder.Create("sysusers");
        try
        {
            Directory.CreateDirectory(Path.Combine(root, "etc"));
            var (code, output) = await Programs.RunAsync(sysusers, $"--root={root}", Path.Combine(Folder, "sysusers.conf"));
            Assert.True(code == 0, output);
            var users = File.ReadLines(Path.Combine(root, "etc", "passwd")).Select(l => l.Split(':')[0]).ToArray();
            var groups = File.ReadLines(Path.Combine(root, "etc", "group")).Select(l => l.Split(':')[0]).ToArray();
            foreach (var unit in Directory.EnumerateFiles(Folder, "*.service"))
            {
                Assert.Contains(Value(unit, "User"), users);
                Assert.Contains(Value(unit, "Group"), groups);
                // Another user for each instance could not share a cache.
                Assert.DoesNotContain(File.ReadLines(unit), l => l.StartsWith("DynamicUser", StringComparison.Ordinal));
            }
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    [Theory]
    [InlineData("bellwether.service")]
    [InlineData("bellwether@.service")]
    public void Every_unit_starts_what_exists(string unit)
    {
        var words = ShellWords.Split(Value(Path.Combine(Folder, unit), "ExecStart").Replace("%i", "worker", StringComparison.Ordinal));
        Assert.Equal(Program, words.First());
        Assert.Empty(CommandLine.Build(new Screen(TextWriter.Null, TextWriter.Null, () => Stream.Null), new()).Parse(words.Skip(1).ToArray()).Errors);
    }

    [Fact]
    public void A_secret_is_named_by_the_path_at_which_systemd_puts_it()
    {
        var unit = Path.Combine(Folder, "bellwether@.service");
        Assert.Contains("--token-file ${CREDENTIALS_DIRECTORY}/token", Value(unit, "ExecStart"));
        Assert.Equal("token:/etc/bellwether/token", Value(unit, "LoadCredential"));
        Assert.Equal(["kafka.conf", "postgres.conf", "redis.conf", "s3.conf"], Parts.Select(Path.GetFileName));
        Assert.All(Parts, part =>
        {
            var secret = Value(part, "Environment").Split('=')[1];
            Assert.StartsWith(Credentials, secret);
            Assert.Equal($"{secret[Credentials.Length..]}:/etc/bellwether/{secret[Credentials.Length..]}", Value(part, "LoadCredential"));
        });
    }

    [Fact]
    public void The_settings_are_such_as_the_program_takes_and_name_no_file_that_only_root_can_read()
    {
        const string Prefix = "BELLWETHER__";
        var files = new[] { "environment" }.Concat(Roles.Select(r => $"{r}.environment")).Select(f => Path.Combine(Folder, "etc", f)).ToArray();
        var lines = files.SelectMany(File.ReadLines).Where(l => l.Length > 0 && l[0] != '#').ToArray();
        Assert.DoesNotContain(lines, l => l.Contains("/etc/", StringComparison.Ordinal));
        var secrets = TestFolder.Create("units");
        try
        {
            var secret = Path.Combine(secrets, "secret");
            File.WriteAllText(secret, "a secret that is none\n");
            var settings = lines.Concat(Parts.Select(p => Value(p, "Environment"))).Select(l => l.Split('=', 2)).Where(p => p[0].StartsWith(Prefix, StringComparison.Ordinal))
                .ToDictionary(p => p[0][Prefix.Length..].Replace("__", ":", StringComparison.Ordinal),
                    p => (string?)(p[1].StartsWith(Credentials, StringComparison.Ordinal) ? secret : p[1]));
            var options = DeskOptions.Load(secrets, settings);
            Assert.Equal(("Kafka", "Redis"), ($"{options.EventLog.Kind}", $"{options.HotStore.Kind}"));
            Assert.Equal((secret, secret, secret), (options.EventLog.Kafka.PasswordFile, options.HotStore.Redis.PasswordFile, options.LakeObjects.CredentialsFile));
        }
        finally
        {
            Directory.Delete(secrets, recursive: true);
        }
    }

    [Fact]
    public void Every_role_listens_at_a_port_of_its_own_that_other_machines_can_scrape()
    {
        Assert.Contains("EnvironmentFile=/etc/bellwether/%i.environment", File.ReadLines(Path.Combine(Folder, "bellwether@.service")));
        Assert.DoesNotContain("--urls", Value(Path.Combine(Folder, "bellwether@.service"), "ExecStart"));
        var urls = Roles.Select(r => Value(Path.Combine(Folder, "etc", $"{r}.environment"), ServeOptions.UrlsVariable)).ToArray();
        Assert.Equal(urls.Length, urls.Distinct().Count());
        Assert.All(urls, url =>
        {
            var options = new ServeOptions { Urls = ServeOptions.UrlsOf(url), Token = "0123456789abcdef" }.Resolve();
            Assert.StartsWith("http://0.0.0.0:", Assert.Single(options.Listen));
        });
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData(" ; ", null)]
    [InlineData("http://127.0.0.1:5081", "http://127.0.0.1:5081")]
    [InlineData("http://127.0.0.1:5081; http://[::1]:5081,http://10.0.0.1:80", "http://127.0.0.1:5081|http://[::1]:5081|http://10.0.0.1:80")]
    public void Addresses_of_the_environment_are_told_apart(string? text, string? urls) => Assert.Equal(urls?.Split('|'), ServeOptions.UrlsOf(text));

    [Fact]
    public async Task Serve_listens_where_the_environment_says_unless_its_command_line_says_otherwise()
    {
        // An address that is refused before anything is started tells where it would have listened.
        Assert.Contains("http://0.0.0.0:5999", await RefusalAsync());
        Assert.Contains("http://0.0.0.0:5998", await RefusalAsync("--urls", "http://0.0.0.0:5998"));

        static async Task<string> RefusalAsync(params string[] options)
        {
            var info = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "Bellwether.App"), ["serve", .. options])
            {
                Environment = { [ServeOptions.UrlsVariable] = "http://0.0.0.0:5999", [ServeOptions.TokenVariable] = "" },
                RedirectStandardError = true,
            };
            using var process = Process.Start(info)!;
            var error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.Equal(ExitCode.Usage, process.ExitCode);
            return error;
        }
    }

    /// <summary>The one value of a key of a unit or of an environment file.</summary>
    static string Value(string file, string key) =>
        Assert.Single(File.ReadLines(file), l => l.StartsWith($"{key}=", StringComparison.Ordinal))[(key.Length + 1)..];
}
