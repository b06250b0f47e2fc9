using System.Text;
using Bellwether.Events;
using Bellwether.Feeds;
using Bellwether.Sentiment;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Pipeline;

/// <summary>Records that were put aside: their history, and their way back.</summary>
public sealed class DeadLetterTests(TestServer server)
{
    static readonly FeedOptions Options = new() { Type = EventType.News };

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_event_without_a_ticker_is_scored_when_it_gets_one_and_its_history_is_kept()
    {
        await using var desk = await TestDesk.OpenAsync(server, nameof(DeadLetterTests));
        await desk.IngestAsync(Options, Write(desk, "a.csv", "id,text,timestamp", "1,profits rise,2024-05-01T10:00:00Z"));
        var letter = Assert.Single(await ListAsync(desk));

        // As it is it is refused again: the same letter, one attempt more.
        Assert.Equal(1, (await ReplayAsync(desk, new(Ids: [letter.Id]))).Replayed);
        await WorkUntilAsync(desk, "SELECT attempt FROM ops.dead_letters", 2);
        var again = Assert.Single(await ListAsync(desk));
        Assert.Equal((letter.Id, "open", 2, "NoTicker"), (again.Id, again.Status, again.Attempt, again.ErrorClass));

        Assert.Equal(1, (await ReplayAsync(desk, new(Ids: [letter.Id]), "tickers=[\"ACME\"]")).Replayed);
        await WorkUntilAsync(desk, "SELECT count FROM sentiment.ticker_sentiment WHERE ticker = 'ACME'", 1);
        var content = (await new DeadLetterTable(desk.Database.DataSource).ShowAsync(letter.Id, Cancel))!;
        Assert.Equal("replayed", content.Summary.Status);
        Assert.Equal(["refused 1", "replayed 1", "refused 2", "replayed 2"], content.Attempts.Select(a => $"{a.Outcome} {a.Attempt}"));
        // Neither the letter nor its file is taken once more.
        Assert.Equal(0, (await ReplayAsync(desk, new(Ids: [letter.Id]))).Replayed);
        Assert.Equal(1, await desk.Database.ScalarAsync<long>("SELECT count(*) FROM sentiment.all_sentiment"));
    }

    [Fact]
    public async Task A_record_refused_before_it_was_an_event_is_taken_with_its_field_mended()
    {
        await using var desk = await TestDesk.OpenAsync(server, nameof(DeadLetterTests));
        await desk.IngestAsync(Options, Write(desk, "a.csv", "id,headline,date",
            "1,\"$ACME, they say, rises\",0000-00-00", "2,$ACME falls,someday", "3,\"broken"));
        var letters = (await ListAsync(desk)).OrderBy(l => l.Origin).ToArray();
        Assert.Equal(3, letters.Length);

        var unmended = await ReplayAsync(desk, new(Ids: [letters[0].Id]));
        Assert.StartsWith("timestamp '0000-00-00'", Assert.Single(unmended.Refused).Reason);
        Assert.Equal(2, (await ListAsync(desk)).Single(l => l.Id == letters[0].Id).Attempt);

        Assert.Equal(1, (await ReplayAsync(desk, new(Ids: [letters[0].Id]), "date=2024-05-01T10:00:00Z")).Replayed);
        // The same record from its mended file is known by then.
        Assert.Equal(1, (await ReplayAsync(desk, new(Ids: [letters[1].Id]), "date=2024-05-02")).Replayed);
        await WorkUntilAsync(desk, "SELECT count(*) FROM sentiment.all_sentiment", 2);
        Assert.Equal("$ACME, they say, rises", await desk.Database.ScalarAsync<string>("SELECT text FROM sentiment.all_sentiment ORDER BY timestamp LIMIT 1"));

        var broken = await ReplayAsync(desk, new(Ids: [letters[2].Id]), "date=2024-05-03");
        Assert.Contains("no JSON", Assert.Single(broken.Refused).Reason);
        var anew = await desk.Desk.DeadLetterReplay.RunAsync(
            new(Ids: [letters[2].Id]), RecordEdit.Parse("""{"id":"3","text":"$ACME is whole","timestamp":"2024-05-03"}"""u8.ToArray(), []), Options, null, Cancel);
        Assert.Equal(1, anew.Replayed);
        await WorkUntilAsync(desk, "SELECT count(*) FROM sentiment.all_sentiment", 3);
    }

    [Fact]
    public async Task An_edit_that_leaves_no_event_changes_nothing()
    {
        await using var desk = await TestDesk.OpenAsync(server, nameof(DeadLetterTests));
        await desk.IngestAsync(Options, Write(desk, "a.csv", "id,text,timestamp", "1,profits rise,2024-05-01T10:00:00Z"));
        var id = Assert.Single(await ListAsync(desk)).Id;
        Assert.Contains("no event", Assert.Single((await ReplayAsync(desk, new(Ids: [id]), "timestamp=never")).Refused).Reason);
        Assert.Equal("open 1", await desk.Database.ScalarAsync<string>("SELECT status || ' ' || attempt FROM ops.dead_letters"));
        Assert.Equal(1, await desk.Database.ScalarAsync<long>("SELECT count(*) FROM ops.dead_letter_attempts"));
    }

    [Fact]
    public async Task A_replay_that_was_cut_off_is_finished_by_the_scheduler_and_nothing_is_doubled()
    {
        await using var desk = await TestDesk.OpenAsync(server, nameof(DeadLetterTests));
        await desk.IngestAsync(Options, Write(desk, "a.csv", "id,text,timestamp", "1,profits rise,2024-05-01T10:00:00Z"));
        var id = Assert.Single(await ListAsync(desk)).Id;
        // Released and appended, but not yet marked, when the process died; the worker has stored the result meanwhile.
        await ReplayAsync(desk, new(Ids: [id]), "tickers=[\"ACME\"]");
        await WorkUntilAsync(desk, "SELECT count(*) FROM sentiment.all_sentiment", 1);
        await desk.Database.ScalarAsync<long>(
            "WITH u AS (UPDATE ops.dead_letters SET status = 'replaying', last_attempt_at = now() - interval '2 minutes' RETURNING id) SELECT id FROM u");
        Assert.Equal(1, await desk.Desk.DeadLetterReplay.RetryDueAsync(new(), Cancel));
        await WorkUntilAsync(desk, "SELECT count(*) FROM ops.dead_letters WHERE status = 'replayed'", 1);
        await WorkUntilAsync(desk, "SELECT sum(next_offset)::bigint FROM ops.consumer_offsets", 3);
        Assert.Equal(1, await desk.Database.ScalarAsync<long>("SELECT count FROM sentiment.ticker_sentiment"));
    }

    [Fact]
    public async Task A_replay_that_was_cut_off_is_not_ended_with_another_time_zone()
    {
        await using var desk = await TestDesk.OpenAsync(server, nameof(DeadLetterTests));
        await desk.IngestAsync(Options, Write(desk, "a.csv", "id,headline,date", "1,$ACME rises,0000-00-00"));
        await desk.Database.ScalarAsync<long>("""
            WITH cut AS (UPDATE ops.dead_letters SET status = 'replaying', value = convert_to('{"id":"1","headline":"$ACME rises","date":"2024-05-01 10:00"}', 'utf8'),
                last_attempt_at = now() - interval '2 minutes' RETURNING 1) SELECT count(*) FROM cut
            """);
        Assert.Equal(0, await desk.Desk.DeadLetterReplay.RetryDueAsync(new(), Cancel));
        Assert.Equal("open", Assert.Single(await ListAsync(desk)).Status);
        Assert.Equal(0, await desk.Database.ScalarAsync<long>("SELECT count(*) FROM sentiment.all_sentiment"));
    }

    [Fact]
    public async Task With_the_log_away_letters_stay_on_their_way_and_only_one_that_is_too_large_is_refused()
    {
        await using var desk = await TestDesk.OpenAsync(server, nameof(DeadLetterTests));
        await desk.IngestAsync(Options, Write(desk, "a.csv", "id,text,timestamp",
            "1,profits rise,2024-05-01T10:00:00Z", "2,giant profits fall,2024-05-01T10:00:00Z", "3,profits stay,2024-05-01T10:00:00Z"));
        var away = true;
        var log = new TroubledLog(desk.Desk.Log, records =>
            away ? new EventLogException("the brokers cannot be reached", "Transport")
            : records.Any(r => Encoding.UTF8.GetString(r.Value.Span).Contains("giant", StringComparison.Ordinal)) ? new EventLogException("too large", "MsgSizeTooLarge") : null);
        var replay = new DeadLetterReplay(desk.Database.DataSource, log, TimeProvider.System);
        await Assert.ThrowsAsync<EventLogException>(() => replay.RunAsync(new(Stage: "score"), RecordEdit.None, Options, null, Cancel));
        Assert.Equal(1, log.Appends);
        Assert.Equal("3 1", await desk.Database.ScalarAsync<string>("SELECT count(*) || ' ' || max(attempt) FROM ops.dead_letters WHERE status = 'replaying'"));

        away = false;
        await desk.Database.ScalarAsync<long>("WITH u AS (UPDATE ops.dead_letters SET last_attempt_at = now() - interval '2 minutes' RETURNING id) SELECT count(*) FROM u");
        Assert.Equal(2, await replay.RetryDueAsync(new(), Cancel));
        Assert.Equal("open 2 too large", await desk.Database.ScalarAsync<string>(
            "SELECT status || ' ' || attempt || ' ' || message FROM ops.dead_letters WHERE convert_from(value, 'utf8') LIKE '%giant%'"));
        Assert.Equal(2, await desk.Database.ScalarAsync<long>("SELECT count(*) FROM ops.dead_letters WHERE status = 'replayed'"));
    }

    [Fact]
    public async Task What_may_pass_is_tried_again_after_growing_waits_and_not_for_ever()
    {
        await using var desk = await TestDesk.OpenAsync(server, nameof(DeadLetterTests));
        await desk.IngestAsync(Options, Write(desk, "a.csv", "id,text,timestamp", "1,profits rise,2024-05-01T10:00:00Z"));
        await ExecuteAsync("UPDATE ops.dead_letters SET retryable = true");
        var options = new DeadLetterOptions { MaxAttempts = 4, FirstRetry = TimeSpan.FromSeconds(10), LongestRetry = TimeSpan.FromSeconds(15) };
        foreach (var (attempt, soonest, latest) in new[] { (1, 7.4, 12.6), (2, 11.2, 18.8), (3, 11.2, 18.8) })
        {
            await ExecuteAsync($"UPDATE ops.dead_letters SET status = 'open', attempt = {attempt}, last_attempt_at = now() - interval '{soonest - 0.5} seconds'");
            Assert.Equal(0, await desk.Desk.DeadLetterReplay.RetryDueAsync(options, Cancel));
            await ExecuteAsync($"UPDATE ops.dead_letters SET last_attempt_at = now() - interval '{latest} seconds'");
            Assert.Equal(1, await desk.Desk.DeadLetterReplay.RetryDueAsync(options, Cancel));
        }
        await ExecuteAsync("UPDATE ops.dead_letters SET status = 'open', attempt = 4, last_attempt_at = now() - interval '1 day'");
        Assert.Equal(0, await desk.Desk.DeadLetterReplay.RetryDueAsync(options, Cancel));

        async Task ExecuteAsync(string sql)
        {
            await using var command = desk.Database.DataSource.CreateCommand(sql);
            await command.ExecuteNonQueryAsync(Cancel);
        }
    }

    [Fact]
    public async Task Letters_are_counted_chosen_and_purged_by_what_they_are()
    {
        await using var desk = await TestDesk.OpenAsync(server, nameof(DeadLetterTests));
        await desk.IngestAsync(Options, Write(desk, "a.csv", "id,text,timestamp",
            "1,profits rise,2024-05-01T10:00:00Z", "2,profits fall,2024-05-01T10:00:00Z", "3,$ACME rises,someday"));
        var table = new DeadLetterTable(desk.Database.DataSource);
        Assert.Equal(
            [("stdpri-events", "score", "NoTicker", "open", 2L), (null, "normalise", "rejected", "open", 1L)],
            (await table.CountsAsync(new(), Cancel)).Select(c => (c.Topic, c.Stage, c.ErrorClass, c.Status, c.Letters)));
        Assert.Equal(2, await table.CountAsync(new(Topic: "stdpri-events"), Cancel));
        Assert.Equal(0, await table.CountAsync(new(Until: TimeProvider.System.GetUtcNow().AddDays(-1)), Cancel));
        Assert.Equal(3, await table.CountAsync(new(Since: TimeProvider.System.GetUtcNow().AddDays(-1), Status: "open"), Cancel));
        Assert.Equal(0, await table.CountAsync(new(Key: "'; DROP TABLE ops.dead_letters; --"), Cancel));
        Assert.Equal(2, await table.PurgeAsync(new(Stage: "score"), Cancel));
        Assert.Equal("normalise", Assert.Single(await ListAsync(desk)).Stage);
        // What was purged stays known.
        var second = await desk.IngestAsync(Options, Path.Combine(desk.Folder, "a.csv"));
        Assert.Equal((3, 0, 2, 1), (second.Read, second.Accepted, second.Duplicates, second.Rejected));
    }

    static async Task<IReadOnlyList<DeadLetterSummary>> ListAsync(TestDesk desk) =>
        await new DeadLetterTable(desk.Database.DataSource).ListAsync(new(), 100, null, Cancel);

    static Task<ReplayOutcome> ReplayAsync(TestDesk desk, DeadLetterFilter filter, params string[] set) =>
        desk.Desk.DeadLetterReplay.RunAsync(filter, RecordEdit.Parse(null, set), Options, null, Cancel);

    static async Task WorkUntilAsync(TestDesk desk, string sql, long expected)
    {
        await using var work = desk.Work();
        while (Convert.ToInt64(await desk.Database.ScalarAsync<object?>(sql)) < expected) await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, Cancel);
    }

    static string Write(TestDesk desk, string name, params string[] lines)
    {
        var path = Path.Combine(desk.Folder, name);
        File.WriteAllLines(path, lines);
        return path;
    }

    /// <summary>A log whose appends can be made to fail.</summary>
    sealed class TroubledLog(IEventLog log, Func<IReadOnlyList<LogRecord>, Exception?> trouble) : IEventLog
    {
        public int Appends { get; private set; }

        public Task AppendAsync(string topic, IReadOnlyList<LogRecord> records, CancellationToken cancellationToken)
        {
            Appends++;
            return trouble(records) is { } error ? Task.FromException(error) : log.AppendAsync(topic, records, cancellationToken);
        }

        public Task<ILogConsumer> JoinAsync(string topic, string group, CancellationToken cancellationToken) => log.JoinAsync(topic, group, cancellationToken);

        public IAsyncEnumerable<IReadOnlyList<LogEntry>> TailAsync(string topic, IReadOnlyList<PartitionOffset>? from, CancellationToken cancellationToken) =>
            log.TailAsync(topic, from, cancellationToken);

        public Task<TopicMade> CreateAsync(string topic, int? partitions, int? replication, CancellationToken cancellationToken) =>
            log.CreateAsync(topic, partitions, replication, cancellationToken);

        public Task<IReadOnlyList<PartitionState>> DescribeAsync(string topic, CancellationToken cancellationToken) => log.DescribeAsync(topic, cancellationToken);

        public Task<long> TrimAsync(string topic, DateTimeOffset before, CancellationToken cancellationToken) => log.TrimAsync(topic, before, cancellationToken);
    }
}
