namespace Bellwether.App.Bench;

/// <summary>A data folder for one measurement, removed with everything in it.</summary>
public sealed class BenchFolder : IDisposable
{
    // As root the database runs as another user, who may not enter a folder that is private to its maker.
    public BenchFolder() => File.SetUnixFileMode(Path, File.GetUnixFileMode(Path) | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);

    public string Path { get; } = Directory.CreateTempSubdirectory("bellwether-bench-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);

    /// <summary>Highest memory in use by this process so far, in MiB.</summary>
    public static long PeakMegabytes()
    {
        foreach (var line in File.ReadLines("/proc/self/status"))
            if (line.StartsWith("VmHWM:", StringComparison.Ordinal))
                return long.Parse(line.AsSpan(6).Trim().TrimEnd("kB").Trim()) / 1024;
        return 0;
    }
}
