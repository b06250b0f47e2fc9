using System.Diagnostics;
using Bellwether.Diagnostics;
using Bellwether.Events;
using Bellwether.Feeds;
using Bellwether.Sentiment.Novelty;
using Bellwether.Storage;
using Npgsql;

namespace Bellwether.Sentiment;

/// <summary>
/// Commits a scored batch: results, post rows, ticker states, the events that announce them, dead letters and the offset, all in one
/// transaction. Running the same batch again, from the log or from another producer, changes nothing.
/// </summary>
public sealed partial class ResultStore(NpgsqlDataSource dataSource, PostgresLogAppender log, ScoringOptions options, TimeProvider time)
{
    const int PartitionAttempts = 3;

    readonly ResultDays _days = new(dataSource, options, time);
    readonly StoryChains? _chains = options.Novelty.Enabled ? new(options.Novelty) : null;

    /// <summary>One result to store: an event for one ticker.</summary>
    /// <param name="Key">Of the event and the ticker, in the inbox.</param>
    readonly record struct Result(ScoredEvent Event, string Ticker, Guid Key)
    {
        public SentimentScore Score => Event.ScoreOf(Ticker);
    }

    /// <exception cref="OffsetFencedException">Another member has taken the partition; nothing was stored.</exception>
    public async Task<CommittedBatch> CommitAsync(ScoredBatch batch, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await TryCommitAsync(batch, cancellationToken);
            }
            catch (PostgresException error) when (attempt < PartitionAttempts && error is { SqlState: PostgresErrorCodes.CheckViolation, ConstraintName: null })
            {
                // The partition of a day that was sealed is gone; late rows get a new one.
                _days.Forget(DaysOf(batch));
            }
        }
    }

    async Task<CommittedBatch> TryCommitAsync(ScoredBatch batch, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        await _days.EnsureAsync(DaysOf(batch), cancellationToken);
        await log.PrepareAsync(Topics.AnalyzedSentiment, cancellationToken);

        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await SilenceLimit.BeginAsync(connection, cancellationToken);
        var all = batch.Events.SelectMany(e => e.Envelope.Tickers.Select(t => new Result(e, t, EventKey.Of(e.Envelope.ArticleId, t)))).ToArray();
        var (claimed, known) = await ClaimAsync(connection, all, batch.DeadLetters, cancellationToken);
        // Of two equal ones in a batch the first counts.
        List<Result> results = [.. all.Where(r => claimed.Remove(r.Key))];
        var letters = LettersOf(batch, claimed);
        var novelty = _chains is null ? null : await _chains.DecideAsync(connection, results.ConvertAll(NewResultOf), known, cancellationToken);
        await CopyResultsAsync(connection, batch, results, novelty?.Results, known, cancellationToken);
        await StorePostsAsync(connection, batch, results, known, cancellationToken);
        var dead = await DeadLetter.StoreAsync(connection, letters, cancellationToken);
        var scored = results.Select(r => r.Event).Distinct(ReferenceEqualityComparer.Instance).Count();
        await CountRunsAsync(connection, batch, results, letters, cancellationToken);
        await MarkDaysAsync(connection, results, cancellationToken);
        await ConsumerOffsets.AdvanceAsync(connection, batch.Group, batch.Topic, batch.Moves, cancellationToken);
        // Rows that other workers want too come last, to be locked briefly.
        var changed = await UpdateTickersAsync(connection, batch, results, known, cancellationToken);
        await log.AppendAsync(connection, Topics.AnalyzedSentiment, Announcements(batch, results, novelty?.Results, changed, known), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        if (novelty is not null) _chains!.Learn(novelty, changed.Values.Select(state => (state.Ticker, state.Revision)));
        Instruments.Stage("commit", started);
        return new(scored, batch.Events.Count - scored, results.Count, dead, [.. changed.Values])
        {
            ByModel = results.CountBy(r => batch.ModelOf(r.Event).Name).ToDictionary(),
        };
    }

    static NewResult NewResultOf(Result result) => new(result.Ticker, result.Key, result.Event.Envelope.Timestamp,
        result.Event.Sketch ?? TextSketch.Of(result.Event.Envelope.ArticleTitle, result.Event.Envelope.Text));

    /// <summary>
    /// Takes the (article, ticker) pairs that nobody has stored yet, and returns them; the rest are redeliveries. The time of knowledge is that
    /// of the database, one clock for all workers, taken after the claim, which may have waited for another worker.
    /// </summary>
    static async Task<(HashSet<Guid> Claimed, DateTimeOffset Known)> ClaimAsync(
        NpgsqlConnection connection, Result[] results, IReadOnlyList<DeadLetter> letters, CancellationToken cancellationToken)
    {
        var keys = new HashSet<Guid>(results.Length);
        foreach (var result in results) keys.Add(result.Key);
        foreach (var letter in letters) keys.UnionWith(letter.InboxKeys);
        var claimed = new HashSet<Guid>(keys.Count);
        await using var claim = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                KnowledgeBarrier.Enter(),
                // One order for all workers, so that two of them never wait for each other.
                new("INSERT INTO ops.inbox (event_key) SELECT key FROM unnest($1::uuid[]) AS k(key) ORDER BY key ON CONFLICT DO NOTHING RETURNING event_key")
                {
                    Parameters = { new NpgsqlParameter<Guid[]> { TypedValue = [.. keys] } },
                },
                new("SELECT clock_timestamp()"),
            },
        };
        await using var reader = await claim.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken)) claimed.Add(reader.GetGuid(0));
        await reader.NextResultAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return (claimed, reader.GetFieldValue<DateTimeOffset>(0));
    }

    /// <summary>Letters that are not redeliveries, each with the keys that it has taken itself.</summary>
    static List<DeadLetter> LettersOf(ScoredBatch batch, HashSet<Guid> claimed)
    {
        var letters = new List<DeadLetter>(batch.DeadLetters.Count);
        foreach (var letter in batch.DeadLetters)
        {
            Guid[] taken = [.. letter.InboxKeys.Where(claimed.Remove)];
            if (letter.InboxKeys.Count == 0 || taken.Length > 0) letters.Add(letter with { InboxKeys = taken });
        }
        return letters;
    }

    /// <summary>Tells the lake which days have new rows.</summary>
    static async Task MarkDaysAsync(NpgsqlConnection connection, List<Result> results, CancellationToken cancellationToken)
    {
        if (results.Count == 0) return;
        var days = results.GroupBy(r => DateOnly.FromDateTime(r.Event.Envelope.Timestamp.UtcDateTime)).OrderBy(g => g.Key).ToArray();
        await using var mark = new NpgsqlCommand("""
            INSERT INTO ops.lake_days AS d (day, hot_rows, revision)
            SELECT day, rows, 1 FROM unnest($1::date[], $2::bigint[]) AS n(day, rows)
            ON CONFLICT (day) DO UPDATE SET hot_rows = d.hot_rows + excluded.hot_rows, revision = d.revision + 1,
                dirty_since = CASE WHEN d.revision > d.written_revision THEN d.dirty_since ELSE now() END
            """, connection);
        mark.Parameters.Add(new NpgsqlParameter<DateOnly[]> { TypedValue = [.. days.Select(g => g.Key)] });
        mark.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. days.Select(g => g.LongCount())] });
        await mark.ExecuteNonQueryAsync(cancellationToken);
    }

    static DateOnly[] DaysOf(ScoredBatch batch) => [.. batch.Events.Select(e => DateOnly.FromDateTime(e.Envelope.Timestamp.UtcDateTime)).Distinct()];
}
