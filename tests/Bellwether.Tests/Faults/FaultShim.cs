using System.IO.MemoryMappedFiles;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Faults;

/// <summary>A library that is loaded into a program before libc, compiled once for a lab.</summary>
sealed class FaultShim
{
    readonly string _library, _folder;

    FaultShim(string library, string folder) => (_library, _folder) = (library, folder);

    /// <summary>Compiles it; skips the calling test where there is no compiler, unless CI=true.</summary>
    public static async Task<FaultShim> BuildAsync(string folder)
    {
        var gcc = Programs.Require("gcc", "gcc libc6-dev");
        var library = Path.Combine(folder, "faultshim.so");
        var (code, output) = await Programs.RunAsync(
            gcc, "-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror", "-o", library, Path.Combine(AppContext.BaseDirectory, "Faults", "faultshim.c"), "-ldl");
        Assert.True(code == 0, output);
        return new(library, folder);
    }

    /// <summary>The switches of one program.</summary>
    /// <param name="disk">Files below this folder are those that a disk fault concerns.</param>
    public FaultSwitch SwitchFor(string name, string disk) => new(_library, Path.Combine(_folder, $"{name}.control"), disk);
}

/// <summary>What is wrong with the disk and the clock of one program, now.</summary>
sealed class FaultSwitch : IDisposable
{
    const int ClockOffset = 0, SyncDelay = 8, DiskFull = 16, Size = 24;

    readonly string _library, _file, _disk;
    readonly MemoryMappedFile _map;
    readonly MemoryMappedViewAccessor _view;

    public FaultSwitch(string library, string file, string disk)
    {
        (_library, _file, _disk) = (library, file, disk);
        File.WriteAllBytes(file, new byte[Size]);
        _map = MemoryMappedFile.CreateFromFile(file, FileMode.Open);
        _view = _map.CreateViewAccessor(0, Size);
    }

    public void AddTo(IDictionary<string, string?> environment)
    {
        environment["LD_PRELOAD"] = _library;
        environment["FAULT_CONTROL"] = _file;
        environment["FAULT_FOLDER"] = _disk;
    }

    /// <summary>The wall clock is off by this; the one that only measures goes on as it was.</summary>
    public TimeSpan Clock { set => _view.Write(ClockOffset, (long)value.TotalMilliseconds); }

    /// <summary>Each wait for the disk takes this much longer.</summary>
    public TimeSpan SlowDisk { set => _view.Write(SyncDelay, (long)value.TotalMilliseconds); }

    public bool FullDisk { set => _view.Write(DiskFull, value ? 1L : 0L); }

    public void Dispose()
    {
        _view.Dispose();
        _map.Dispose();
    }
}
