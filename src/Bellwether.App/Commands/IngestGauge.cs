using System.Diagnostics;
using Bellwether.Feeds;
using Bellwether.Lake;

namespace Bellwether.App.Commands;

/// <summary>How far an ingest has come: reading, then scoring, then the lake.</summary>
sealed class IngestGauge(FeedProgress? bytes) : IGauge, IProgress<IngestCounts>, IProgress<IngestOutcome>, IProgress<LakeWriteProgress>
{
    readonly long _started = Stopwatch.GetTimestamp();
    IngestCounts _counts;
    volatile IngestOutcome? _outcome;
    LakeWriteProgress? _lake;

    public void Report(IngestCounts value) => _counts = value;

    public void Report(IngestOutcome value) => _outcome = value;

    public void Report(LakeWriteProgress value) => _lake = value;

    public string Text
    {
        get
        {
            if (_lake is { } lake) return $"lake: {lake.DaysDone:n0} of {lake.DaysTotal:n0} days, {lake.RowsWritten:n0} rows";
            var rate = _counts.Read / Stopwatch.GetElapsedTime(_started).TotalSeconds;
            return _outcome is { } outcome
                ? $"read {outcome.Read:n0}, scored {outcome.Scored:n0}, {outcome.Pending:n0} to go"
                : $"read {_counts.Read:n0}, {rate:n0}/s";
        }
    }

    public double? Fraction =>
        _lake is { DaysTotal: > 0 } lake ? (double)lake.DaysDone / lake.DaysTotal
        : _outcome is { Accepted: > 0 } outcome ? 1 - (double)outcome.Pending / outcome.Accepted
        : bytes?.TotalBytes is { } total && total > 0 ? Math.Min(1, (double)bytes.BytesRead / total)
        : null;
}
