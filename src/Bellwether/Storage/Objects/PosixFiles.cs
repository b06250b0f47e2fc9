using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Bellwether.Storage.Objects;

/// <summary>What makes files survive a crash, and what a file carries beside its content. The base library offers none of it.</summary>
static partial class PosixFiles
{
    /// <summary>Numbers of errors, as <see cref="Exception.HResult"/> of an <see cref="IOException"/> has them.</summary>
    public const int NoPermission = 1, AccessDenied = 13, AlreadyThere = 17, CrossDevice = 18, FileTooBig = 27, NoSpace = 28, ReadOnly = 30, OverQuota = 122;

    const int NotThere = 2, NoData = 61, NotSupported = 95, OutOfRange = 34;

    /// <summary>Makes the content of a file durable.</summary>
    public static void SyncFile(string path)
    {
        using var handle = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
        RandomAccess.FlushToDisk(handle);
    }

    /// <summary>Makes the names in a folder durable; false where there is no such folder.</summary>
    public static bool TrySyncFolder(string path)
    {
        try
        {
            using var handle = OpenFolder(path);
            return fsync(handle) == 0 ? true : throw Failure("fsync", path);
        }
        catch (IOException error) when (error.HResult == NotThere)
        {
            return false;
        }
    }

    /// <summary>Makes everything on the file system of a folder durable: one call in place of thousands.</summary>
    public static void SyncFileSystem(string path)
    {
        using var handle = OpenFolder(path);
        if (syncfs(handle) != 0) throw Failure("syncfs", path);
    }

    /// <summary>Gives a file a second name; false where the file system has no such thing, or the name is taken.</summary>
    public static bool TryLink(string file, string name) => link(file, name) == 0;

    /// <summary>Writes a short text beside the content; false where the file system keeps none.</summary>
    public static bool TrySetAttribute(string path, string name, string value)
    {
        var bytes = Encoding.ASCII.GetBytes(value);
        if (setxattr(path, name, bytes, (nuint)bytes.Length, 0) == 0) return true;
        return Marshal.GetLastPInvokeError() is NotSupported or NoPermission ? false : throw Failure("setxattr", path);
    }

    /// <summary>Reads it; null where there is none.</summary>
    public static string? Attribute(SafeFileHandle file, string name)
    {
        var buffer = new byte[256];
        var length = fgetxattr(file, name, buffer, (nuint)buffer.Length);
        if (length >= 0) return Encoding.ASCII.GetString(buffer, 0, (int)length);
        return Marshal.GetLastPInvokeError() is NoData or NotSupported or NoPermission or OutOfRange ? null : throw Failure("fgetxattr", name);
    }

    static SafeFileHandle OpenFolder(string path)
    {
        const int readOnlyDirectoryCloseOnExec = 0x1_0000 | 0x8_0000;
        var handle = open(path, readOnlyDirectoryCloseOnExec);
        return handle.IsInvalid ? throw Failure("open", path) : handle;
    }

    static IOException Failure(string call, string path)
    {
        var error = Marshal.GetLastPInvokeError();
        return new($"{call} of {path} failed: {Marshal.GetPInvokeErrorMessage(error)}", error);
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(SafeFileHandle file);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int syncfs(SafeFileHandle file);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int link(string existing, string name);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int setxattr(string path, string name, byte[] value, nuint size, int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint fgetxattr(SafeFileHandle file, string name, byte[] value, nuint size);
}
