namespace Bellwether.Storage.Objects;

/// <summary>
/// Named files, in a folder or in a bucket. An object appears whole or not at all, replaces its predecessor at once, and carries the SHA-256 of
/// its content, which every reading of the whole object checks. Failures are <see cref="ObjectStoreException"/>; keys are as
/// <see cref="ObjectKey.Check"/> wants them.
/// </summary>
public interface IObjectStore : IDisposable
{
    /// <summary>Where the objects lie, for messages: a folder, or <c>s3://bucket/prefix</c>.</summary>
    string Place { get; }

    /// <summary>Stores a copy of a file, which must not change meanwhile.</summary>
    Task<ObjectInfo> PutAsync(string key, string file, CancellationToken cancellationToken);

    /// <summary>Stores what a stream holds up to its end.</summary>
    Task<ObjectInfo> PutAsync(string key, Stream content, CancellationToken cancellationToken);

    /// <summary>Stores files that are then gone: they may be moved. All are durable when it returns; a failure may leave some stored.</summary>
    Task PutManyAsync(IReadOnlyList<ObjectUpload> files, CancellationToken cancellationToken);

    /// <summary>What is known of an object; null where there is none.</summary>
    Task<ObjectInfo?> HeadAsync(string key, CancellationToken cancellationToken);

    /// <summary>Writes an object to a file, which is there only when all of it is there, checked and durable.</summary>
    /// <param name="sha256">What it must hold, beside what the store says of it; null to take the store's word.</param>
    /// <exception cref="ObjectStoreException">There is none, or its bytes are not those that were stored.</exception>
    Task<ObjectInfo> GetAsync(string key, string file, string? sha256, CancellationToken cancellationToken);

    /// <summary>Reads a part, which cannot be checked by itself. Returns the number of bytes, fewer than asked for only at the end.</summary>
    Task<int> ReadAsync(string key, long offset, Memory<byte> buffer, CancellationToken cancellationToken);

    /// <summary>Stores an object under another key too, inside of the store.</summary>
    Task CopyAsync(string from, string to, CancellationToken cancellationToken);

    /// <summary>Stores objects under other keys too, several at a time; which of them are there when it fails is open.</summary>
    Task CopyManyAsync(IReadOnlyList<ObjectCopy> copies, CancellationToken cancellationToken) => Parallel.ForEachAsync(
        copies, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = cancellationToken },
        async (copy, token) => await CopyAsync(copy.From, copy.To, token).ConfigureAwait(false));

    /// <summary>Objects whose keys begin with a prefix, in the order of their UTF-8, read a page at a time; without hashes.</summary>
    /// <param name="after">Only those behind this key.</param>
    IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, string? after, CancellationToken cancellationToken);

    /// <summary>Removes objects; those that are not there are no failure.</summary>
    Task DeleteAsync(IReadOnlyCollection<string> keys, CancellationToken cancellationToken);

    /// <summary>Removes what uploads that were cut off have left; returns how many there were.</summary>
    /// <param name="olderThan">Younger ones may still be under way; null where the caller knows that none is, for all.</param>
    Task<int> RemoveUnfinishedAsync(TimeSpan? olderThan, CancellationToken cancellationToken);

    /// <summary>The file that holds an object, where the store keeps plain files; null elsewhere.</summary>
    string? FileOf(string key);
}

/// <summary>An object as the store knows it.</summary>
/// <param name="Sha256">64 hexadecimal digits; null where none was recorded, and in listings.</param>
/// <param name="ETag">Changes with the content; opaque.</param>
public sealed record ObjectInfo(string Key, long Size, string? Sha256, string ETag, DateTimeOffset Modified);

/// <summary>A file to be stored.</summary>
/// <param name="Sha256">Of its content, where that is known already.</param>
public sealed record ObjectUpload(string Key, string File, string? Sha256 = null);

/// <summary>An object that is to be stored under another key too.</summary>
public readonly record struct ObjectCopy(string From, string To);
