using System.ComponentModel;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Bellwether.Engines.Unix;

/// <summary>Binds this process to one processor, for measurements that say "on one core".</summary>
public static partial class Processor
{
    const int MaskBytes = 128;

    /// <summary>Every thread that there is; those that they start inherit it.</summary>
    public static void Bind(int processor)
    {
        Span<byte> mask = stackalloc byte[MaskBytes];
        mask[processor / 8] = (byte)(1 << processor % 8);
        foreach (var task in Directory.EnumerateDirectories("/proc/self/task"))
        {
            // A thread may end while it is looked at.
            if (sched_setaffinity(int.Parse(Path.GetFileName(task), CultureInfo.InvariantCulture), MaskBytes, mask) != 0 && Directory.Exists(task))
                throw new IOException($"cannot bind to processor {processor}: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}");
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int sched_setaffinity(int thread, nuint size, Span<byte> mask);
}
