using Bellwether.Storage.Objects;

namespace Bellwether.Lake;

public sealed partial class LakeWriter
{
    /// <summary>Reads the staged files back and compares them with what was sent.</summary>
    static List<WrittenFile> Verify(Batch batch, Run run, CancellationToken cancellationToken)
    {
        var found = LakeFileDigests.Read(run.Lake, [.. batch.Staged.Values], cancellationToken);
        var files = new List<WrittenFile>(found.Length);
        foreach (var ((day, path), (digest, inOrder)) in batch.Staged.Zip(found))
        {
            if (digest.ToString() != batch.Sent[day].ToString())
                throw new LakeException($"the file written for {day:O} holds {digest}; sent were {batch.Sent[day]}. The day stays dirty");
            if (!inOrder) throw new LakeException($"the file written for {day:O} is not in the order of timestamp, ticker, article_id");
            files.Add(new(day, path, digest, new FileInfo(path).Length, ContentHash.OfFile(path, cancellationToken)));
        }
        return files;
    }

    sealed record WrittenFile(DateOnly Day, string Path, LakeDigest Digest, long Bytes, string Sha256);
}
