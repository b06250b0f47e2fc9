using System.CommandLine;
using Bellwether.Retention;

namespace Bellwether.App.Commands;

/// <param name="Days">Null: kept forever.</param>
sealed record RetentionPolicyAnswer(string Table, string Method, double? Days, DateTimeOffset? Before, string Reason);

/// <param name="NextRun">Null where cleanup is off, or no scheduler has started yet.</param>
sealed record RetentionStatusAnswer(
    bool Enabled, int EveryHours, DateTimeOffset? NextRun, RetentionRunRow? LastRun, string Archive, long ArchiveFiles, long ArchiveRows, long ArchiveBytes,
    IReadOnlyList<RetentionPolicyAnswer> Policies);

/// <summary><c>bellwether retention</c>: how long data stays in its tables, and what becomes of it then.</summary>
static partial class RetentionCommand
{
    public static Command Create(Screen screen, GlobalOptions globals)
    {
        var command = new Verb("retention", "Move what is too old to the archive, see what would be moved, or erase the data of one person",
            "retention plan", "retention run --json", "retention status", "retention erase --platform x --username somebody --dry-run");
        var planNow = Now(screen);
        command.Add(new Verb("plan", "Show what a run would do; changes nothing", "retention plan", "retention plan --now 2027-01-01 --json") { planNow }
            .Runs(screen, globals, (session, cancellationToken) => PlanAsync(session, session.Get(planNow), cancellationToken)));
        var runNow = Now(screen);
        command.Add(new Verb("run", "Archive, verify and then remove what is too old", "retention run", "retention run --json") { runNow }
            .Runs(screen, globals, (session, cancellationToken) => RunAsync(session, session.Get(runNow), cancellationToken)));
        var statusNow = Now(screen);
        command.Add(new Verb("status", "Show the policies, the last run and the next", "retention status", "retention status --json") { statusNow }
            .Runs(screen, globals, (session, cancellationToken) => StatusAsync(session, session.Get(statusNow), cancellationToken)));
        command.Add(Erase(screen, globals));
        return command;
    }

    static Option<DateTimeOffset?> Now(Screen screen) => Moments.Option("--now", "Count ages from this moment instead of the present", screen.Time, TimeSpan.FromDays(366 * 100));

    static async Task<int> PlanAsync(Session session, DateTimeOffset? now, CancellationToken cancellationToken)
    {
        await using var desk = await session.OpenAsync(cancellationToken);
        return Write(session, await (await desk.RetentionPlannerAsync(session.Progress, cancellationToken, At(session, now))).PlanAsync(cancellationToken));
    }

    static async Task<int> RunAsync(Session session, DateTimeOffset? now, CancellationToken cancellationToken)
    {
        await using var desk = await session.OpenAsync(cancellationToken);
        var engine = await desk.RetentionEngineAsync(session.Progress, cancellationToken, At(session, now));
        var run = await ProgressView.RunAsync(session, new RowGauge(), (gauge, token) => engine.RunAsync(RetentionCause.Command, gauge, token), cancellationToken);
        // What was done is told, also where a table could not be worked on.
        var code = Write(session, run.Items);
        run.ThrowIfFailed();
        return code;
    }

    static int Write(Session session, IReadOnlyList<RetentionItem> items)
    {
        if (session.Json)
        {
            session.WriteJson(items, CommandJson.Relaxed.IReadOnlyListRetentionItem);
            return ExitCode.Ok;
        }
        var table = new TextTable(new("table"), new("action"), new("rows", Right: true), new("bytes", Right: true), new("before"), new("reason"));
        foreach (var item in items)
            table.Add(item.Table, item.Action, $"{item.Rows:n0}", $"{item.Bytes:n0}", item.Before is { } before ? Moments.Text(before) : "–", item.Reason);
        table.Write(session.Screen);
        return ExitCode.Ok;
    }

    static async Task<int> StatusAsync(Session session, DateTimeOffset? now, CancellationToken cancellationToken)
    {
        await using var desk = await session.OpenAsync(cancellationToken);
        var options = desk.Options.Retention;
        var status = await RetentionStatus.ReadAsync(desk.DataSource, cancellationToken);
        var answer = new RetentionStatusAnswer(
            options.EnableCleanup, options.CleanupScheduleHours, options.EnableCleanup ? status.LastStarted?.AddHours(options.CleanupScheduleHours) : null, status.LastRun,
            desk.Options.ArchiveBucket?.ToString() ?? desk.Options.ArchiveDirectory, status.ArchiveFiles, status.ArchiveRows, status.ArchiveBytes,
            [.. desk.Policies.All.Select(p => new RetentionPolicyAnswer(p.Table, p.Method.ToString().ToLowerInvariant(), p.Period?.TotalDays, p.Before(now ?? desk.Time.GetUtcNow()),
                status.Tables.Contains(p.Table) ? p.Reason : $"{p.Reason}; the table is not there yet"))]);
        if (session.Json)
        {
            session.WriteJson(answer, CommandJson.Relaxed.RetentionStatusAnswer);
            return ExitCode.Ok;
        }
        var table = new TextTable(new("table"), new("method"), new("days", Right: true), new("before"), new("reason"));
        foreach (var p in answer.Policies)
            table.Add(p.Table, p.Method, p.Days is { } days ? $"{days:0.##}" : "forever", p.Before is { } before ? Moments.Text(before) : "–", p.Reason);
        table.Write(session.Screen);
        var output = session.Screen.Out;
        var next = answer.NextRun is { } at ? $"next at {Moments.Text(at)}" : "first so long after `bellwether serve` starts";
        output.WriteLine($"cleanup  {(answer.Enabled ? $"every {answer.EveryHours} hours, {next}" : "off")}");
        output.WriteLine(answer.LastRun is not { } last ? "last run none"
            : $"last run {Moments.Text(last.StartedAt)} by {last.CausedBy}, {last.Status}, {last.Rows:n0} rows{(last.Message is null ? "" : $": {last.Message}")}");
        output.WriteLine($"archive  {answer.Archive}: {answer.ArchiveFiles:n0} files with {answer.ArchiveRows:n0} rows, {answer.ArchiveBytes:n0} bytes");
        return ExitCode.Ok;
    }

    static TimeProvider? At(Session session, DateTimeOffset? now) => now is { } moment ? new StoppedClock(session.Time, moment) : null;

    /// <summary>Ages are counted from one moment, however long it takes; timers run.</summary>
    sealed class StoppedClock(TimeProvider time, DateTimeOffset moment) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => moment;
        public override long GetTimestamp() => time.GetTimestamp();
        public override long TimestampFrequency => time.TimestampFrequency;
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => time.CreateTimer(callback, state, dueTime, period);
    }

    internal sealed class RowGauge : IGauge, IProgress<long>
    {
        long _done;

        public string Text => $"{Interlocked.Read(ref _done):n0} rows";

        public double? Fraction => null;

        public void Report(long value) => Interlocked.Exchange(ref _done, value);
    }
}
