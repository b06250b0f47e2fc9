using System.Text;
using Bellwether.Engines.Unix;

namespace Bellwether.Engines.Postgres;

/// <summary>The server's log, from where it stood when we came.</summary>
sealed class ServerLog
{
    const long RotateAfterBytes = 8 << 20;
    const int TailBytes = 4096;
    const int TailLines = 12;

    readonly string _path;
    readonly long _from;

    ServerLog(string path, long from) => (_path, _from) = (path, from);

    /// <summary>Makes a log that the server's user can write, and puts one that has grown aside.</summary>
    internal static ServerLog Open(ClusterHome home)
    {
        if (File.Exists(home.Log) && new FileInfo(home.Log).Length > RotateAfterBytes)
            File.Move(home.Log, home.Log + ".1", overwrite: true);
        if (!File.Exists(home.Log))
        {
            File.WriteAllText(home.Log, "");
            Posix.SetMode(home.Log, Posix.PrivateFile);
            if (home.Server.Uid != Posix.EffectiveUser())
                Posix.ChangeOwner(home.Log, home.Server.Uid, home.Server.Gid);
        }
        return new ServerLog(home.Log, new FileInfo(home.Log).Length);
    }

    /// <summary>The last lines that were written since.</summary>
    internal string Tail()
    {
        using var stream = new FileStream(_path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        stream.Seek(Math.Max(_from, stream.Length - TailBytes), SeekOrigin.Begin);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        var lines = reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return string.Join('\n', lines.TakeLast(TailLines));
    }
}
