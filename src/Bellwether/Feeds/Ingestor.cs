using System.Diagnostics;
using System.Globalization;
using System.Threading.Channels;
using Bellwether.Diagnostics;
using Bellwether.Events;
using Dapper;
using Npgsql;

namespace Bellwether.Feeds;

/// <summary>
/// Reads feeds into the event log and accounts for every record: read = accepted + duplicates + rejected, always.
/// </summary>
public sealed class Ingestor(NpgsqlDataSource dataSource, IEventLog log, TimeProvider time)
{
    const int BatchRecords = 2_000;
    const int BatchCharacters = 4 << 20;
    static readonly TimeSpan WaitPoll = TimeSpan.FromMilliseconds(20);

    /// <summary>
    /// Appends everything that the sources hold and that is not known yet. Rejected records are kept as dead letters.
    /// A source that ends badly still has its whole records accepted, and the sources after it are read: see
    /// <see cref="IngestRun.Failures"/>.
    /// </summary>
    /// <param name="rejected">Told of every rejected record as it is met.</param>
    /// <exception cref="FeedException">An option makes no sense for any source.</exception>
    public async Task<IngestRun> RunAsync(
        IReadOnlyList<FeedSource> sources, FeedOptions options, IProgress<IngestCounts>? progress, CancellationToken cancellationToken,
        Action<FeedRejection>? rejected = null)
    {
        var run = await IngestRun.BeginAsync(dataSource, string.Join(", ", sources.Select(s => s.Origin)), time, cancellationToken);
        var failures = new List<FeedException>();
        var counts = await AppendAllAsync(run.Id, ReadAsync(), progress, cancellationToken);
        await run.RecordAsync(counts, cancellationToken);
        run.Failures = failures;
        return run;

        async IAsyncEnumerable<FeedRecord> ReadAsync()
        {
            foreach (var source in sources)
            {
                await using var records = FeedReader.ReadAsync(source, options, cancellationToken).GetAsyncEnumerator(cancellationToken);
                while (true)
                {
                    try
                    {
                        if (!await records.MoveNextAsync()) break;
                    }
                    catch (FeedException failure) when (!failure.IsUsage)
                    {
                        failures.Add(failure);
                        break;
                    }
                    if (records.Current.Rejection is { } rejection) rejected?.Invoke(rejection);
                    yield return records.Current;
                }
            }
        }
    }

    /// <summary>Appends records as they come, for producers other than files.</summary>
    public async Task<IngestRun> RunAsync(
        string source, IAsyncEnumerable<FeedRecord> records, IProgress<IngestCounts>? progress, CancellationToken cancellationToken)
    {
        var run = await IngestRun.BeginAsync(dataSource, source, time, cancellationToken);
        await run.RecordAsync(await AppendAllAsync(run.Id, records, progress, cancellationToken), cancellationToken);
        return run;
    }

    /// <summary>Waits until every event of a run has its results, or is put aside.</summary>
    public async Task<IngestOutcome> WaitAsync(IngestRun run, IProgress<IngestOutcome>? progress, CancellationToken cancellationToken)
    {
        while (true)
        {
            var outcome = await run.OutcomeAsync(cancellationToken);
            progress?.Report(outcome);
            if (outcome.Pending == 0) return outcome;
            await Task.Delay(WaitPoll, time, cancellationToken);
        }
    }

    // Reading and normalising overlap with appending; two batches ahead bound the memory.
    async Task<IngestCounts> AppendAllAsync(
        Guid run, IAsyncEnumerable<FeedRecord> records, IProgress<IngestCounts>? progress, CancellationToken cancellationToken)
    {
        var batches = Channel.CreateBounded<List<FeedRecord>>(new BoundedChannelOptions(2) { SingleReader = true, SingleWriter = true });
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var reading = Task.Run(() => FillAsync(batches.Writer, records, stop.Token), stop.Token);
        var counts = new IngestCounts(0, 0, 0, 0);
        try
        {
            await foreach (var batch in batches.Reader.ReadAllAsync(cancellationToken))
            {
                counts += await AppendAsync(run, batch, cancellationToken);
                progress?.Report(counts);
            }
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAny(reading);
        }
        await reading;
        return counts;
    }

    static async Task FillAsync(ChannelWriter<List<FeedRecord>> batches, IAsyncEnumerable<FeedRecord> records,
        CancellationToken cancellationToken)
    {
        Exception? failure = null;
        try
        {
            var batch = new List<FeedRecord>(BatchRecords);
            var characters = 0L;
            await foreach (var record in records.WithCancellation(cancellationToken))
            {
                batch.Add(record);
                characters += record.Envelope is { } e ? e.Text.Length + (e.RawPayload?.Length ?? 0) : record.Rejection!.Value.Length;
                if (batch.Count < BatchRecords && characters < BatchCharacters) continue;
                await batches.WriteAsync(batch, cancellationToken);
                (batch, characters) = (new(BatchRecords), 0);
            }
            if (batch.Count > 0) await batches.WriteAsync(batch, cancellationToken);
        }
        catch (Exception error)
        {
            failure = error;
        }
        batches.Complete(failure);
    }

    /// <summary>Appends what is not known yet. Anything that slips through is recognised again when its result is stored.</summary>
    public async Task<IngestCounts> AppendAsync(Guid? run, IReadOnlyList<FeedRecord> records, CancellationToken cancellationToken)
    {
        var headers = Headers(run);
        var outcomes = await AppendEachAsync(records, _ => headers, cancellationToken);
        return new(
            records.Count, outcomes.Count(o => o == RecordOutcome.Accepted), outcomes.Count(o => o == RecordOutcome.Duplicate),
            outcomes.Count(o => o == RecordOutcome.Rejected));
    }

    /// <summary>The same for records of different senders; outcome i belongs to record i.</summary>
    /// <param name="headers">Headers of the event that record i becomes; null for none.</param>
    public async Task<IReadOnlyList<RecordOutcome>> AppendEachAsync(
        IReadOnlyList<FeedRecord> records, Func<int, IReadOnlyDictionary<string, string>?> headers, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        var rejected = records.Where(r => r.Rejection is not null).Select(r => r.Rejection!).ToArray();
        if (rejected.Length > 0) await KeepAsync(rejected, cancellationToken);
        var outcomes = await OutcomesAsync(records, cancellationToken);
        var accepted = Enumerable.Range(0, records.Count).Where(i => outcomes[i] == RecordOutcome.Accepted).ToArray();
        foreach (var priority in accepted.GroupBy(i => records[i].Envelope!.Priority).OrderByDescending(g => g.Key))
        {
            var topic = priority.Key == Priority.High ? Topics.HighPriority : Topics.StandardPriority;
            var stamped = new StampedHeaders();
            var entries = priority.Select(i => RecordOf(records[i].Envelope!, stamped.Of(headers(i), records[i].Envelope!.SchemaVersion))).ToArray();
            var refused = await log.AppendFittingAsync(topic, entries, cancellationToken);
            Instruments.EventsAppended.Add(entries.Length - refused.Count, new KeyValuePair<string, object?>("topic", topic));
            if (refused.Count > 0) await RefuseAsync(refused, [.. priority], records, entries, outcomes, cancellationToken);
        }
        foreach (var outcome in outcomes.GroupBy(o => o))
            Instruments.FeedRecords.Add(outcome.Count(), new KeyValuePair<string, object?>("outcome", Names[(int)outcome.Key]));
        Instruments.Stage("append", started);
        return outcomes;
    }

    /// <summary>What is larger than the log takes is rejected, and its neighbours are not: kept is the event, or its beginning.</summary>
    async Task RefuseAsync(
        IReadOnlyList<RefusedRecord> refused, int[] places, IReadOnlyList<FeedRecord> records, LogRecord[] entries, RecordOutcome[] outcomes,
        CancellationToken cancellationToken)
    {
        foreach (var one in refused) outcomes[places[one.Index]] = RecordOutcome.Rejected;
        await KeepAsync([.. refused.Select(one =>
        {
            var (record, value) = (records[places[one.Index]], entries[one.Index].Value);
            return new FeedRejection(record.Envelope!.Source, record.Position, one.Reason, value[..Math.Min(value.Length, FeedRejection.MaxValueBytes)])
            {
                Bytes = value.Length,
            };
        })], cancellationToken);
    }

    static readonly string[] Names = ["accepted", "duplicate", "rejected"];

    static LogRecord RecordOf(EventEnvelope envelope, IReadOnlyDictionary<string, string>? headers) =>
        new(KeyOf(envelope), EnvelopeJson.Serialize(envelope), headers);

    /// <summary>What decides an event's partition.</summary>
    internal static string KeyOf(EventEnvelope envelope) => envelope.Tickers.Count > 0 ? envelope.Tickers[0] : envelope.ArticleId;

    /// <summary>Headers with the version of the envelope; records that share theirs go on sharing.</summary>
    sealed class StampedHeaders
    {
        (IReadOnlyDictionary<string, string>? Plain, int Version, Dictionary<string, string> Stamped)? _last;

        public Dictionary<string, string> Of(IReadOnlyDictionary<string, string>? plain, int version)
        {
            if (_last is { } last && ReferenceEquals(last.Plain, plain) && last.Version == version) return last.Stamped;
            var stamped = plain is null ? new Dictionary<string, string>() : new(plain);
            stamped[LogHeaders.SchemaVersion] = version.ToString(CultureInfo.InvariantCulture);
            _last = (plain, version, stamped);
            return stamped;
        }
    }

    static Dictionary<string, string>? Headers(Guid? run)
    {
        Dictionary<string, string>? headers = null;
        if (run is { } id) (headers ??= [])[IngestRun.Header] = id.ToString("N");
        if (Activity.Current is { IdFormat: ActivityIdFormat.W3C } span) (headers ??= [])[LogHeaders.TraceParent] = span.Id!;
        return headers;
    }

    async Task<RecordOutcome[]> OutcomesAsync(IReadOnlyList<FeedRecord> records, CancellationToken cancellationToken)
    {
        var keys = new HashSet<Guid>(records.Count);
        foreach (var record in records)
            if (record.Envelope is { } envelope) keys.UnionWith(EventKey.Of(envelope));
        if (keys.Count > 0)
        {
            await using var look = dataSource.CreateCommand("SELECT event_key FROM ops.inbox WHERE event_key = ANY($1)");
            look.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = [.. keys] });
            await using var reader = await look.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken)) keys.Remove(reader.GetGuid(0));
        }
        var outcomes = new RecordOutcome[records.Count];
        for (var i = 0; i < outcomes.Length; i++)
        {
            if (records[i].Envelope is not { } envelope)
            {
                outcomes[i] = RecordOutcome.Rejected;
                continue;
            }
            // Taken out as it is met, so that the second of two equal records in one batch is a duplicate too.
            var fresh = false;
            foreach (var key in EventKey.Of(envelope)) fresh |= keys.Remove(key);
            outcomes[i] = fresh ? RecordOutcome.Accepted : RecordOutcome.Duplicate;
        }
        return outcomes;
    }

    async Task KeepAsync(FeedRejection[] rejected, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await DeadLetter.StoreAsync(connection, [.. rejected.Select(r => DeadLetter.From($"{r.Origin}:{r.Position}", r.Value, r.Reason, r.Bytes))],
            cancellationToken);
        Instruments.DeadLetters.Add(rejected.Length, new KeyValuePair<string, object?>("stage", "normalise"));
    }
}

/// <summary>What reading and appending has come to so far.</summary>
public readonly record struct IngestCounts(long Read, long Appended, long Duplicates, long Rejected)
{
    public static IngestCounts operator +(IngestCounts a, IngestCounts b) =>
        new(a.Read + b.Read, a.Appended + b.Appended, a.Duplicates + b.Duplicates, a.Rejected + b.Rejected);
}

/// <summary>What became of one record. A duplicate has all its results, or stood in the same batch before.</summary>
public enum RecordOutcome
{
    Accepted,
    Duplicate,
    Rejected,
}
