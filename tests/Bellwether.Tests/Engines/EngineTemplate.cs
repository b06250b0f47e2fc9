using System.Diagnostics;
using Bellwether.Engines.Postgres;

[assembly: AssemblyFixture(typeof(Bellwether.Tests.Engines.EngineTemplate))]

namespace Bellwether.Tests.Engines;

/// <summary>One cluster, made when a test first asks for it. Copying it takes a tenth of the time that making another one takes.</summary>
public sealed class EngineTemplate : IAsyncDisposable
{
    readonly SemaphoreSlim _once = new(1);
    EngineFolder? _made;
    string _serverProgram = "";

    /// <summary>A folder with a cluster that no server has run on yet, as far as it knows.</summary>
    internal async Task<EngineFolder> FolderAsync()
    {
        var folder = new EngineFolder();
        await CopyToAsync(folder.Path);
        return folder;
    }

    /// <summary>Puts a cluster into a data folder.</summary>
    internal async Task CopyToAsync(string dataDirectory)
    {
        var made = await MadeAsync();
        Directory.CreateDirectory(dataDirectory);
        using var copy = Process.Start("cp", ["-a", "--reflink=auto", made["postgres"], dataDirectory]);
        await copy.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, copy.ExitCode);
    }

    /// <summary>Path of the program that serves the cluster.</summary>
    internal async Task<string> ServerProgramAsync()
    {
        await MadeAsync();
        return _serverProgram;
    }

    async Task<EngineFolder> MadeAsync()
    {
        await _once.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            if (_made is { } made)
                return made;
            var folder = new EngineFolder();
            try
            {
                await using var engine = await PostgresEngine.StartAsync(folder.Options, null, CancellationToken.None);
                _serverProgram = EngineFolder.CommandLine(folder.ServerPid()).Split('\0')[0];
            }
            catch
            {
                folder.Dispose();
                throw;
            }
            return _made = folder;
        }
        finally
        {
            _once.Release();
        }
    }

    public ValueTask DisposeAsync()
    {
        _made?.Dispose();
        _once.Dispose();
        return ValueTask.CompletedTask;
    }
}
