using System.Diagnostics;
using System.Diagnostics.Metrics;
using Bellwether.App.Commands;
using Bellwether.Diagnostics;
using Bellwether.Feeds;
using Bellwether.Lake;

namespace Bellwether.App.Demo;

/// <summary>Counts what passes through the pipeline of this process, from its own metrics, for the progress display.</summary>
sealed class PipelineMeter : IGauge, IProgress<LakeWriteProgress>, IDisposable
{
    readonly MeterListener _listener = new();
    readonly long _started = Stopwatch.GetTimestamp();
    readonly int _expected;
    long _read, _scored, _results;
    bool _writing;

    public PipelineMeter(int expected)
    {
        _expected = expected;
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument == Instruments.FeedRecords || instrument == Instruments.EventsScored || instrument == Instruments.ResultsCommitted)
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, _, _) =>
        {
            if (instrument == Instruments.FeedRecords) Interlocked.Add(ref _read, value);
            else if (instrument == Instruments.EventsScored) Interlocked.Add(ref _scored, value);
            else Interlocked.Add(ref _results, value);
        });
        _listener.Start();
    }

    /// <summary>The market's clock, New York.</summary>
    public string Clock { get; set; } = "";

    public void Report(LakeWriteProgress value) => _writing = true;

    public string Text
    {
        get
        {
            var read = Interlocked.Read(ref _read);
            return _writing
                ? "writing the lake"
                : $"{Clock} New York, read {read:n0}, scored {Interlocked.Read(ref _scored):n0}, committed {Interlocked.Read(ref _results):n0} results, "
                    + $"{read / Stopwatch.GetElapsedTime(_started).TotalSeconds:n0} events/s";
        }
    }

    public double? Fraction => Math.Min(1, (double)Interlocked.Read(ref _scored) / _expected);

    public void Dispose() => _listener.Dispose();
}
