using System.Runtime.InteropServices;

namespace Bellwether.Engines.Unix;

/// <summary>A user of the operating system, as the name service knows it.</summary>
sealed partial record OsUser(string Name, uint Uid, uint Gid)
{
    internal bool IsRoot => Uid == 0;

    /// <summary>The user this process acts as; null where its number has no name (a container with an arbitrary user).</summary>
    internal static OsUser? Current => ByUid(Posix.EffectiveUser());

    internal static unsafe OsUser? ByUid(uint uid) =>
        Lookup((passwd, buffer, size, result) => getpwuid_r(uid, passwd, buffer, size, result));

    internal static unsafe OsUser? ByName(string name) =>
        Lookup((passwd, buffer, size, result) => getpwnam_r(name, passwd, buffer, size, result));

    /// <summary>Whether this user may pass through every folder from the root down to <paramref name="directory"/>, by their mode bits.</summary>
    internal bool CanEnter(string directory)
    {
        if (IsRoot)
            return true;
        for (var at = new DirectoryInfo(directory); at is not null; at = at.Parent)
        {
            // A folder that is not there yet will be made by us, open enough.
            if (Posix.Stat(at.FullName) is { } facts && !MayExecute(facts))
                return false;
        }
        return true;
    }

    bool MayExecute(FileFacts facts) =>
        facts.Uid == Uid ? facts.Mode.HasFlag(UnixFileMode.UserExecute)
        : facts.Gid == Gid ? facts.Mode.HasFlag(UnixFileMode.GroupExecute)
        : facts.Mode.HasFlag(UnixFileMode.OtherExecute);

    unsafe delegate int Query(Passwd* passwd, byte* buffer, nuint size, Passwd** result);

    static unsafe OsUser? Lookup(Query query)
    {
        for (var size = 1024; size <= 1 << 20; size *= 4)
        {
            var buffer = new byte[size];
            fixed (byte* start = buffer)
            {
                Passwd passwd;
                Passwd* found;
                var code = query(&passwd, start, (nuint)size, &found);
                if (code == Posix.ErrRange)
                    continue;
                return code == 0 && found != null
                    ? new OsUser(Marshal.PtrToStringUTF8((nint)passwd.Name)!, passwd.Uid, passwd.Gid)
                    : null;
            }
        }
        return null;
    }

    [StructLayout(LayoutKind.Sequential)]
    unsafe struct Passwd
    {
        public byte* Name;
        public byte* Password;
        public uint Uid;
        public uint Gid;
        public byte* Gecos;
        public byte* Directory;
        public byte* Shell;
    }

    [LibraryImport("libc")]
    private static unsafe partial int getpwuid_r(uint uid, Passwd* passwd, byte* buffer, nuint size, Passwd** result);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int getpwnam_r(string name, Passwd* passwd, byte* buffer, nuint size, Passwd** result);
}
