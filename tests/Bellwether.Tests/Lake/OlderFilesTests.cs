using Bellwether.Lake;
using Bellwether.Tests.Engines.DuckDb;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Lake;

/// <summary>Files from before results had a chain and a weight: the same rows, the same hash, and nothing about either.</summary>
public sealed class OlderFilesTests(TestServer server) : IAsyncLifetime
{
    static readonly DateOnly Day = new(2024, 2, 28);
    LakeTestDatabase _database = null!;

    static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _database = await LakeTestDatabase.CreateAsync(server);

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    Task WriteAsync() => _database.Writer.WriteDirtyDaysAsync(null, Token);

    async Task SoundAsync() => Assert.Empty((await new LakeVerifier(_database.Source, _database.Options, TimeProvider.System).VerifyAsync(null, Token)).Bad);

    /// <summary>Makes of the file of a day what the version before would have written; the hash in the manifest stays.</summary>
    async Task MakeOlderAsync(DateOnly day)
    {
        var (file, older) = (_database.FileOf(day), Path.Combine(_database.Scratch, "older.parquet"));
        using (var engine = DuckDbTestLibrary.Open())
        using (var connection = engine.Connect())
            connection.Execute($"COPY (SELECT * EXCLUDE (chain_id, novelty_weight) FROM read_parquet('{file}', hive_partitioning = false)) TO '{older}' (FORMAT parquet, COMPRESSION zstd)", Token);
        File.Move(older, file, overwrite: true);
        var bytes = await File.ReadAllBytesAsync(file, Token);
        await _database.ExecuteAsync($"""
            UPDATE ops.lake_files SET schema_version = 1, bytes = {bytes.Length}, file_sha256 = '{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes))}'
            WHERE day = '{day:yyyy-MM-dd}'
            """);
    }

    /// <summary>Two days in older files, one in a newer one, which has chains.</summary>
    async Task<string> FillAsync()
    {
        await _database.AddDayAsync(Day, 3);
        await _database.FillAsync(Day, 3, 300);
        await _database.ExecuteAsync($"UPDATE sentiment.sentiment_data SET chain_id = md5(article_id), novelty_weight = 0.5 WHERE timestamp >= '{Day.AddDays(2):yyyy-MM-dd} 00:00:00+00' AND ticker <> 'GME'");
        var before = await RowsAsync();
        await WriteAsync();
        await MakeOlderAsync(Day);
        await MakeOlderAsync(Day.AddDays(1));
        return before;
    }

    Task<string> RowsAsync() => _database.CsvAsync("SELECT * FROM all_sentiment ORDER BY timestamp, ticker, article_id");

    [Fact]
    public async Task They_are_sound_and_read_together_with_newer_ones()
    {
        var before = await FillAsync();
        await SoundAsync();
        Assert.Equal(before, await RowsAsync());
        Assert.Equal("240,240,900", await _database.CsvAsync("SELECT count(chain_id), count(novelty_weight), count(*) FROM all_sentiment"));
        Assert.Equal("300,0", await _database.CsvAsync($"SELECT count(*), count(chain_id) FROM all_sentiment WHERE timestamp::DATE = '{Day:yyyy-MM-dd}'"));
    }

    [Fact]
    public async Task A_view_for_duckdb_reads_them_where_there_are_no_newer_ones()
    {
        await _database.AddDayAsync(Day, 3);
        await _database.FillAsync(Day, 2, 300);
        await WriteAsync();
        await MakeOlderAsync(Day);
        await MakeOlderAsync(Day.AddDays(1));
        using var engine = DuckDbTestLibrary.Open();
        using var connection = engine.Connect();
        connection.Execute(new LakeDdl(_database.Folder).For(LakeDdlTarget.DuckDb, []), Token);
        Assert.Equal(600L, connection.Scalar("SELECT count(*) FROM sentiment.all_sentiment WHERE chain_id IS NULL AND novelty_weight IS NULL", []));
        Assert.Equal(300L, connection.Scalar($"SELECT count(*) FROM sentiment.all_sentiment WHERE day = {Day.Day}", []));
    }

    [Fact]
    public async Task They_are_sealed_merged_with_late_rows_and_unsealed()
    {
        var before = await FillAsync();
        var sealer = new LakeSealer(_database.Source, _database.Options, null, TimeProvider.System);
        var sealing = await sealer.SealAsync(Day.AddDays(3), null, Token);
        Assert.Empty(sealing.Blocked);
        Assert.Equal(0L, await _database.ScalarAsync<long>("SELECT count(*) FROM sentiment.sentiment_data"));
        Assert.Equal(before, await RowsAsync());

        // What reads sealed days for a ticker, with a row to be taken out.
        await _database.ExecuteAsync($"""
            INSERT INTO ops.lake_removals (day, article_id, ticker) VALUES ('{Day:yyyy-MM-dd}', md5('a0:5'), 'AAPL');
            UPDATE ops.lake_days SET revision = revision + 1 WHERE day = '{Day:yyyy-MM-dd}'
            """);
        Assert.Equal("899", await _database.CsvAsync("SELECT count(*) FROM all_sentiment"));

        // A late row, with a chain, makes of an older file a newer one.
        await _database.AddDayAsync(Day);
        await _database.ExecuteAsync($"""
            INSERT INTO sentiment.sentiment_data VALUES ('{Day:yyyy-MM-dd} 12:00:00.5+00', 'LATE', NULL, 0.5, 1, 's', '', 'm', 'late', 'text', '2024-07-01 00:00+00', '2024-07-01 00:00+00',
             NULL, 'e', 'news', 'high', 2, 'v', 0.75, 0.25, 1, 'c', 1);
            UPDATE ops.lake_days SET revision = revision + 1, hot_rows = 1 WHERE day = '{Day:yyyy-MM-dd}'
            """);
        await WriteAsync();
        await SoundAsync();
        Assert.Equal("2,1,2", await _database.CsvAsync("SELECT string_agg(schema_version::VARCHAR, ',' ORDER BY day) FROM ops.lake_files").ContinueWith(t => t.Result.Trim('"'), Token));
        Assert.Equal("LATE,c,1", await _database.CsvAsync($"SELECT ticker, chain_id, novelty_weight FROM all_sentiment WHERE timestamp::DATE = '{Day:yyyy-MM-dd}' AND chain_id IS NOT NULL"));
        Assert.Equal("900", await _database.CsvAsync("SELECT count(*) FROM all_sentiment"));

        var unsealed = new LakeUnsealer(_database.Source, _database.Options, TimeProvider.System);
        await unsealed.UnsealAsync(Day.AddDays(1), Day.AddDays(3), null, Token);
        Assert.Equal(600L, await _database.ScalarAsync<long>("SELECT count(*) FROM sentiment.sentiment_data WHERE ticker <> 'LATE'"));
        Assert.Equal("900", await _database.CsvAsync("SELECT count(*) FROM all_sentiment"));
        Assert.Equal(240L, await _database.ScalarAsync<long>("SELECT count(novelty_weight) FROM sentiment.sentiment_data WHERE ticker <> 'LATE'"));
    }
}
