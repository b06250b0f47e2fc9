using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Bellwether.Sentiment.HotStore;
using Bellwether.Tests.Support;
using CsvHelper;
using StackExchange.Redis;

namespace Bellwether.Tests.Sentiment;

/// <summary>
/// What title, URL and preview cost on a real server. The measure is the memory that the server itself counts for its keys, against the
/// same entries as JSON without these three fields.
/// </summary>
public sealed partial class RedisMemoryTests
{
    const int Tickers = 4_000;

    static CancellationToken None => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Compact_entries_cost_at_most_a_fifth_more_than_plain_ones_without_title_url_and_preview()
    {
        var snapshots = Snapshots();
        var plain = await MeasureAsync(snapshots, null);
        var json = await MeasureAsync(snapshots, SnapshotEncoding.Json);
        var compact = await MeasureAsync(snapshots, SnapshotEncoding.Compact);
        TestContext.Current.SendDiagnosticMessage(string.Create(CultureInfo.InvariantCulture,
            $"bytes per ticker: without the fields {plain:0.0}; with them as JSON {json:0.0} (x{json / plain:0.000}), compact {compact:0.0} (x{compact / plain:0.000})"));

        Assert.InRange(compact / plain, 0.5, 1.2);
        Assert.InRange(json / plain, 1.2, 2.3);
    }

    static async Task<double> MeasureAsync(TickerSnapshot[] snapshots, SnapshotEncoding? encoding)
    {
        await using var server = await RedisServer.StartAsync();
        var redis = new RedisOptions { Connection = server.Connection, Encoding = encoding ?? default, Timeout = TimeSpan.FromSeconds(20) };
        await using var store = TestRedis.Store(new(), redis);
        if (encoding is not null)
        {
            Assert.DoesNotContain(false, await store.SetManyAsync(snapshots, None));
        }
        else
        {
            using var client = await ConnectionMultiplexer.ConnectAsync(server.Connection);
            foreach (var snapshot in snapshots) await StorePlainAsync(client.GetDatabase(), snapshot);
        }
        var memory = await store.MemoryAsync(None);
        Assert.Equal(snapshots.Length, memory.Tickers);
        return memory.BytesPerTicker;
    }

    static async Task StorePlainAsync(IDatabase database, TickerSnapshot snapshot)
    {
        var fields = JsonSerializer.SerializeToNode(snapshot, TickerSnapshotJson.Default.TickerSnapshot)!.AsObject();
        foreach (var name in new[] { "article_title", "source_url", "text_preview" }) Assert.True(fields.Remove(name));
        await database.StringSetAsync(HotStoreKeys.Sentiment(snapshot.Ticker), fields.ToJsonString(), TimeSpan.FromDays(7));
        await database.SetAddAsync(HotStoreKeys.Tickers, snapshot.Ticker);
    }

    /// <summary>Entries as a desk of US stocks has them: real headlines, URLs made of them, previews of a body of other headlines.</summary>
    static TickerSnapshot[] Snapshots()
    {
        using var reader = new StreamReader(SharedData.File("news", "analyst_ratings.csv"));
        using var csv = new CsvReader(reader, new CsvHelper.Configuration.CsvConfiguration(CultureInfo.InvariantCulture) { BadDataFound = null, MissingFieldFound = null });
        var titles = new List<string>();
        csv.Read();
        while (csv.Read())
            if (csv.GetField(1) is { Length: > 20 } title) titles.Add(title);
        var random = new Random(20_240_506);
        var names = new HashSet<string>();
        while (names.Count < Tickers) names.Add(string.Concat(Enumerable.Range(0, random.Next(3, 5)).Select(_ => (char)('A' + random.Next(26)))));
        return [.. names.Select((ticker, i) =>
        {
            var title = titles[i % titles.Count];
            var count = random.NextInt64(1, 5_000);
            var time = new DateTimeOffset(2024, 5, 6, 13, 30, 0, TimeSpan.Zero).AddTicks(random.NextInt64(TimeSpan.TicksPerDay / 10) * 10);
            return new TickerSnapshot
            {
                Ticker = ticker,
                Score = random.NextDouble() * 2 - 1,
                Weight = random.NextDouble() * 300,
                Count = count,
                ArticleTitle = title,
                SourceUrl = $"https://www.benzinga.com/news/20/06/{random.Next(10_000_000, 99_999_999)}/{Slug().Replace(title.ToLowerInvariant(), "-")}",
                TextPreview = TickerSnapshot.Preview($"{titles[(i * 7 + 1) % titles.Count]}. {titles[(i * 11 + 5) % titles.Count]}. {titles[(i * 13 + 3) % titles.Count]}"),
                LastUpdated = time,
                ModelCounts = new Dictionary<string, long> { ["lexicon"] = count },
                Revision = count,
                LatestTimestamp = time.AddSeconds(-40),
            };
        })];
    }

    [GeneratedRegex("[^a-z0-9]+")]
    internal static partial Regex Slug();
}
