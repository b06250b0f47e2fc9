using Bellwether.Engines.DuckDb;
using Npgsql;

namespace Bellwether.Lake;

/// <summary>A day that could be sealed.</summary>
/// <param name="Rows">Rows of its file.</param>
/// <param name="HotBytes">What its hot rows take on disk, indexes included; of a partition that several days share the part by rows.</param>
/// <param name="Blocker">Why it cannot be sealed now; null where nothing is in the way.</param>
public sealed record LakeSealDay(DateOnly Day, long Rows, long HotBytes, string? Blocker);

/// <summary>How far a run has come.</summary>
public readonly record struct LakeSealProgress(int DaysDone, int DaysTotal, long RowsSealed);

/// <param name="Bytes">Given back on disk at once.</param>
/// <param name="DatabaseTime">How long the table of hot rows was taken, in all.</param>
/// <param name="Blocked">Days that were not sealed, each with the reason.</param>
public sealed record LakeSealResult(int Days, long Rows, long Bytes, TimeSpan DatabaseTime, TimeSpan Elapsed, IReadOnlyList<LakeSealDay> Blocked);

/// <summary>
/// Takes the hot rows of days away whose file holds them all: the file is read back and compared with the hot rows, value for value, and then in
/// one short transaction the rows go and a foreign partition over the file takes their place. Any reader sees each row exactly once.
/// </summary>
/// <param name="cold">How PostgreSQL reads sealed days; null where it does not, so that they are answered by `bellwether sql` alone.</param>
public sealed partial class LakeSealer(NpgsqlDataSource database, LakeOptions options, ColdTier? cold, TimeProvider time)
{
    // As the writer does: small days share a look, and a large one has it to itself.
    const int MaxDaysTogether = 250;
    const long MaxRowsTogether = 250_000;

    readonly LakeFiles _files = new(options, time);

    /// <summary>All days before a day that are not sealed, oldest first.</summary>
    /// <param name="before">Exclusive.</param>
    public async Task<IReadOnlyList<LakeSealDay>> PlanAsync(DateOnly before, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        return [.. (await ReadAsync(connection, before, cancellationToken).ConfigureAwait(false)).Select(day => day.Plan)];
    }

    /// <summary>Seals every day before a day that nothing stands in the way of. Waits for a writer that is at work.</summary>
    /// <param name="before">Exclusive.</param>
    /// <exception cref="LakeException">Readers or writers of the table did not let it be taken for an instant.</exception>
    public async Task<LakeSealResult> SealAsync(DateOnly before, IProgress<LakeSealProgress>? progress, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        await using var owner = await database.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await LakeLock.TakeAsync(owner, cancellationToken).ConfigureAwait(false);
        try
        {
            var days = await ReadAsync(owner, before, cancellationToken).ConfigureAwait(false);
            var partitions = await HotPartitions.ReadAsync(owner, cancellationToken).ConfigureAwait(false);
            var run = new Run(progress, [.. days.Where(day => day.Plan.Blocker is not null).Select(day => day.Plan)], days.Count);
            var free = days.Where(day => day.Plan.Blocker is null).ToArray();
            var scratch = LakeScratch.Make(options.ScratchDirectory);
            try
            {
                using var engine = LakeWriter.OpenEngine(options, scratch);
                using var lake = LakeWriter.Connect(engine);
                // Days that share a partition leave it together: it is emptied whole then. The others are done with as they come.
                foreach (var group in free.GroupBy(day => partitions.Any(partition => !partition.IsDay && partition.Holds(day.Plan.Day))))
                {
                    var sound = new List<Candidate>();
                    foreach (var batch in Together(group))
                    {
                        sound.AddRange(await VerifyAsync(owner, lake, batch, run, cancellationToken).ConfigureAwait(false));
                        if (group.Key) continue;
                        await SwitchAsync(owner, sound, run, cancellationToken).ConfigureAwait(false);
                        sound.Clear();
                    }
                    await SwitchAsync(owner, sound, run, cancellationToken).ConfigureAwait(false);
                }
            }
            finally
            {
                Directory.Delete(scratch, recursive: true);
            }
            return new(run.Days, run.Rows, run.Bytes, run.DatabaseTime, time.GetElapsedTime(started), [.. run.Blocked.OrderBy(day => day.Day)]);
        }
        finally
        {
            await LakeLock.ReleaseAsync(owner).ConfigureAwait(false);
        }
    }

    /// <param name="Revision">Of the hot rows that the file holds.</param>
    readonly record struct Candidate(LakeSealDay Plan, LakeEntry Entry, long Revision);

    sealed class Run(IProgress<LakeSealProgress>? progress, List<LakeSealDay> blocked, int total)
    {
        public List<LakeSealDay> Blocked => blocked;
        public int Days { get; set; }
        public long Rows { get; set; }
        public long Bytes { get; set; }
        public TimeSpan DatabaseTime { get; set; }

        public void Block(LakeSealDay day, string reason) => blocked.Add(day with { Blocker = reason });

        public void Report() => progress?.Report(new(Days + blocked.Count, total, Rows));
    }

    static IEnumerable<Candidate[]> Together(IEnumerable<Candidate> days)
    {
        var batch = new List<Candidate>();
        var rows = 0L;
        foreach (var day in days)
        {
            if (batch.Count > 0 && (batch.Count == MaxDaysTogether || rows + day.Plan.Rows > MaxRowsTogether))
            {
                yield return [.. batch];
                batch.Clear();
                rows = 0;
            }
            batch.Add(day);
            rows += day.Plan.Rows;
        }
        if (batch.Count > 0) yield return [.. batch];
    }
}
