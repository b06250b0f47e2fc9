using System.Net;
using System.Runtime.CompilerServices;
using System.Text;
using Bellwether.Feeds;
using static Bellwether.Tests.Feeds.FeedTestKit;

namespace Bellwether.Tests.Feeds;

public sealed class FeedSourceTests
{
    const string Csv = "title,date\nfirst,2020-06-05\nsecond,2020-06-05\nthird,2020-06-05\n";

    [Fact]
    public async Task Gzip_is_recognised_by_content_in_every_format()
    {
        foreach (var content in new[] { Csv, """[{"date":"2020-06-05","text":"t"}]""", "<rss><channel><item><title>a</title><pubDate>2020-06-05</pubDate></item></channel></rss>" })
            Assert.NotEmpty((await ReadAsync(Gzip(content), name: "no-extension")).Accepted);
    }

    [Fact]
    public async Task Gzip_of_several_members_is_read_whole() =>
        Assert.Equal(4, (await ReadAsync([.. Gzip(Csv), .. Gzip("fourth,2020-06-05\n")])).Accepted.Count);

    [Fact]
    public async Task Gzip_cut_off_anywhere_keeps_complete_records_and_says_so()
    {
        var csv = Csv + string.Concat(Enumerable.Range(0, 50).Select(i => $"row {i * 7919 % 1000},2020-06-05\n"));
        var packed = Gzip(csv);
        for (var length = 3; length < packed.Length; length++)
        {
            var result = await ReadAsync(packed[..length]);
            Assert.NotNull(result.Error);
            Assert.Contains("cut off or damaged", result.Error.Message);
            Assert.Empty(result.Rejected);
            Assert.True(result.Accepted.Count <= 53);
            Assert.Equal(csv.Split('\n').Skip(1).Take(result.Accepted.Count)
                .Select(l => l.Split(',')[0]), result.Accepted.Select(e => e.Text));
        }
    }

    [Fact]
    public async Task Gzip_cut_off_names_the_line_where_it_ends()
    {
        var rows = string.Concat(Enumerable.Range(0, 20_000).Select(i => $"row {i * 7919L % 104729},2020-06-05\n"));
        var packed = Gzip("title,date\n" + rows);
        var result = await ReadAsync(packed[..(packed.Length / 2)]);
        Assert.True(result.Accepted.Count > 1000);
        Assert.Equal(result.Accepted.Count + 2, result.Error!.Line);
    }

    [Fact]
    public async Task Gzip_with_a_damaged_byte_is_reported()
    {
        var packed = Gzip(Csv);
        packed[^6] ^= 0x55;
        Assert.Contains("damaged", (await ReadAsync(packed)).Error!.Message);
    }

    [Fact]
    public async Task File_that_is_missing_or_a_directory_is_named()
    {
        Assert.Contains("does not exist", (await ReadFileAsync("/nowhere/at/all.csv")).Message);
        Assert.Contains("is a directory", (await ReadFileAsync(Path.GetTempPath())).Message);
    }

    static async Task<FeedException> ReadFileAsync(string path) => await Assert.ThrowsAsync<FeedException>(async () =>
    {
        await foreach (var _ in FeedReader.ReadAsync(FeedSource.Parse(path), Options, TestContext.Current.CancellationToken)) { }
    });

    [Fact]
    public async Task Parquet_is_given_to_the_reader_of_the_options()
    {
        var path = Path.Combine(Path.GetTempPath(), $"feed-{Guid.NewGuid():N}.parquet");
        await File.WriteAllTextAsync(path, "PAR1....PAR1", TestContext.Current.CancellationToken);
        try
        {
            Assert.Contains("is Parquet", (await ReadFileAsync(path)).Message);
            var records = new List<FeedRecord>();
            await foreach (var record in FeedReader.ReadAsync(FeedSource.Parse(path), Options with { ParquetRows = Rows },
                TestContext.Current.CancellationToken))
                records.Add(record);
            Assert.Equal(2, records.Count);
            var e = records[0].Envelope!;
            Assert.Equal(("t", new DateTimeOffset(2020, 6, 5, 10, 30, 0, TimeSpan.Zero)), (e.Text, e.Timestamp));
            Assert.Equal(["AAPL", "T"], e.Tickers);
            Assert.Equal((2L, "{\"text\":\" \",\"n\":\"7\"}"),
                (records[1].Rejection!.Position, Encoding.UTF8.GetString(records[1].Rejection!.Value.Span)));
        }
        finally
        {
            File.Delete(path);
        }

        static async IAsyncEnumerable<IReadOnlyDictionary<string, object?>> Rows(
            string path, [EnumeratorCancellation] CancellationToken ct)
        {
            await Task.Yield();
            yield return new Dictionary<string, object?>
            {
                ["text"] = "t",
                ["timestamp"] = new DateTime(2020, 6, 5, 10, 30, 0),
                ["tickers"] = new[] { "T", "AAPL" },
                ["n"] = null
            };
            yield return new Dictionary<string, object?> { ["text"] = " ", ["n"] = 7 };
        }
    }

    [Fact]
    public void Origin_of_a_url_holds_no_secrets()
    {
        var source = FeedSource.Parse("https://user:pass@example.com/feed.xml?key=secret#x");
        Assert.Equal("https://example.com/feed.xml", source.Origin);
    }

    [Fact]
    public async Task Http_fetch_remembers_validators_and_sees_unchanged()
    {
        using var http = new HttpClient(new Server(request => request.Headers.IfNoneMatch.Count > 0
            ? new HttpResponseMessage(HttpStatusCode.NotModified)
            : new HttpResponseMessage(HttpStatusCode.OK)
            {
                Content = new ByteArrayContent(Gzip(Csv)),
                Headers = { ETag = new("\"v1\"") }
            }));
        var state = new HttpFeedState();
        var options = Options with { Http = http, HttpState = state };
        Assert.Equal(3, (await FetchAsync(options)).Count);
        Assert.Equal("\"v1\"", state.ETag);
        Assert.Empty(await FetchAsync(options));
        Assert.True(state.NotModified);
    }

    [Theory]
    [InlineData(HttpStatusCode.NotFound, "answered 404")]
    [InlineData(HttpStatusCode.TooManyRequests, "Fetch less often")]
    public async Task Http_failure_is_told_without_the_query(HttpStatusCode status, string expected)
    {
        using var http = new HttpClient(new Server(_ => new HttpResponseMessage(status)));
        var error = await Assert.ThrowsAsync<FeedException>(() => FetchAsync(Options with { Http = http }));
        Assert.Contains(expected, error.Message);
        Assert.DoesNotContain("secret", error.Message);
    }

    [Fact]
    public async Task Http_body_beyond_the_limit_is_stopped()
    {
        using var http = new HttpClient(new Server(_ =>
            new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(new MemoryStream(new byte[200_000])) }));
        var error = await Assert.ThrowsAsync<FeedException>(() => FetchAsync(Options with { Http = http, MaxDownloadBytes = 1000 }));
        Assert.Contains("is larger than 1,000 bytes", error.Message);
    }

    [Fact]
    public async Task Http_body_that_stalls_ends_at_the_time_limit()
    {
        var clock = new StoppedClock();
        using var http = new HttpClient(new Server(_ =>
            new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(new Stalled(clock)) }));
        var error = await Assert.ThrowsAsync<FeedException>(() => FetchAsync(Options with { Http = http, Clock = clock }));
        Assert.Contains("was not transferred within 100 s", error.Message);
    }

    [Theory]
    [InlineData(100, ',')]
    [InlineData(4096, '"')]
    public async Task Options_out_of_range_are_refused(int size, char delimiter) =>
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() =>
            ReadAsync(Csv, Options with { MaxRecordBytes = size, Delimiter = delimiter }));

    [Fact]
    public async Task Cancellation_ends_reading()
    {
        using var cancel = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var _ in FeedReader.ReadAsync(FeedSource.Of("s", () => new Endless()), Options,
                cancel.Token)) await cancel.CancelAsync();
        });
    }

    static async Task<List<FeedRecord>> FetchAsync(FeedOptions options)
    {
        var records = new List<FeedRecord>();
        await foreach (var record in FeedReader.ReadAsync(FeedSource.Parse("https://example.com/feed?key=secret"), options,
            TestContext.Current.CancellationToken))
            records.Add(record);
        return records;
    }

    sealed class Server(Func<HttpRequestMessage, HttpResponseMessage> answer) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(answer(request));
    }

    /// <summary>Time stands still until its one timer is told to fire.</summary>
    sealed class StoppedClock : TimeProvider
    {
        Action? _fire;

        public void Fire() => _fire?.Invoke();

        public override DateTimeOffset GetUtcNow() => Now;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            _fire = () => callback(state);
            return new Timer();
        }

        sealed class Timer : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }

    /// <summary>Gives nothing, and lets the time run out meanwhile.</summary>
    sealed class Stalled(StoppedClock clock) : MemoryStream
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var cancelled = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
            await using var registration = cancellationToken.Register(() => cancelled.TrySetCanceled(cancellationToken));
            clock.Fire();
            return await cancelled.Task;
        }
    }

    /// <summary>Rows without end, honouring cancellation.</summary>
    sealed class Endless : MemoryStream
    {
        bool _started;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var bytes = _started ? "again,2020-06-05\n"u8 : "title,date\n"u8;
            _started = true;
            bytes.CopyTo(buffer.Span);
            return ValueTask.FromResult(bytes.Length);
        }
    }
}
