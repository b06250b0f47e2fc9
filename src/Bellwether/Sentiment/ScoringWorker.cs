using System.Diagnostics;
using System.Runtime.InteropServices;
using Bellwether.Diagnostics;
using Bellwether.Events;
using Bellwether.Feeds;
using Bellwether.Sentiment.HotStore;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Bellwether.Sentiment;

/// <summary>
/// Reads one input topic, scores, commits, and only then refreshes the hot store. A batch that fails is rolled back and tried again
/// with growing pauses; an event that can never be stored is put aside with its reason, and the rest goes on.
/// </summary>
public sealed partial class ScoringWorker(
    IEventLog log, EventScorer scorer, ResultStore store, IHotStore hot, PriorityGate gate, ScoringOptions options, TimeProvider time,
    ILogger<ScoringWorker> logger)
{
    static readonly TimeSpan PollWait = TimeSpan.FromSeconds(1);

    /// <summary>Called after a failure, before the next try: brings a private database that has died back up.</summary>
    public Func<CancellationToken, Task>? Recover { get; init; }

    readonly PatientRetry _retry = new(time);

    // Known since the model was opened: whoever watches is to see it before the first text comes. Of rules the router tells, as it asks.
    void RecordFallback()
    {
        if (scorer.Model is { } one) Instruments.ModelFallback.Record(one.InsteadOf is null ? 0 : 1, Tag("model", one.InsteadOf ?? one.Name));
    }

    /// <summary>Works until cancelled; a batch in hand at that moment is finished or rolled back, never half done.</summary>
    public async Task RunAsync(string topic, CancellationToken cancellationToken)
    {
        RecordFallback();
        ILogConsumer? consumer = null;
        try
        {
            while (true) await _retry.RunAsync(async (progress, token) =>
            {
                try
                {
                    // After a failure the member stays and goes back to what is stored: leaving would move partitions of every member.
                    if (consumer is null) consumer = await log.JoinAsync(topic, options.Group, token);
                    else await consumer.RewindAsync(token);
                    await ConsumeAsync(consumer, topic, progress, token);
                }
                catch (Exception error) when (error is not OperationCanceledException || !token.IsCancellationRequested)
                {
                    if (topic == Topics.HighPriority) gate.LeaveHigh(this);
                    // A partition moved to another member with a batch of it in hand: rolled back here, done there, and no trouble.
                    if (error is OffsetFencedException)
                    {
                        Moved(logger, topic);
                        return;
                    }
                    Instruments.BatchFailures.Add(1, Tag("topic", topic));
                    Failed(logger, topic, error);
                    if (error is ObjectDisposedException && consumer is { } ended)
                    {
                        consumer = null;
                        await ended.DisposeAsync();
                    }
                    if (Recover is not null && (error is NpgsqlException or IOException)) await Recover(token);
                    // A time limit of the model or of a client is a failure like others, and no wish to stop.
                    if (error is OperationCanceledException) throw new TimeoutException(error.Message, error);
                    throw;
                }
            }, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // asked to stop
        }
        finally
        {
            if (consumer is not null) await consumer.DisposeAsync();
        }
    }

    /// <summary>
    /// Commits a batch. Where the database refuses the data itself, halves are tried until the one event is found that cannot be stored.
    /// </summary>
    async Task CommitAsync(string topic, IReadOnlyList<LogEntry> entries, ScoredBatch batch, CancellationToken cancellationToken)
    {
        CommittedBatch done;
        try
        {
            done = await store.CommitAsync(batch, cancellationToken);
        }
        catch (PostgresException error) when (IsAboutData(error) && entries.Count > 1)
        {
            var half = entries.Count / 2;
            await AgainAsync([.. entries.Take(half)]);
            await AgainAsync([.. entries.Skip(half)]);
            return;
        }
        catch (Exception error) when ((error is PostgresException refused && IsAboutData(refused)) || error is OverflowException)
        {
            if (entries.Count > 1)
            {
                foreach (var entry in entries) await AgainAsync([entry]);
                return;
            }
            // Without an event it is the dead letter itself that cannot be stored as it is.
            var letter = batch.Events is [var scored]
                ? Aside(entries[0], scored.Envelope, "store", error.GetType().Name, error.Message)
                : DeadLetter.From(entries[0], "store", error.GetType().Name, error.Message);
            done = await store.CommitAsync(batch with { Events = [], DeadLetters = [letter] }, cancellationToken);
        }
        await PublishAsync(topic, entries, batch, done);

        async Task AgainAsync(LogEntry[] part) => await CommitAsync(topic, part, await ScoreAsync(topic, part, cancellationToken), cancellationToken);
    }

    async Task PublishAsync(string topic, IReadOnlyList<LogEntry> entries, ScoredBatch batch, CommittedBatch done)
    {
        // The cache is rebuilt from the database: losing this write costs a read, never a result. A stop does not cut it off, since what is
        // committed is not worked on again; the store itself bounds the wait.
        if (done.Changed.Count > 0) await hot.SetManyAsync(done.Changed, CancellationToken.None);
        var topicTag = Tag("topic", topic);
        Instruments.EventsScored.Add(done.Scored, topicTag);
        Instruments.Redelivered.Add(done.Redelivered, topicTag);
        foreach (var (name, results) in done.ByModel) Instruments.ResultsCommitted.Add(results, Tag("model", name));
        foreach (var stage in batch.DeadLetters.GroupBy(d => d.Stage)) Instruments.DeadLetters.Add(stage.Count(), Tag("stage", stage.Key));
        var now = time.GetUtcNow();
        foreach (var entry in entries) Instruments.EventLatencySeconds.Record((now - entry.AppendedAt).TotalSeconds, topicTag);
        CountTexts(batch);
    }

    static void CountTexts(ScoredBatch batch)
    {
        if (!Instruments.EventTexts.Enabled) return;
        var kinds = new Dictionary<(EventType Type, bool IsTitle, int SchemaVersion), int>();
        foreach (var (_, e, _) in batch.Events)
        {
            Instruments.EventTextCharacters.Record(e.Text.Length, Types[e.Type]);
            CollectionsMarshal.GetValueRefOrAddDefault(kinds, (e.Type, e.Text == e.ArticleTitle, e.SchemaVersion), out _)++;
        }
        foreach (var (kind, count) in kinds)
        {
            Instruments.EventTexts.Add(count, Types[kind.Type], Tag("text", kind.IsTitle ? "title" : "full"));
            Instruments.EventSchemas.Add(count, Tag("version", kind.SchemaVersion));
        }
    }

    static readonly Dictionary<EventType, KeyValuePair<string, object?>> Types = Enum.GetValues<EventType>().ToDictionary(t => t, t => Tag("type", Names.Of(t)));

    static Activity? StartSpan(string topic, IReadOnlyList<LogEntry> entries)
    {
        if (!Instruments.Spans.HasListeners()) return null;
        var links = entries.Take(128)
            .Select(e => e.Headers.TryGetValue("traceparent", out var parent) && ActivityContext.TryParse(parent, null, out var context) ? context : default)
            .Where(c => c.TraceId != default).Distinct().Select(c => new ActivityLink(c)).ToArray();
        var span = Instruments.Spans.StartActivity("score batch", ActivityKind.Consumer, links.Length == 1 ? links[0].Context : default, links: links);
        span?.SetTag("messaging.destination.name", topic);
        span?.SetTag("messaging.batch.message_count", entries.Count);
        return span;
    }

    // SQLSTATE classes 22 (data exception), 23 (integrity constraint) and 54 (a value beyond a limit): trying the same again cannot help.
    static bool IsAboutData(PostgresException error) => error.SqlState[..2] is "22" or "23" or "54";

    static KeyValuePair<string, object?> Tag(string name, object? value) => new(name, value);

    [LoggerMessage(EventId = 2002, Level = LogLevel.Information, Message = "a batch of {Topic} was left to the worker that has its partition now")]
    static partial void Moved(ILogger logger, string topic);

    [LoggerMessage(EventId = 2001, Level = LogLevel.Error, Message = "scoring of {Topic} failed and is tried again")]
    static partial void Failed(ILogger logger, string topic, Exception error);
}
