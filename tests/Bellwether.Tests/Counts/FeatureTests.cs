using Bellwether.Counts;
using Bellwether.Counts.Events;
using Bellwether.Counts.Features;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Counts;

public sealed class FeatureTests(TestServer server)
{
    const string Rows = """
        SELECT reference_time, lag_1h, lag_6h, lag_12h, lag_24h, lag_7d, rolling_mean_24h, rolling_std_24h, rolling_mean_7d, rolling_std_7d, hour_of_day, day_of_week, is_weekend,
            event_intensity, events_in_window FROM counts.features ORDER BY 1
        """;

    [Fact]
    public async Task Features_are_what_their_definitions_say()
    {
        await using var lab = await CountsLab.OpenAsync(server, nameof(FeatureTests));
        var posts = CountsLab.Posts("2024-05-01", 30).ToArray();
        await lab.ImportAsync(CountsLab.Csv(posts), since: "2024-05-01", until: "2024-05-31");
        await lab.BuildAsync();
        Assert.Equal(30 * 24 + 1, (await lab.FeaturesAsync()).Rows);
        foreach (var row in await FeatureTable.ReadAsync(lab.Source, "ann", CountingProfile.All, null, null, 1_000, CountsLab.Token))
        {
            var t = row.ReferenceTime;
            Assert.Equal((Lag(t, 1), Lag(t, 6), Lag(t, 12), Lag(t, 24), Lag(t, 168)), (row.Lag1h, row.Lag6h, row.Lag12h, row.Lag24h, row.Lag7d));
            Same(Rolling(t, 24), (row.RollingMean24h, row.RollingStd24h));
            Same(Rolling(t, 168), (row.RollingMean7d, row.RollingStd7d));
            var weekday = t.DayOfWeek == DayOfWeek.Sunday ? 6 : (int)t.DayOfWeek - 1;
            Assert.Equal((t.Hour, weekday, weekday is 5 or 6, 0.0, 0), (row.HourOfDay, row.DayOfWeek, row.IsWeekend, row.EventIntensity, row.EventsInWindow));
        }

        int? Lag(DateTimeOffset t, int hours) => t.AddHours(-hours) < CountsLab.At("2024-05-01") ? null : posts.Count(p => p >= t.AddHours(-hours) && p < t.AddHours(1 - hours));

        (double? Mean, double? Deviation) Rolling(DateTimeOffset t, int hours)
        {
            if (t.AddHours(-hours) < CountsLab.At("2024-05-01")) return (null, null);
            var counts = Enumerable.Range(1, hours).Select(h => (double)Lag(t, h)!).ToArray();
            var mean = counts.Average();
            return (mean, Math.Sqrt(counts.Sum(c => (c - mean) * (c - mean)) / (hours - 1)));
        }

        static void Same((double? Mean, double? Deviation) expected, (double? Mean, double? Deviation) actual)
        {
            Assert.Equal(expected.Mean is null, actual.Mean is null);
            if (expected.Mean is null) return;
            Assert.Equal(expected.Mean.Value, actual.Mean!.Value, 1e-9);
            Assert.Equal(expected.Deviation!.Value, actual.Deviation!.Value, 1e-9);
        }
    }

    [Fact]
    public async Task What_comes_later_changes_no_feature_of_before()
    {
        await using var lab = await CountsLab.OpenAsync(server, nameof(FeatureTests));
        var posts = CountsLab.Posts("2024-05-01", 30).ToArray();
        var cut = CountsLab.At("2024-05-20T10:00Z");
        await lab.ImportAsync(CountsLab.Csv(posts.Where(p => p < cut)), since: "2024-05-01", until: "2024-05-20T10:00Z");
        await lab.BuildAsync();
        await lab.FeaturesAsync();
        var before = await lab.RowsAsync(Rows);
        await lab.ImportAsync(CountsLab.Csv(posts.Where(p => p >= cut), 10_000), until: "2024-05-31");
        await new EventStore(lab.Source, lab.Time).AddAsync("ann", [new("later", cut, cut.AddHours(3), 1), new("told later", cut.AddDays(-3), cut.AddDays(-2), 1, KnownAt: cut.AddHours(1))], CountsLab.Token);
        await lab.BuildAsync();
        await lab.FeaturesAsync();
        Assert.Equal(before, (await lab.RowsAsync(Rows)).Take(before.Count));
    }

    [Fact]
    public async Task Bit_by_bit_gives_what_all_at_once_gives()
    {
        await using var lab = await CountsLab.OpenAsync(server, nameof(FeatureTests));
        var posts = CountsLab.Posts("2024-03-01", 60).ToArray();
        var late = posts.Where((_, i) => i % 97 == 3).ToArray();
        var events = new EventStore(lab.Source, lab.Time);
        await lab.ImportAsync(CountsLab.Csv(posts.Take(700).Except(late)));
        await lab.BuildAsync();
        await lab.FeaturesAsync();
        Assert.Equal(0, (await lab.FeaturesAsync()).Computed);
        await lab.ImportAsync(CountsLab.Csv(posts.Skip(700).Except(late), 50_000));
        await lab.BuildAsync();
        // The gap is recorded between the buckets and the features.
        await lab.Gaps.AddAsync("ann", [new(CountsLab.At("2024-03-05T03:00Z"), CountsLab.At("2024-03-05T09:30Z"))], CountsLab.Token);
        await lab.FeaturesAsync();
        await events.AddAsync("ann", [new("a", CountsLab.At("2024-03-20T05:30Z"), CountsLab.At("2024-03-21"), 0.4), new("b", CountsLab.At("2024-03-20T12:00Z"), CountsLab.At("2024-03-20T12:00Z"), 0.9)], CountsLab.Token);
        await lab.ImportAsync(CountsLab.Csv(late, 90_000));
        await lab.BuildAsync();
        Assert.InRange((await lab.FeaturesAsync()).Computed, 100, 60 * 24);
        await events.RemoveAsync("ann", (await events.ListAsync("ann", null, null, null, CountsLab.Token))[0].Id, CountsLab.Token);
        await lab.ImportAsync(CountsLab.Csv([CountsLab.At("2024-02-25T05:00Z")], 99_000));
        await lab.BuildAsync();
        await lab.FeaturesAsync();
        var bitByBit = await lab.RowsAsync(Rows);
        await lab.FeaturesAsync(full: true);
        Assert.Equal(await lab.RowsAsync(Rows), bitByBit);
        Assert.Contains(bitByBit, row => row.EndsWith("|0.9|1", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Events_are_found_by_overlap_and_count_for_a_day()
    {
        await using var lab = await CountsLab.OpenAsync(server, nameof(FeatureTests));
        await lab.ImportAsync(CountsLab.Csv(CountsLab.Posts("2024-05-01", 10)), since: "2024-05-01", until: "2024-05-11");
        var store = new EventStore(lab.Source, lab.Time);
        NewEvent[] events = [new("long", CountsLab.At("2024-05-02"), CountsLab.At("2024-05-06"), 0.3), new("short", CountsLab.At("2024-05-04T10:00Z"), CountsLab.At("2024-05-04T11:00Z"), 0.8, "market")];
        Assert.Equal(new(2, 0, 0), await store.AddAsync("ann", events, CountsLab.Token));
        Assert.Equal(new(0, 1, 1), await store.AddAsync("ann", [events[0], events[1] with { Intensity = 0.7 }], CountsLab.Token));
        Assert.Equal(["long"], await Names("2024-05-04T11:00Z", "2024-05-05"));
        Assert.Equal(["long", "short"], await Names("2024-05-04T10:59Z", "2024-05-05"));
        Assert.Empty(await Names("2024-05-06", "2024-05-07"));
        await lab.BuildAsync();
        await lab.FeaturesAsync();
        var rows = (await FeatureTable.ReadAsync(lab.Source, "ann", CountingProfile.All, null, null, 1_000, CountsLab.Token)).ToDictionary(r => r.ReferenceTime);
        Assert.Equal((0.3, 1), Of("2024-05-04T10:00Z"));
        Assert.Equal((0.7, 2), Of("2024-05-04T11:00Z"));
        Assert.Equal((0.7, 2), Of("2024-05-05T10:00Z"));
        Assert.Equal((0.3, 1), Of("2024-05-05T11:00Z"));
        Assert.Equal((0.0, 0), Of("2024-05-07T00:00Z"));
        await Assert.ThrowsAsync<CountsException>(() => store.AddAsync("ann", [events[0] with { Intensity = 1.01 }], CountsLab.Token));
        await Assert.ThrowsAsync<CountsException>(() => store.AddAsync("ann", [events[0] with { EventEnd = CountsLab.At("2024-05-01") }], CountsLab.Token));

        async Task<IEnumerable<string>> Names(string from, string to) => (await store.ListAsync("ann", CountsLab.At(from), CountsLab.At(to), null, CountsLab.Token)).Select(e => e.Name);

        (double, int) Of(string time) => rows[CountsLab.At(time)] is var row ? (row.EventIntensity, row.EventsInWindow) : default;
    }
}
