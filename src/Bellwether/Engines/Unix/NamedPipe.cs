using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Bellwether.Engines.Unix;

/// <summary>
/// One end of a named pipe, never waited for: the base library opens pipes only by waiting for the other end, and cannot be told to stop that.
/// </summary>
sealed partial class NamedPipe : IDisposable
{
    const int WriteOnly = 1, ReadWrite = 2, NonBlocking = 0x800, NoFollow = 0x20000, CloseOnExec = 0x80000;
    const int NoReader = 6, NotThere = 2, Broken = 32;

    int _fd;

    NamedPipe(int fd) => _fd = fd;

    internal int Descriptor => _fd;

    /// <summary>Opens it for reading what others write; there need be nobody yet, and it does not end when the last of them has gone.</summary>
    internal static NamedPipe OpenToRead(string path) => Open(path, ReadWrite) ?? throw Failure($"cannot open the pipe {path}");

    /// <summary>Opens it for writing; null where nobody reads it (yet, or any more). Anything but a pipe is refused.</summary>
    internal static NamedPipe? OpenToWrite(string path) => Open(path, WriteOnly);

    static NamedPipe? Open(string path, int mode)
    {
        var fd = open(path, mode | NonBlocking | NoFollow | CloseOnExec, 0);
        if (fd < 0)
            return Marshal.GetLastPInvokeError() is NoReader or NotThere ? null : throw Failure($"cannot open the pipe {path}");
        if (Posix.Stat($"/proc/self/fd/{fd}") is { IsPipe: true })
            return new(fd);
        Posix.Close(fd);
        throw new IOException($"{path} is no pipe");
    }

    /// <summary>Reads what is there; 0 where nothing is.</summary>
    internal unsafe int Read(Span<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            var got = read(_fd, start, (nuint)buffer.Length);
            if (got >= 0)
                return (int)got;
            return Marshal.GetLastPInvokeError() is Posix.ErrWouldBlock or Posix.ErrInterrupted ? 0 : throw Failure("cannot read a pipe");
        }
    }

    /// <summary>Writes what has room: 0 where there is none, −1 where nobody reads any more.</summary>
    internal unsafe int Write(ReadOnlySpan<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            var put = write(_fd, start, (nuint)buffer.Length);
            if (put >= 0)
                return (int)put;
            return Marshal.GetLastPInvokeError() switch
            {
                Posix.ErrWouldBlock or Posix.ErrInterrupted => 0,
                Broken => -1,
                _ => throw Failure("cannot write to a pipe"),
            };
        }
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _fd, -1) is >= 0 and var fd)
            Posix.Close(fd);
    }

    /// <summary>Waits until a descriptor can be read or written, or its other end has gone; −1 waits for ever.</summary>
    internal static unsafe void Poll(Span<PollEntry> entries, int milliseconds)
    {
        fixed (PollEntry* first = entries)
            if (poll(first, (nuint)entries.Length, milliseconds) < 0 && Marshal.GetLastPInvokeError() != Posix.ErrInterrupted)
                throw Failure("poll failed");
    }

    static IOException Failure(string what)
    {
        var error = Marshal.GetLastPInvokeError();
        return new($"{what}: {new Win32Exception(error).Message}", error);
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial nint read(int fd, byte* buffer, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial nint write(int fd, byte* buffer, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial int poll(PollEntry* entries, nuint count, int milliseconds);
}

/// <summary>A descriptor to wait for, as poll(2) takes it.</summary>
[StructLayout(LayoutKind.Sequential)]
struct PollEntry(int descriptor, short wanted)
{
    internal const short Readable = 1, Writable = 4;

    public int Descriptor = descriptor;
    public short Wanted = wanted;
    public short Found;
}
