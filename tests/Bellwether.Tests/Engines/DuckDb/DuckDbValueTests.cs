using System.Buffers;
using System.Text;
using System.Text.Json;
using Bellwether.Engines.DuckDb;

namespace Bellwether.Tests.Engines.DuckDb;

public sealed class DuckDbValueTests
{
    public static TheoryData<string, object?> Values => new()
    {
        { "NULL", null },
        { "NULL::VARCHAR", null },
        { "true", true },
        { "(-128)::TINYINT", (sbyte)-128 },
        { "(-32768)::SMALLINT", short.MinValue },
        { "(-2147483648)::INTEGER", int.MinValue },
        { "9223372036854775807::BIGINT", long.MaxValue },
        { "255::UTINYINT", byte.MaxValue },
        { "65535::USMALLINT", ushort.MaxValue },
        { "4294967295::UINTEGER", uint.MaxValue },
        { "18446744073709551615::UBIGINT", ulong.MaxValue },
        { "'-170141183460469231731687303715884105728'::HUGEINT", Int128.MinValue },
        { "'340282366920938463463374607431768211455'::UHUGEINT", UInt128.MaxValue },
        { "0.1::FLOAT", 0.1f },
        { "'-0.0'::DOUBLE", -0.0 },
        { "'NaN'::DOUBLE", double.NaN },
        { "1.7976931348623157e308::DOUBLE", double.MaxValue },
        { "(-1.05)::DECIMAL(4,2)", -1.05m },
        { "123456.789::DECIMAL(9,3)", 123456.789m },
        { "'-99999999999999.9999'::DECIMAL(18,4)", -99999999999999.9999m },
        { "'79228162514264337593543950.33'::DECIMAL(28,2)", 79228162514264337593543950.33m },
        { "''", "" },
        { "'exactly 12 b'", "exactly 12 b" },
        { "'thirteen byte'", "thirteen byte" },
        { "'Ærø 東京 🚀'", "Ærø 東京 🚀" },
        { "DATE '0001-01-01'", DateOnly.MinValue },
        { "DATE '9999-12-31'", DateOnly.MaxValue },
        { "DATE '2024-02-29'", new DateOnly(2024, 2, 29) },
        { "TIME '23:59:59.999999'", new TimeOnly(23, 59, 59, 999, 999) },
        { "TIMESTAMP '1969-12-31 23:59:59.999999'", new DateTime(1969, 12, 31, 23, 59, 59, 999, 999) },
        { "TIMESTAMP_S '2024-02-29 12:34:56'", new DateTime(2024, 2, 29, 12, 34, 56) },
        { "TIMESTAMP_MS '2024-02-29 12:34:56.789'", new DateTime(2024, 2, 29, 12, 34, 56, 789) },
        { "TIMESTAMP_NS '2024-02-29 12:34:56.123456700'", new DateTime(2024, 2, 29, 12, 34, 56, 123, 456).AddTicks(7) },
        { "TIMESTAMPTZ '2024-02-29 12:00:00.000001+02'", new DateTimeOffset(2024, 2, 29, 10, 0, 0, 0, 1, TimeSpan.Zero) },
        { "'6f1c1f4e-0d2b-4a4f-9a55-0123456789ab'::UUID", Guid.Parse("6f1c1f4e-0d2b-4a4f-9a55-0123456789ab") },
        { "'f0000000-0000-0000-0000-000000000001'::UUID", Guid.Parse("f0000000-0000-0000-0000-000000000001") },
        { "INTERVAL '14 months 3 days 4.5 seconds'", new DuckDbInterval(14, 3, 4_500_000) },
        { "'bullish'::ENUM('bearish', 'bullish')", "bullish" },
        { "'0101011'::BIT", "0101011" },
    };

    [Theory]
    [MemberData(nameof(Values), DisableDiscoveryEnumeration = true)]
    public void Value_of_each_type_arrives_exactly(string expression, object? expected)
    {
        using var database = DuckDbTestLibrary.Open();
        using var connection = database.Connect();
        var actual = connection.Scalar($"SELECT {expression}");
        Assert.Equal(expected?.GetType(), actual?.GetType());
        Assert.Equal(expected, actual);
        if (expected is 0.0) Assert.True(double.IsNegative((double)actual!));
    }

    [Theory]
    [InlineData("DATE '0044-03-15 (BC)'", "-0043-03-15")]
    [InlineData("DATE '12024-02-29'", "+12024-02-29")]
    [InlineData("'infinity'::DATE", "infinity")]
    [InlineData("'-infinity'::TIMESTAMPTZ", "-infinity")]
    [InlineData("TIMESTAMPTZ '2024-02-29 12:00:00+02'", "2024-02-29T10:00:00Z")]
    [InlineData("TIMESTAMPTZ '1960-01-01 00:00:00.5+00'", "1960-01-01T00:00:00.5Z")]
    [InlineData("TIMESTAMP '290000-12-31 23:00:00'", "+290000-12-31T23:00:00")]
    [InlineData("TIMESTAMP_NS '1950-02-03 04:05:06.000000001'", "1950-02-03T04:05:06.000000001")]
    [InlineData("TIME '24:00:00'", "24:00:00")]
    [InlineData("'12:30:00.25-03:30'::TIMETZ", "12:30:00.25-03:30")]
    [InlineData("'99999999999999999999999999999999999.999'::DECIMAL(38,3)", "99999999999999999999999999999999999.999")]
    [InlineData("'-0.007'::DECIMAL(5,3)", "-0.007")]
    [InlineData("INTERVAL '-1 month -1 microsecond'", "P-1MT-0.000001S")]
    [InlineData("'\\x00\\xFF\\x41'::BLOB", "00ff41")]
    [InlineData("[1, NULL, 3]", "[1,null,3]")]
    [InlineData("[[1.5::DOUBLE], [], NULL]", "[[1.5],[],null]")]
    [InlineData("{'a': 1, 'b': ['x', 'é']}", """{"a":1,"b":["x","é"]}""")]
    [InlineData("MAP {'k': 1, 'l': NULL}", """{"k":1,"l":null}""")]
    [InlineData("MAP {1: DATE '2024-01-02'}", """{"1":"2024-01-02"}""")]
    [InlineData("row(1, 'x')", """[1,"x"]""")]
    [InlineData("[7, 8]::INTEGER[2]", "[7,8]")]
    [InlineData("union_value(num := 2)::UNION(str VARCHAR, num INTEGER)", "2")]
    [InlineData("'{\"a\": 1.50}'::JSON", "{\"a\": 1.50}")]
    [InlineData("12345678901234567890123::HUGEINT", "12345678901234567890123")]
    public void Text_of_a_value_is_iso_or_json(string expression, string expected)
    {
        using var database = DuckDbTestLibrary.Open();
        using var connection = database.Connect();
        connection.Execute("SET TimeZone = 'UTC'");
        using var reader = connection.Query($"SELECT {expression}");
        Assert.True(reader.Read());
        Assert.Equal(expected, reader.Vector(0).Text(reader.Row));
    }

    [Fact]
    public void Text_of_every_day_agrees_with_the_calendar()
    {
        for (var day = DateOnly.MinValue; day < new DateOnly(9990, 1, 1); day = day.AddDays(37))
            Assert.Equal(day.ToString("O"), DuckDbText.Date(DuckDbTime.Days(day)));
    }

    [Fact]
    public void Nested_values_in_later_rows_and_chunks_keep_their_place()
    {
        using var database = DuckDbTestLibrary.Open();
        using var connection = database.Connect();
        using var reader = connection.Query(
            "SELECT i, list_transform(range(i % 4), x -> {'n': x + i}), [i, i + 1]::BIGINT[2], MAP {i: 'v' || i} FROM range(5000) t(i) ORDER BY i");
        var seen = 0L;
        while (reader.Read())
        {
            Assert.Equal(seen, reader.GetInt64(0));
            var list = string.Join(',', Enumerable.Range(0, (int)(seen % 4)).Select(x => $"{{\"n\":{x + seen}}}"));
            Assert.Equal($"[{list}]", reader.GetValue(1));
            Assert.Equal($"[{seen},{seen + 1}]", reader.GetValue(2));
            Assert.Equal($"{{\"{seen}\":\"v{seen}\"}}", reader.GetValue(3));
            seen++;
        }
        Assert.Equal(5000, seen);
    }

    [Theory]
    [InlineData("'NaN'::DOUBLE", "null")]
    [InlineData("'-inf'::FLOAT", "null")]
    [InlineData("0.1::FLOAT", "0.1")]
    [InlineData("0.1::DOUBLE", "0.1")]
    [InlineData("1.10::DECIMAL(5,2)", "1.10")]
    [InlineData("18446744073709551615::UBIGINT", "18446744073709551615")]
    [InlineData("'quote \" and \\ and é'", "\"quote \\\" and \\\\ and é\"")]
    [InlineData("'{\"a\": [1.50]}'::JSON", "{\"a\": [1.50]}")]
    [InlineData("TIMESTAMPTZ '2024-01-02 03:04:05+00'", "\"2024-01-02T03:04:05Z\"")]
    public void Json_of_a_value_keeps_it_exact(string expression, string expected)
    {
        using var database = DuckDbTestLibrary.Open();
        using var connection = database.Connect();
        using var reader = connection.Query($"SELECT {expression}");
        Assert.True(reader.Read());
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
            reader.Vector(0).WriteJson(reader.Row, json);
        Assert.Equal(expected, Encoding.UTF8.GetString(buffer.WrittenSpan));
    }

    [Fact]
    public void Bignum_column_says_how_to_read_it()
    {
        using var database = DuckDbTestLibrary.Open();
        using var connection = database.Connect();
        using var reader = connection.Query("SELECT 1::BIGNUM");
        Assert.True(reader.Read());
        Assert.Contains("cast it to VARCHAR", Assert.Throws<NotSupportedException>(() => reader.GetValue(0)).Message);
    }
}
