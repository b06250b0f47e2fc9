using Bellwether.Engines.DuckDb;

namespace Bellwether.Tests.Engines.DuckDb;

public sealed class DuckDbConnectionTests : IDisposable
{
    readonly DuckDbDatabase _database = DuckDbTestLibrary.Open();
    readonly DuckDbConnection _connection;

    public DuckDbConnectionTests() => _connection = _database.Connect();

    public void Dispose()
    {
        _connection.Dispose();
        _database.Dispose();
    }

    [Fact]
    public void Query_parameters_of_each_type_arrive_exactly()
    {
        object?[] parameters =
        [
            null, true, -7, long.MinValue, 0.1, "", "it's 東京", new byte[] { 0, 255 }, new DateOnly(1969, 7, 20),
            new DateTime(2024, 2, 29, 1, 2, 3), new DateTimeOffset(2024, 2, 29, 12, 0, 0, TimeSpan.FromHours(2)), Array.Empty<byte>(),
        ];
        using var reader = _connection.Query("SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12", parameters);
        Assert.True(reader.Read());
        for (var i = 0; i < parameters.Length; i++) Assert.Equal(parameters[i], reader.GetValue(i));
        Assert.False(reader.Read());
    }

    [Fact]
    public void Query_with_more_rows_than_a_chunk_streams_all_in_order()
    {
        using var reader = _connection.Query("SELECT i, CASE WHEN i % 3 = 0 THEN NULL ELSE 'row ' || i END FROM range(100000) t(i)");
        var row = 0L;
        while (reader.Read())
        {
            Assert.Equal(row, reader.GetInt64(0));
            Assert.Equal(row % 3 == 0, reader.IsNull(1));
            if (row % 3 != 0) Assert.Equal($"row {row}", reader.GetString(1));
            row++;
        }
        Assert.Equal(100_000, row);
        Assert.Equal(["i", "CASE  WHEN (((i % 3) = 0)) THEN (NULL) ELSE ('row ' || i) END"], reader.Columns.Select(column => column.Name));
    }

    [Fact]
    public void Columns_tell_name_and_type_without_rows()
    {
        using var reader = _connection.Query("SELECT 1::DECIMAL(12,3) AS price, '{}'::JSON AS raw, [1::BIGINT] AS list WHERE false");
        Assert.Equal(["price Decimal(12,3)", "raw JSON", "list List"], reader.Columns.Select(column => $"{column.Name} {column.Type}"));
        Assert.True(reader.Columns[1].Type.IsJson);
        Assert.Equal(DuckDbType.BigInt, reader.Columns[2].Type.Children[0].Type);
        Assert.False(reader.Read());
        Assert.False(reader.Read());
    }

    [Fact]
    public void Execute_runs_all_statements_and_counts_rows_of_the_last()
    {
        Assert.Equal(3, _connection.Execute("CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (1), (2); UPDATE t SET a = 1; INSERT INTO t FROM range(3)"));
        Assert.Equal(5L, _connection.Scalar("SELECT count(*) FROM t"));
    }

    [Theory]
    [InlineData("SELEC 1", "Parser")]
    [InlineData("SELECT * FROM nowhere", "Catalog")]
    [InlineData("SELECT nothing", "Binder")]
    [InlineData("SELECT 'x'::INTEGER", "Conversion")]
    [InlineData("SELECT CASE WHEN i = 70000 THEN error('late') ELSE '' END FROM range(100000) t(i)", "Invalid Input")]
    public void Error_carries_the_message_and_class_of_duckdb(string sql, string errorClass)
    {
        // Of several threads the one that is stopped because of the error may be heard before the one that has it.
        _connection.Execute("SET threads = 1");
        var error = Assert.Throws<DuckDbException>(() => _connection.Execute(sql));
        Assert.Equal(errorClass, error.ErrorClass);
        Assert.Equal(1, _connection.Scalar("SELECT 1"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("  -- nothing but a comment")]
    [InlineData(";")]
    public void Text_without_a_statement_is_refused(string sql) =>
        Assert.Contains("no statement", Assert.Throws<DuckDbException>(() => _connection.Query(sql)).Message);

    [Fact]
    public void Nul_character_is_refused_not_cut_at() =>
        Assert.Contains("NUL character at position 8", Assert.Throws<DuckDbException>(() => _connection.Query("SELECT 1\0; DROP TABLE t")).Message);

    [Fact]
    public void Two_statements_are_refused_by_query() =>
        Assert.Contains("not 2", Assert.Throws<DuckDbException>(() => _connection.Query("SELECT 1; SELECT 2")).Message);

    [Fact]
    public void Missing_parameter_is_refused() =>
        Assert.Contains("2 parameters, 1 were given", Assert.Throws<DuckDbException>(() => _connection.Query("SELECT $1, $2", [1])).Message);

    [Theory]
    [InlineData("SELECT 1", DuckDbStatementType.Select)]
    [InlineData("EXPLAIN SELECT 1", DuckDbStatementType.Explain)]
    [InlineData("CREATE TABLE x (a INTEGER)", DuckDbStatementType.Create)]
    [InlineData("COPY (SELECT 1) TO '/nowhere/x.csv'", DuckDbStatementType.Copy)]
    [InlineData("BEGIN", DuckDbStatementType.Transaction)]
    [InlineData("SET threads = 1", DuckDbStatementType.Set)]
    [InlineData("ATTACH ':memory:' AS other", DuckDbStatementType.Attach)]
    public void Statement_type_is_told_without_running(string sql, DuckDbStatementType expected)
    {
        Assert.Equal(expected, _connection.GetStatementType(sql));
        Assert.Equal(0L, _connection.Scalar("SELECT count(*) FROM duckdb_tables()"));
    }

    [Fact]
    public void Statement_of_another_type_is_not_run()
    {
        _connection.Execute("CREATE TABLE t (a INTEGER)");
        DuckDbStatementType[] select = [DuckDbStatementType.Select];
        using (var reader = _connection.Query("SELECT 1", select, TestContext.Current.CancellationToken)) Assert.True(reader.Read());
        var error = Assert.Throws<DuckDbException>(() => _connection.Query("INSERT INTO t VALUES (1)", select, TestContext.Current.CancellationToken));
        Assert.Contains("type Insert", error.Message);
        Assert.Equal(0L, _connection.Scalar("SELECT count(*) FROM t"));
    }

    [Fact]
    public void Statements_are_counted() => Assert.Equal(3, _connection.CountStatements("SELECT 1; SELECT ';' -- ;\n; SELECT 3;"));

    [Fact]
    public void Table_names_include_the_unknown_and_leave_out_ctes()
    {
        const string sql = "WITH c AS (SELECT * FROM sentiment.tweets) SELECT * FROM c, all_sentiment WHERE x IN (SELECT x FROM \"odd name\")";
        Assert.Equal(["all_sentiment", "odd name", "tweets"], _connection.GetTableNames(sql).Order(StringComparer.Ordinal));
        Assert.Contains("sentiment.tweets", _connection.GetTableNames(sql, qualified: true));
        Assert.Empty(_connection.GetTableNames("SELECT 1"));
    }

    [Fact]
    public void Wrong_getter_names_column_and_types()
    {
        using var reader = _connection.Query("SELECT 'x' AS word, NULL::DOUBLE AS gap");
        Assert.Throws<InvalidOperationException>(() => reader.GetInt64(0));
        Assert.True(reader.Read());
        Assert.Contains("word", Assert.Throws<InvalidCastException>(() => reader.GetInt64(0)).Message);
        Assert.Contains("gap", Assert.Throws<InvalidOperationException>(() => reader.GetDouble(1)).Message);
        Assert.True(reader.Read() is false);
    }

    [Fact]
    public async Task Cancellation_interrupts_a_running_query()
    {
        using var cancel = new CancellationTokenSource();
        // The query reports its start by creating rows in a sequence that another connection watches.
        _connection.Execute("CREATE SEQUENCE progress");
        var query = Task.Run(() => _connection.Execute(
            "SELECT max(nextval('progress')) FROM range(1000000000000) a(i)", cancel.Token), TestContext.Current.CancellationToken);
        using var watcher = _database.Connect();
        while (watcher.Scalar("SELECT last_value FROM duckdb_sequences()") is null) Assert.False(query.IsCompleted);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => query);
        Assert.Equal(1, _connection.Scalar("SELECT 1"));
    }

    [Fact]
    public void Cancellation_between_chunks_ends_the_stream()
    {
        using var cancel = new CancellationTokenSource();
        using var reader = _connection.Query("SELECT i FROM range(1000000000) t(i)", cancellationToken: cancel.Token);
        Assert.True(reader.ReadChunk());
        cancel.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => reader.ReadChunk());
    }

    [Fact]
    public void Cancelled_token_stops_before_the_start()
    {
        _connection.Execute("CREATE TABLE t (a INTEGER)");
        Assert.ThrowsAny<OperationCanceledException>(() => _connection.Execute("INSERT INTO t VALUES (1)", new CancellationToken(canceled: true)));
        Assert.Equal(0L, _connection.Scalar("SELECT count(*) FROM t"));
    }

    [Fact]
    public void Settings_are_applied()
    {
        using var database = DuckDbTestLibrary.Open(memoryLimitMb: 100, threads: 1);
        using var connection = database.Connect();
        Assert.Equal(1L, connection.Scalar("SELECT current_setting('threads')"));
        Assert.Equal("100.0 MiB", connection.Scalar("SELECT current_setting('memory_limit')"));
        Assert.Throws<DuckDbException>(() => connection.Execute("CREATE TABLE big AS SELECT repeat('x', 1000) || i AS t FROM range(1000000) r(i)"));
    }

    [Theory]
    [InlineData(8, 1)]
    [InlineData(256, 0)]
    [InlineData(256, 257)]
    public void Options_out_of_range_are_refused(int memory, int threads) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => DuckDbTestLibrary.Open(memory, threads));

    [Fact]
    public void Unknown_setting_is_refused_by_name()
    {
        var options = new DuckDbOptions { Settings = new Dictionary<string, string> { ["no_such_setting"] = "1" } };
        Assert.Contains("no_such_setting", Assert.Throws<DuckDbException>(() =>
        {
            using var database = DuckDbDatabase.Open(DuckDbTestLibrary.Path, options);
        }).Message);
    }

    [Fact]
    public void Missing_library_is_named()
    {
        var path = Path.Combine(Path.GetTempPath(), "no-such-folder", "libduckdb.so");
        Assert.Contains(path, Assert.Throws<DuckDbException>(() => DuckDbLibrary.Load(path)).Message);
    }
}
