using Bellwether.Storage;
using Bellwether.Tests.Support;
using Dapper;
using Npgsql;

namespace Bellwether.Tests.Storage;

public sealed class MigratorTests(TestServer server)
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Up_down_up_on_a_populated_database_leaves_the_identical_catalogue()
    {
        await using var database = await server.EmptyAsync(nameof(MigratorTests));
        var migrator = new Migrator(database.DataSource);
        await migrator.UpAsync(null, false, Cancel);
        var before = await CatalogueAsync(database.DataSource);
        Assert.Contains(before, line => line.Contains("sentiment_data", StringComparison.Ordinal));
        await PopulateAsync(database);

        await migrator.DownAsync(0, false, Cancel);
        Assert.Empty(await CatalogueAsync(database.DataSource));
        await migrator.UpAsync(null, false, Cancel);

        Assert.Equal(before, await CatalogueAsync(database.DataSource));
        Assert.Empty(await migrator.VerifyAsync(Cancel));
    }

    [Fact]
    public async Task Each_revision_alone_goes_down_and_up_again()
    {
        await using var database = await server.MigratedAsync(nameof(MigratorTests));
        var migrator = new Migrator(database.DataSource);
        var full = await CatalogueAsync(database.DataSource);
        for (var revision = migrator.Latest - 1; revision >= 0; revision--)
        {
            await migrator.DownAsync(revision, false, Cancel);
            Assert.Equal(revision, (await migrator.AppliedAsync(Cancel)).Count);
            var at = await CatalogueAsync(database.DataSource);
            await migrator.UpAsync(revision + 1, false, Cancel);
            await migrator.DownAsync(revision, false, Cancel);
            Assert.Equal(at, await CatalogueAsync(database.DataSource));
        }
        await migrator.UpAsync(null, false, Cancel);
        Assert.Equal(full, await CatalogueAsync(database.DataSource));
    }

    [Fact]
    public async Task Dry_run_names_the_steps_and_changes_nothing()
    {
        await using var database = await server.EmptyAsync(nameof(MigratorTests));
        var migrator = new Migrator(database.DataSource);
        var steps = await migrator.UpAsync(null, true, Cancel);
        Assert.Equal(migrator.Latest, steps.Count);
        Assert.Equal(Migration.Shipped, steps);
        Assert.Empty(await migrator.AppliedAsync(Cancel));
        Assert.Empty(await CatalogueAsync(database.DataSource));
    }

    [Fact]
    public async Task Two_processes_at_once_apply_each_revision_once()
    {
        await using var database = await server.EmptyAsync(nameof(MigratorTests));
        var applied = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => new Migrator(database.DataSource).UpAsync(null, false, Cancel)));
        Assert.Equal(Migration.Shipped.Count, applied.Sum(a => a.Count));
        Assert.Empty(await new Migrator(database.DataSource).VerifyAsync(Cancel));
    }

    [Fact]
    public async Task A_failing_revision_is_rolled_back_whole_and_named()
    {
        await using var database = await server.EmptyAsync(nameof(MigratorTests));
        var migrator = new Migrator(database.DataSource,
        [
            Migration.Create(1, "good", "CREATE TABLE good (id int)", "DROP TABLE good"),
            Migration.Create(2, "bad", "CREATE TABLE half (id int); SELECT 1/0", "DROP TABLE half"),
        ]);
        var error = await Assert.ThrowsAsync<MigrationException>(() => migrator.UpAsync(null, false, Cancel));
        Assert.Contains("revision 2 (bad)", error.Message, StringComparison.Ordinal);
        Assert.Single(await migrator.AppliedAsync(Cancel));
        Assert.Null(await database.ScalarAsync<string?>("SELECT to_regclass('half')::text"));
    }

    [Fact]
    public async Task A_changed_script_is_noticed_before_anything_runs()
    {
        await using var database = await server.EmptyAsync(nameof(MigratorTests));
        await new Migrator(database.DataSource, [Migration.Create(1, "one", "CREATE TABLE one (id int)", "DROP TABLE one")]).UpAsync(null, false, Cancel);
        var other = new Migrator(database.DataSource, [Migration.Create(1, "one", "CREATE TABLE one (id bigint)", "DROP TABLE one")]);
        Assert.Contains(await other.VerifyAsync(Cancel), p => p.Contains("another script", StringComparison.Ordinal));
        await Assert.ThrowsAsync<MigrationException>(() => other.DownAsync(0, false, Cancel));
    }

    [Fact]
    public async Task A_database_newer_than_the_program_is_refused()
    {
        await using var database = await server.MigratedAsync(nameof(MigratorTests));
        var old = new Migrator(database.DataSource, [.. Migration.Shipped.Take(1)]);
        var error = await Assert.ThrowsAsync<MigrationException>(() => old.UpAsync(null, false, Cancel));
        Assert.Contains("use a newer program", error.Message, StringComparison.Ordinal);
    }

    static async Task PopulateAsync(TestDatabase database)
    {
        await new RangePartitions(database.DataSource, "sentiment.sentiment_data").EnsureDayAsync(new(2025, 4, 25), Cancel);
        await using var connection = await database.DataSource.OpenConnectionAsync(Cancel);
        await connection.ExecuteAsync("""
            INSERT INTO sentiment.tweets (tweet_id, article_id, created_at, text, fetched_at) VALUES ('1', 'a', now(), 'up', now());
            INSERT INTO sentiment.tweet_sentiments (tweet_ref, tweet_id, symbol, created_at, sentiment, confidence, level, model, model_version, processed_at)
            VALUES (1, '1', 'AAPL', now(), 0.5, 0.9, 'bullish', 'm', '1', now());
            INSERT INTO sentiment.sentiment_data VALUES ('2025-04-25 12:00+00', 'AAPL', 't', 0.1, 0.5, 'news', NULL, 'm', 'a', 'x', now(), now(), '{}',
                'e', 'news', 'standard', 1, '1', 0.3, 0.2, 1);
            INSERT INTO ops.inbox VALUES (gen_random_uuid());
            """);
    }

    [Fact]
    public async Task Rows_of_market_conditions_move_into_months_and_back()
    {
        await using var database = await server.EmptyAsync(nameof(MigratorTests));
        var migrator = new Migrator(database.DataSource);
        await migrator.UpAsync(12, false, Cancel);
        await using var connection = await database.DataSource.OpenConnectionAsync(Cancel);
        // Another zone than UTC must not shift the months.
        await connection.ExecuteAsync("""
            ALTER DATABASE CURRENT_NAME SET TimeZone = 'Asia/Tokyo';
            INSERT INTO market.market_conditions (symbol, timestamp, session, known_at, open, high, low, close, detected_regime, formula)
            SELECT s, t, t::date, t, 1, 2, 0.5, 1.5, 'ranging', 'f' FROM unnest(ARRAY['A', 'B']) AS s,
                unnest(ARRAY['1999-06-01 20:00+00', '2024-01-31 23:59+00', '2024-02-01 00:00+00', '2024-02-28 21:00+00', '2024-12-31 21:00+00']::timestamptz[]) AS t
            """.Replace("CURRENT_NAME", connection.Database, StringComparison.Ordinal));
        NpgsqlConnection.ClearAllPools();
        var rows = await RowsAsync();
        await migrator.UpAsync(13, false, Cancel);
        Assert.Equal(rows, await RowsAsync());
        Assert.Equal("market_conditions_202401=2 market_conditions_202402=4 market_conditions_202412=2 market_conditions_history=2", await database.ScalarAsync<string>("""
            SELECT string_agg(format('%s=%s', name, n), ' ' ORDER BY name) FROM (SELECT tableoid::regclass::text AS qualified, split_part(tableoid::regclass::text, '.', 2) AS name, count(*) AS n
            FROM market.market_conditions GROUP BY tableoid) AS parts
            """));
        // The months are those that the program makes: it finds them there.
        await new MonthlyPartitions(database.DataSource, "market.market_conditions", TimeProvider.System).EnsureAsync([new(2024, 2, 3, 0, 0, 0, DateTimeKind.Utc), new(2024, 3, 3, 0, 0, 0, DateTimeKind.Utc), new(1990, 1, 1, 0, 0, 0, DateTimeKind.Utc)], Cancel);
        Assert.Equal(5, await database.ScalarAsync<long>("SELECT count(*) FROM pg_inherits WHERE inhparent = 'market.market_conditions'::regclass"));
        await migrator.DownAsync(12, false, Cancel);
        Assert.Equal(rows, await RowsAsync());
        Assert.Equal('r', await database.ScalarAsync<char>("SELECT relkind FROM pg_class WHERE oid = 'market.market_conditions'::regclass"));

        Task<string> RowsAsync() => database.ScalarAsync<string>("SELECT string_agg(c::text, '|' ORDER BY symbol, timestamp) FROM market.market_conditions AS c");
    }

    /// <summary>Everything a user of the schema can see of it, a line each.</summary>
    static async Task<IReadOnlyList<string>> CatalogueAsync(NpgsqlDataSource source)
    {
        await using var connection = await source.OpenConnectionAsync(Cancel);
        return [.. await connection.QueryAsync<string>("""
            SELECT format('column %s.%s %s %s %s %s', n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid))
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
            WHERE n.nspname IN ('ops', 'sentiment', 'market') AND c.relkind IN ('r', 'p', 'v', 'm')
            UNION ALL SELECT format('constraint %s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
            FROM pg_constraint WHERE connamespace::regnamespace::text IN ('ops', 'sentiment', 'market')
            UNION ALL SELECT format('index %s', pg_get_indexdef(indexrelid)) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
            WHERE c.relnamespace::regnamespace::text IN ('ops', 'sentiment', 'market')
            UNION ALL SELECT format('view %s %s', c.oid::regclass, pg_get_viewdef(c.oid)) FROM pg_class c
            WHERE c.relkind = 'v' AND c.relnamespace::regnamespace::text IN ('ops', 'sentiment', 'market')
            UNION ALL SELECT format('partitioned %s %s', partrelid::regclass, pg_get_partkeydef(partrelid)) FROM pg_partitioned_table
            UNION ALL SELECT format('schema %s', nspname) FROM pg_namespace WHERE nspname IN ('ops', 'sentiment', 'market')
            ORDER BY 1
            """)];
    }
}
