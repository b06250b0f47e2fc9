using System.Diagnostics;
using Bellwether.Diagnostics;
using Bellwether.Events;

namespace Bellwether.Sentiment;

public sealed partial class ScoringWorker
{
    /// <summary>
    /// One batch after the other. While many records wait, the next batch is read and scored as the one before is committed, so that this
    /// process and the database work at the same time; commits keep their order, and a failure drops what was prepared.
    /// </summary>
    async Task ConsumeAsync(ILogConsumer consumer, string topic, Action progress, CancellationToken cancellationToken)
    {
        using var drop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var high = topic == Topics.HighPriority;
        Task<Prepared>? ahead = null;
        try
        {
            while (true)
            {
                var next = ahead ?? PrepareAsync(consumer, topic, drop.Token);
                var early = ahead is not null;
                ahead = null;
                using var prepared = await next;
                if (prepared.Entries.Count == 0) continue;
                // High priority may have come since this batch was prepared.
                if (!high)
                {
                    var stood = prepared.StoodBack;
                    if (early) stood += await gate.StandBackAsync(stood, cancellationToken);
                    Instruments.StandardYieldSeconds.Record(stood.TotalSeconds);
                }
                if (consumer.Lag >= prepared.Entries.Count) ahead = PrepareAsync(consumer, topic, drop.Token);
                await CommitAsync(topic, prepared, cancellationToken);
                progress();
                await consumer.AcknowledgeAsync(
                    [.. ConsumerOffsets.MovesOf(prepared.Entries).Select(m => new PartitionOffset(m.Partition, m.To))], cancellationToken);
                if (high && ahead is null && consumer.Lag == 0) gate.LeaveHigh(this);
            }
        }
        finally
        {
            // The consumer is this loop's alone: nothing may still read from it when the loop is left.
            await drop.CancelAsync();
            if (ahead is not null)
            {
                await ((Task)ahead).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (ahead.IsCompletedSuccessfully) (await ahead).Dispose();
            }
        }
    }

    /// <summary>Reads and scores a batch; empty when nothing came.</summary>
    async Task<Prepared> PrepareAsync(ILogConsumer consumer, string topic, CancellationToken cancellationToken)
    {
        var high = topic == Topics.HighPriority;
        var most = !high && gate.IsHighExpected ? Math.Min(options.BatchSizeBesideHigh, options.BatchSize) : options.BatchSize;
        var entries = await consumer.PollAsync(Math.Min(most, scorer.MostAtOnce), PollWait, cancellationToken);
        LagMeter.Record(consumer, topic);
        if (entries.Count == 0)
        {
            if (high) gate.LeaveHigh(this);
            return new([], null, null, TimeSpan.Zero);
        }
        if (high) gate.EnterHigh(this);
        var stood = high ? TimeSpan.Zero : await gate.StandBackAsync(TimeSpan.Zero, cancellationToken);
        var span = StartSpan(topic, entries);
        try
        {
            // Elsewhere than in the loop, which is committing.
            return new(entries, await Task.Run(() => ScoreAsync(topic, entries, cancellationToken), cancellationToken), span, stood);
        }
        catch
        {
            span?.Dispose();
            throw;
        }
    }

    /// <summary>A batch that was read and scored.</summary>
    sealed record Prepared(IReadOnlyList<LogEntry> Entries, ScoredBatch? Batch, Activity? Span, TimeSpan StoodBack) : IDisposable
    {
        public void Dispose() => Span?.Dispose();
    }

    async Task CommitAsync(string topic, Prepared prepared, CancellationToken cancellationToken)
    {
        // The span began where the batch was prepared, which may be another flow of control.
        if (prepared.Span is not null) Activity.Current = prepared.Span;
        await CommitAsync(topic, prepared.Entries, prepared.Batch!, cancellationToken);
    }
}
