using System.Globalization;
using Bellwether.Lake;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Lake;

/// <summary>Rows of any range of days: ten days of 200 rows, the first eight of them in the lake, the last two hot only.</summary>
public sealed class LakeReaderTests(TestServer server) : IAsyncLifetime
{
    const int Rows = 200;
    static readonly DateOnly First = new(2024, 3, 1);

    LakeTestDatabase _database = null!;

    static CancellationToken Token => TestContext.Current.CancellationToken;

    static DateTimeOffset At(int day, int second = 0) => new(First.AddDays(day).ToDateTime(TimeOnly.MinValue).AddSeconds(second), TimeSpan.Zero);

    LakeReader Reader => new(new LakeSql(_database.Source, _database.Options), _database.Source, TimeProvider.System);

    public async ValueTask InitializeAsync()
    {
        _database = await LakeTestDatabase.CreateAsync(server);
        await _database.AddDayAsync(First, 10);
        await _database.FillAsync(First, 8, Rows);
        await _database.Writer.WriteDirtyDaysAsync(null, Token);
        await _database.FillAsync(First.AddDays(8), 2, Rows, "b");
    }

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    async Task<(List<LakeRow> Rows, int Files)> ReadAsync(LakeFilter filter)
    {
        var rows = new List<LakeRow>();
        await foreach (var row in Reader.ReadAsync(filter, Token)) rows.Add(row);
        await using var query = await Reader.OpenAsync(filter, Token);
        return (rows, query.FilesOpened);
    }

    [Theory]
    [InlineData(0, 10, 10, 8)]
    [InlineData(2, 3, 1, 1)]
    [InlineData(2, 6, 4, 4)]
    [InlineData(7, 9, 2, 1)]
    [InlineData(8, 10, 2, 0)]
    [InlineData(-5, 0, 0, 0)]
    [InlineData(20, 30, 0, 0)]
    public async Task A_range_gives_its_days_from_both_tiers_and_opens_no_other_file(int from, int to, int days, int files)
    {
        var (rows, opened) = await ReadAsync(new() { From = At(from), To = At(to) });
        Assert.Equal((days * Rows, files), (rows.Count, opened));
        Assert.All(rows, r => Assert.InRange(r.Timestamp, At(from), At(to).AddTicks(-1)));
        Assert.Equal(rows.Select(r => (r.Timestamp, r.Ticker, r.ArticleId)).OrderBy(r => r.Timestamp).ThenBy(r => r.Ticker, StringComparer.Ordinal)
            .ThenBy(r => r.ArticleId, StringComparer.Ordinal), rows.Select(r => (r.Timestamp, r.Ticker, r.ArticleId)));
        Assert.Equal(rows.Count, rows.Select(r => (r.ArticleId, r.Ticker)).Distinct().Count());
    }

    [Fact]
    public async Task A_range_within_days_begins_and_ends_at_its_moments()
    {
        var (rows, files) = await ReadAsync(new() { From = At(1, 100), To = At(2, 50) });
        Assert.Equal(2, files);
        Assert.Equal(Enumerable.Range(100, 101).Select(s => At(1, s)).Concat(Enumerable.Range(1, 49).Select(s => At(2, s))),
            rows.Select(r => r.Timestamp.AddTicks(-(r.Timestamp.Ticks % TimeSpan.TicksPerSecond))));
    }

    [Theory]
    [InlineData("ticker = 'AAPL'", "AAPL", null, null, null)]
    [InlineData("ticker in ('AAPL', 'BRK.B')", "AAPL,BRK.B", null, null, null)]
    [InlineData("false", "'; DROP TABLE x; --", null, null, null)]
    [InlineData("source = 'wire'", null, "wire", null, null)]
    [InlineData("sentiment >= 0.5", null, null, 0.5, null)]
    [InlineData("sentiment between -0.25 and 0.1", null, null, -0.25, 0.1)]
    [InlineData("ticker = 'GME' and source = 'wire' and sentiment <= 0", "GME", "wire", null, 0.0)]
    public async Task Every_filter_gives_what_SQL_gives(string condition, string? tickers, string? source, double? least, double? most)
    {
        var (rows, _) = await ReadAsync(new()
        {
            From = At(6),
            To = At(10),
            Tickers = tickers?.Split(',') ?? [],
            Sources = source is null ? [] : [source],
            MinSentiment = least,
            MaxSentiment = most,
        });
        var expected = await _database.ScalarAsync<long>(string.Create(CultureInfo.InvariantCulture,
            $"SELECT count(*) FROM sentiment.sentiment_data WHERE timestamp >= '{At(6):O}' AND timestamp < '{At(10):O}' AND {condition}"));
        Assert.Equal(expected, rows.Count);
    }

    [Fact]
    public async Task Rows_are_whole_and_text_comes_only_when_asked_for()
    {
        var filter = new LakeFilter { From = At(0), To = At(1) };
        var (bare, _) = await ReadAsync(filter);
        var (whole, _) = await ReadAsync(filter with { WithText = true });
        Assert.All(bare, r => Assert.True(r.Text is null && r.RawPayload is null));
        Assert.Equal(bare, whole.Select(r => r with { Text = null, RawPayload = null }));
        Assert.Contains(whole, r => r.Text!.StartsWith("text of an article; ", StringComparison.Ordinal) && r.RawPayload is not null);
        var one = whole.First(r => r.ArticleTitle?.EndsWith("🚀", StringComparison.Ordinal) == true);
        Assert.Equal(("news", 0.3, 0.1, 1, "1.0"), (one.EventType, one.Positive, one.Negative, one.SchemaVersion, one.ModelVersion));
        // What is hot only has the same form.
        var (hot, files) = await ReadAsync(new() { From = At(9), To = At(10), WithText = true });
        Assert.Equal((Rows, 0), (hot.Count, files));
    }

    [Fact]
    public async Task As_of_a_moment_later_knowledge_is_not_there()
    {
        // Rows are known a millisecond after each other, from one second past midnight of the first of June.
        var asOf = new DateTimeOffset(2024, 6, 1, 0, 0, 1, TimeSpan.Zero).AddMilliseconds(50);
        var (rows, _) = await ReadAsync(new() { AsOf = asOf });
        Assert.Equal(10 * 50, rows.Count);
        Assert.All(rows, r => Assert.True(r.KnownAt <= asOf));
    }

    [Theory]
    [InlineData(2, 2, null, null, "is not before")]
    [InlineData(3, 2, null, null, "is not before")]
    [InlineData(0, 1, 0.5, 0.4, "is above the greatest")]
    [InlineData(0, 1, 1.5, null, "outside -1..1")]
    [InlineData(0, 1, null, double.NaN, "outside -1..1")]
    public async Task A_filter_that_makes_no_sense_is_refused(int from, int to, double? least, double? most, string says)
    {
        var filter = new LakeFilter { From = At(from), To = At(to), MinSentiment = least, MaxSentiment = most };
        Assert.Contains(says, (await Assert.ThrowsAsync<ArgumentException>(() => Reader.OpenAsync(filter, Token))).Message);
    }
}
