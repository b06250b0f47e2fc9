using System.Text;
using Bellwether.Feeds;
using FsCheck;
using FsCheck.Fluent;
using static Bellwether.Tests.Feeds.FeedTestKit;

namespace Bellwether.Tests.Feeds;

public sealed class CsvFeedTests
{
    const string Header = "id,title,date,ticker\n";

    [Fact]
    public async Task Csv_with_quoted_line_ends_and_doubled_quotes_keeps_them()
    {
        var result = await ReadAsync(Header + "1,\"He said \"\"sell\"\",\r\nthen left\",2020-06-05,AAPL\r\n2,plain,2020-06-05,T\r\n");
        Assert.Empty(result.Rejected);
        Assert.Equal(["He said \"sell\",\r\nthen left", "plain"], result.Accepted.Select(e => e.Text));
    }

    [Theory]
    [InlineData(',')]
    [InlineData(';')]
    [InlineData('\t')]
    [InlineData('|')]
    public async Task Csv_delimiter_is_guessed(char delimiter)
    {
        var rows = "headline,published,symbol\n\"a, b; c | d\",2020-06-05,AAPL\n".Replace(',', '\u0001').Replace("a\u0001", "a,")
            .Replace('\u0001', delimiter);
        Assert.Equal("a, b; c | d", (await ReadAsync(rows)).Single().ArticleTitle);
    }

    [Fact]
    public async Task Csv_rows_of_wrong_width_are_rejected_with_their_line()
    {
        var result = await ReadAsync(Header + "1,a,2020-06-05,T\n2,b\n\n3,c,2020-06-05,T,x\n4,d,2020-06-05,T");
        Assert.Equal(["a", "d"], result.Accepted.Select(e => e.Text));
        Assert.Equal([(3L, "row has 2 of 4 columns"), (5L, "row has 5 of 4 columns")], result.Rejected.Select(r => (r.Position, r.Reason)));
        Assert.Equal("2,b", Encoding.UTF8.GetString(result.Rejected[0].Value.Span));
        Assert.Equal("input:3: row has 2 of 4 columns", result.Rejected[0].ToString());
    }

    [Fact]
    public async Task Csv_with_a_quote_that_never_closes_loses_one_line()
    {
        var result = await ReadAsync(Header + "1,\"open,2020-06-05,T\n2,b,2020-06-05,T\n3,c,2020-06-05,T\n");
        Assert.Equal(["b", "c"], result.Accepted.Select(e => e.Text));
        Assert.Equal(2, result.Rejected.Single().Position);
        Assert.Contains("quoted field", result.Rejected.Single().Reason);
    }

    [Fact]
    public async Task Csv_with_a_stray_quote_that_pairs_with_a_later_one_loses_one_line()
    {
        var result = await ReadAsync(Header + "1,\"open,2020-06-05,T\n2,\"b, c\",2020-06-05,T\n3,\"d\ne\",2020-06-05,T\n");
        Assert.Equal(["b, c", "d\ne"], result.Accepted.Select(e => e.Text));
        Assert.Equal(2, result.Rejected.Single().Position);
    }

    [Fact]
    public async Task Csv_with_an_unclosed_quote_before_much_text_stops_at_the_record_limit()
    {
        var filler = string.Concat(Enumerable.Range(0, 2000).Select(i => $"{i},some text that fills the file,2020-06-05,T\n"));
        var result = await ReadAsync(Header + "x,\"open,2020-06-05,T\n" + filler, Options with { MaxRecordBytes = 4096 });
        Assert.Equal(2000, result.Accepted.Count);
        Assert.Equal(2, Assert.Single(result.Rejected).Position);
    }

    [Fact]
    public async Task Csv_with_a_line_of_50_MB_rejects_it_without_holding_it()
    {
        const int Size = 50_000_000;
        var stream = new Generated(Encoding.UTF8.GetBytes(Header + "1,"), Size,
            Encoding.UTF8.GetBytes(",2020-06-05,T\n2,b,2020-06-05,T\n"));
        var before = GC.GetAllocatedBytesForCurrentThread();
        var result = await ReadAsync(() => stream);
        Assert.Equal("b", Assert.Single(result.Accepted).Text);
        var rejection = Assert.Single(result.Rejected);
        Assert.Equal(2, rejection.Position);
        Assert.Equal($"line of {Size + 15:N0} bytes is longer than the limit of 10,485,760", rejection.Reason);
        Assert.Equal(FeedRejection.MaxValueBytes, rejection.Value.Length);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < Size, "the line was held");
    }

    [Fact]
    public async Task Csv_with_invalid_utf8_rejects_the_record_and_names_the_byte()
    {
        byte[] content = [.. Encoding.UTF8.GetBytes(Header + "1,a"), 0xE9,
            .. Encoding.UTF8.GetBytes("b,2020-06-05,T\n2,ok,2020-06-05,T\n")];
        var result = await ReadAsync(content);
        Assert.Equal("ok", Assert.Single(result.Accepted).Text);
        var rejection = Assert.Single(result.Rejected);
        Assert.Equal(2, rejection.Position);
        Assert.Contains("byte 0xE9 at offset 24", rejection.Reason);
        Assert.Equal("aéb", (await ReadAsync(content, Options with { Encoding = "latin1" })).Accepted[0].Text);
    }

    [Theory]
    [InlineData("utf-16", true)]
    [InlineData(null, true)]
    [InlineData("utf-16", false)]
    public async Task Csv_in_utf16_is_read(string? option, bool mark)
    {
        var encoding = new UnicodeEncoding(false, mark);
        byte[] content = [.. encoding.GetPreamble(), .. encoding.GetBytes(Header + "1,Ünïcode €,2020-06-05,T\n")];
        Assert.Equal("Ünïcode €", (await ReadAsync(content, Options with { Encoding = option })).Single().Text);
    }

    [Fact]
    public async Task Csv_in_utf16_without_mark_or_option_is_refused_with_advice()
    {
        var result = await ReadAsync(Encoding.Unicode.GetBytes(Header + "1,a,2020-06-05,T\n"));
        Assert.Contains("--encoding utf-16", result.Error!.Message);
    }

    [Fact]
    public async Task Csv_with_utf8_mark_knows_its_first_column() =>
        Assert.Equal("a", (await ReadAsync([0xEF, 0xBB, 0xBF, .. Encoding.UTF8.GetBytes("title,date\na,2020-06-05\n")])).Single().Text);

    [Theory]
    [InlineData("")]
    [InlineData("\n\n")]
    [InlineData(Header)]
    public async Task Csv_without_rows_yields_nothing(string content)
    {
        var result = await ReadAsync(content);
        Assert.Null(result.Error);
        Assert.Empty(result.Records);
    }

    [Theory]
    [InlineData("text,label\nhello,1\n", "no column for timestamp is recognised among text, label")]
    [InlineData("when,label\nhello,1\n", "no column for text or title is recognised among when, label")]
    public async Task Csv_that_lacks_a_column_is_refused_before_anything_is_read(string content, string expected)
    {
        var result = await ReadAsync(content);
        Assert.Empty(result.Records);
        Assert.Contains(expected, result.Error!.Message);
        Assert.Contains("--map", result.Error.Mend);
    }

    [Fact]
    public async Task Csv_without_timestamps_is_read_when_the_time_of_receipt_may_stand_in() =>
        Assert.Equal(Now, (await ReadAsync("text,label\nhello,1\n", Options with { MissingTimestamp = MissingTimestamp.UseFetchTime }))
            .Single().Timestamp);

    [Fact]
    public async Task Csv_with_a_map_reads_the_named_columns()
    {
        var map = ColumnMap.Parse("text=What, timestamp=When,tickers=Who,weight=w");
        var e = (await ReadAsync("When,What,Who,w,title,text\n2020-06-05,mapped,aapl msft,2.5,t,other\n", Options with { Map = map }))
            .Single();
        Assert.Equal(("mapped", "t", 2.5), (e.Text, e.ArticleTitle, e.Weight));
        Assert.Equal(["AAPL", "MSFT"], e.Tickers);
        Assert.Contains("\"text\":\"other\"", e.RawPayload);
    }

    [Fact]
    public async Task Csv_without_header_is_mapped_by_number()
    {
        var options = Options with { Map = ColumnMap.Parse("timestamp=1,text=2"), Header = CsvHeader.Absent };
        Assert.Equal("first", (await ReadAsync("2020-06-05,first\n", options)).Single().Text);
    }

    [Fact]
    public async Task Csv_with_a_map_to_a_column_it_lacks_lists_those_it_has()
    {
        var result = await ReadAsync(Header, Options with { Map = ColumnMap.Parse("text=body") });
        Assert.Equal("input: has no column 'body', to which --map gives text. The file has id, title, date, ticker.",
            result.Error!.Message);
    }

    [Theory]
    [InlineData("txt=a", "'txt' is not a field")]
    [InlineData("text", "'text' is not of the form field=column")]
    [InlineData("text=a,text=b", "field 'text' is mapped twice")]
    [InlineData("text=a,title=a", "column 'a' is mapped twice")]
    public void ColumnMap_that_is_wrong_says_why(string map, string expected) =>
        Assert.Contains(expected, Assert.Throws<FeedException>(() => ColumnMap.Parse(map)).Message);

    [Fact]
    public async Task Csv_of_any_fields_is_read_back_as_written()
    {
        var field = Gen.Elements("a", "B c", ",", "\"", "\"\"", "\n", "\r\n", "é€😀", " ", ";", "x").NonEmptyListOf()
            .Select(p => "t" + string.Concat(p) + "t");
        foreach (var (rows, piece) in field.ListOf(5).Zip(Gen.Choose(1, 40)).Sample(200))
        {
            var csv = Header + string.Concat(rows.Select((r, i) => $"{i},\"{r.Replace("\"", "\"\"")}\",2020-06-05,T\n"));
            var result = await ReadAsync(() => new Trickle(Encoding.UTF8.GetBytes(csv), piece));
            Assert.Empty(result.Rejected);
            Assert.Equal(rows, result.Accepted.Select(e => e.Text));
        }
    }

    [Fact]
    public async Task Csv_of_any_bytes_accounts_for_every_line_and_never_throws()
    {
        var piece = Gen.Elements("1,a,2020-06-05,T\n", "\"", ",", "\n", "x", "\0", "2,\"b\nc\",2020-06-05,T\n", "\"\"", "\r\n");
        foreach (var parts in piece.ListOf(30).Sample(300))
        {
            var result = await ReadAsync(Header + string.Concat(parts));
            Assert.Null(result.Error);
            var lines = result.Rejected.Select(r => r.Position).ToList();
            Assert.Equal(lines.Distinct().Order(), lines);
        }
    }

    /// <summary>A head, so many x, and a tail.</summary>
    sealed class Generated(byte[] head, int size, byte[] tail) : MemoryStream
    {
        long _at;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var count = 0;
            for (; count < buffer.Length && _at < head.Length + size + tail.Length; count++, _at++)
                buffer.Span[count] = _at < head.Length ? head[_at] : _at < head.Length + size ? (byte)'x' : tail[_at - head.Length - size];
            return ValueTask.FromResult(count);
        }
    }
}
