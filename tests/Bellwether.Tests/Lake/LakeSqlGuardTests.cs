using Bellwether.Lake;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Lake;

/// <summary>What SQL must not be able to do.</summary>
public sealed class LakeSqlGuardTests(TestServer server) : IAsyncLifetime
{
    LakeTestDatabase _database = null!;

    static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _database = await LakeTestDatabase.CreateAsync(server);
        await _database.AddDayAsync(new(2024, 2, 28));
        await _database.FillAsync(new(2024, 2, 28), 1, 10);
        await _database.Writer.WriteDirtyDaysAsync(null, Token);
    }

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Theory]
    [InlineData("SELECT * FROM read_text('/etc/passwd')")]
    [InlineData("SELECT * FROM read_blob('/etc/passwd')")]
    [InlineData("SELECT * FROM read_csv('LAKE/../x.csv')")]
    [InlineData("SELECT * FROM read_text('LAKE/secret')")]
    [InlineData("SELECT * FROM 'LAKE/secret'")]
    [InlineData("SELECT * FROM '/etc/passwd'")]
    [InlineData("SELECT * FROM \"/etc/passwd.csv\"")]
    [InlineData("SELECT * FROM glob('/etc/*')")]
    [InlineData("SELECT * FROM sniff_csv('/etc/passwd')")]
    [InlineData("SELECT * FROM parquet_metadata('LAKE/year=2024/month=02/day=28/sentiment.parquet')")]
    [InlineData("SELECT * FROM read_parquet('https://example.org/x.parquet')")]
    [InlineData("SELECT * FROM 'https://example.org/x.parquet'")]
    [InlineData("SELECT * FROM 's3://bucket/x.parquet'")]
    [InlineData("SELECT * FROM read_json('http://127.0.0.1:1/')")]
    [InlineData("SELECT * FROM query('SELECT * FROM read_text(''/etc/passwd'')')")]
    [InlineData("SELECT * FROM query_table('tweets')")]
    [InlineData("WITH x AS (SELECT * FROM read_text('/etc/passwd')) SELECT * FROM x")]
    [InlineData("SELECT (SELECT content FROM read_text('/etc/passwd'))")]
    [InlineData("SELECT 1 WHERE EXISTS (FROM range(1) r(i), LATERAL (SELECT * FROM read_text('/etc/passwd')))")]
    [InlineData("SELECT * FROM enable_profiling(save_location := 'LAKE/written.txt')")]
    [InlineData("SELECT * FROM enable_logging(storage := 'file', storage_path := 'LAKE')")]
    [InlineData("SELECT * FROM duckdb_secrets()")]
    [InlineData("SELECT getenv('HOME')")]
    [InlineData("COPY (SELECT 1) TO 'LAKE/written.csv'")]
    [InlineData("COPY all_sentiment TO 'LAKE-beside.csv'")]
    [InlineData("EXPLAIN ANALYZE COPY (SELECT 1) TO 'LAKE/written.csv'")]
    [InlineData("EXPLAIN (ANALYZE) COPY (SELECT 1) TO 'LAKE/written.csv'")]
    [InlineData("EXPLAIN/* */ANALYZE--\nCOPY (SELECT 1) TO 'LAKE/written.csv'")]
    [InlineData("EXPLAIN ANALYZE EXPLAIN ANALYZE COPY (SELECT 1) TO 'LAKE/written.csv'")]
    [InlineData("EXPORT DATABASE 'LAKE/export'")]
    [InlineData("IMPORT DATABASE 'LAKE/export'")]
    [InlineData("ATTACH 'LAKE/other.db' AS other")]
    [InlineData("ATTACH ':memory:' AS other")]
    [InlineData("INSTALL httpfs")]
    [InlineData("LOAD httpfs")]
    [InlineData("SET enable_external_access = true")]
    [InlineData("RESET allowed_paths")]
    [InlineData("SET VARIABLE x = 1")]
    [InlineData("PRAGMA enable_profiling")]
    [InlineData("PRAGMA database_list")]
    [InlineData("CALL enable_logging()")]
    [InlineData("CREATE TABLE x (a INTEGER)")]
    [InlineData("CREATE TEMP TABLE x AS SELECT 1")]
    [InlineData("INSERT INTO all_sentiment SELECT * FROM all_sentiment")]
    [InlineData("UPDATE lake_days SET revision = 0")]
    [InlineData("DELETE FROM lake_days")]
    [InlineData("DROP VIEW all_sentiment")]
    [InlineData("BEGIN")]
    [InlineData("CHECKPOINT")]
    [InlineData("PREPARE p AS SELECT 1")]
    [InlineData("SELECT 1; SELECT 2")]
    [InlineData("SELECT 1; COPY (SELECT 1) TO 'LAKE/written.csv'")]
    [InlineData("EXPLAIN SELECT 1; DROP VIEW all_sentiment")]
    [InlineData("SELECT * FROM data.all_sentiment")]
    public async Task Statement_is_refused_and_nothing_is_written(string sql)
    {
        await File.WriteAllTextAsync(Path.Combine(_database.Folder, "secret"), "not a lake file", Token);
        var before = Files();
        await Assert.ThrowsAsync<LakeSqlException>(async () =>
        {
            await using var query = await new LakeSql(_database.Source, _database.Options).QueryAsync(
                sql.Replace("LAKE", _database.Folder, StringComparison.Ordinal), Token);
            while (await query.ReadChunkAsync(Token)) { }
        });
        Assert.Equal(before, Files());
        Assert.False(File.Exists(_database.Folder + "-beside.csv"));
    }

    string[] Files() => [.. Directory.EnumerateFiles(_database.Folder, "*", SearchOption.AllDirectories).Order()];

    [Theory]
    [InlineData("SELECT * FROM read_text('/etc/passwd')")]
    [InlineData("SELECT * FROM read_text('LAKE/secret')")]
    [InlineData("SELECT * FROM read_text('LAKE/link')")]
    [InlineData("SELECT * FROM read_csv('LAKE/../x.csv')")]
    [InlineData("COPY (SELECT 1) TO 'LAKE/written.csv'")]
    [InlineData("COPY (SELECT 1) TO '/proc/self/fd/1'")]
    [InlineData("ATTACH 'LAKE/other.db' AS other")]
    [InlineData("INSTALL httpfs")]
    [InlineData("LOAD 'LAKE/x.duckdb_extension'")]
    [InlineData("SET enable_external_access = true")]
    [InlineData("SET memory_limit = '100GB'")]
    [InlineData("RESET lock_configuration")]
    [InlineData("SET allowed_paths = ['/etc/passwd']")]
    [InlineData("SELECT * FROM read_csv('http://127.0.0.1:1/x.csv')")]
    public async Task Engine_refuses_by_itself_what_would_pass_the_first_check(string sql)
    {
        await File.WriteAllTextAsync(Path.Combine(_database.Folder, "secret"), "not a lake file", Token);
        File.CreateSymbolicLink(Path.Combine(_database.Folder, "link"), "/etc/passwd");
        await using var query = await new LakeSql(_database.Source, _database.Options).QueryAsync("SELECT count(*) FROM all_sentiment", Token);
        while (await query.ReadChunkAsync(Token)) { }
        Assert.Throws<Bellwether.Engines.DuckDb.DuckDbException>(
            () => query.Connection.Execute(sql.Replace("LAKE", _database.Folder, StringComparison.Ordinal), Token));
        Assert.False(File.Exists(Path.Combine(_database.Folder, "written.csv")));
    }

    [Fact]
    public async Task Large_sort_spills_within_the_memory_limit()
    {
        var options = _database.Options with { MemoryLimitMb = 100 };
        await using var query = await new LakeSql(_database.Source, options).QueryAsync(
            "SELECT count(*), max(r) FROM (SELECT i, row_number() OVER (ORDER BY hash(i)) AS r FROM range(8000000) t(i) ORDER BY r)", Token);
        Assert.True(await query.ReadChunkAsync(Token));
        Assert.Equal(8_000_000L, query.Vector(0).Value(0));
    }

    [Fact]
    public async Task Query_that_would_fill_the_disk_fails_at_its_limit()
    {
        var options = _database.Options with { MemoryLimitMb = 100, SpillLimitMb = 8 };
        var failure = await Assert.ThrowsAsync<LakeSqlException>(async () =>
        {
            await using var query = await new LakeSql(_database.Source, options).QueryAsync(
                "SELECT max(before) FROM (SELECT lag(repeat(md5(i::varchar), 4)) OVER (ORDER BY hash(i)) AS before FROM range(4000000) t(i))", Token);
            while (await query.ReadChunkAsync(Token)) { }
        });
        Assert.Contains("max_temp_directory_size", failure.Message);
        Assert.Empty(Directory.EnumerateFileSystemEntries(options.ScratchDirectory));
    }

    [Fact]
    public async Task Scratch_of_a_killed_process_is_removed_and_that_of_a_living_one_stays()
    {
        using var dead = System.Diagnostics.Process.Start("true");
        await dead.WaitForExitAsync(Token);
        var (left, used) = (Path.Combine(_database.Scratch, $"sql-{dead.Id}-a"), Path.Combine(_database.Scratch, "sql-1-b"));
        foreach (var folder in new[] { left, used }) Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(Path.Combine(left, "duckdb_temp_storage-0.tmp"), "x", Token);
        await using (var query = await new LakeSql(_database.Source, _database.Options).QueryAsync("SELECT 1", Token)) { }
        Assert.Equal([used], Directory.EnumerateDirectories(_database.Scratch));
    }

    [Fact]
    public async Task Spill_folder_goes_with_the_query()
    {
        var sql = new LakeSql(_database.Source, _database.Options);
        string spill;
        await using (var query = await sql.QueryAsync("SELECT * FROM all_sentiment", Token))
        {
            spill = query.SpillFolder;
            Assert.True(Directory.Exists(spill));
        }
        Assert.False(Directory.Exists(spill));
    }
}
