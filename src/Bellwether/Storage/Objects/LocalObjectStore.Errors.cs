namespace Bellwether.Storage.Objects;

public sealed partial class LocalObjectStore
{
    /// <summary>File calls block, so they run on the pool; what they throw is told in the store's terms.</summary>
    async Task<T> GuardAsync<T>(string operation, string? key, Func<T> work, CancellationToken cancellationToken)
    {
        try
        {
            return await Task.Run(work, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Failure(operation, key, error);
        }
    }

    Task GuardAsync(string operation, string? key, Action work, CancellationToken cancellationToken) => GuardAsync(operation, key, () =>
    {
        work();
        return 0;
    }, cancellationToken);

    ObjectStoreException Failure(string operation, string? key, Exception error)
    {
        var (fault, problem, mend) = error switch
        {
            FileNotFoundException or DirectoryNotFoundException when operation is "reading" or "copying" =>
                (ObjectStoreFault.NotFound, "there is no such file", "Restore it from a backup, or look whether the folder is the right one."),
            UnauthorizedAccessException or { HResult: PosixFiles.AccessDenied or PosixFiles.NoPermission } =>
                (ObjectStoreFault.AccessDenied, $"access is denied ({error.Message})", $"Give the user that runs this program the right to read and write {_root}."),
            { HResult: PosixFiles.ReadOnly } =>
                (ObjectStoreFault.AccessDenied, "the file system is read-only", $"Mount the file system of {_root} writable, or choose another folder."),
            { HResult: PosixFiles.NoSpace or PosixFiles.OverQuota } =>
                (ObjectStoreFault.DiskFull, "the disk is full", $"Make room on the file system of {_root}, or choose another folder; what was there is unharmed."),
            { HResult: PosixFiles.FileTooBig } =>
                (ObjectStoreFault.DiskFull, "the file is larger than this process may write", "Raise the limit (ulimit -f); what was there is unharmed."),
            _ => (ObjectStoreFault.Other, error.Message, $"Look at {_root}."),
        };
        return new(fault, operation, Place, key, problem, mend, error);
    }

    ObjectStoreException Corrupt(string key, string wanted, string found) => new(ObjectStoreFault.Corrupt, "reading", Place, key,
        $"its content has SHA-256 {found}, not {wanted}", "Something changed the file; restore it from a backup.");
}
