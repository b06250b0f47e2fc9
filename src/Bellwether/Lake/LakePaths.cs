using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Bellwether.Lake;

/// <summary>Names inside the lake, and what makes files there survive a crash.</summary>
static partial class LakePaths
{
    public const string FileName = "sentiment.parquet";
    public const string Staging = ".staging";

    /// <summary>Path relative to the lake, as the manifest keeps it.</summary>
    public static string OfDay(DateOnly day) => Path.Combine(Folder(day), FileName);

    public static string Folder(DateOnly day) =>
        string.Create(CultureInfo.InvariantCulture, $"year={day.Year:0000}/month={day.Month:00}/day={day.Day:00}");

    /// <summary>Makes the content of a file durable.</summary>
    public static void SyncFile(string path)
    {
        using var handle = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
        RandomAccess.FlushToDisk(handle);
    }

    /// <summary>Makes the names in a folder durable.</summary>
    public static void SyncFolder(string path)
    {
        using var handle = OpenFolder(path);
        if (fsync(handle) != 0) throw Failure("fsync", path);
    }

    /// <summary>Makes everything on the file system of a folder durable: one call in place of thousands.</summary>
    public static void SyncFileSystem(string path)
    {
        using var handle = OpenFolder(path);
        if (syncfs(handle) != 0) throw Failure("syncfs", path);
    }

    static SafeFileHandle OpenFolder(string path)
    {
        const int readOnlyDirectoryCloseOnExec = 0x1_0000 | 0x8_0000;
        var handle = open(path, readOnlyDirectoryCloseOnExec);
        return handle.IsInvalid ? throw Failure("open", path) : handle;
    }

    static IOException Failure(string call, string path) =>
        new($"{call} of {path} failed: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(SafeFileHandle file);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int syncfs(SafeFileHandle file);
}
