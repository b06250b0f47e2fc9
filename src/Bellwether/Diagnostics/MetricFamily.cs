using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Bellwether.Diagnostics;

/// <summary>
/// One exported metric: the series of all instruments of one name. Thread-safe; recording takes one short lock on its series.
/// </summary>
sealed class MetricFamily
{
    /// <summary>
    /// Most series of one metric. Anything beyond is counted together, so that no input can make a scrape grow without bound.
    /// </summary>
    public const int MaxSeries = 200;

    const int MaxLabelValue = 128;
    static readonly double[] DefaultBounds = [.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10];

    readonly ConcurrentDictionary<TagKey, MetricSeries> _byTags = new();
    readonly ConcurrentDictionary<string, MetricSeries> _byLabels = new(StringComparer.Ordinal);
    readonly IReadOnlySet<string>? _labels;
    readonly double[] _bounds;
    readonly string _help;
    volatile Recent? _recent;

    public MetricFamily(Instrument instrument, IReadOnlySet<string>? labels)
    {
        _labels = labels;
        _help = instrument.Description is { Length: > 0 } text ? text : instrument.Name;
        var kind = instrument.GetType().GetGenericTypeDefinition();
        IsHistogram = kind == typeof(Histogram<>);
        IsLast = kind == typeof(Gauge<>) || kind == typeof(ObservableGauge<>);
        IsObserved = instrument.IsObservable;
        var counts = kind == typeof(Counter<>) || kind == typeof(ObservableCounter<>);
        Type = IsHistogram ? "histogram" : counts ? "counter" : "gauge";
        Name = NameOf(instrument, counts);
        _bounds = (instrument as Histogram<double>)?.Advice?.HistogramBucketBoundaries?.ToArray() ?? DefaultBounds;
    }

    public string Name { get; }
    public string Type { get; }
    public bool IsHistogram { get; }

    /// <summary>The last value stands, rather than a sum.</summary>
    public bool IsLast { get; }

    /// <summary>Values are asked for at each scrape, and are sums already.</summary>
    public bool IsObserved { get; }

    static string NameOf(Instrument instrument, bool counts)
    {
        var name = PrometheusText.NameOf(instrument.Name);
        var unit = instrument.Unit switch { "s" => "_seconds", "By" => "_bytes", _ => "" };
        if (unit.Length > 0 && !name.EndsWith(unit, StringComparison.Ordinal)) name += unit;
        // A gauge of that ending would be taken for a part of a histogram.
        const string Count = "_count";
        if (!counts && name.EndsWith(Count, StringComparison.Ordinal)) name = name[..^Count.Length] + "s";
        return counts && !name.EndsWith("_total", StringComparison.Ordinal) ? name + "_total" : name;
    }

    public void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var key = new TagKey(tags, _labels);
        // A batch records one value an event, all under the same tags: comparing them is much cheaper than hashing them.
        if (_recent is not { } recent || recent.Key != key) _recent = recent = new(key, _byTags.TryGetValue(key, out var known) ? known : SeriesOf(key));
        var series = recent.Series;
        lock (series)
            if (IsHistogram) series.Observe(value);
            else if (IsLast) series.Value = value;
            else series.Value += value;
    }

    /// <summary>Before observed instruments are asked: several sources of one name add up anew.</summary>
    public void BeginScrape()
    {
        if (!IsObserved) return;
        foreach (var series in _byLabels.Values)
            lock (series) series.Value = 0;
    }

    public void Write(PrometheusText text)
    {
        if (_byLabels.IsEmpty) return;
        text.Family(Name, Type, _help);
        foreach (var (labels, series) in _byLabels.OrderBy(s => s.Key, StringComparer.Ordinal))
            lock (series)
                if (IsHistogram) series.WriteHistogram(text, Name, labels);
                else text.Sample(Name, labels, series.Value);
    }

    MetricSeries SeriesOf(TagKey key)
    {
        var labels = key.Pairs().OrderBy(p => p.Name, StringComparer.Ordinal).ToArray();
        if (_byLabels.Count >= MaxSeries - 1)
            // Not remembered under its tags: the number of tag sets may be without bound.
            return _byLabels.GetOrAdd(PrometheusText.Labels(labels.Select(l => (l.Name, "other"))), _ => new(_bounds));
        var series = _byLabels.GetOrAdd(
            PrometheusText.Labels(labels.Select(l => (l.Name, l.Value.Length <= MaxLabelValue ? l.Value : l.Value[..MaxLabelValue]))),
            _ => new(_bounds));
        _byTags.TryAdd(key, series);
        return series;
    }

    sealed record Recent(TagKey Key, MetricSeries Series);

    /// <summary>
    /// Up to three tags as a dictionary key, without making a string. Metrics here have no more; further ones are left out.
    /// </summary>
    readonly record struct TagKey
    {
        readonly (string? Name, object? Value) _a, _b, _c;

        public TagKey(ReadOnlySpan<KeyValuePair<string, object?>> tags, IReadOnlySet<string>? allowed)
        {
            foreach (var (name, value) in tags)
            {
                if (value is null || allowed?.Contains(name) == false) continue;
                if (_a.Name is null) _a = (name, value);
                else if (_b.Name is null) _b = (name, value);
                else if (_c.Name is null) _c = (name, value);
            }
        }

        public IEnumerable<(string Name, string Value)> Pairs()
        {
            if (_a.Name is not null) yield return (_a.Name, Text(_a.Value));
            if (_b.Name is not null) yield return (_b.Name, Text(_b.Value));
            if (_c.Name is not null) yield return (_c.Name, Text(_c.Value));
        }

        static string Text(object? value) => Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture) ?? "";
    }
}

/// <summary>One series; its family locks it.</summary>
sealed class MetricSeries(double[] bounds)
{
    readonly long[] _buckets = new long[bounds.Length + 1];

    public double Value { get; set; }

    public void Observe(double value)
    {
        if (double.IsNaN(value)) return;
        var at = Array.BinarySearch(bounds, value);
        // Bounds are inclusive.
        _buckets[at >= 0 ? at : ~at]++;
        Value += value;
    }

    public void WriteHistogram(PrometheusText text, string name, string labels)
    {
        var comma = labels.Length > 0 ? "," : "";
        var count = 0L;
        for (var i = 0; i < _buckets.Length; i++)
        {
            count += _buckets[i];
            var bound = PrometheusText.Number(i < bounds.Length ? bounds[i] : double.PositiveInfinity);
            text.Sample($"{name}_bucket", $"{labels}{comma}le=\"{bound}\"", count);
        }
        text.Sample($"{name}_sum", labels, Value);
        text.Sample($"{name}_count", labels, count);
    }
}
