using System.CommandLine;
using Bellwether.App.Commands;
using Bellwether.Lake;
using Npgsql;

namespace Bellwether.App.Bench;

/// <param name="DropSeconds">Time in the database of the transactions in which days left for their verified files, until the freed disk space was acknowledged.</param>
/// <param name="HeldSeconds">For how long of that others could not get at the table, as another connection saw it, at most: the locks, the catalogue and the
/// log. They end with the commit, and only then does the file system free the files.</param>
/// <param name="LongestWaitSeconds">How long a query that came at the worst moment waited for them.</param>
/// <param name="SealSeconds">The same with reading the files back and comparing every row, which holds up nobody.</param>
/// <param name="LeftBytes">What the table of hot rows takes on disk afterwards.</param>
/// <param name="DeleteSeconds">DELETE of the same rows in a table of the same shape.</param>
/// <param name="DeleteLeftBytes">What that table still takes.</param>
sealed record RetentionBenchAnswer(
    long Rows, int Days, double DropSeconds, double HeldSeconds, double LongestWaitSeconds, double SealSeconds, long LeftBytes, double DeleteSeconds, long DeleteLeftBytes, double Ratio, int Processors);

/// <summary>Rows that are too old leave PostgreSQL: by dropping partitions, and by deleting them.</summary>
static class RetentionBench
{
    static readonly DateOnly First = new(2020, 1, 1);

    public static Verb Create(Screen screen, GlobalOptions globals)
    {
        var rows = BenchDesk.Number("--rows", "Hot rows to generate", 10_000_000);
        var days = BenchDesk.Number("--days", "Days that they lie in", 10);
        return new Verb("retention", "Old rows leaving PostgreSQL by partition, against DELETE", "bench retention", "bench retention --rows 1000000 --json") { rows, days }
            .Runs(screen, globals, async (session, cancellationToken) =>
            {
                var answer = await RunAsync(session, session.Get(rows), session.Get(days), cancellationToken);
                if (session.Json) session.WriteJson(answer, CommandJson.Relaxed.RetentionBenchAnswer);
                else session.Screen.Out.WriteLine(
                    $"{answer.Rows:n0} rows of {answer.Days} days: dropped in {answer.DropSeconds:0.000} s with freeing the files, the table held for {answer.HeldSeconds:0.000} s of it, nobody waited for more than {answer.LongestWaitSeconds:0.000} s, {answer.LeftBytes:n0} bytes left ({answer.SealSeconds:0.0} s with comparing every row); "
                    + $"DELETE {answer.DeleteSeconds:0.0} s, {answer.DeleteLeftBytes:n0} bytes left; {answer.Ratio:n0} times");
                return ExitCode.Ok;
            });
    }

    static async Task<RetentionBenchAnswer> RunAsync(Session session, int rows, int days, CancellationToken cancellationToken)
    {
        using var folder = new BenchFolder();
        await using var desk = await session.OpenAsync(cancellationToken, options: BenchDesk.Options(session, folder, null));
        var lake = await desk.LakeOptionsAsync(session.Progress, cancellationToken);
        session.Progress?.Report($"filling {rows:n0} rows");
        var count = await new LakeBenchRows(desk, First, days, characters: 40, byDay: true).FillAsync(rows, cancellationToken);
        await ExecuteAsync(desk, "CREATE TABLE sentiment.bench_deleted (LIKE sentiment.sentiment_data INCLUDING ALL); INSERT INTO sentiment.bench_deleted TABLE sentiment.sentiment_data", cancellationToken);
        // Rows that are old enough to leave have long been written to disk.
        await ExecuteAsync(desk, "VACUUM ANALYZE", cancellationToken);
        await ExecuteAsync(desk, "CHECKPOINT", cancellationToken);
        session.Progress?.Report("writing the lake");
        await new LakeWriter(desk.DataSource, lake, desk.Time).WriteDirtyDaysAsync(null, cancellationToken);
        session.Progress?.Report("sealing");
        using var untilSealed = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var waiting = WatchAsync(desk, untilSealed.Token);
        var sealing = await new LakeSealer(desk.DataSource, lake, null, desk.Time).SealAsync(First.AddDays(days), null, cancellationToken);
        if (sealing.Rows != count) throw new LakeException($"{sealing.Rows} of {count} rows were sealed: {string.Join("; ", sealing.Blocked.Select(day => day.Blocker))}");
        await untilSealed.CancelAsync();
        var (held, longest) = await waiting;
        session.Progress?.Report("deleting");
        var started = session.Time.GetTimestamp();
        await ExecuteAsync(desk, "DELETE FROM sentiment.bench_deleted", cancellationToken);
        var deleted = session.Time.GetElapsedTime(started).TotalSeconds;
        var dropped = sealing.DatabaseTime.TotalSeconds;
        return new(count, days, Math.Round(dropped, 3), Math.Round(held, 3), Math.Round(longest, 3), Math.Round(sealing.Elapsed.TotalSeconds, 1), await SizeAsync(desk, "sentiment.sentiment_data", cancellationToken),
            Math.Round(deleted, 2), await SizeAsync(desk, "sentiment.bench_deleted", cancellationToken), Math.Round(deleted / dropped, 1), Environment.ProcessorCount);
    }

    /// <summary>
    /// Asks for the table again and again, as any query does. Where it is taken, it was so since the last time that it was free at the longest,
    /// and until it is had.
    /// </summary>
    static async Task<(double Held, double Longest)> WatchAsync(Desk desk, CancellationToken cancellationToken)
    {
        const string Ask = "BEGIN; LOCK TABLE sentiment.sentiment_data IN ACCESS SHARE MODE {0}; COMMIT";
        await using var connection = await desk.DataSource.OpenConnectionAsync(CancellationToken.None);
        await using var look = new NpgsqlCommand(string.Format(null, Ask, "NOWAIT"), connection);
        await using var wait = new NpgsqlCommand(string.Format(null, Ask, ""), connection);
        await using var reset = new NpgsqlCommand("ROLLBACK", connection);
        var (held, longest) = (TimeSpan.Zero, TimeSpan.Zero);
        var free = desk.Time.GetTimestamp();
        while (!cancellationToken.IsCancellationRequested)
        {
            var asked = desk.Time.GetTimestamp();
            try
            {
                await look.ExecuteNonQueryAsync(CancellationToken.None);
            }
            catch (PostgresException taken) when (taken.SqlState == PostgresErrorCodes.LockNotAvailable)
            {
                await reset.ExecuteNonQueryAsync(CancellationToken.None);
                await wait.ExecuteNonQueryAsync(CancellationToken.None);
                held += desk.Time.GetElapsedTime(free);
            }
            if (desk.Time.GetElapsedTime(asked) is var took && took > longest) longest = took;
            free = desk.Time.GetTimestamp();
            await Task.Delay(TimeSpan.FromMilliseconds(2), desk.Time, CancellationToken.None);
        }
        return (held.TotalSeconds, longest.TotalSeconds);
    }

    static async Task ExecuteAsync(Desk desk, string sql, CancellationToken cancellationToken)
    {
        await using var command = desk.DataSource.CreateCommand(sql);
        command.CommandTimeout = 0;
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    static async Task<long> SizeAsync(Desk desk, string table, CancellationToken cancellationToken)
    {
        await using var command = desk.DataSource.CreateCommand(
            "SELECT coalesce(sum(pg_total_relation_size(relid)), 0)::bigint FROM pg_partition_tree($1::regclass) UNION ALL SELECT pg_total_relation_size($1::regclass) ORDER BY 1 DESC LIMIT 1");
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = table });
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }
}
