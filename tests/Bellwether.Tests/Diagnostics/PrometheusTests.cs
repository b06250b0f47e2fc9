using System.Diagnostics.Metrics;
using Bellwether.Diagnostics;

namespace Bellwether.Tests.Diagnostics;

/// <summary>The text that Prometheus reads.</summary>
public sealed class PrometheusTests
{
    readonly string _name = $"Test.{Guid.NewGuid():N}";

    PrometheusMetrics Listen(params string[] labels) => new([new(_name, null, labels.Length > 0 ? labels.ToHashSet() : null)]);

    static string Text(PrometheusMetrics metrics)
    {
        var text = new PrometheusText();
        metrics.Write(text);
        return text.ToString();
    }

    [Fact]
    public void A_counter_has_help_type_and_one_line_for_each_label_set()
    {
        using var meter = new Meter(_name);
        using var metrics = Listen();
        var counter = meter.CreateCounter<long>("things_made", null, "Things \\ made\nhere");
        counter.Add(2, new KeyValuePair<string, object?>("kind", "a\"b\\c\nd"));
        counter.Add(3, new KeyValuePair<string, object?>("kind", "plain"));
        counter.Add(4, new KeyValuePair<string, object?>("kind", "plain"));
        Assert.Equal(
            """
            # HELP things_made_total Things \\ made\nhere
            # TYPE things_made_total counter
            things_made_total{kind="a\"b\\c\nd"} 2
            things_made_total{kind="plain"} 7

            """, Text(metrics));
    }

    [Fact]
    public void A_histogram_counts_up_to_each_bound_inclusive()
    {
        using var meter = new Meter(_name);
        using var metrics = Listen();
        var histogram = meter.CreateHistogram("wait", "s", "Waiting", null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = [.5, 1] });
        foreach (var value in new[] { .5, .25, .75, 8 }) histogram.Record(value);
        Assert.Equal(
            """
            # HELP wait_seconds Waiting
            # TYPE wait_seconds histogram
            wait_seconds_bucket{le="0.5"} 2
            wait_seconds_bucket{le="1"} 3
            wait_seconds_bucket{le="+Inf"} 4
            wait_seconds_sum 9.5
            wait_seconds_count 4

            """, Text(metrics));
    }

    [Fact]
    public void A_gauge_keeps_its_last_value_and_an_up_down_counter_its_sum()
    {
        using var meter = new Meter(_name);
        using var metrics = Listen();
        var gauge = meter.CreateGauge<long>("lag");
        var open = meter.CreateUpDownCounter<long>("open");
        gauge.Record(7);
        gauge.Record(3);
        open.Add(5);
        open.Add(-2);
        var text = Text(metrics);
        Assert.Contains("# TYPE lag gauge\nlag 3\n", text);
        Assert.Contains("# TYPE open gauge\nopen 3\n", text);
    }

    [Fact]
    public void Observed_values_of_several_sources_are_added_up_anew_at_each_scrape()
    {
        using var one = new Meter(_name);
        using var two = new Meter(_name);
        using var metrics = Listen();
        var n = 1;
        one.CreateObservableUpDownCounter("pool.size", () => n);
        two.CreateObservableUpDownCounter("pool.size", () => 10 * n);
        Assert.Contains("pool_size 11\n", Text(metrics));
        n = 2;
        Assert.Contains("pool_size 22\n", Text(metrics));
    }

    [Fact]
    public void Labels_that_are_not_exported_are_added_up_over()
    {
        using var meter = new Meter(_name);
        using var metrics = Listen("route");
        var counter = meter.CreateCounter<long>("requests");
        counter.Add(1, new("user", "u1"), new("route", "/a"));
        counter.Add(1, new("route", "/a"), new("user", "u2"));
        Assert.Contains("requests_total{route=\"/a\"} 2\n", Text(metrics));
    }

    [Fact]
    public void The_order_of_labels_makes_no_other_series()
    {
        using var meter = new Meter(_name);
        using var metrics = Listen();
        var counter = meter.CreateCounter<long>("requests");
        counter.Add(1, new("b", "2"), new("a", "1"));
        counter.Add(1, new("a", "1"), new("b", "2"));
        Assert.Contains("requests_total{a=\"1\",b=\"2\"} 2\n", Text(metrics));
    }

    [Fact]
    public void The_number_of_series_is_bounded_and_nothing_is_lost()
    {
        using var meter = new Meter(_name);
        using var metrics = Listen();
        var counter = meter.CreateCounter<long>("requests");
        for (var i = 0; i < 10_000; i++) counter.Add(1, new KeyValuePair<string, object?>("id", $"n{i}"));
        var samples = Text(metrics).Split('\n').Where(l => l.StartsWith("requests_total{", StringComparison.Ordinal)).ToArray();
        Assert.Equal(MetricFamily.MaxSeries, samples.Length);
        Assert.Equal(10_000, samples.Sum(s => long.Parse(s[(s.LastIndexOf(' ') + 1)..])));
    }

    [Fact]
    public async Task Nothing_is_lost_when_many_threads_count()
    {
        using var meter = new Meter(_name);
        using var metrics = Listen();
        var counter = meter.CreateCounter<long>("requests");
        await Task.WhenAll(Enumerable.Range(0, 8).Select(t => Task.Run(() =>
        {
            for (var i = 0; i < 5_000; i++) counter.Add(1, new KeyValuePair<string, object?>("k", $"{i % 3}"));
        })));
        Assert.Equal(40_000, Text(metrics).Split('\n').Where(l => l.StartsWith("requests_total{", StringComparison.Ordinal))
            .Sum(s => long.Parse(s[(s.LastIndexOf(' ') + 1)..])));
    }

    [Theory]
    [InlineData(double.PositiveInfinity, "+Inf")]
    [InlineData(double.NegativeInfinity, "-Inf")]
    [InlineData(double.NaN, "NaN")]
    [InlineData(0.1, "0.1")]
    [InlineData(1e21, "1E+21")]
    public void Numbers_are_written_as_prometheus_reads_them(double value, string text) => Assert.Equal(text, PrometheusText.Number(value));
}
