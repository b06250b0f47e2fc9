using System.CommandLine;
using Bellwether.Lake;

namespace Bellwether.App.Commands;

/// <param name="Rows">Of the days, sealed or to be sealed.</param>
/// <param name="Bytes">Given back on disk, or to be.</param>
/// <param name="DatabaseSeconds">How long the table of hot rows was taken, in all.</param>
/// <param name="Blocked">Days that something stands in the way of.</param>
sealed record LakeSealAnswer(int Days, long Rows, long Bytes, double DatabaseSeconds, double Seconds, bool DryRun, IReadOnlyList<LakeSealDay> Blocked);

sealed record LakeUnsealAnswer(int Days, long Rows, double Seconds);

/// <summary><c>lake seal</c>: takes the hot rows of days away that the lake has; <c>lake unseal</c> brings them back.</summary>
static class LakeSeal
{
    public static Verb Create(Screen screen, GlobalOptions globals)
    {
        var before = Moments.Option("--before", "Seal the UTC days before this one", screen.Time);
        var older = Moments.Interval("--older-than", "Seal days of that age");
        var dryRun = new Option<bool>("--dry-run") { Description = "Tell what would be sealed and change nothing" };
        return new Verb("seal", "Take the hot rows of days away whose verified file holds them all; plain SQL reads these days from the lake then",
                "lake seal --older-than 180d", "lake seal --before 2026-01-01 --dry-run", "lake seal --before 2026-01-01 --json") { before, older, dryRun }
            .Runs(screen, globals, (session, cancellationToken) => RunAsync(
                session, Bound(session.Get(before), session.Get(older), session.Time), session.Get(dryRun), cancellationToken));
    }

    public static Verb CreateUndo(Screen screen, GlobalOptions globals)
    {
        var from = Moments.Option("--from", "First UTC day [default: the first sealed one]", screen.Time);
        var to = Moments.Option("--to", "The day after the last [default: all]", screen.Time);
        return new Verb("unseal", "Bring the rows of sealed days back into PostgreSQL", "lake unseal --from 2026-01-01 --to 2026-02-01", "lake unseal --json") { from, to }
            .Runs(screen, globals, (session, cancellationToken) => UndoAsync(session, session.Get(from), session.Get(to), cancellationToken));
    }

    static DateOnly Bound(DateTimeOffset? before, TimeSpan? older, TimeProvider time) => (before, older) switch
    {
        ({ } moment, null) => DateOnly.FromDateTime(moment.UtcDateTime),
        (null, { } age) when age >= TimeSpan.FromDays(1) => DateOnly.FromDateTime((time.GetUtcNow() - age).UtcDateTime),
        (null, { }) => throw CommandException.Usage("--older-than is less than a day, and days are sealed whole.", "Write for example 180d."),
        _ => throw CommandException.Usage("Say which days: --before or --older-than, one of them.", "For example --older-than 180d."),
    };

    static async Task<int> RunAsync(Session session, DateOnly before, bool dryRun, CancellationToken cancellationToken)
    {
        await using var desk = await session.OpenAsync(cancellationToken);
        var sealer = await desk.LakeSealerAsync(session.Progress, cancellationToken);
        LakeSealAnswer answer;
        if (dryRun)
        {
            var plan = await sealer.PlanAsync(before, cancellationToken);
            var free = plan.Where(day => day.Blocker is null).ToArray();
            answer = new(free.Length, free.Sum(day => day.Rows), free.Sum(day => day.HotBytes), 0, 0, true, [.. plan.Where(day => day.Blocker is not null)]);
        }
        else
        {
            var done = await ProgressView.RunAsync(session, new LakeSealGauge(), (gauge, token) => sealer.SealAsync(before, gauge, token), cancellationToken);
            answer = new(done.Days, done.Rows, done.Bytes, Math.Round(done.DatabaseTime.TotalSeconds, 3), Math.Round(done.Elapsed.TotalSeconds, 3), false, done.Blocked);
        }
        if (session.Json)
        {
            session.WriteJson(answer, CommandJson.Relaxed.LakeSealAnswer);
            return ExitCode.Ok;
        }
        var output = session.Screen.Out;
        output.WriteLine(dryRun
            ? $"{answer.Days:n0} days with {answer.Rows:n0} rows would be sealed, {answer.Bytes:n0} bytes in PostgreSQL"
            : $"sealed {answer.Days:n0} days with {answer.Rows:n0} rows, {answer.Bytes:n0} bytes given back, in {answer.Seconds:0.00} s; the table was taken for {answer.DatabaseSeconds:0.000} s");
        foreach (var day in answer.Blocked) output.WriteLine($"not sealed: {day.Day:yyyy-MM-dd} {day.Blocker}");
        return ExitCode.Ok;
    }

    static async Task<int> UndoAsync(Session session, DateTimeOffset? from, DateTimeOffset? to, CancellationToken cancellationToken)
    {
        await using var desk = await session.OpenAsync(cancellationToken);
        var lake = await desk.LakeOptionsAsync(session.Progress, cancellationToken);
        var first = from is { } start ? DateOnly.FromDateTime(start.UtcDateTime) : DateOnly.MinValue;
        var last = to is { } end ? DateOnly.FromDateTime(end.UtcDateTime) : DateOnly.MaxValue;
        if (first >= last) throw CommandException.Usage("--from is not before --to.");
        var done = await ProgressView.RunAsync(session, new LakeSealGauge(),
            (gauge, token) => new LakeUnsealer(desk.DataSource, lake, session.Time).UnsealAsync(first, last, gauge, token), cancellationToken);
        var answer = new LakeUnsealAnswer(done.Days, done.Rows, Math.Round(done.Elapsed.TotalSeconds, 3));
        if (session.Json) session.WriteJson(answer, CommandJson.Relaxed.LakeUnsealAnswer);
        else session.Screen.Out.WriteLine($"{answer.Days:n0} days with {answer.Rows:n0} rows are in PostgreSQL again, in {answer.Seconds:0.00} s");
        return ExitCode.Ok;
    }
}

/// <summary>How many days are done.</summary>
sealed class LakeSealGauge : IGauge, IProgress<LakeSealProgress>
{
    // Two ints in one word, since it is read from another thread.
    long _state;

    public void Report(LakeSealProgress value) => Interlocked.Exchange(ref _state, ((long)value.DaysTotal << 32) | (uint)value.DaysDone);

    (int Done, int Total) State => Interlocked.Read(ref _state) is var state ? ((int)(state & uint.MaxValue), (int)(state >> 32)) : default;

    public string Text => State is { Total: > 0 } s ? $"{s.Done:n0} of {s.Total:n0} days" : "comparing files with hot rows";

    public double? Fraction => State is { Total: > 0 } s ? (double)s.Done / s.Total : null;
}
