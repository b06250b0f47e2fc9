using System.Globalization;
using System.Text;
using Bellwether.Counts;
using Bellwether.Counts.Buckets;
using Bellwether.Counts.Features;
using Bellwether.Counts.Gaps;
using Bellwether.Counts.Import;
using Bellwether.Tests.Support;
using Npgsql;

namespace Bellwether.Tests.Counts;

/// <summary>A database of its own, a clock that is moved by hand, and posts that are made up.</summary>
sealed class CountsLab : IAsyncDisposable
{
    CountsLab(TestDatabase database) => Database = database;

    public TestDatabase Database { get; }

    public NpgsqlDataSource Source => Database.DataSource;

    public ManualTime Time { get; } = new(At("2024-07-01T00:00Z"));

    public string Folder { get; } = Directory.CreateTempSubdirectory("bellwether-counts-").FullName;

    public PostImporter Importer => new(Source, Time);

    public GapStore Gaps => new(Source, Time);

    public static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<CountsLab> OpenAsync(TestServer server, string name) => new(await server.MigratedAsync(name));

    public static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal);

    public Task<ImportResult> ImportAsync(string text, string account = "ann", string name = "posts.csv", string? since = null, string? until = null) =>
        ImportAsync(Encoding.UTF8.GetBytes(text), account, name, since, until);

    public Task<ImportResult> ImportAsync(byte[] bytes, string account = "ann", string name = "posts.csv", string? since = null, string? until = null) => Importer.RunAsync(
        new() { Account = account, Since = since is null ? null : At(since), Until = until is null ? null : At(until) }, new MemoryStream(bytes), name, PostFormat.Auto, null, Token);

    public Task<BucketResult> BuildAsync(bool full = false, CountingProfile? profile = null) => new BucketBuilder(Source, Time).RunAsync("ann", profile ?? CountingProfile.All, full, Token);

    public Task<FeatureResult> FeaturesAsync(bool full = false) => new FeatureBuilder(Source, Time).RunAsync("ann", CountingProfile.All, full, Token);

    /// <summary>CSV with one post at each time, numbered from a number on.</summary>
    public static string Csv(IEnumerable<DateTimeOffset> times, long first = 1, string kind = "post") =>
        "tweet_id,created_at,kind\n" + string.Join('\n', times.Select((t, i) => $"{first + i},{t.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'},{kind}"));

    /// <summary>Days of posts with a night; the same seed gives the same posts.</summary>
    public static IEnumerable<DateTimeOffset> Posts(string from, int days, int perDay = 24, int seed = 1)
    {
        var random = new Random(seed);
        var start = At(from);
        for (var day = 0; day < days; day++)
            foreach (var hour in Enumerable.Range(0, random.Next(perDay * 2) + 1).Select(_ => 8 + 16 * random.NextDouble()).Order())
                yield return start.AddDays(day).AddSeconds(Math.Round(hour * 3600, 3));
    }

    public async Task<List<string>> RowsAsync(string sql)
    {
        await using var command = Source.CreateCommand(sql);
        await using var row = await command.ExecuteReaderAsync(Token);
        List<string> rows = [];
        while (await row.ReadAsync(Token)) rows.Add(string.Join('|', Enumerable.Range(0, row.FieldCount).Select(i => row.IsDBNull(i) ? "" : Convert.ToString(row.GetValue(i), CultureInfo.InvariantCulture))));
        return rows;
    }

    public async ValueTask DisposeAsync()
    {
        await Database.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }
}
