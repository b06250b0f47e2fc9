using System.Text;
using System.Text.Json;
using Bellwether.App.Commands;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Commands;

/// <summary>Runs command lines in this process, as the program would.</summary>
static class Cli
{
    public static Task<CliResult> RunAsync(params string[] args) => RunAsync(args, TimeProvider.System, TestContext.Current.CancellationToken);

    public static async Task<CliResult> RunAsync(string[] args, TimeProvider time, CancellationToken cancellationToken)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        using var raw = new MemoryStream();
        var code = await CommandLine.RunAsync(args, new(output, error, () => raw) { Time = time }, cancellationToken);
        return new(code, output + Encoding.UTF8.GetString(raw.ToArray()), error.ToString());
    }
}

sealed record CliResult(int Code, string Out, string Error)
{
    public JsonElement Json => JsonElement.Parse(Out);

    public JsonElement ErrorJson => JsonElement.Parse(Error.TrimEnd().Split('\n')[^1]).GetProperty("error");

    public CliResult Succeeds()
    {
        Assert.True(Code == 0, $"exit code {Code}: {Error}");
        return this;
    }

    public CliResult Fails(int code)
    {
        Assert.True(Code == code, $"exit code {Code}, expected {code}: {Error}");
        return this;
    }
}

/// <summary>A database and a folder of its own for a test that runs commands.</summary>
sealed class CliDesk : IAsyncDisposable
{
    CliDesk(TestDatabase database) => Database = database;

    public TestDatabase Database { get; }

    public string Folder { get; } = Directory.CreateTempSubdirectory("bellwether-cli-").FullName;

    public static async Task<CliDesk> OpenAsync(TestServer server, string name) => new(await server.MigratedAsync(name));

    public static async Task<CliDesk> OpenEmptyAsync(TestServer server, string name) => new(await server.EmptyAsync(name));

    public Task<CliResult> RunAsync(params string[] args) => Cli.RunAsync(Line(args));

    public string[] Line(params string[] args) => ["--data", Folder, "--postgres", Database.ConnectionString, .. args];

    public string Write(string name, string content)
    {
        var path = Path.Combine(Folder, name);
        File.WriteAllText(path, content);
        return path;
    }

    public async ValueTask DisposeAsync()
    {
        await Database.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }
}
