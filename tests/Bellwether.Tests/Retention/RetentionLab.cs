using Bellwether.Retention;
using Bellwether.Retention.Archive;
using Bellwether.Storage.Objects;
using Bellwether.Tests.Support;
using Npgsql;

namespace Bellwether.Tests.Retention;

/// <summary>A migrated database, an empty archive, and a clock. Tables that a later revision brings are made here in the shape of the plans.</summary>
sealed class RetentionLab : IAsyncDisposable
{
    readonly TestDatabase _database;
    readonly string _folder = TestFolder.Create("retention");

    RetentionLab(TestDatabase database, IObjectStore? objects)
    {
        _database = database;
        // A session zone and style far from the defaults: nothing here may depend on it.
        Source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(database.ConnectionString) { Timezone = "America/New_York", Options = "-c DateStyle=SQL,DMY" });
        Objects = new(objects ?? new LocalObjectStore(ArchiveFolder, TimeProvider.System));
    }

    public static async Task<RetentionLab> CreateAsync(TestServer server, string name, IObjectStore? objects = null) => new(await server.MigratedAsync(name), objects);

    public NpgsqlDataSource Source { get; }
    public string ConnectionString => _database.ConnectionString;
    public HookedStore Objects { get; }
    public ManualTime Time { get; } = new(new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero));
    public RetentionOptions Options { get; set; } = new();
    public int RowsPerFile { get; set; } = 1_000;
    public RetentionPolicies? Policies { get; set; }
    public IDaySealer Sealer { get; set; } = new NoDaySealer("a test");
    public string ArchiveFolder => Path.Combine(_folder, "archive");
    public string Scratch { get; set; } = "";

    static CancellationToken Token => TestContext.Current.CancellationToken;

    ArchiveOptions Archive => new()
    {
        Objects = Objects,
        ScratchDirectory = Scratch.Length > 0 ? Scratch : Path.Combine(_folder, "scratch"),
        DuckDbLibrary = Engines.DuckDb.DuckDbTestLibrary.Path,
        RowsPerFile = RowsPerFile,
    };

    public ArchiveOptions ArchiveOptions => Archive;

    RetentionPolicies All => Policies ?? RetentionPolicies.Of(Options);

    public Task<IReadOnlyList<RetentionItem>> PlanAsync() => new RetentionPlanner(Source, All, Options, Sealer, Time).PlanAsync(Token);

    public async Task<IReadOnlyList<RetentionItem>> RunAsync()
    {
        var run = await TryRunAsync();
        run.ThrowIfFailed();
        return run.Items;
    }

    public Task<RetentionRun> TryRunAsync() => new RetentionEngine(Source, All, Options, Archive, Sealer, Time).RunAsync(RetentionCause.Command, null, Token);

    public async Task<RetentionItem> RunAsync(string table) => (await RunAsync()).Single(item => item.Table == table);

    public async Task<RetentionItem> PlanAsync(string table) => (await PlanAsync()).Single(item => item.Table == table);

    public Task<ArchiveRestoreResult> RestoreAsync(string table, DateTimeOffset? from = null, DateTimeOffset? to = null, bool beside = false) =>
        new ArchiveRestore(Source, All, Archive, Time).RunAsync(table, from, to, beside, null, Token);

    public Task<ArchiveVerifyResult> VerifyAsync(int? most = null) => new ArchiveVerifier(Source, Archive, Time).VerifyAsync(most, null, Token);

    public Task<ArchiveDrillResult> DrillAsync() => new ArchiveDrill(Source, Archive, Time).RunAsync(Token);

    public Task<IReadOnlyList<ForgottenArchiveFile>> ForgetAsync(params string[] keys) => new ArchiveForget(Source, Archive, Time).RunAsync(keys, Token);

    public Task<IReadOnlyList<ArchiveFile>> FilesAsync(string? table = null) => ArchiveList.ReadAsync(Source, table, null, null, Token);

    public async Task ExecuteAsync(string sql)
    {
        await using var command = Source.CreateCommand(sql);
        command.CommandTimeout = 0;
        await command.ExecuteNonQueryAsync(Token);
    }

    public async Task<T> ScalarAsync<T>(string sql)
    {
        await using var command = Source.CreateCommand(sql);
        command.CommandTimeout = 0;
        return (T)(await command.ExecuteScalarAsync(Token))!;
    }

    /// <summary>All values of a table, whatever the order of its rows.</summary>
    public Task<string> ContentAsync(string table) =>
        ScalarAsync<string>($"SELECT count(*) || ' ' || coalesce(md5(string_agg(md5(to_jsonb(t)::text), '' ORDER BY md5(to_jsonb(t)::text))), '') FROM {table} AS t");

    /// <summary>Tweets of one author an hour apart, each with a score; every kind of value and of absence occurs.</summary>
    public Task AddTweetsAsync(DateTimeOffset first, int count, string tag = "a", string author = "42") => ExecuteAsync($"""
        INSERT INTO sentiment.tweets (tweet_id, article_id, created_at, author_id, username, followers, text, source_url, fetched_at)
        SELECT '{tag}' || n, md5('{tag}' || n), timestamptz '{first.UtcDateTime:yyyy-MM-dd HH:mm:ss}+00' + n * interval '1 hour' + n * interval '1 microsecond',
               CASE WHEN n % 5 = 0 THEN NULL ELSE '{author}' END, 'user' || n % 7, CASE WHEN n % 3 = 0 THEN NULL ELSE n * 1000000007::bigint END,
               CASE WHEN n % 4 = 0 THEN '' ELSE 'text, "quoted" \ ' || n || E'\n\té東🚀' END, CASE WHEN n % 2 = 0 THEN NULL ELSE 'https://x.example/' || n END, now()
        FROM generate_series(0, {count - 1}) n;
        INSERT INTO sentiment.tweet_sentiments (tweet_ref, tweet_id, symbol, created_at, sentiment, confidence, level, model, model_version, processed_at)
        SELECT id, tweet_id, 'AAPL', created_at, 0.1, 0.9, 'bullish', 'lexicon', '1', now() FROM sentiment.tweets WHERE tweet_id LIKE '{tag}%'
        """);

    /// <summary>In place of the table that the desk has: one with exact numbers, and an id.</summary>
    public const string MarketConditions = """
        DROP TABLE IF EXISTS market.market_conditions;
        CREATE SCHEMA IF NOT EXISTS improvement;
        CREATE TABLE improvement.market_conditions (
            id bigserial, symbol varchar(10) NOT NULL, timestamp timestamptz NOT NULL,
            open decimal(18, 8) NOT NULL, high decimal(18, 8) NOT NULL, low decimal(18, 8) NOT NULL, close decimal(18, 8) NOT NULL, volume bigint NOT NULL,
            atr_14 decimal(18, 8), rsi_14 decimal(5, 2), ema_20 decimal(18, 8), ema_50 decimal(18, 8), bb_upper decimal(18, 8), bb_lower decimal(18, 8),
            macd_line decimal(18, 8), macd_signal decimal(18, 8), volatility_20d decimal(10, 6), vix decimal(8, 4), detected_regime varchar(20),
            regime_confidence decimal(5, 4), spy_correlation decimal(4, 3), sector_correlation decimal(4, 3), created_at timestamptz DEFAULT now(),
            PRIMARY KEY (id, timestamp), UNIQUE (symbol, timestamp))
        """;

    public const string TradeOutcomes = """
        CREATE SCHEMA IF NOT EXISTS improvement;
        CREATE TABLE improvement.trade_outcomes (
            id bigserial, trade_id uuid NOT NULL, strategy_id varchar(50) NOT NULL, model_version varchar(20) NOT NULL, symbol varchar(10) NOT NULL,
            direction varchar(5) NOT NULL, entry_time timestamptz NOT NULL, exit_time timestamptz, entry_price decimal(18, 8) NOT NULL, exit_price decimal(18, 8),
            quantity bigint NOT NULL, gross_pnl decimal(18, 4), net_pnl numeric, legs jsonb, tags text[], held interval, seen time, day date, won boolean, note char(8),
            fee real, local timestamp, raw bytea, doubled bigint GENERATED ALWAYS AS (quantity * 2) STORED,
            PRIMARY KEY (trade_id, entry_time)) PARTITION BY RANGE (entry_time)
        """;

    /// <summary>Weeks of trades from a Monday, a hundred each; every kind of column and value occurs.</summary>
    public Task AddTradesAsync(DateTimeOffset monday, int weeks, int each = 100) => ExecuteAsync($"""
        DO $$ BEGIN FOR w IN 0..{weeks - 1} LOOP
            EXECUTE format('CREATE TABLE improvement.trade_outcomes_%s PARTITION OF improvement.trade_outcomes FOR VALUES FROM (%L) TO (%L)', w,
                timestamptz '{monday.UtcDateTime:yyyy-MM-dd}+00' + w * interval '168 hours', timestamptz '{monday.UtcDateTime:yyyy-MM-dd}+00' + (w + 1) * interval '168 hours');
        END LOOP; END $$;
        INSERT INTO improvement.trade_outcomes (trade_id, strategy_id, model_version, symbol, direction, entry_time, exit_time, entry_price, exit_price, quantity, gross_pnl,
            net_pnl, legs, tags, held, seen, day, won, note, fee, local, raw)
        SELECT md5('trade' || n)::uuid, 'momentum', 'v1', 'AAPL', CASE WHEN n % 2 = 0 THEN 'LONG' ELSE 'SHORT' END,
               timestamptz '{monday.UtcDateTime:yyyy-MM-dd}+00' + n * (interval '168 hours' / {each}), timestamptz '{monday.UtcDateTime:yyyy-MM-dd}+00' + n * interval '101 minutes',
               100.12345678 + n, CASE WHEN n % 3 = 0 THEN NULL ELSE 0.00000001 * n END, n - 50, -0.0001 * n,
               CASE WHEN n % 10 = 0 THEN 'NaN' ELSE '1.50' || n END::numeric, CASE WHEN n % 4 = 0 THEN NULL ELSE jsonb_build_object('n', n, 's', 'x"y', 'f', 1.10) END,
               ARRAY['a,b', NULL, '"q"', n::text], n * interval '1 day 3 minutes', time '12:34:56.789', date '2020-02-29' + n, n % 2 = 0, 'ab', 0.1::real + n,
               timestamp '2020-01-01 00:00:00.000001' + n * interval '1 day', decode(md5(n::text), 'hex')
        FROM generate_series(0, {weeks * each - 1}) n
        """);

    public async ValueTask DisposeAsync()
    {
        await Source.DisposeAsync();
        Objects.Dispose();
        await _database.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
