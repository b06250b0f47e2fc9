using Bellwether.Lake;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Lake;

/// <summary>Files of the lake against the manifest.</summary>
public sealed class LakeVerifierTests(TestServer server) : IAsyncLifetime
{
    static readonly DateOnly First = new(2024, 3, 1);

    LakeTestDatabase _database = null!;

    static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _database = await LakeTestDatabase.CreateAsync(server);
        await _database.AddDayAsync(First, 6);
        await _database.FillAsync(First, 6, 300);
        await _database.Writer.WriteDirtyDaysAsync(null, Token);
    }

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    Task<LakeVerifyResult> VerifyAsync() => new LakeVerifier(_database.Source, _database.Options, TimeProvider.System).VerifyAsync(null, Token);

    [Fact]
    public async Task What_was_written_is_found_sound()
    {
        var found = await VerifyAsync();
        Assert.Equal((6, 6), (found.Files, found.Ok));
        Assert.Empty(found.Bad);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_database.Scratch));
    }

    [Fact]
    public async Task Every_kind_of_damage_is_named_by_file_and_the_rest_is_sound()
    {
        File.Delete(_database.FileOf(First));
        var cut = _database.FileOf(First.AddDays(1));
        File.WriteAllBytes(cut, File.ReadAllBytes(cut)[..^100]);
        // As long as before, and no Parquet inside any more.
        var rotten = _database.FileOf(First.AddDays(2));
        var bytes = File.ReadAllBytes(rotten);
        Array.Fill(bytes, (byte)0x5a, 4, bytes.Length - 200);
        File.WriteAllBytes(rotten, bytes);
        // A sound file of the lake, but of another day.
        var other = _database.FileOf(First.AddDays(3));
        File.Copy(_database.FileOf(First.AddDays(4)), other, overwrite: true);
        await _database.ExecuteAsync($"UPDATE ops.lake_files SET bytes = {new FileInfo(other).Length}, file_sha256 = NULL WHERE day = '{First.AddDays(3):yyyy-MM-dd}'");
        // One whose manifest is wrong by one row.
        await _database.ExecuteAsync($"UPDATE ops.lake_files SET rows = rows + 1 WHERE day = '{First.AddDays(5):yyyy-MM-dd}'");

        var found = await VerifyAsync();
        Assert.Equal((6, 1), (found.Files, found.Ok));
        var reasons = found.Bad.ToDictionary(b => b.Path[^"dd/sentiment.parquet".Length..][..2], b => b.Reason);
        Assert.Equal("is missing", reasons["01"]);
        Assert.StartsWith("has ", reasons["02"]);
        Assert.StartsWith("cannot be read: ", reasons["03"]);
        Assert.Contains("the manifest says 300 rows", reasons["04"]);
        Assert.Contains("the manifest says 301 rows", reasons["06"]);
    }
}
