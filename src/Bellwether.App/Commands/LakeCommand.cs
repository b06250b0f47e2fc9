using System.CommandLine;
using Bellwether.Lake;

namespace Bellwether.App.Commands;

sealed record LakeStatusAnswer(
    string Directory, long Files, long Rows, long Bytes, DateOnly? FirstDay, DateOnly? LastDay, long SealedDays, long DirtyDays, DateTimeOffset? DirtySince,
    long HotRows, long ColdRows);

sealed record LakeWriteAnswer(int FilesWritten, int FilesRemoved, long Rows, long Bytes, double Seconds);

/// <summary><c>bellwether lake</c>: what lies in the lake, and writing what does not yet.</summary>
static class LakeCommand
{
    public static Command Create(Screen screen, GlobalOptions globals)
    {
        var command = new Verb("lake", "Look at the lake, write the days that changed, seal days, or take rows out of it", "lake status", "lake write --json",
            "lake export --from 2026-03-01 --ticker AAPL --out aapl.parquet");
        command.Add(new Verb("status", "Show what lies in the lake and what still has to go there", "lake status", "lake status --json").Runs(screen, globals, StatusAsync));
        command.Add(new Verb("write", "Write every day that changed as one verified Parquet file", "lake write", "lake write --json").Runs(screen, globals, WriteAsync));
        command.Add(new Verb("verify", "Read every file of the lake and compare it with the manifest, value for value", "lake verify", "lake verify --json").Runs(screen, globals, VerifyAsync));
        command.Add(LakeExport.Create(screen, globals));
        command.Add(LakeMigrateCommand.Migrate(screen, globals));
        command.Add(LakeMigrateCommand.Diff(screen, globals));
        command.Add(LakeMigrateCommand.Migrations(screen, globals));
        command.Add(LakeMigrateCommand.Rollback(screen, globals));
        command.Add(LakeSeal.Create(screen, globals));
        command.Add(LakeSeal.CreateUndo(screen, globals));
        command.Add(LakeDdl.Create(screen, globals));
        return command;
    }

    static async Task<int> StatusAsync(Session session, CancellationToken cancellationToken)
    {
        await using var desk = await session.OpenAsync(cancellationToken);
        var s = await LakeStatus.ReadAsync(desk.DataSource, cancellationToken);
        var answer = new LakeStatusAnswer(desk.Options.LakePlace, s.Files, s.Rows, s.Bytes, s.FirstDay, s.LastDay, s.SealedDays, s.DirtyDays, s.DirtySince, s.HotRows, s.ColdRows);
        if (session.Json)
        {
            session.WriteJson(answer, CommandJson.Relaxed.LakeStatusAnswer);
            return ExitCode.Ok;
        }
        var output = session.Screen.Out;
        output.WriteLine($"lake     {answer.Directory}");
        output.WriteLine($"files    {s.Files:n0} with {s.Rows:n0} rows, {s.Bytes:n0} bytes{(s.FirstDay is { } first ? $", {first:yyyy-MM-dd} to {s.LastDay:yyyy-MM-dd}" : "")}");
        output.WriteLine($"to write {s.DirtyDays:n0} days{(s.DirtySince is { } since ? $", the oldest since {Moments.Text(since)}" : "")}");
        output.WriteLine($"sealed   {s.SealedDays:n0} days with {s.ColdRows:n0} rows, which are in the lake only");
        output.WriteLine($"hot rows {s.HotRows:n0}");
        return ExitCode.Ok;
    }

    static async Task<int> VerifyAsync(Session session, CancellationToken cancellationToken)
    {
        await using var desk = await session.OpenAsync(cancellationToken);
        var lake = await desk.LakeOptionsAsync(session.Progress, cancellationToken);
        var found = await ProgressView.RunAsync(session, new LakeVerifyGauge(),
            (gauge, token) => new LakeVerifier(desk.DataSource, lake, session.Time).VerifyAsync(gauge, token), cancellationToken);
        if (session.Json)
        {
            session.WriteJson(found, CommandJson.Relaxed.LakeVerifyResult);
        }
        else
        {
            foreach (var file in found.Bad) session.Screen.Out.WriteLine($"bad: {file.Path} {file.Reason}");
            session.Screen.Out.WriteLine($"{found.Ok:n0} of {found.Files:n0} files are as the manifest says");
        }
        return found.Bad.Count == 0 ? ExitCode.Ok : ExitCode.BadInput;
    }

    static async Task<int> WriteAsync(Session session, CancellationToken cancellationToken)
    {
        await using var desk = await session.OpenAsync(cancellationToken);
        var lake = await desk.LakeOptionsAsync(session.Progress, cancellationToken);
        var done = await ProgressView.RunAsync(session, new IngestGauge(null),
            (gauge, token) => new LakeWriter(desk.DataSource, lake, session.Time, desk.Cold).WriteDirtyDaysAsync(gauge, token), cancellationToken);
        var answer = new LakeWriteAnswer(done.DaysWritten, done.DaysRemoved, done.Rows, done.Bytes, Math.Round(done.Elapsed.TotalSeconds, 3));
        if (session.Json) session.WriteJson(answer, CommandJson.Relaxed.LakeWriteAnswer);
        else session.Screen.Out.WriteLine($"wrote {answer.FilesWritten:n0} files with {answer.Rows:n0} rows, {answer.Bytes:n0} bytes, in {answer.Seconds:0.00} s; removed {answer.FilesRemoved:n0}");
        return ExitCode.Ok;
    }
}
