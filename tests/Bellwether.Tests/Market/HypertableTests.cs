using Bellwether.App.Commands;
using Bellwether.Market.Hypertables;
using Bellwether.Storage;
using Bellwether.Tests.Commands;
using Bellwether.Tests.Support;
using Dapper;

namespace Bellwether.Tests.Market;

/// <summary>
/// Hypertables: against the real server, which has no TimescaleDB, and against one that claims to have it: a schema before pg_catalog offers the extension and
/// functions of its names, which refuse what the real ones refuse and write down what they were asked.
/// </summary>
public sealed class HypertableTests(TestServer server)
{
    const string Bars = "Date,Open,High,Low,Close,Volume\n2024-01-30,10,12,9,11,1000\n2024-01-31,11,13,10,12,2000\n2024-02-01,12,14,11,13,3000\n";

    [Fact]
    public async Task Without_the_extension_it_is_said_what_there_is_in_its_place()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(HypertableTests));
        (await desk.RunAsync("market", "import", desk.Write("x.csv", Bars), "--symbol", "X")).Succeeds();
        foreach (var verb in new[] { "plan", "apply" })
        {
            var refused = (await desk.RunAsync("market", "hypertables", verb, "--json")).Fails(ExitCode.Unavailable).ErrorJson;
            Assert.Equal("not_available", refused.GetProperty("kind").GetString());
            Assert.Contains("partitioned by month by PostgreSQL itself", refused.GetProperty("mend").GetString());
        }
        var status = (await desk.RunAsync("market", "hypertables", "status", "--json")).Succeeds().Json;
        Assert.Equal(System.Text.Json.JsonValueKind.Null, status.GetProperty("available").ValueKind);
        Assert.Equal(["market.price_history native 3", "market.market_conditions native 0", "market.options_data plain 0"],
            status.GetProperty("tables").EnumerateArray().Select(t => $"{t.GetProperty("table")} {t.GetProperty("kind")} {t.GetProperty("parts")}"));
        Assert.Contains("The server has no TimescaleDB", (await desk.RunAsync("market", "hypertables", "status")).Succeeds().Out);
        Assert.Equal("p", await desk.Database.ScalarAsync<string>("SELECT relkind::text FROM pg_class WHERE oid = 'market.price_history'::regclass"));
    }

    [Fact]
    public async Task Tables_become_hypertables_with_all_rows_and_keys_and_the_program_goes_on()
    {
        await using var desk = await PretendAsync();
        (await RunAsync(desk, "market", "import", desk.Write("x.csv", Bars), "--symbol", "X", "--known-at", "bar-end")).Succeeds();
        (await RunAsync(desk, "market", "refresh")).Succeeds();
        var (bars, conditions, keys) = (await BarsAsync(desk), await ConditionsAsync(desk), await KeysAsync(desk));
        var plan = (await RunAsync(desk, "market", "hypertables", "plan", "--no-compression", "--drop-after", "3650d")).Succeeds().Out;
        Assert.Contains("SELECT create_hypertable('market.price_history', 'date', chunk_time_interval => INTERVAL '30 days', create_default_indexes => false);", plan);
        Assert.Equal(0, await desk.Database.ScalarAsync<long>("SELECT count(*) FROM pretended.calls"));

        var answer = (await RunAsync(desk, "market", "hypertables", "apply", "--no-compression", "--drop-after", "3650d", "--json")).Succeeds().Json;
        Assert.True(answer.GetProperty("applied").GetBoolean());
        Assert.Equal(
            "create price_history date 30 days|retain price_history 87600:00:00|create market_conditions timestamp 30 days|retain market_conditions 87600:00:00|create options_data fetch_timestamp 30 days|retain options_data 87600:00:00",
            await CallsAsync(desk));
        Assert.Equal((bars, conditions, keys), (await BarsAsync(desk), await ConditionsAsync(desk), await KeysAsync(desk)));
        Assert.Equal("r", await desk.Database.ScalarAsync<string>("SELECT relkind::text FROM pg_class WHERE oid = 'market.price_history'::regclass"));
        Assert.Equal(0, await desk.Database.ScalarAsync<long>("SELECT count(*) FROM pg_class WHERE relnamespace = 'market'::regnamespace AND relname ~ '_before|_2024|_history$' AND relname <> 'price_history'"));

        // Bars of months that were not there, late ones and conditions find their place without partitions.
        var more = desk.Write("more.csv", Bars + "2024-03-01,12,14,11,13,3000\n2001-03-01,12,14,11,13,3000\n");
        Assert.Equal(2, (await RunAsync(desk, "market", "import", more, "--symbol", "X", "--json")).Succeeds().Json.GetProperty("accepted").GetInt32());
        (await RunAsync(desk, "market", "refresh")).Succeeds();
        Assert.Equal(5, await desk.Database.ScalarAsync<long>("SELECT count(*) FROM market.market_conditions"));
        Assert.Equal(bars, await BarsAsync(desk, "--as-of", "2024-02-20"));

        await desk.Database.ScalarAsync<object>("TRUNCATE pretended.calls");
        (await RunAsync(desk, "market", "hypertables", "apply", "--no-compression")).Succeeds();
        Assert.Equal(string.Join('|', HypertableSpec.All.Select(s => $"forget compress {s.Name}|forget retain {s.Name}")), await CallsAsync(desk));
        var status = (await RunAsync(desk, "market", "hypertables", "status", "--json")).Succeeds().Json;
        Assert.All(status.GetProperty("tables").EnumerateArray(), t => Assert.Equal("hypertable", t.GetProperty("kind").GetString()));

        var migrator = new Migrator(desk.Database.DataSource);
        await migrator.DownAsync(12, false, TestContext.Current.CancellationToken);
        await migrator.UpAsync(null, false, TestContext.Current.CancellationToken);
        Assert.Equal(5, await desk.Database.ScalarAsync<long>("SELECT count(*) FROM market.market_conditions"));
    }

    [Fact]
    public async Task A_failure_leaves_the_table_as_it_was()
    {
        await using var desk = await PretendAsync();
        (await RunAsync(desk, "market", "import", desk.Write("x.csv", Bars), "--symbol", "X")).Succeeds();
        var bars = await BarsAsync(desk);
        var plan = (await RunAsync(desk, "market", "hypertables", "plan", "--compress-after", "90d")).Succeeds().Out;
        Assert.Contains("ALTER TABLE market.price_history SET (timescaledb.compress, timescaledb.compress_segmentby = 'ticker, bar_interval', timescaledb.compress_orderby = 'date DESC, known_at DESC');", plan);
        Assert.Contains("SELECT add_compression_policy('market.market_conditions', INTERVAL '7776000 seconds');", plan);
        // What the real extension would take, PostgreSQL alone does not know.
        Assert.Contains("unrecognized parameter namespace", (await RunAsync(desk, "market", "hypertables", "apply")).Fails(ExitCode.Unavailable).Error);
        Assert.Equal(bars, await BarsAsync(desk));
        Assert.Equal("p", await desk.Database.ScalarAsync<string>("SELECT relkind::text FROM pg_class WHERE oid = 'market.price_history'::regclass"));
        Assert.Equal(0, await desk.Database.ScalarAsync<long>("SELECT count(*) FROM pretended.calls"));
    }

    [Fact]
    public async Task Policies_of_a_compressed_hypertable_are_set_anew_without_saying_again_how()
    {
        await using var desk = await PretendAsync();
        (await RunAsync(desk, "market", "hypertables", "apply", "--no-compression")).Succeeds();
        await desk.Database.ScalarAsync<object>("UPDATE timescaledb_information.hypertables SET compression_enabled = true; TRUNCATE pretended.calls");
        (await RunAsync(desk, "market", "hypertables", "apply", "--compress-after", "60d", "--drop-after", "400d")).Succeeds();
        Assert.Equal(string.Join('|', HypertableSpec.All.Select(s => $"forget compress {s.Name}|forget retain {s.Name}|compress {s.Name} 1440:00:00|retain {s.Name} 9600:00:00")), await CallsAsync(desk));
        var tables = (await RunAsync(desk, "market", "hypertables", "status", "--json")).Succeeds().Json.GetProperty("tables");
        Assert.All(tables.EnumerateArray(), t => Assert.Equal(("1440:00:00", "9600:00:00"), (t.GetProperty("compress_after").GetString(), t.GetProperty("drop_after").GetString())));
    }

    [Theory]
    [InlineData("2.17.2", "timescale", 30, null)]
    [InlineData("2.9.3", "timescale", 30, "cannot change compressed rows")]
    [InlineData("2.9.3", "timescale", 0, null)]
    [InlineData("2.17.2-dev", "apache", 30, "Apache licence")]
    [InlineData("2.17.2", "apache", 0, null)]
    public void A_server_that_lacks_what_is_asked_says_so(string version, string license, int compressDays, string? problem)
    {
        var refused = new TimescaleServer(version, version, license).Refuses(new(compressDays > 0 ? TimeSpan.FromDays(compressDays) : null, null));
        if (problem is null) Assert.Null(refused);
        else Assert.Contains(problem, refused);
    }

    async Task<CliDesk> PretendAsync()
    {
        var desk = await CliDesk.OpenAsync(server, nameof(HypertableTests));
        await using var connection = await desk.Database.DataSource.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await connection.ExecuteAsync("""
            CREATE SCHEMA pretended;
            CREATE SCHEMA timescaledb_information;
            CREATE TABLE pretended.calls (n bigint GENERATED ALWAYS AS IDENTITY, call text NOT NULL);
            CREATE VIEW pretended.pg_available_extensions AS SELECT 'timescaledb'::name AS name, '2.17.2' AS default_version, '2.17.2' AS installed_version;
            CREATE TABLE timescaledb_information.hypertables (hypertable_schema name, hypertable_name name, num_chunks bigint, compression_enabled boolean);
            CREATE TABLE timescaledb_information.jobs (hypertable_schema name, hypertable_name name, proc_name name, config jsonb);
            CREATE FUNCTION pretended.create_hypertable(relation regclass, time_column_name name, chunk_time_interval interval, create_default_indexes boolean) RETURNS void LANGUAGE plpgsql AS $$
            BEGIN
                IF (SELECT relkind FROM pg_class WHERE oid = relation) <> 'r' THEN RAISE EXCEPTION 'table "%" is already partitioned', relation; END IF;
                IF EXISTS (SELECT FROM pg_index i WHERE indrelid = relation AND indisunique AND NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = relation AND attname = time_column_name AND attnum = ANY(i.indkey::int2[])))
                    THEN RAISE EXCEPTION 'cannot create a unique index without the column "%" (used in partitioning)', time_column_name; END IF;
                INSERT INTO timescaledb_information.hypertables SELECT relnamespace::regnamespace::text, relname, 0, false FROM pg_class WHERE oid = relation;
                INSERT INTO pretended.calls (call) VALUES (format('create %s %s %s', split_part(relation::text, '.', 2), time_column_name, chunk_time_interval));
            END $$;
            CREATE FUNCTION pretended.note(what text, relation regclass, after interval, proc text, setting text) RETURNS void LANGUAGE plpgsql AS $$
            BEGIN
                IF proc = 'policy_compression' AND after IS NOT NULL AND NOT (SELECT compression_enabled FROM timescaledb_information.hypertables WHERE hypertable_name = split_part(relation::text, '.', 2))
                    THEN RAISE EXCEPTION 'compression not enabled on hypertable "%"', relation; END IF;
                DELETE FROM timescaledb_information.jobs WHERE hypertable_name = split_part(relation::text, '.', 2) AND proc_name = proc;
                IF after IS NOT NULL THEN
                    INSERT INTO timescaledb_information.jobs VALUES ('market', split_part(relation::text, '.', 2), proc, jsonb_build_object(setting, after));
                END IF;
                INSERT INTO pretended.calls (call) VALUES (concat_ws(' ', what, split_part(relation::text, '.', 2), after));
            END $$;
            CREATE FUNCTION pretended.add_compression_policy(hypertable regclass, compress_after interval) RETURNS void LANGUAGE sql AS $$ SELECT pretended.note('compress', $1, $2, 'policy_compression', 'compress_after') $$;
            CREATE FUNCTION pretended.add_retention_policy(relation regclass, drop_after interval) RETURNS void LANGUAGE sql AS $$ SELECT pretended.note('retain', $1, $2, 'policy_retention', 'drop_after') $$;
            CREATE FUNCTION pretended.remove_compression_policy(hypertable regclass, if_exists boolean) RETURNS void LANGUAGE sql AS $$ SELECT pretended.note('forget compress', $1, NULL, 'policy_compression', NULL) $$;
            CREATE FUNCTION pretended.remove_retention_policy(relation regclass, if_exists boolean) RETURNS void LANGUAGE sql AS $$ SELECT pretended.note('forget retain', $1, NULL, 'policy_retention', NULL) $$;
            CREATE FUNCTION pretended.approximate_row_count(relation regclass) RETURNS bigint LANGUAGE sql AS $$ SELECT 7::bigint $$;
            CREATE FUNCTION pretended.hypertable_size(hypertable regclass) RETURNS bigint LANGUAGE sql AS $$ SELECT pg_total_relation_size($1) $$;
            """);
        return desk;
    }

    static Task<CliResult> RunAsync(CliDesk desk, params string[] args) =>
        Cli.RunAsync(["--data", desk.Folder, "--postgres", $"{desk.Database.ConnectionString};Search Path=pretended,pg_catalog,public", .. args]);

    static async Task<string> BarsAsync(CliDesk desk, params string[] more) => (await RunAsync(desk, ["market", "bars", "X", "--format", "csv", .. more])).Succeeds().Out;

    static Task<string> ConditionsAsync(CliDesk desk) => desk.Database.ScalarAsync<string>("SELECT string_agg(c::text, '|' ORDER BY symbol, timestamp) FROM market.market_conditions AS c");

    static Task<string> CallsAsync(CliDesk desk) => desk.Database.ScalarAsync<string>("SELECT string_agg(call, '|' ORDER BY n) FROM pretended.calls");

    static Task<string> KeysAsync(CliDesk desk) => desk.Database.ScalarAsync<string>("""
        SELECT string_agg(d, '|' ORDER BY d) FROM (
            SELECT replace(pg_get_indexdef(indexrelid), ' ON ONLY ', ' ON ') AS d FROM pg_index WHERE indrelid::regclass::text IN ('market.price_history', 'market.market_conditions', 'market.options_data')
            UNION ALL SELECT concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid)) FROM pg_constraint WHERE conrelid::regclass::text IN ('market.price_history', 'market.market_conditions', 'market.options_data')
            UNION ALL SELECT concat_ws(' ', attrelid::regclass, attname, atttypid::regtype, attnotnull) FROM pg_attribute WHERE attrelid::regclass::text IN ('market.price_history', 'market.market_conditions', 'market.options_data') AND attnum > 0) AS s
        """);
}
