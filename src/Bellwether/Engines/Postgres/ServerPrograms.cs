using Bellwether.Engines.Unix;

namespace Bellwether.Engines.Postgres;

/// <summary>
/// A folder of the private server's user, beside its cluster, for scripts that the server runs and pipes by which they talk to us. The server's
/// working folder is its cluster, so that a path from there holds wherever the data folder is moved to.
/// </summary>
public sealed class ServerPrograms
{
    const string Name = "postgres.programs";

    readonly ClusterHome _home;

    internal ServerPrograms(ClusterHome home)
    {
        _home = home;
        // The cluster may be reached through a link, and the server goes up from where it really is.
        Folder = Path.Combine(Path.GetDirectoryName(Posix.RealPath(home.Cluster))!, Name);
    }

    public string Folder { get; }

    /// <summary>Path of a file there as the server sees it.</summary>
    public static string FromServer(string file) => $"../{Name}/{file}";

    /// <summary>Writes a script, unless it is there already.</summary>
    public void Install(string file, string script)
    {
        if (!Directory.Exists(Folder))
        {
            Posix.MakeDirectory(Folder, Posix.PrivateDirectory);
            if (_home.Server.Uid != Posix.EffectiveUser())
                Posix.ChangeOwner(Folder, _home.Server.Uid, _home.Server.Gid);
        }
        ClusterFiles.Write(_home, Path.Combine(Folder, file), script);
    }

    /// <summary>Makes a named pipe that only the server's user and we can use, unless there is one; returns its path.</summary>
    public string MakePipe(string file)
    {
        var path = Path.Combine(Folder, file);
        if (!Posix.MakePipe(path, Posix.PrivateFile))
            return path;
        if (_home.Server.Uid != Posix.EffectiveUser())
            Posix.ChangeOwner(path, _home.Server.Uid, _home.Server.Gid);
        return path;
    }
}
