using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Bellwether.Diagnostics;

/// <summary>A meter that is exported.</summary>
/// <param name="Instruments">Instruments to export; null for all.</param>
/// <param name="Labels">Tags to keep as labels; null for all. Others are added up over.</param>
public sealed record ExportedMeter(string Name, IReadOnlySet<string>? Instruments = null, IReadOnlySet<string>? Labels = null);

/// <summary>
/// Collects the measurements of meters and writes them as Prometheus text. Counts from its creation on. Names are those of the
/// instruments, with unit and <c>_total</c> appended where they lack them.
/// </summary>
public sealed class PrometheusMetrics : IDisposable
{
    /// <summary>The product's own metrics, the database driver's, and the times of HTTP requests by route.</summary>
    public static IReadOnlyList<ExportedMeter> Defaults { get; } =
    [
        new(Bellwether.Diagnostics.Instruments.Name),
        new("Npgsql",
            new HashSet<string>
            {
                "db.client.connection.count", "db.client.connection.max", "db.client.connection.npgsql.pending_requests",
                "db.client.connection.npgsql.timeouts", "db.client.operation.failed", "db.client.operation.duration",
            },
            new HashSet<string> { "db.client.connection.state" }),
        new("Microsoft.AspNetCore.Hosting",
            new HashSet<string> { "http.server.request.duration" },
            new HashSet<string> { "http.request.method", "http.route", "http.response.status_code" }),
    ];

    readonly ConcurrentDictionary<string, MetricFamily> _families = new(StringComparer.Ordinal);
    readonly Dictionary<string, ExportedMeter> _meters;
    readonly MeterListener _listener;
    readonly Lock _scrape = new();

    public PrometheusMetrics(IReadOnlyList<ExportedMeter> meters)
    {
        _meters = meters.ToDictionary(m => m.Name, StringComparer.Ordinal);
        _listener = new MeterListener { InstrumentPublished = Publish };
        _listener.SetMeasurementEventCallback<long>(static (_, value, tags, state) => ((MetricFamily)state!).Record(value, tags));
        _listener.SetMeasurementEventCallback<int>(static (_, value, tags, state) => ((MetricFamily)state!).Record(value, tags));
        _listener.SetMeasurementEventCallback<double>(static (_, value, tags, state) => ((MetricFamily)state!).Record(value, tags));
        _listener.Start();
    }

    /// <summary>Everything collected so far.</summary>
    public void Write(PrometheusText text)
    {
        // One scrape at a time: observed values are reset and added up.
        lock (_scrape)
        {
            foreach (var family in _families.Values) family.BeginScrape();
            _listener.RecordObservableInstruments();
            foreach (var family in _families.Values.OrderBy(f => f.Name, StringComparer.Ordinal)) family.Write(text);
        }
    }

    void Publish(Instrument instrument, MeterListener listener)
    {
        if (!_meters.TryGetValue(instrument.Meter.Name, out var meter) || meter.Instruments?.Contains(instrument.Name) == false) return;
        var family = new MetricFamily(instrument, meter.Labels);
        listener.EnableMeasurementEvents(instrument, _families.GetOrAdd(family.Name, family));
    }

    public void Dispose() => _listener.Dispose();
}
