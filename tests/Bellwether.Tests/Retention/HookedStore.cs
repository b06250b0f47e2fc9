using Bellwether.Storage.Objects;

namespace Bellwether.Tests.Retention;

/// <summary>A folder of objects where a test can step in before files are stored or read.</summary>
sealed class HookedStore(IObjectStore inner) : IObjectStore
{
    /// <summary>Called with the number of the call, from 1.</summary>
    public Func<int, Task> BeforePut { get; set; } = _ => Task.CompletedTask;

    /// <summary>Called with the key.</summary>
    public Action<string> BeforeGet { get; set; } = _ => { };

    public int Puts { get; private set; }

    public string Place => inner.Place;
    public Task<ObjectInfo> PutAsync(string key, string file, CancellationToken cancellationToken) => inner.PutAsync(key, file, cancellationToken);
    public Task<ObjectInfo> PutAsync(string key, Stream content, CancellationToken cancellationToken) => inner.PutAsync(key, content, cancellationToken);

    public async Task PutManyAsync(IReadOnlyList<ObjectUpload> files, CancellationToken cancellationToken)
    {
        await BeforePut(++Puts);
        await inner.PutManyAsync(files, cancellationToken);
    }

    public Task<ObjectInfo?> HeadAsync(string key, CancellationToken cancellationToken) => inner.HeadAsync(key, cancellationToken);

    public Task<ObjectInfo> GetAsync(string key, string file, string? sha256, CancellationToken cancellationToken)
    {
        BeforeGet(key);
        return inner.GetAsync(key, file, sha256, cancellationToken);
    }

    public Task<int> ReadAsync(string key, long offset, Memory<byte> buffer, CancellationToken cancellationToken) => inner.ReadAsync(key, offset, buffer, cancellationToken);
    public Task CopyAsync(string from, string to, CancellationToken cancellationToken) => inner.CopyAsync(from, to, cancellationToken);
    public IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, string? after, CancellationToken cancellationToken) => inner.ListAsync(prefix, after, cancellationToken);
    public Task DeleteAsync(IReadOnlyCollection<string> keys, CancellationToken cancellationToken) => inner.DeleteAsync(keys, cancellationToken);
    public Task<int> RemoveUnfinishedAsync(TimeSpan? olderThan, CancellationToken cancellationToken) => inner.RemoveUnfinishedAsync(olderThan, cancellationToken);
    public string? FileOf(string key) => inner.FileOf(key);
    public void Dispose() => inner.Dispose();
}
