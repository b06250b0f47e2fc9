using Bellwether.Engines.DuckDb;
using Npgsql;

namespace Bellwether.Lake;

/// <param name="Ok">Files that hold what the manifest says, to the last value.</param>
public sealed record LakeVerifyResult(int Files, int Ok, IReadOnlyList<BadLakeFile> Bad);

public sealed record BadLakeFile(string Path, string Reason);

/// <summary>Reads every file of the manifest and compares row count, time range, content hash and order. Changes nothing.</summary>
public sealed class LakeVerifier(NpgsqlDataSource database, LakeOptions options, TimeProvider time)
{
    const int FilesTogether = 100;

    readonly LakeFiles _files = new(options, time);

    /// <param name="progress">Files done and files in all.</param>
    public async Task<LakeVerifyResult> VerifyAsync(IProgress<(int Done, int Total)>? progress, CancellationToken cancellationToken)
    {
        List<LakeEntry> wanted;
        var bad = new List<BadLakeFile>();
        await using (var connection = await database.OpenConnectionAsync(cancellationToken).ConfigureAwait(false))
        {
            wanted = await LakeManifest.ReadAsync(connection, null, cancellationToken).ConfigureAwait(false);
            foreach (var day in await LakeManifest.SealedWithoutFileAsync(connection, cancellationToken).ConfigureAwait(false))
                bad.Add(new(LakePaths.OfDay(day), "belongs to a sealed day and is not in the manifest"));
        }
        var lost = bad.Count;
        var scratch = LakeScratch.Make(options.ScratchDirectory);
        try
        {
            using var engine = LakeWriter.OpenEngine(options, scratch);
            using var lake = LakeWriter.Connect(engine);
            var done = 0;
            foreach (var part in wanted.Chunk(FilesTogether))
            {
                await VerifyAsync(_files, lake, part, bad, cancellationToken).ConfigureAwait(false);
                progress?.Report((done += part.Length, wanted.Count));
            }
        }
        finally
        {
            Directory.Delete(scratch, recursive: true);
        }
        return new(wanted.Count + lost, wanted.Count + lost - bad.Count, bad);
    }

    /// <summary>Reads files to their ends and compares them with the manifest.</summary>
    internal static async Task VerifyAsync(
        LakeFiles files, DuckDbConnection lake, LakeEntry[] part, List<BadLakeFile> bad, CancellationToken cancellationToken)
    {
        var opened = await files.OpenAsync([.. part.Select(wanted => wanted.File)], cancellationToken).ConfigureAwait(false);
        try
        {
            foreach (var (wanted, (file, reason)) in part.Zip(opened))
                if (file is null) bad.Add(new(wanted.File.Path, reason));
            var here = part.Zip(opened).Where(pair => pair.Second.File is not null).Select(pair => (pair.First, Path: PathOf(pair.Second.File!))).ToArray();
            var found = await Task.Run(() => Read(lake, here, bad, cancellationToken), cancellationToken).ConfigureAwait(false);
            foreach (var (wanted, digest, inOrder) in found)
                if (digest.ToString() != wanted.Digest) bad.Add(new(wanted.File.Path, $"holds {digest}; the manifest says {wanted.Digest}"));
                else if (!inOrder) bad.Add(new(wanted.File.Path, "is not in the order of timestamp, ticker, article_id"));
        }
        finally
        {
            foreach (var (file, _) in opened) file?.Dispose();
        }
    }

    /// <summary>All at once, which is fast; one by one where one of them cannot be read, to tell which.</summary>
    static List<(LakeEntry Wanted, LakeDigest Digest, bool InOrder)> Read(
        DuckDbConnection lake, (LakeEntry Wanted, string Path)[] files, List<BadLakeFile> bad, CancellationToken cancellationToken)
    {
        try
        {
            return [.. files.Zip(LakeFileDigests.Read(lake, [.. files.Select(file => file.Path)], cancellationToken), (file, found) => (file.Wanted, found.Digest, found.InOrder))];
        }
        catch (DuckDbException error) when (files.Length == 1)
        {
            bad.Add(new(files[0].Wanted.File.Path, $"cannot be read: {error.Message}"));
            return [];
        }
        catch (DuckDbException)
        {
            return [.. files.SelectMany(file => Read(lake, [file], bad, cancellationToken))];
        }
    }

    internal static string PathOf(FileStream file) => $"/proc/self/fd/{file.SafeFileHandle.DangerousGetHandle()}";
}
