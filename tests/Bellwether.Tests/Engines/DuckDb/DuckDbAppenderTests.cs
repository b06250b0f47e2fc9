using Bellwether.Engines.DuckDb;

namespace Bellwether.Tests.Engines.DuckDb;

public sealed class DuckDbAppenderTests : IDisposable
{
    readonly DuckDbDatabase _database = DuckDbTestLibrary.Open();
    readonly DuckDbConnection _connection;

    public DuckDbAppenderTests() => _connection = _database.Connect();

    public void Dispose()
    {
        _connection.Dispose();
        _database.Dispose();
    }

    [Fact]
    public void Rows_of_all_types_and_nulls_come_back_over_many_chunks()
    {
        const int count = 10_000;
        _connection.Execute("""
            CREATE TABLE t (b BOOLEAN, s SMALLINT, i INTEGER, l BIGINT, f FLOAT, d DOUBLE, v VARCHAR, x BLOB, day DATE, moment TIMESTAMPTZ, u UUID)
            """);
        using (var appender = _connection.CreateAppender("t"))
        {
            for (var row = 0; row < count; row++) Append(appender, row);
            appender.Complete();
            Assert.Equal(count, appender.Rows);
        }
        using var reader = _connection.Query("SELECT * FROM t");
        for (var row = 0; row < count; row++)
        {
            Assert.True(reader.Read());
            var expected = Expected(row);
            for (var column = 0; column < expected.Length; column++) Assert.Equal(expected[column], reader.GetValue(column));
        }
        Assert.False(reader.Read());
    }

    static object?[] Expected(int row) => [.. new object?[]
    {
        row % 2 == 0, (short)row, -row, row * 10_000_000_000L, row / 3f, row / 7.0, Text(row), BitConverter.GetBytes(row * 0x0101_0101_0101_0101L),
        new DateOnly(1960, 1, 1).AddDays(row), new DateTimeOffset(1960, 1, 1, 0, 0, 0, TimeSpan.Zero).AddMicroseconds(row * 1_000_003L),
        new Guid(row, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10),
    }.Select((value, column) => (row + column) % 5 == 0 ? null : value)];

    static string Text(int row) => (row % 4) switch { 0 => "", 1 => $"short {row}", 2 => $"a longer text with é, 東京 and 🚀 number {row}", _ => new string('x', row % 300) };

    static void Append(DuckDbAppender appender, int row)
    {
        foreach (var value in Expected(row))
            switch (value)
            {
                case null: appender.AppendNull(); break;
                case bool flag: appender.Append(flag); break;
                case short number: appender.Append(number); break;
                case int number: appender.Append(number); break;
                case long number: appender.Append(number); break;
                case float number: appender.Append(number); break;
                case double number: appender.Append(number); break;
                case string text: appender.Append(text); break;
                case byte[] bytes: appender.AppendBlob(bytes); break;
                case DateOnly day: appender.Append(day); break;
                case DateTimeOffset instant: appender.Append(instant); break;
                case Guid id: appender.Append(id); break;
            }
        appender.EndRow();
    }

    [Fact]
    public void Text_of_a_megabyte_comes_back_whole()
    {
        var text = string.Concat(Enumerable.Range(0, 100_000).Select(i => $"{i:x5}é東🚀"));
        _connection.Execute("CREATE TABLE t (v VARCHAR)");
        using (var appender = _connection.CreateAppender("t"))
        {
            appender.Append(text);
            appender.EndRow();
            appender.AppendUtf8(System.Text.Encoding.UTF8.GetBytes(text));
            appender.EndRow();
            appender.Complete();
        }
        using var reader = _connection.Query("SELECT v FROM t");
        for (var i = 0; i < 2; i++)
        {
            Assert.True(reader.Read());
            Assert.Equal(text, reader.GetString(0));
        }
    }

    [Fact]
    public void Text_with_nul_and_lone_surrogate_is_kept_as_utf8()
    {
        _connection.Execute("CREATE TABLE t (v VARCHAR)");
        using (var appender = _connection.CreateAppender("t"))
        {
            appender.Append("a\0b");
            appender.EndRow();
            appender.Append("\uD83D");
            appender.EndRow();
            appender.Complete();
        }
        using var reader = _connection.Query("SELECT v FROM t");
        Assert.True(reader.Read());
        Assert.Equal("a\0b", reader.GetString(0));
        Assert.True(reader.Read());
        Assert.Equal("\uFFFD", reader.GetString(0));
    }

    [Fact]
    public void Invalid_utf8_is_refused()
    {
        _connection.Execute("CREATE TABLE t (v VARCHAR)");
        using var appender = _connection.CreateAppender("t");
        Assert.Throws<ArgumentException>(() => appender.AppendUtf8([0xC3, 0x28]));
    }

    [Fact]
    public void Rollback_drops_rows_that_were_handed_over_and_those_that_were_not()
    {
        _connection.Execute("CREATE TABLE t (v VARCHAR); BEGIN");
        var text = new string('x', 10_000);
        using (var appender = _connection.CreateAppender("t"))
            for (var i = 0; i < 5000; i++)
            {
                appender.Append(text);
                appender.EndRow();
            }
        Assert.NotEqual(0L, _connection.Scalar("SELECT count(*) FROM t"));
        _connection.Execute("ROLLBACK");
        Assert.Equal(0L, _connection.Scalar("SELECT count(*) FROM t"));
    }

    [Fact]
    public void Dispose_without_complete_drops_what_was_not_handed_over()
    {
        _connection.Execute("CREATE TABLE t (v INTEGER)");
        using (var appender = _connection.CreateAppender("t"))
            for (var i = 0; i < 5000; i++)
            {
                appender.Append(i);
                appender.EndRow();
            }
        Assert.Equal(0L, _connection.Scalar("SELECT count(*) FROM t"));
    }

    [Fact]
    public void Misuse_is_refused_with_the_column()
    {
        _connection.Execute("CREATE TABLE t (v INTEGER, w VARCHAR)");
        using var appender = _connection.CreateAppender("t");
        Assert.Contains("column 0 is Integer, not BigInt", Assert.Throws<InvalidOperationException>(() => appender.Append(1L)).Message);
        appender.Append(1);
        Assert.Contains("1 values", Assert.Throws<InvalidOperationException>(appender.EndRow).Message);
        appender.AppendNull();
        Assert.Contains("2 columns only", Assert.Throws<InvalidOperationException>(() => appender.AppendNull()).Message);
    }

    [Fact]
    public void Unknown_table_and_broken_constraint_are_errors()
    {
        Assert.Contains("nowhere", Assert.Throws<DuckDbException>(() => _connection.CreateAppender("nowhere")).Message);
        _connection.Execute("CREATE TABLE t (v INTEGER NOT NULL)");
        using var appender = _connection.CreateAppender("t");
        appender.AppendNull();
        appender.EndRow();
        Assert.Contains("NOT NULL", Assert.Throws<DuckDbException>(appender.Complete).Message);
    }

    [Fact]
    public void Chunks_of_an_answer_move_to_another_database()
    {
        using var other = DuckDbTestLibrary.Open();
        using var target = other.Connect();
        const string sql = "SELECT i, 'text number ' || i AS t, [i, NULL] AS l, {'a': i, 'b': 'deep text of some length ' || i} AS s, MAP {i: 'x'} AS m FROM range(6000) r(i)";
        target.Execute("CREATE TABLE t (i BIGINT, t VARCHAR, l BIGINT[], s STRUCT(a BIGINT, b VARCHAR), m MAP(BIGINT, VARCHAR))");
        using (var reader = _connection.Query(sql))
        using (var appender = target.CreateAppender("t"))
        {
            while (reader.ReadChunk()) appender.AppendChunk(reader);
            appender.Complete();
            Assert.Equal(6000, appender.Rows);
        }
        using var expected = _connection.Query(sql);
        using var actual = target.Query("SELECT * FROM t");
        while (expected.Read())
        {
            Assert.True(actual.Read());
            for (var i = 0; i < 5; i++) Assert.Equal(expected.GetValue(i), actual.GetValue(i));
        }
        Assert.False(actual.Read());
    }
}
