using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Bellwether.Engines.Unix;

/// <summary>The few system calls that the base library does not offer. Linux, glibc, x64.</summary>
static partial class Posix
{
    internal const int SigInt = 2, SigQuit = 3, SigTerm = 15;
    internal const int ErrInterrupted = 4, ErrWouldBlock = 11, ErrExists = 17, ErrRange = 34;
    internal const int LockShared = 1, LockExclusive = 2, LockNonBlocking = 4, LockNone = 8;
    const int OpenReadOnly = 0, OpenCreate = 0x40, OpenCloseOnExec = 0x80000;
    internal const UnixFileMode PrivateFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    internal const UnixFileMode ReadableFile = PrivateFile | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    internal const UnixFileMode PrivateDirectory = PrivateFile | UnixFileMode.UserExecute;
    internal const UnixFileMode OpenDirectory = PrivateDirectory | TraversableBits;
    const UnixFileMode TraversableBits =
        UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;
    const int WriteAndExecute = 3;
    const int AtCurrentDirectory = -100, SymlinkNoFollow = 0x100;

    /// <summary>Identity, owner and mode of a file, or null where it is not there or cannot be seen.</summary>
    internal static unsafe FileFacts? Stat(string path, bool followLinks = true)
    {
        StatxBuffer buffer;
        var code = statx(AtCurrentDirectory, path, followLinks ? 0 : SymlinkNoFollow, 0x7ff, &buffer);
        return code == 0
            ? new FileFacts(buffer.Uid, buffer.Gid, (UnixFileMode)(buffer.Mode & 0xfff), buffer.Mode & 0xf000, buffer.Inode, buffer.DevMajor, buffer.DevMinor)
            : null;
    }

    /// <summary>Opens (creating it, 0644) a file to lock it. Closed on exec, so that no child keeps the lock.</summary>
    internal static int OpenForLock(string path)
    {
        var fd = open(path, OpenReadOnly | OpenCreate | OpenCloseOnExec, 0x1a4);
        if (fd < 0)
            throw Failure($"cannot open the lock file {path}");
        // Whatever the umask: the supervisor, which may be another user, opens it too.
        if (Stat(path) is { } facts && !facts.Mode.HasFlag(ReadableFile) && (facts.Uid == EffectiveUser() || EffectiveUser() == 0))
            SetMode(path, ReadableFile);
        return fd;
    }

    /// <summary>False where another open file holds a conflicting lock.</summary>
    internal static bool TryFlock(int fd, int operation)
    {
        while (flock(fd, operation | LockNonBlocking) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            if (error == ErrWouldBlock)
                return false;
            if (error != ErrInterrupted)
                throw Failure("flock failed");
        }
        return true;
    }

    /// <summary>Gives the lock up, for every copy of the file descriptor.</summary>
    internal static void Unlock(int fd) => _ = flock(fd, LockNone);

    internal static void Close(int fd) => _ = close(fd);

    /// <summary>Sends a signal; false where there is no such process or it is another user's.</summary>
    internal static bool Kill(int pid, int signal) => kill(pid, signal) == 0;

    /// <summary>Whether this process may make and remove files in a folder.</summary>
    internal static bool CanWrite(string directory) => access(directory, WriteAndExecute) == 0;

    internal static void ChangeOwner(string path, uint uid, uint gid)
    {
        if (chown(path, uid, gid) != 0)
            throw Failure($"cannot give {path} to user {uid}");
    }

    internal static void SetMode(string path, UnixFileMode mode)
    {
        if (chmod(path, (uint)mode) != 0)
            throw Failure($"cannot set the mode of {path}");
    }

    /// <summary>Makes a folder, and those above it, with this mode whatever the umask; one that is there keeps its own.</summary>
    internal static void MakeDirectory(string path, UnixFileMode mode)
    {
        if (Directory.Exists(path))
            return;
        if (Path.GetDirectoryName(path) is { } above)
            MakeDirectory(above, mode | TraversableBits);
        if (mkdir(path, (uint)mode) == 0)
            SetMode(path, mode);
        else if (!Directory.Exists(path))
            throw Failure($"cannot make the folder {path}");
    }

    /// <summary>Makes a named pipe with this mode whatever the umask; false where there is one already.</summary>
    internal static bool MakePipe(string path, UnixFileMode mode)
    {
        if (mkfifo(path, (uint)mode) == 0)
        {
            SetMode(path, mode);
            return true;
        }
        var error = Marshal.GetLastPInvokeError();
        return error == ErrExists && Stat(path, followLinks: false) is { IsPipe: true } ? false : throw Failure($"cannot make the pipe {path}");
    }

    internal static uint EffectiveUser() => geteuid();

    /// <summary>The path without links and dots; the path must exist.</summary>
    internal static unsafe string RealPath(string path)
    {
        const int PathMax = 4096;
        var buffer = stackalloc byte[PathMax];
        return realpath(path, buffer) == null ? throw Failure($"cannot resolve {path}") : Marshal.PtrToStringUTF8((nint)buffer)!;
    }

    /// <summary>Makes what was created, renamed or removed in a folder survive a power cut.</summary>
    internal static void SyncDirectory(string path)
    {
        var fd = open(path, OpenReadOnly | OpenCloseOnExec, 0);
        if (fd < 0)
            throw Failure($"cannot open the folder {path}");
        var code = fsync(fd);
        Close(fd);
        if (code != 0)
            throw Failure($"cannot sync the folder {path}");
    }

    static IOException Failure(string what)
    {
        var error = Marshal.GetLastPInvokeError();
        return new IOException($"{what}: {new Win32Exception(error).Message}", error);
    }

    [StructLayout(LayoutKind.Explicit, Size = 256)]
    struct StatxBuffer
    {
        [FieldOffset(20)] public uint Uid;
        [FieldOffset(24)] public uint Gid;
        [FieldOffset(28)] public ushort Mode;
        [FieldOffset(32)] public ulong Inode;
        [FieldOffset(136)] public uint DevMajor;
        [FieldOffset(140)] public uint DevMinor;
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int statx(int directory, string path, int flags, uint mask, StatxBuffer* buffer);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int flock(int fd, int operation);

    [LibraryImport("libc")]
    private static partial int close(int fd);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int pid, int signal);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int chown(string path, uint uid, uint gid);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(int fd);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int access(string path, int mode);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int chmod(string path, uint mode);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mkdir(string path, uint mode);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial byte* realpath(string path, byte* resolved);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mkfifo(string path, uint mode);

    [LibraryImport("libc")]
    private static partial uint geteuid();
}

/// <param name="Kind">The file type bits of <c>st_mode</c>.</param>
readonly record struct FileFacts(uint Uid, uint Gid, UnixFileMode Mode, int Kind, ulong Inode, uint DevMajor, uint DevMinor)
{
    internal bool IsDirectory => Kind == 0x4000;

    internal bool IsPipe => Kind == 0x1000;

    internal bool SameFileAs(FileFacts other) => (Inode, DevMajor, DevMinor) == (other.Inode, other.DevMajor, other.DevMinor);
}
