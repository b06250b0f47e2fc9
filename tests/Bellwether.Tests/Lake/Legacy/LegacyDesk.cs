using Bellwether.App;
using Bellwether.Engines.DuckDb;
using Bellwether.Lake.Legacy;
using Bellwether.Tests.Engines.DuckDb;
using Bellwether.Tests.Support;
using Dapper;

namespace Bellwether.Tests.Lake.Legacy;

/// <summary>A desk, a folder of old files, and the truth about them.</summary>
sealed class LegacyDesk : IAsyncDisposable
{
    readonly TestDesk _desk;

    LegacyDesk(TestDesk desk) => _desk = desk;

    public Desk Desk => _desk.Desk;

    public TestDesk Test => _desk;

    public string Old => Path.Combine(_desk.Folder, "old");

    public string Lake => Desk.Options.LakeDirectory;

    public static async Task<LegacyDesk> OpenAsync(TestServer server, string name, int rows = 2_000, int tickers = 8, int days = 40)
    {
        var desk = new LegacyDesk(await TestDesk.OpenAsync(server, name, options => options with { DuckDb = DuckDbTestLibrary.Path }));
        if (rows > 0) LegacyFiles.Make(desk.Old, rows, tickers, days);
        return desk;
    }

    static CancellationToken Token => TestContext.Current.CancellationToken;

    public async Task<LegacyReport> MigrateAsync(double sample = 1, bool resume = false, bool dryRun = false, int batch = 700, string? from = null) =>
        await (await Desk.LegacyMigrationAsync(null, Token)).RunAsync(new() { From = from ?? Old, Sample = sample, BatchRows = batch }, resume, dryRun, null, Token);

    public async Task<LegacyRollbackReport> RollbackAsync(long? id = null) => await (await Desk.LegacyRollbackAsync(null, Token)).RunAsync(id, null, Token);

    public async Task<LegacyDifferences> DiffAsync(string? from = null) => await (await Desk.LegacyDiffAsync(null, Token)).RunAsync(new() { From = from ?? Old }, null, Token);

    public async Task ExecuteAsync(string sql)
    {
        await using var connection = await Desk.DataSource.OpenConnectionAsync(Token);
        await connection.ExecuteAsync(sql);
    }

    public async Task<IReadOnlyList<string>> LinesAsync(string sql)
    {
        await using var connection = await Desk.DataSource.OpenConnectionAsync(Token);
        return (await connection.QueryAsync<string>(sql)).AsList();
    }

    /// <summary>Content of every file in the lake but the kept ones, by name.</summary>
    public SortedDictionary<string, string> Files() => new(Directory.Exists(Lake)
        ? Directory.EnumerateFiles(Lake, "*.parquet", SearchOption.AllDirectories).ToDictionary(
            file => Path.GetRelativePath(Lake, file), file => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(file))))
        : [], StringComparer.Ordinal);

    /// <summary>Everything that a migration may touch, to the last bit, but the migration's own account.</summary>
    public async Task<IReadOnlyList<string>> StateAsync() =>
    [
        .. await LinesAsync("SELECT to_jsonb(t)::text FROM sentiment.ticker_sentiment t ORDER BY ticker"),
        .. await LinesAsync("SELECT md5(string_agg(h, '' ORDER BY h)) FROM (SELECT md5(s::text) AS h FROM sentiment.all_sentiment s) r"),
        .. await LinesAsync("SELECT count(*) || ' ' || md5(string_agg(event_key::text, '' ORDER BY event_key)) FROM ops.inbox"),
        .. await LinesAsync("SELECT day || ' ' || rows || ' ' || content_hash || ' ' || file_sha256 FROM ops.lake_files ORDER BY day"),
        .. Files().Select(file => $"{file.Key} {file.Value}"),
    ];

    /// <summary>Compares what lies in the files of the lake with the truth, column by column, in another engine's own terms.</summary>
    public void AssertTruth(string condition = "true")
    {
        using var engine = DuckDbTestLibrary.Open(memoryLimitMb: 768, tempDirectory: Path.Combine(_desk.Folder, "spill"));
        using var connection = engine.Connect();
        connection.Execute("SET TimeZone = 'UTC'");
        var truth = $"(SELECT * FROM read_parquet('{Path.Combine(_desk.Folder, LegacyFiles.Truth)}') WHERE {condition})";
        var lake = $"read_parquet('{Lake}/year=*/month=*/day=*/sentiment.parquet', hive_partitioning = false)";
        Assert.Equal(Scalar($"SELECT count(*) FROM {truth}"), Scalar($"SELECT count(*) FROM {lake} WHERE article_id LIKE 'article-%'"));
        string[] wrong =
        [
            "l.article_id IS NULL", "l.timestamp <> t.ts::TIMESTAMPTZ", "l.article_title IS DISTINCT FROM t.title", "l.sentiment <> t.sentiment", "l.confidence <> t.confidence",
            "l.source <> t.source", "l.source_url IS DISTINCT FROM t.url", "l.model <> t.model", "l.text IS DISTINCT FROM t.text", "l.fetch_timestamp_utc <> t.fetched::TIMESTAMPTZ",
            "l.processing_timestamp_utc <> t.processed::TIMESTAMPTZ", "l.model_version <> 'legacy'", "l.positive <> greatest(t.sentiment, 0)", "l.negative <> greatest(-t.sentiment, 0)",
            "CASE WHEN t.shape = 3 AND t.extra IS NOT NULL THEN (l.raw_source_payload_json->>'relevance')::BIGINT IS DISTINCT FROM t.extra ELSE l.raw_source_payload_json IS NOT NULL END",
        ];
        foreach (var condition2 in wrong)
            Assert.True(0 == Scalar($"SELECT count(*) FROM {truth} t LEFT JOIN {lake} l ON l.article_id = t.article_id AND l.ticker = t.ticker WHERE {condition2}"), condition2);

        long Scalar(string sql) => (long)connection.Scalar(sql)!;
    }

    /// <summary>The states are what the stored results add up to: computing them anew changes nothing.</summary>
    public async Task AssertTickersAsync()
    {
        const string States = "SELECT (to_jsonb(t) - 'last_updated')::text FROM sentiment.ticker_sentiment t ORDER BY ticker";
        var before = await LinesAsync(States);
        await new Bellwether.Sentiment.TickerRebuild(Desk.DataSource, Desk.Options.Scoring).RunAsync(Token);
        Assert.Equal(before, await LinesAsync(States));
    }

    public async Task AssertRowsAsync(long rows)
    {
        Assert.Equal([$"{rows}"], await LinesAsync("SELECT count(*)::text FROM sentiment.all_sentiment"));
        await AssertTickersAsync();
    }

    public ValueTask DisposeAsync() => _desk.DisposeAsync();
}
