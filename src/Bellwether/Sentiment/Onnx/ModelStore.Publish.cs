namespace Bellwether.Sentiment.Onnx;

// A folder cannot take the place of another in one step. In between, the one that gives way keeps a name under which it is still found: a
// process that is killed there leaves the model that was.
public sealed partial class ModelStore
{
    const string GivesWay = ".replaced-";

    // A copy of half a gigabyte over a slow network takes minutes.
    static readonly TimeSpan DraftsLive = TimeSpan.FromDays(1);

    string Replaced(string name) => Path.Combine(Directory, GivesWay + name);

    static string NameOf(string folder) =>
        Path.GetFileName(folder) is var name && name.StartsWith(GivesWay, StringComparison.Ordinal) ? name[GivesWay.Length..] : name;

    string? FolderOf(string name)
    {
        foreach (var folder in (string[])[Path.Combine(Directory, name), Replaced(name)])
            if (File.Exists(Path.Combine(folder, StoredModel.FileName))) return folder;
        return null;
    }

    internal void Publish(string draft, string name)
    {
        var (place, old) = (Path.Combine(Directory, name), Replaced(name));
        if (System.IO.Directory.Exists(place))
        {
            if (System.IO.Directory.Exists(old)) System.IO.Directory.Delete(old, recursive: true);
            System.IO.Directory.Move(place, old);
        }
        try
        {
            System.IO.Directory.Move(draft, place);
        }
        catch
        {
            if (System.IO.Directory.Exists(old)) System.IO.Directory.Move(old, place);
            throw;
        }
        if (System.IO.Directory.Exists(old)) System.IO.Directory.Delete(old, recursive: true);
    }

    /// <summary>Takes away what processes that were killed have left.</summary>
    void Sweep(TimeProvider time)
    {
        if (!System.IO.Directory.Exists(Directory)) return;
        foreach (var draft in System.IO.Directory.EnumerateDirectories(Directory, $"{Draft}*"))
            if (time.GetUtcNow() - System.IO.Directory.GetLastWriteTimeUtc(draft) > DraftsLive)
                System.IO.Directory.Delete(draft, recursive: true);
    }
}
