using System.Text;
using System.Text.Json;
using Bellwether.Lake;
using Bellwether.Tests.Engines.DuckDb;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Lake;

public sealed class LakeQueryWriterTests(TestServer server) : IAsyncLifetime
{
    LakeTestDatabase _database = null!;

    static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _database = await LakeTestDatabase.CreateAsync(server);

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    Task<LakeQuery> QueryAsync(string sql) => new LakeSql(_database.Source, _database.Options).QueryAsync(sql, Token);

    async Task<string> WriteAsync(string sql, LakeFormat format)
    {
        await using var query = await QueryAsync(sql);
        using var output = new MemoryStream();
        await LakeQueryWriter.WriteAsync(query, format, output, Token);
        return Encoding.UTF8.GetString(output.ToArray());
    }

    const string Mixed = """
        SELECT * FROM (VALUES
          (1::BIGINT, 0.5::DOUBLE, 'plain', TIMESTAMPTZ '2024-02-29 12:00:00.25+02', true, '{"k": 1.50}'::JSON),
          (9223372036854775807, 'NaN', E'comma, "quote"\nline', NULL, NULL, NULL),
          (NULL, NULL, '', TIMESTAMPTZ '2024-01-01 00:00:00+00', false, 'null')) t(id, score, "the text", at_time, flag, raw)
        """;

    [Fact]
    public async Task Csv_follows_rfc_4180_and_tells_null_from_empty()
    {
        Assert.Equal(
            "id,score,the text,at_time,flag,raw\r\n"
            + "1,0.5,plain,2024-02-29T10:00:00.25Z,true,\"{\"\"k\"\": 1.50}\"\r\n"
            + "9223372036854775807,NaN,\"comma, \"\"quote\"\"\nline\",,,\r\n"
            + ",,\"\",2024-01-01T00:00:00Z,false,null\r\n",
            await WriteAsync(Mixed, LakeFormat.Csv));
    }

    [Fact]
    public async Task Json_is_an_array_with_exact_numbers()
    {
        Assert.Equal(
            """[{"id":1,"score":0.5,"the text":"plain","at_time":"2024-02-29T10:00:00.25Z","flag":true,"raw":{"k": 1.50}},"""
            + """{"id":9223372036854775807,"score":null,"the text":"comma, \"quote\"\nline","at_time":null,"flag":null,"raw":null},"""
            + """{"id":null,"score":null,"the text":"","at_time":"2024-01-01T00:00:00Z","flag":false,"raw":null}]""" + "\n",
            await WriteAsync(Mixed, LakeFormat.Json));
    }

    [Fact]
    public async Task Json_of_no_rows_is_an_empty_array() => Assert.Equal("[]\n", await WriteAsync("SELECT 1 WHERE false", LakeFormat.Json));

    [Fact]
    public async Task Json_of_many_rows_parses_and_keeps_every_one()
    {
        using var json = JsonDocument.Parse(await WriteAsync("SELECT i, repeat('x', 50) || i AS t, i AS i FROM range(20000) r(i)", LakeFormat.Json));
        Assert.Equal(20_000, json.RootElement.GetArrayLength());
        var last = json.RootElement[19_999];
        Assert.Equal((19_999, 19_999), (last.GetProperty("i").GetInt32(), last.GetProperty("i_1").GetInt32()));
    }

    [Fact]
    public async Task Table_is_aligned_and_cut_and_harmless_to_a_terminal()
    {
        const string sql = """
            SELECT * FROM (VALUES (1, 'AAPL', 0.25::DOUBLE), (10000, '東京', NULL), (3, repeat('long ', 20), 1.0::DOUBLE), (4, E'a\nb\x1b[31m', 2.0::DOUBLE)) t(n, name, score)
            """;
        var expected = string.Join('\n',
            "    n  name                                              score",
            "─────  ────────────────────────────────────────────────  ─────",
            "    1  AAPL                                               0.25",
            "10000  東京                                               NULL",
            "    3  long long long long long long long long long lo…      1",
            "    4  a b\uFFFD[31m                                              2", "");
        Assert.Equal(expected, await WriteAsync(sql, LakeFormat.Table));
    }

    [Fact]
    public async Task Table_of_many_rows_keeps_the_widths_of_the_first()
    {
        var lines = (await WriteAsync("SELECT CASE WHEN i < 1500 THEN 'ab' ELSE 'abcdef' END AS c FROM range(3000) r(i)", LakeFormat.Table)).Split('\n');
        Assert.Equal(3003, lines.Length);
        Assert.Equal("a…", lines[^2]);
    }

    [Fact]
    public async Task Parquet_holds_every_type_and_row()
    {
        var path = Path.Combine(_database.Folder, "it's an answer.parquet");
        const string sql = """
            SELECT i, i AS i, 'text ' || i AS t, i::DECIMAL(20,4) AS d, [i, NULL] AS l, {'a': i, 'b': 'x'} AS s, MAP {'k': i} AS m,
                   'up'::ENUM('down', 'up') AS e, TIMESTAMPTZ '2024-01-01 00:00:00+00' + to_seconds(i) AS ts, '{"a":1}'::JSON AS j, NULL AS n,
                   'ab'::BLOB AS b, INTERVAL 1 DAY AS iv, gen_random_uuid() IS NOT NULL AS u
            FROM range(50000) r(i)
            """;
        await using (var query = await QueryAsync(sql))
            Assert.Equal(50_000, await LakeQueryWriter.WriteParquetAsync(query, path, _database.Options, Token));
        Assert.Equal([path], Directory.EnumerateFiles(_database.Folder));
        using var engine = DuckDbTestLibrary.Open();
        using var connection = engine.Connect();
        Assert.Equal(50_000L, connection.Scalar($"""
            SELECT count(*) FROM read_parquet($1)
            WHERE i = i_1 AND t = 'text ' || i AND d = i AND l[1] = i AND l[2] IS NULL AND s.a = i AND m['k'] = i AND e = 'up'
              AND epoch(ts) = 1704067200 + i AND (j->>'a') = '1' AND n IS NULL AND b = 'ab'::BLOB AND iv = INTERVAL 1 DAY AND u
            """, [path]));
    }

    [Fact]
    public async Task Parquet_to_a_missing_folder_says_so()
    {
        await using var query = await QueryAsync("SELECT 1");
        var error = await Assert.ThrowsAsync<DirectoryNotFoundException>(
            () => LakeQueryWriter.WriteParquetAsync(query, Path.Combine(_database.Folder, "none", "x.parquet"), _database.Options, Token));
        Assert.Contains("none", error.Message);
    }

    [Fact]
    public async Task Parquet_to_a_stream_is_refused()
    {
        await using var query = await QueryAsync("SELECT 1");
        await Assert.ThrowsAsync<ArgumentException>(() => LakeQueryWriter.WriteAsync(query, LakeFormat.Parquet, Stream.Null, Token));
    }

    [Fact]
    public async Task Rows_come_as_objects()
    {
        await using var query = await QueryAsync("SELECT i, 'x' AS t FROM range(3000) r(i)");
        var sum = 0L;
        await foreach (var row in query.ReadRowsAsync(Token))
        {
            Assert.Equal("x", row[1]);
            sum += (long)row[0]!;
        }
        Assert.Equal(2999L * 3000 / 2, sum);
    }
}
