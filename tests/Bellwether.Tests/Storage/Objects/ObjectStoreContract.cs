using System.Security.Cryptography;
using Bellwether.Storage.Objects;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Storage.Objects;

/// <summary>What every object store must do. A subclass makes an empty store.</summary>
public abstract class ObjectStoreContract : IAsyncLifetime
{
    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    protected string Folder { get; } = TestFolder.Create("objects");

    protected IObjectStore Store { get; private set; } = null!;

    protected abstract Task<IObjectStore> CreateAsync();

    public async ValueTask InitializeAsync() => Store = await CreateAsync();

    public virtual ValueTask DisposeAsync()
    {
        Store.Dispose();
        Directory.Delete(Folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    protected static byte[] Bytes(int count, int seed = 1)
    {
        var bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    protected static string HashOf(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    protected string FileWith(byte[] bytes, string name = "source")
    {
        var path = Path.Combine(Folder, $"{name}-{Guid.NewGuid():N}");
        File.WriteAllBytes(path, bytes);
        return path;
    }

    protected async Task<byte[]> GetAsync(string key, string? sha256 = null)
    {
        var path = Path.Combine(Folder, $"got-{Guid.NewGuid():N}");
        await Store.GetAsync(key, path, sha256, Token);
        return await File.ReadAllBytesAsync(path, Token);
    }

    async Task<List<string>> ListAsync(string prefix, string? after = null)
    {
        var keys = new List<string>();
        await foreach (var found in Store.ListAsync(prefix, after, Token)) keys.Add(found.Key);
        return keys;
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1_000_000)]
    [InlineData(5 << 20)]
    [InlineData((5 << 20) + 1)]
    [InlineData(12_345_678)]
    public async Task What_was_put_from_a_file_or_a_stream_comes_back(int size)
    {
        var bytes = Bytes(size);
        var put = await Store.PutAsync("a/file", FileWith(bytes), Token);
        Assert.Equal(("a/file", (long)size, HashOf(bytes)), (put.Key, put.Size, put.Sha256));
        Assert.Equal(bytes, await GetAsync("a/file", HashOf(bytes)));
        await Store.PutAsync("a/stream", new MemoryStream(bytes), Token);
        Assert.Equal(bytes, await GetAsync("a/stream"));
        foreach (var key in (string[])["a/file", "a/stream"])
        {
            var head = (await Store.HeadAsync(key, Token))!;
            Assert.Equal((key, (long)size, HashOf(bytes)), (head.Key, head.Size, head.Sha256));
            Assert.NotEmpty(head.ETag);
            Assert.InRange(head.Modified, TimeProvider.System.GetUtcNow().AddMinutes(-5), TimeProvider.System.GetUtcNow().AddMinutes(5));
        }
    }

    [Fact]
    public async Task Object_is_replaced_at_once_and_readers_see_one_or_the_other()
    {
        byte[][] contents = [Bytes(400_000, 1), Bytes(300_000, 2)];
        string[] files = [.. contents.Select(bytes => FileWith(bytes))];
        await Store.PutAsync("k", files[0], Token);
        using var stop = new CancellationTokenSource();
        var writing = Task.Run(async () =>
        {
            for (var i = 1; !stop.IsCancellationRequested; i++) await Store.PutAsync("k", files[i % 2], Token);
        }, Token);
        for (var i = 0; i < 30; i++) Assert.Contains(HashOf(await GetAsync("k")), contents.Select(HashOf));
        await stop.CancelAsync();
        await writing;
    }

    [Fact]
    public async Task Etag_changes_with_the_content()
    {
        await Store.PutAsync("k", new MemoryStream([1]), Token);
        var first = (await Store.HeadAsync("k", Token))!.ETag;
        await Store.PutAsync("k", new MemoryStream([1, 2]), Token);
        Assert.NotEqual(first, (await Store.HeadAsync("k", Token))!.ETag);
    }

    [Fact]
    public async Task Missing_object_has_no_head_and_cannot_be_read()
    {
        Assert.Null(await Store.HeadAsync("no/such", Token));
        var path = Path.Combine(Folder, "target");
        var error = await Assert.ThrowsAsync<ObjectStoreException>(() => Store.GetAsync("no/such", path, null, Token));
        Assert.Equal(ObjectStoreFault.NotFound, error.Fault);
        Assert.Contains("no/such", error.Message);
        Assert.Contains(Store.Place, error.Message);
        Assert.NotEmpty(error.Mend);
        Assert.Equal(ObjectStoreFault.NotFound, (await Assert.ThrowsAsync<ObjectStoreException>(() => Store.ReadAsync("no/such", 0, new byte[1], Token))).Fault);
        Assert.Empty(Directory.EnumerateFiles(Folder, "target*"));
    }

    [Fact]
    public async Task Get_refuses_content_other_than_the_caller_expects_and_leaves_the_old_file()
    {
        await Store.PutAsync("k", new MemoryStream([1, 2, 3]), Token);
        var path = FileWith([9], "target");
        var error = await Assert.ThrowsAsync<ObjectStoreException>(() => Store.GetAsync("k", path, HashOf([3, 2, 1]), Token));
        Assert.Equal(ObjectStoreFault.Corrupt, error.Fault);
        Assert.Contains(HashOf([3, 2, 1]), error.Message);
        Assert.Equal([9], await File.ReadAllBytesAsync(path, Token));
        Assert.Single(Directory.EnumerateFiles(Folder, "target*"));
    }

    [Fact]
    public async Task Parts_are_read_by_offset_up_to_the_end()
    {
        var bytes = Bytes(10_000);
        await Store.PutAsync("k", new MemoryStream(bytes), Token);
        foreach (var (offset, length, expected) in ((int, int, int)[])[(0, 1, 1), (0, 10_000, 10_000), (9_990, 100, 10), (5_000, 2_500, 2_500), (10_000, 10, 0), (99_999, 10, 0), (3, 0, 0)])
        {
            var buffer = new byte[length];
            Assert.Equal(expected, await Store.ReadAsync("k", offset, buffer, Token));
            Assert.Equal(bytes.Skip(offset).Take(expected), buffer.Take(expected));
        }
    }

    [Fact]
    public async Task List_gives_keys_by_prefix_in_the_order_of_their_bytes()
    {
        string[] keys = ["a-b", "a/b-c", "a/b/c", "a0", "b", "c/d e+f=g%20h&i", "year=2024/month=01/day=02/x.parquet"];
        foreach (var key in keys) await Store.PutAsync(key, new MemoryStream([1]), Token);
        var sorted = keys.OrderBy(key => Convert.ToHexString(System.Text.Encoding.UTF8.GetBytes(key)), StringComparer.Ordinal).ToList();
        Assert.Equal(sorted, await ListAsync(""));
        Assert.Equal(sorted.Where(key => key.StartsWith("a/b")), await ListAsync("a/b"));
        Assert.Equal(sorted.Where(key => key.StartsWith("a/")), await ListAsync("a/"));
        Assert.Equal(["c/d e+f=g%20h&i"], await ListAsync("c/d e"));
        Assert.Empty(await ListAsync("nothing/here"));
        for (var i = 0; i < sorted.Count; i++) Assert.Equal(sorted.Skip(i + 1), await ListAsync("", sorted[i]));
        foreach (var key in keys) Assert.Equal([1], await GetAsync(key));
        await Store.PutAsync("ü/東/🚀", new MemoryStream([2]), Token);
        Assert.Equal(["ü/東/🚀"], await ListAsync("ü/"));
        Assert.Equal([2], await GetAsync("ü/東/🚀"));
    }

    [Fact]
    public async Task List_spans_pages_and_delete_takes_thousands_at_once()
    {
        const int count = 2_100;
        var uploads = Enumerable.Range(0, count).Select(i => new ObjectUpload($"many/{i % 7}/{i:0000}", FileWith([(byte)i], "many"))).ToArray();
        await Store.PutManyAsync(uploads, Token);
        Assert.Equal(count, (await ListAsync("many/")).Count);
        await Store.DeleteAsync([.. uploads.Skip(100).Select(upload => upload.Key)], Token);
        Assert.Equal(uploads.Take(100).Select(upload => upload.Key).Order(StringComparer.Ordinal), await ListAsync("many/"));
    }

    [Fact]
    public async Task Put_many_stores_all_and_takes_the_files()
    {
        var uploads = Enumerable.Range(0, 20).Select(i => new ObjectUpload($"set/{i:00}", FileWith(Bytes(1000, i), "many"))).ToArray();
        await Store.PutManyAsync(uploads, Token);
        for (var i = 0; i < uploads.Length; i++)
        {
            Assert.Equal(Bytes(1000, i), await GetAsync(uploads[i].Key, HashOf(Bytes(1000, i))));
            Assert.False(File.Exists(uploads[i].File));
        }
        await Store.PutManyAsync([], Token);
    }

    [Fact]
    public async Task Copy_keeps_content_and_hash_when_the_original_is_replaced()
    {
        await Store.PutAsync("from", new MemoryStream([1, 2]), Token);
        await Store.CopyAsync("from", "kept/copy", Token);
        await Store.CopyAsync("from", "kept/copy", Token);
        await Store.PutAsync("from", new MemoryStream([3]), Token);
        Assert.Equal([1, 2], await GetAsync("kept/copy", HashOf([1, 2])));
        Assert.Equal(HashOf([1, 2]), (await Store.HeadAsync("kept/copy", Token))!.Sha256);
        Assert.Equal([3], await GetAsync("from"));
        Assert.Equal(["from", "kept/copy"], await ListAsync(""));
        Assert.Equal(ObjectStoreFault.NotFound, (await Assert.ThrowsAsync<ObjectStoreException>(() => Store.CopyAsync("none", "x", Token))).Fault);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(20)]
    public async Task Many_copies_take_the_places_of_others_and_keep_content_and_hash(int count)
    {
        for (var i = 0; i < count; i++) await Store.PutAsync($"from/{i}", new MemoryStream(Bytes(100, i)), Token);
        await Store.PutAsync("to/0", new MemoryStream([9]), Token);
        ObjectCopy[] copies = [.. Enumerable.Range(0, count).Select(i => new ObjectCopy($"from/{i}", $"to/{i}"))];
        await Store.CopyManyAsync(copies, Token);
        await Store.CopyManyAsync(copies, Token);
        for (var i = 0; i < count; i++)
        {
            Assert.Equal(Bytes(100, i), await GetAsync($"to/{i}", HashOf(Bytes(100, i))));
            Assert.Equal(HashOf(Bytes(100, i)), (await Store.HeadAsync($"to/{i}", Token))!.Sha256);
        }
        Assert.Equal(2 * count, (await ListAsync("")).Count());
        Assert.Equal(ObjectStoreFault.NotFound, (await Assert.ThrowsAsync<ObjectStoreException>(() => Store.CopyManyAsync([new("none", "x")], Token))).Fault);
        await Store.CopyManyAsync([], Token);
    }

    [Fact]
    public async Task Delete_removes_what_is_there_and_is_content_with_what_is_not()
    {
        await Store.PutAsync("d/one", new MemoryStream([1]), Token);
        await Store.PutAsync("d/two", new MemoryStream([2]), Token);
        await Store.DeleteAsync(["d/one", "d/none", "e/none"], Token);
        Assert.Equal(["d/two"], await ListAsync(""));
        await Store.DeleteAsync(["d/two"], Token);
        Assert.Null(await Store.HeadAsync("d/two", Token));
        await Store.DeleteAsync([], Token);
        await Store.PutAsync("d/two", new MemoryStream([3]), Token);
        Assert.Equal([3], await GetAsync("d/two"));
    }

    [Fact]
    public async Task Source_that_fails_leaves_no_object_and_no_scrap()
    {
        await Store.PutAsync("k", new MemoryStream([1]), Token);
        await Assert.ThrowsAsync<InvalidTimeZoneException>(() => Store.PutAsync("k", new FailingStream(700_000), Token));
        Assert.Equal([1], await GetAsync("k"));
        Assert.Equal(["k"], await ListAsync(""));
        Assert.Equal(0, await UnfinishedAsync());
        await Assert.ThrowsAsync<FileNotFoundException>(() => PutMissingAsync());
    }

    async Task PutMissingAsync()
    {
        try
        {
            await Store.PutAsync("k", Path.Combine(Folder, "no such file"), Token);
        }
        catch (ObjectStoreException error) when (error.InnerException is FileNotFoundException inner)
        {
            throw inner;
        }
    }

    protected virtual Task<int> UnfinishedAsync() => Store.RemoveUnfinishedAsync(TimeSpan.Zero, Token);

    [Fact]
    public async Task Cancelled_operations_end_as_cancelled()
    {
        using var cancel = new CancellationTokenSource();
        await cancel.CancelAsync();
        await Store.PutAsync("k", new MemoryStream([1]), Token);
        var file = FileWith(Bytes(100));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store.PutAsync("k", file, cancel.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store.HeadAsync("k", cancel.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store.GetAsync("k", Path.Combine(Folder, "x"), null, cancel.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store.DeleteAsync(["k"], cancel.Token));
        Assert.Equal([1], await GetAsync("k"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("/etc/passwd")]
    [InlineData("..")]
    [InlineData("../x")]
    [InlineData("a/../../x")]
    [InlineData("a/./b")]
    [InlineData("a//b")]
    [InlineData("a/")]
    [InlineData("a/.hidden")]
    [InlineData("a\\b")]
    [InlineData("a\nb")]
    [InlineData("a\0b")]
    public async Task Key_that_leads_elsewhere_is_refused_by_every_operation(string key)
    {
        var file = FileWith([1]);
        await Assert.ThrowsAsync<ArgumentException>(() => Store.PutAsync(key, file, Token));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.PutAsync(key, new MemoryStream([1]), Token));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.PutManyAsync([new(key, file)], Token));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.HeadAsync(key, Token));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.GetAsync(key, Path.Combine(Folder, "x"), null, Token));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.ReadAsync(key, 0, new byte[1], Token));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.CopyAsync(key, "x", Token));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.CopyAsync("x", key, Token));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.DeleteAsync([key], Token));
        Assert.True(File.Exists(file));
    }

    [Theory]
    [InlineData("../")]
    [InlineData("/")]
    [InlineData("a//")]
    public async Task Prefix_that_leads_elsewhere_is_refused(string prefix) => await Assert.ThrowsAsync<ArgumentException>(() => ListAsync(prefix));

    [Fact]
    public void Keys_of_many_bytes_and_of_half_characters_are_refused()
    {
        Assert.Throws<ArgumentException>(() => ObjectKey.Check(new string('a', 241)));
        Assert.Throws<ArgumentException>(() => ObjectKey.Check(string.Join('/', Enumerable.Repeat(new string('ü', 100), 5))));
        Assert.Throws<ArgumentException>(() => ObjectKey.Check("a\ud800b"));
        Assert.Throws<ArgumentException>(() => ObjectKey.Check("a\udc00\ud800"));
        Assert.Equal("a/😀", ObjectKey.Check("a/😀"));
    }

    sealed class FailingStream(int after) : MemoryStream(new byte[after])
    {
        public override int Read(byte[] buffer, int offset, int count) =>
            base.Read(buffer, offset, count) is > 0 and var read ? read : throw new InvalidTimeZoneException("the source fails");

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (Position == Length) throw new InvalidTimeZoneException("the source fails");
            return base.ReadAsync(buffer, cancellationToken);
        }

        public override Task CopyToAsync(Stream destination, int bufferSize, CancellationToken cancellationToken) =>
            throw new InvalidTimeZoneException("the source fails");
    }
}
