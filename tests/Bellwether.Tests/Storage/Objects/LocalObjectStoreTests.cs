using System.Diagnostics;
using Bellwether.Engines.Unix;
using Bellwether.Storage.Objects;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Storage.Objects;

public sealed class LocalObjectStoreTests : ObjectStoreContract
{
    string Root => Path.Combine(Folder, "store", "root");

    protected override Task<IObjectStore> CreateAsync() => Task.FromResult<IObjectStore>(new LocalObjectStore(Root, TimeProvider.System));

    [Fact]
    public async Task Object_is_a_plain_file_and_empty_folders_go_with_the_last()
    {
        await Store.PutAsync("year=2024/month=02/x.parquet", new MemoryStream([1, 2]), Token);
        var file = Path.Combine(Root, "year=2024/month=02/x.parquet");
        Assert.Equal(file, Store.FileOf("year=2024/month=02/x.parquet"));
        Assert.Equal([1, 2], await File.ReadAllBytesAsync(file, Token));
        await Store.PutAsync("year=2024/y", new MemoryStream([3]), Token);
        await Store.DeleteAsync(["year=2024/month=02/x.parquet"], Token);
        Assert.False(Directory.Exists(Path.Combine(Root, "year=2024/month=02")));
        Assert.True(Directory.Exists(Path.Combine(Root, "year=2024")));
        await Store.DeleteAsync(["year=2024/y"], Token);
        Assert.False(Directory.Exists(Path.Combine(Root, "year=2024")));
        Assert.True(Directory.Exists(Root));
    }

    [Fact]
    public async Task Change_behind_the_stores_back_is_noticed()
    {
        await Store.PutAsync("k", FileWith(Bytes(1000)), Token);
        var file = Store.FileOf("k")!;
        using (var handle = File.OpenHandle(file, FileMode.Open, FileAccess.Write)) RandomAccess.Write(handle, [0xAA, 0xBB], 500);
        var error = await Assert.ThrowsAsync<ObjectStoreException>(() => GetAsync("k"));
        Assert.Equal(ObjectStoreFault.Corrupt, error.Fault);
    }

    [Fact]
    public async Task Hash_is_computed_where_none_was_recorded()
    {
        Directory.CreateDirectory(Root);
        await File.WriteAllBytesAsync(Path.Combine(Root, "foreign"), [1, 2, 3], Token);
        Assert.Equal(HashOf([1, 2, 3]), (await Store.HeadAsync("foreign", Token))!.Sha256);
        Assert.Equal([1, 2, 3], await GetAsync("foreign"));
    }

    [Fact]
    public async Task Writers_and_removers_of_one_folder_do_not_disturb_each_other()
    {
        var file = FileWith(Bytes(100));
        await Task.WhenAll(Enumerable.Range(0, 4).Select(w => Task.Run(async () =>
        {
            for (var i = 0; i < 100; i++)
            {
                await Store.PutAsync($"deep/er/{w}", file, Token);
                Assert.NotNull(await Store.HeadAsync($"deep/er/{w}", Token));
                await Store.DeleteAsync([$"deep/er/{w}"], Token);
            }
        }, Token)));
        Assert.DoesNotContain(Directory.EnumerateFileSystemEntries(Root), entry => !Path.GetFileName(entry).StartsWith(".", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Scraps_of_a_crash_are_invisible_and_removed_when_old()
    {
        await Store.PutAsync("k", new MemoryStream([1]), Token);
        var scrap = Path.Combine(Root, ".incoming", "scrap");
        await File.WriteAllBytesAsync(scrap, [1, 2], Token);
        var keys = new List<string>();
        await foreach (var found in Store.ListAsync("", null, Token)) keys.Add(found.Key);
        Assert.Equal(["k"], keys);
        Assert.Equal(0, await Store.RemoveUnfinishedAsync(TimeSpan.FromHours(1), Token));
        File.SetLastWriteTimeUtc(scrap, TimeProvider.System.GetUtcNow().UtcDateTime.AddHours(-2));
        Assert.Equal(1, await Store.RemoveUnfinishedAsync(TimeSpan.FromHours(1), Token));
        Assert.False(File.Exists(scrap));
    }

    [Fact]
    public async Task List_sorts_by_code_points_where_utf16_would_not()
    {
        string[] sorted = ["a", "z/ü", "z/\uff01", "z/😀"];
        foreach (var key in sorted.Reverse()) await Store.PutAsync(key, new MemoryStream([1]), Token);
        var keys = new List<string>();
        await foreach (var found in Store.ListAsync("", null, Token)) keys.Add(found.Key);
        Assert.Equal(sorted, keys);
    }

    [Fact]
    public async Task Folder_that_is_a_file_is_told_with_place_and_key()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Root)!);
        await File.WriteAllTextAsync(Root, "not a folder", Token);
        var error = await Assert.ThrowsAsync<ObjectStoreException>(() => Store.PutAsync("k", new MemoryStream([1]), Token));
        Assert.Contains("k in " + Root, error.Message);
        Assert.Contains(Root, error.Mend);
        Assert.Equal("not a folder", await File.ReadAllTextAsync(Root, Token));
    }
}
