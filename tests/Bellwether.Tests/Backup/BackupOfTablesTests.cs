using Bellwether.Backup;
using Bellwether.Tests.Support;
using Npgsql;

namespace Bellwether.Tests.Backup;

/// <summary>Tables that no revision of the schema makes: by-products stay behind, all others come back as they were.</summary>
public sealed class BackupOfTablesTests(TestServer server) : IAsyncLifetime
{
    static readonly DateTimeOffset Old = new(2026, 1, 20, 0, 0, 0, TimeSpan.Zero);

    BackupLab _from = null!, _to = null!;

    public async ValueTask InitializeAsync() =>
        (_from, _to) = (await BackupLab.CreateAsync(server, nameof(BackupOfTablesTests)), await BackupLab.CreateAsync(server, nameof(BackupOfTablesTests)));

    public async ValueTask DisposeAsync()
    {
        await _from.DisposeAsync();
        await _to.DisposeAsync();
    }

    [Fact]
    public async Task Rows_that_were_brought_beside_or_are_on_their_way_from_the_lake_hinder_no_restore()
    {
        await _from.Lab.AddTweetsAsync(Old, 50);
        await _from.Lab.RunAsync();
        Assert.Equal("sentiment.tweets_restored", (await _from.Lab.RestoreAsync("tweets", beside: true)).Table);
        await _from.Lab.ExecuteAsync("""
            CREATE TABLE sentiment.unsealing_20260120 (LIKE sentiment.sentiment_data INCLUDING ALL);
            CREATE TABLE sentiment.sentiment_parquet (timestamp timestamptz) PARTITION BY RANGE (timestamp)
            """);
        var made = await _from.CreateAsync();
        Assert.DoesNotContain(BackupManifest.Read(made.Path).Tables, table => table.Name is "tweets_restored" or "unsealing_20260120" or "sentiment_parquet");
        await _to.RestoreAsync(made.Path);
        Assert.Equal(await BackupContent.OfAsync(_from.Lab.Source), await BackupContent.OfAsync(_to.Lab.Source));

        // Where they stand in the way of a restore they go: their rows are of the data that goes.
        await _from.RestoreAsync(made.Path, replace: true);
        Assert.True(await _from.Lab.ScalarAsync<bool>("SELECT to_regclass('sentiment.tweets_restored') IS NULL AND to_regclass('sentiment.unsealing_20260120') IS NULL"));
    }

    const string Own = """
        CREATE SCHEMA IF NOT EXISTS improvement;
        CREATE TABLE improvement.market_conditions_daily (symbol varchar(10) NOT NULL, day date NOT NULL, close numeric(18, 8), volume numeric, samples bigint NOT NULL,
            formula text NOT NULL DEFAULT 'first', PRIMARY KEY (symbol, day));
        CREATE TABLE sentiment."Desk notes" (
            id serial PRIMARY KEY, number bigint GENERATED ALWAYS AS IDENTITY (START 100 INCREMENT 5), symbol text COLLATE "C" NOT NULL CHECK (symbol <> ''), tags text[] DEFAULT '{}',
            at timestamptz NOT NULL DEFAULT now(), size int, doubled int GENERATED ALWAYS AS (size * 2) STORED, parent int REFERENCES sentiment."Desk notes", post text,
            made uuid DEFAULT gen_random_uuid(), UNIQUE NULLS NOT DISTINCT (symbol, post));
        CREATE INDEX notes_lower ON sentiment."Desk notes" (lower(symbol)) WHERE size > 3;
        CREATE SEQUENCE ops.tickets INCREMENT 7;
        CREATE TABLE ops.ticks (at timestamptz NOT NULL, symbol text, ticket bigint DEFAULT nextval('ops.tickets'), PRIMARY KEY (at, ticket)) PARTITION BY RANGE (at);
        CREATE INDEX ticks_symbol ON ops.ticks (symbol);
        CREATE TABLE ops.ticks_old PARTITION OF ops.ticks FOR VALUES FROM (MINVALUE) TO ('2026-01-01 00:00+00');
        CREATE TABLE ops.ticks_new PARTITION OF ops.ticks FOR VALUES FROM ('2026-01-01 00:00+00') TO (MAXVALUE);
        ALTER TABLE sentiment.tweets ADD COLUMN "my mark" int NOT NULL DEFAULT 7;
        """;

    [Fact]
    public async Task Tables_and_columns_of_ones_own_come_back_with_keys_links_defaults_and_sequences()
    {
        await _from.Lab.ExecuteAsync(Own);
        await _from.Lab.AddTweetsAsync(Old, 10);
        await _from.Lab.ExecuteAsync("""
            INSERT INTO improvement.market_conditions_daily VALUES ('SPY', '2024-01-02', 470.12345678, 1e9, 390);
            INSERT INTO sentiment."Desk notes" (symbol, tags, size, post) SELECT 'S' || n, ARRAY['a,b', NULL], n, 'p' || n FROM generate_series(1, 9) n;
            UPDATE sentiment."Desk notes" SET parent = 9 WHERE id < 9;
            INSERT INTO ops.ticks (at, symbol) SELECT timestamptz '2025-12-30 00:00+00' + n * interval '1 day', 'S' FROM generate_series(1, 5) n;
            UPDATE sentiment.tweets SET "my mark" = 8 WHERE id % 2 = 0
            """);
        var made = await _from.CreateAsync();
        await _to.RestoreAsync(made.Path);
        Assert.Equal(await BackupContent.OfAsync(_from.Lab.Source), await BackupContent.OfAsync(_to.Lab.Source));
        const string Schema = """
            SELECT string_agg(d, E'\n' ORDER BY d) FROM (
                SELECT format('%s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) FROM pg_constraint WHERE connamespace::regnamespace::text IN ('ops', 'sentiment', 'improvement')
                UNION ALL SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid::regclass::text ~ 'notes|tick|daily'
                UNION ALL SELECT format('%s.%s %s %s %s', attrelid::regclass, attname, format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid))
                    FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum WHERE attnum > 0 AND attrelid::regclass::text ~ 'notes|tick|daily|tweets'
                UNION ALL SELECT format('%s.%s %s %s %s %s', schemaname, sequencename, data_type, start_value, increment_by, last_value) FROM pg_sequences) AS r (d)
            """;
        Assert.Equal(await _from.Lab.ScalarAsync<string>(Schema), await _to.Lab.ScalarAsync<string>(Schema));
        foreach (var lab in (BackupLab[])[_from, _to])
        {
            await lab.Lab.ExecuteAsync("INSERT INTO sentiment.\"Desk notes\" (symbol, size) VALUES ('new', 4); INSERT INTO ops.ticks (at) VALUES ('2026-02-01 00:00+00')");
            Assert.Equal("10 145 8", await lab.Lab.ScalarAsync<string>("SELECT id || ' ' || number || ' ' || doubled FROM sentiment.\"Desk notes\" WHERE symbol = 'new'"));
            Assert.Equal(36, await lab.Lab.ScalarAsync<long>("SELECT max(ticket) FROM ops.ticks"));
            Assert.Equal(PostgresErrorCodes.ForeignKeyViolation, (await Assert.ThrowsAsync<PostgresException>(() => lab.Lab.ExecuteAsync("UPDATE sentiment.\"Desk notes\" SET parent = 1000"))).SqlState);
        }
        // Again over what is there now, where the tables stand already.
        await _to.RestoreAsync(made.Path, replace: true);
        Assert.Equal(9, await _to.Lab.ScalarAsync<long>("SELECT count(*) FROM sentiment.\"Desk notes\""));
    }

    [Theory]
    [InlineData("CREATE TYPE sentiment.mood AS ENUM ('good', 'bad'); CREATE TABLE sentiment.moods (id int, mood sentiment.mood)", "sentiment.moods needs type sentiment.mood")]
    [InlineData("CREATE TABLE ops.wide (LIKE ops.jobs) INHERITS (ops.jobs)", "ops.wide needs rows of its own below table ops.jobs")]
    [InlineData("CREATE FUNCTION public.one() RETURNS int LANGUAGE sql AS 'SELECT 1'; ALTER TABLE ops.jobs ADD COLUMN one int DEFAULT public.one()", "ops.jobs needs function public.one()")]
    public async Task Table_that_no_restore_could_make_is_refused_when_the_backup_is_made(string sql, string problem)
    {
        await _from.Lab.ExecuteAsync(sql);
        var error = await Assert.ThrowsAsync<BackupException>(() => _from.CreateAsync());
        Assert.Contains(problem, error.Message);
        Assert.Contains("SET SCHEMA", error.Mend);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_from.Backups));
    }

    [Fact]
    public async Task Table_in_the_way_with_other_columns_is_told_and_nothing_is_changed()
    {
        await _from.Lab.ExecuteAsync("CREATE TABLE sentiment.mine (id int, name text); INSERT INTO sentiment.mine VALUES (1, 'a')");
        var made = await _from.CreateAsync();
        await _to.Lab.ExecuteAsync("CREATE TABLE sentiment.mine (id bigint, name text); INSERT INTO sentiment.mine VALUES (2, 'b')");
        var error = await Assert.ThrowsAsync<BackupException>(() => _to.RestoreAsync(made.Path, replace: true));
        Assert.Contains("Nothing was changed", error.Message);
        Assert.Equal(2, await _to.Lab.ScalarAsync<long>("SELECT id FROM sentiment.mine"));
        await _to.Lab.ExecuteAsync("DROP TABLE sentiment.mine");
        await _to.RestoreAsync(made.Path, replace: true);
        Assert.Equal("a", await _to.Lab.ScalarAsync<string>("SELECT name FROM sentiment.mine WHERE id = 1"));
    }
}
