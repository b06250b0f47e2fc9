using System.Text;
using Bellwether.Feeds;
using FsCheck.Fluent;
using static Bellwether.Tests.Feeds.FeedTestKit;

namespace Bellwether.Tests.Feeds;

public sealed class JsonFeedTests
{
    const string Good = """{"timestamp":"2025-04-25","text":"good","tickers":["T"]}""";

    [Fact]
    public async Task JsonLines_with_bad_lines_rejects_each_with_its_line()
    {
        var result = await ReadAsync(Good + "\n{\"text\":\n\n[1]\n\"x\"\n" + Good);
        Assert.Equal(2, result.Accepted.Count);
        Assert.Equal([2L, 4L, 5L], result.Rejected.Select(r => r.Position));
        Assert.StartsWith("not JSON", result.Rejected[0].Reason);
        Assert.Equal("a JSON number is not a record", result.Rejected[1].Reason);
    }

    [Fact]
    public async Task JsonLines_with_a_long_line_rejects_it_with_its_size()
    {
        var result = await ReadAsync(Good + "\n{\"text\":\"" + new string('x', 100_000) + "\"}\n"
            + Good, Options with { MaxRecordBytes = 2000 });
        Assert.Equal(2, result.Accepted.Count);
        Assert.Equal((2L, "line of 100,011 bytes is longer than the limit of 2,000"),
            (result.Rejected.Single().Position, result.Rejected.Single().Reason));
    }

    [Fact]
    public async Task JsonLines_with_invalid_utf8_names_line_and_byte()
    {
        var result = await ReadAsync([.. Encoding.UTF8.GetBytes(Good + "\n{\"text\":\""), 0xFF, .. Encoding.UTF8.GetBytes("\"}\n" + Good)]);
        Assert.Equal(2, result.Accepted.Count);
        Assert.Equal(2, result.Rejected.Single().Position);
        Assert.Contains($"0xFF at offset {Good.Length + 10}", result.Rejected.Single().Reason);
    }

    [Theory]
    [InlineData("[{0},{0}]", 2)]
    [InlineData(" [\n{0} ,\n{0}\n]\n", 2)]
    [InlineData("[]", 0)]
    [InlineData("{0}", 1)]
    [InlineData("{{\"status\":\"ok\",\"articles\":[{0},{0},{0}]}}", 3)]
    [InlineData("{{\n\"items\":[\n{0}]}}", 1)]
    [InlineData("{0}\n{0}\n", 2)]
    public async Task Json_in_any_arrangement_gives_its_records(string shape, int expected)
    {
        foreach (var name in new[] { "a.json", "a", "a.jsonl.bak" })
        {
            var result = await ReadAsync(string.Format(shape, Good), name: name);
            Assert.Null(result.Error);
            Assert.Empty(result.Rejected);
            Assert.Equal(expected, result.Accepted.Count);
        }
    }

    [Fact]
    public async Task Json_array_with_bad_elements_numbers_them()
    {
        var result = await ReadAsync($"[{Good},{{\"text\":}},7,{Good}]");
        Assert.Equal(2, result.Accepted.Count);
        Assert.Equal([2L, 3L], result.Rejected.Select(r => r.Position));
    }

    [Fact]
    public async Task Json_array_with_a_long_element_skips_it()
    {
        var result = await ReadAsync($"[{Good},{{\"text\":\"{new string(']', 300_000)}\"}},{Good}]",
            Options with { MaxRecordBytes = 100_000 });
        Assert.Equal(2, result.Accepted.Count);
        Assert.Equal("record of 300,011 bytes is longer than the limit of 100,000", result.Rejected.Single().Reason);
    }

    [Fact]
    public async Task Json_array_that_is_cut_off_keeps_what_is_complete()
    {
        var json = $"[{Good},{Good}]";
        for (var length = 2; length < json.Length; length++)
        {
            var result = await ReadAsync(json[..length]);
            Assert.Equal(length > json.Length - 2 ? 2 : length > Good.Length ? 1 : 0, result.Accepted.Count);
            Assert.Empty(result.Rejected);
            Assert.Contains("is cut off", result.Error!.Message);
        }
    }

    [Fact]
    public async Task Json_in_pieces_of_any_size_reads_the_same()
    {
        var array = "[" + string.Join(" ,\r\n", Enumerable.Range(0, 20).Select(i => Good.Replace("good", $"\\\"{i}\\\\ü[{{"))) + "]";
        var lines = string.Join('\n', Enumerable.Range(0, 20).Select(i => Good.Replace("good", $"\\\"{i}\\\\ü[{{")));
        foreach (var (content, piece) in from c in new[] { array, lines } from p in new[] { 1, 2, 3, 7, 100, 100_000 } select (c, p))
        {
            var result = await ReadAsync(() => new Trickle(Encoding.UTF8.GetBytes(content), piece));
            Assert.Null(result.Error);
            Assert.Equal(Enumerable.Range(0, 20).Select(i => $"\"{i}\\ü[{{"), result.Accepted.Select(e => e.Text));
        }
    }

    [Fact]
    public async Task Json_of_any_bytes_ends_in_records_or_a_feed_exception()
    {
        foreach (var parts in Gen.Elements("{", "}", "[", "]", ",", "\"", "\\", "1", "null", " ", "\n", Good, ":", "\"data\"", "é", "\0")
            .ListOf(12).Sample(1000))
            _ = await ReadAsync("[" + string.Concat(parts));
    }

    [Fact]
    public async Task Push_of_one_object_or_lines_gives_a_result_for_each()
    {
        Assert.Equal("good", Assert.Single(await Push(Good)).Envelope!.Text);
        var lines = await Push(Good + "\n{\"text\":1}\nnonsense\n" + Good);
        Assert.Equal([true, false, false, true], lines.Select(r => r.Envelope is not null));
        Assert.Equal([2L, 3L], lines.Where(r => r.Rejection is not null).Select(r => r.Rejection!.Position));
        Assert.Equal(2, (await Push($"[{Good},{Good}]")).Count);
        Assert.All(await Push("text,date\na,2020-01-01\n"), r => Assert.Equal("http", r.Rejection!.Origin));
    }

    static async Task<List<FeedRecord>> Push(string body)
    {
        var records = new List<FeedRecord>();
        await foreach (var record in FeedReader.ReadJsonLines(new MemoryStream(Encoding.UTF8.GetBytes(body)), "http", Options,
            TestContext.Current.CancellationToken))
            records.Add(record);
        return records;
    }

    [Fact]
    public async Task Json_objects_inside_a_record_give_author_source_and_mapped_paths()
    {
        const string Json =
            """{"date":"2025-04-25","message":"t","source":{"id":"r","name":"Reuters"},"user":{"id":5,"screen_name":"ann","followers_count":12},"entities":{"symbols":[{"symbol":"aapl"}]}}""";
        var e = (await ReadAsync(Json, Options with { Map = ColumnMap.Parse("tickers=entities.symbols") })).Single();
        Assert.Equal("Reuters", e.Source);
        Assert.Equal(new EventAuthor { Id = "5", Username = "ann", Followers = 12 }, e.Author);
        Assert.Equal(["AAPL"], e.Tickers);
    }
}
