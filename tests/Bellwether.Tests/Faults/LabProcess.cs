using System.Diagnostics;
using System.Globalization;
using Bellwether.Engines.Unix;

namespace Bellwether.Tests.Faults;

/// <summary>A program that is started again when it ends, as an init system would, until it is told to stop.</summary>
sealed class LabProcess : IAsyncDisposable
{
    const int SigKill = 9, SigContinue = 18, SigStop = 19;

    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250), Patience = TimeSpan.FromSeconds(40);

    readonly Func<ProcessStartInfo> _start;
    readonly Lock _lock = new();
    readonly Task _keeping;
    readonly StreamWriter _log;
    volatile bool _stopping;
    Process _process;

    /// <param name="log">File that gets what the program says.</param>
    public LabProcess(string name, string log, Func<ProcessStartInfo> start)
    {
        (Name, _start, Log) = (name, start, log);
        _log = new(log, append: true) { AutoFlush = true };
        _process = Launch();
        _keeping = Task.Run(KeepAsync);
    }

    public string Name { get; }

    public string Log { get; }

    /// <summary>How often it was started.</summary>
    public int Starts { get; private set; }

    public int Id => _process.Id;

    /// <summary>Where a server of HTTP listens; null for others.</summary>
    public Uri? Url { get; init; }

    public FaultSwitch? Switch { get; init; }

    public FaultProxy? Database { get; init; }

    public FaultProxy? HotStore { get; init; }

    /// <summary>Ends it at once, and its children too where there are any.</summary>
    public void Kill(bool tree = true)
    {
        if (_process.HasExited) return;
        foreach (var pid in tree ? Tree() : [Id]) Posix.Kill(pid, SigKill);
    }

    public void Freeze() => Tree().ForEach(pid => Posix.Kill(pid, SigStop));

    // Children first: a parent must not find them standing still when it looks.
    public void Thaw() => Tree().AsEnumerable().Reverse().ToList().ForEach(pid => Posix.Kill(pid, SigContinue));

    /// <summary>Kills one child, which the program itself has to cope with; false where it has none of that title.</summary>
    public bool KillChild(string title)
    {
        var child = Tree().Skip(1).FirstOrDefault(pid => CommandLine(pid).Contains(title, StringComparison.Ordinal));
        return child != 0 && Posix.Kill(child, SigKill);
    }

    /// <summary>Asks it to stop and returns its exit code.</summary>
    public async Task<int> StopAsync()
    {
        _stopping = true;
        Process process;
        lock (_lock) process = _process;
        if (!process.HasExited) Posix.Kill(process.Id, Posix.SigTerm);
        using var limit = new CancellationTokenSource(Patience, TimeProvider.System);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            Kill();
            await process.WaitForExitAsync(CancellationToken.None);
        }
        await _keeping;
        return process.ExitCode;
    }

    /// <summary>The last lines that it said.</summary>
    public string Tail(int lines)
    {
        using var file = new StreamReader(new FileStream(Log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return string.Join('\n', file.ReadToEnd().Split('\n').TakeLast(lines));
    }

    Process Launch()
    {
        Starts++;
        var start = _start();
        start.RedirectStandardOutput = start.RedirectStandardError = start.RedirectStandardInput = true;
        var process = Process.Start(start)!;
        process.OutputDataReceived += Keep;
        process.ErrorDataReceived += Keep;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    void Keep(object sender, DataReceivedEventArgs line)
    {
        lock (_log)
            if (line.Data is { } text) _log.WriteLine(text);
    }

    async Task KeepAsync()
    {
        while (true)
        {
            await _process.WaitForExitAsync(CancellationToken.None);
            if (_stopping) return;
            await Task.Delay(Pause, TimeProvider.System, CancellationToken.None);
            lock (_lock)
            {
                if (_stopping) return;
                _process.Dispose();
                _process = Launch();
            }
        }
    }

    /// <summary>The process and all below it, parents first.</summary>
    List<int> Tree()
    {
        var children = Directory.EnumerateDirectories("/proc")
            .Select(d => int.TryParse(Path.GetFileName(d), CultureInfo.InvariantCulture, out var pid) ? pid : 0).Where(pid => pid > 0)
            .Select(pid => (Pid: pid, Parent: ParentOf(pid))).ToLookup(p => p.Parent, p => p.Pid);
        var tree = new List<int> { Id };
        for (var i = 0; i < tree.Count; i++) tree.AddRange(children[tree[i]]);
        return tree;
    }

    static int ParentOf(int pid) => Bellwether.Engines.Postgres.Postmaster.ParentOf(pid);

    static string CommandLine(int pid) => Engines.EngineFolder.CommandLine(pid);

    public async ValueTask DisposeAsync()
    {
        _stopping = true;
        lock (_lock) Kill();
        await _keeping;
        _process.Dispose();
        await _log.DisposeAsync();
        Switch?.Dispose();
        if (Database is not null) await Database.DisposeAsync();
        if (HotStore is not null) await HotStore.DisposeAsync();
    }
}
