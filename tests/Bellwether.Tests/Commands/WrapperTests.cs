using System.Diagnostics;

namespace Bellwether.Tests.Commands;

/// <summary>The script <c>bellwether</c> on a small clone, with a stand-in for the SDK that counts how often it builds.</summary>
public sealed class WrapperTests : IDisposable
{
    const string Sdk = """
        #!/bin/bash
        while [ "$1" != -o ]; do shift; done
        echo built >> "$COUNT"
        [ -z "$BREAK" ] || { echo "x.cs(1,1): error CS0001: broken"; exit 1; }
        printf '#!/bin/sh\necho "ran $*"\n' > "$2/Bellwether.App"
        chmod +x "$2/Bellwether.App"

        """;

    readonly string _folder = Directory.CreateTempSubdirectory("bellwether-wrapper-").FullName;

    public WrapperTests()
    {
        foreach (var folder in new[] { "clone/src", "clone/engines", "sdk", "elsewhere" }) Directory.CreateDirectory(At(folder));
        File.Copy(Repository.File("bellwether"), At("clone/bellwether"));
        File.WriteAllText(At("clone/src/a.cs"), "");
        File.WriteAllText(At("clone/Directory.Build.props"), "");
        File.WriteAllText(At("clone/global.json"), "");
        File.WriteAllText(At("sdk/dotnet"), Sdk);
        File.SetUnixFileMode(At("sdk/dotnet"), (UnixFileMode)0b111_101_101);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    string At(string path) => Path.Combine(_folder, path);

    int Builds => File.Exists(At("count")) ? File.ReadAllLines(At("count")).Length : 0;

    async Task<(int Code, string Out, string Error)> RunAsync(string script, bool broken = false)
    {
        var start = new ProcessStartInfo(script, ["one", "two words"]) { WorkingDirectory = At("elsewhere"), RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["PATH"] = $"{At("sdk")}:{Environment.GetEnvironmentVariable("PATH")}";
        start.Environment["COUNT"] = At("count");
        start.Environment["BREAK"] = broken ? "yes" : "";
        start.Environment.Remove("DOTNET_ROOT");
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output, await error);
    }

    [Fact]
    public async Task Builds_once_then_only_when_a_source_is_newer()
    {
        var first = await RunAsync(At("clone/bellwether"));
        Assert.Equal((0, "ran one two words\n"), (first.Code, first.Out));
        Assert.Single(first.Error.TrimEnd().Split('\n'));
        var second = await RunAsync(At("clone/bellwether"));
        Assert.Equal((0, "ran one two words\n", ""), second);
        Assert.Equal(1, Builds);
        File.SetLastWriteTimeUtc(At("clone/src/a.cs"), File.GetLastWriteTimeUtc(At("clone/artifacts/run/current/stamp")).AddSeconds(5));
        await RunAsync(At("clone/bellwether"));
        Assert.Equal(2, Builds);
    }

    [Fact]
    public async Task Runs_through_links_from_anywhere()
    {
        File.CreateSymbolicLink(At("elsewhere/link"), "../clone/bellwether");
        File.CreateSymbolicLink(At("sdk/bw"), At("elsewhere/link"));
        Assert.Equal("ran one two words\n", (await RunAsync(At("sdk/bw"))).Out);
        Assert.Equal("ran one two words\n", (await RunAsync(At("elsewhere/link"))).Out);
        Assert.Equal(1, Builds);
    }

    [Fact]
    public async Task First_runs_at_the_same_time_build_once()
    {
        var runs = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => RunAsync(At("clone/bellwether"))));
        Assert.All(runs, r => Assert.Equal((0, "ran one two words\n"), (r.Code, r.Out)));
        Assert.Equal(1, Builds);
    }

    [Fact]
    public async Task Failed_build_shows_the_errors_and_leaves_the_last_good_one()
    {
        var failed = await RunAsync(At("clone/bellwether"), broken: true);
        Assert.Equal(1, failed.Code);
        Assert.Contains("error CS0001", failed.Error);
        Assert.Empty(failed.Out);
        Assert.Equal("ran one two words\n", (await RunAsync(At("clone/bellwether"))).Out);
    }

    [Fact]
    public async Task Earlier_builds_are_cleared_but_for_the_last()
    {
        for (var i = 1; i <= 4; i++)
        {
            await RunAsync(At("clone/bellwether"));
            File.SetLastWriteTimeUtc(At("clone/src/a.cs"), DateTime.UnixEpoch.AddYears(80 + i));
        }
        Assert.Equal(4, Builds);
        Assert.Equal(2, Directory.GetDirectories(At("clone/artifacts/run"), "app.*").Length);
    }
}
